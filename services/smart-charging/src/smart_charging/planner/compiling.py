"""`python -m smart_charging.planner.compiling`: compile the kernels ahead, as an image does.

The first plan then takes a second and not a minute. Set NUMBA_CPU_NAME to the same value here and
where the planner runs, or what was compiled for another processor is not used.
"""

import sys
import time

import numpy as np

from smart_charging.planner.kernels.compiled import IS_COMPILED, IS_KEPT
from smart_charging.planner.kernels.judging import judge_all
from smart_charging.planner.kernels.reckoning import COLUMNS
from smart_charging.planner.plans import at_once, latest_starts, plan
from smart_charging.planner.problem import Car, Problem


def compile_ahead() -> float:
    """Plan a small site in every way, so that all kernels are there; return the seconds."""
    began = time.perf_counter()
    cars = tuple(Car(f"ev{n}", 0, 4, 3.0, 5.0, 1.38, 11.0, phases=1 << n) for n in range(2))
    series = [0.3, 0.1, 0.2, 0.4], [0.08] * 4, [2.0, 0.0, 9.0, 0.0], [9.0] * 4
    site = Problem(0.25, *series, cars, ([3.0] * 4,) * 3, 0.01)
    plan(site)
    at_once(site)
    latest_starts(site)
    _judge()
    return time.perf_counter() - began


def _judge() -> None:
    """Judge the plans of one site with two cars, as planning does."""
    power, series, site = np.ones((2, 4)), np.ones((3, 4)), np.zeros(1, np.int64)
    hours = np.array([0.1, 0.25, 0.25, 0.25])
    hours.setflags(write=False)  # as they come: to the compiler that is another kind of array
    judge_all(
        np.array([0, 2]), site, site, power, power.copy(), site + 1, np.ones((4, 2)),
        np.ones((4, 2), np.int64), power.copy(), series[None].copy(), power[:1].copy(), hours,
        power[:1].copy(), power[:1].copy(), series[None].copy(), np.ones((1, 2, 4)),
        np.zeros((0, 4)), np.ones(3), np.zeros((2, COLUMNS)), np.zeros(1),
    )  # fmt: skip


def main() -> int:
    """Compile, and say how it went. Returns 1 where nothing is compiled or kept."""
    took = compile_ahead()
    if not IS_COMPILED:
        sys.stdout.write("numba is not there: the planner runs as plain Python, slowly\n")
    elif not IS_KEPT:
        sys.stdout.write("compiled, but there is no folder to keep it in\n")
    else:
        sys.stdout.write(f"planner compiled in {took:.1f} s\n")
    return 0 if IS_COMPILED and IS_KEPT else 1


if __name__ == "__main__":
    sys.exit(main())
