"""Measures the planner: plans per second and core, against how near they are to the optimum.

The 60 development instances and their optima are used where they are (VOLTHUS_SHARED, or a folder
`shared` beside the project); without them only the speed on instances of our own is told. The
peer is the mixed-integer solver highspy, on the same instances in the same run.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from smart_charging.planner.exact import exact
from smart_charging.planner.instances import problems
from smart_charging.planner.plans import plan
from smart_charging.planner.problem import PENALTY_PER_KWH, Car, Effort, Plan, Problem

SHARED = Path(os.environ.get("VOLTHUS_SHARED", Path(__file__).parents[3] / "shared"))
EFFORTS = (Effort(1e-3, 0), Effort(5e-4, 0), Effort(), Effort(3e-4, 30), Effort(1e-5, 100))
BEST_OF = 5
FLOOR, TARGET = 3000.0, 10000.0  # plans per second and core, mixed


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


def own() -> list[tuple[str, Problem]]:
    """Return 60 instances of our own making, as mixed as a fleet."""
    chance = np.random.default_rng(7)
    made = []
    for number in range(60):
        slots = int(chance.choice([96, 144, 192]))
        hour = np.arange(slots) / 4 % 24
        price = 0.28 + 0.1 * np.sin((hour - 12) / 24 * 2 * np.pi) + chance.normal(0, 0.03, slots)
        sun = np.maximum(0, 6 * np.sin((hour - 6) / 12 * np.pi)) * chance.random()
        cars = []
        for name in range(int(chance.choice([1, 1, 2, 3, 5, 8]))):
            start = int(chance.integers(0, slots // 2))
            end = int(chance.integers(start + 16, slots))
            need = float(chance.uniform(5, 35))
            least = float(chance.choice([1.38, 4.14]))
            cars.append(Car(f"ev{name}", start, end, need, need + 10, least, 11.04))
        room = list(24 - np.abs(chance.normal(2, 1, slots)))
        made.append(
            (
                f"own-{number}",
                Problem(0.25, list(price), [0.08] * slots, list(sun), room, tuple(cars)),
            )
        )
    return made


def speeds(
    instances: list[tuple[str, Problem]], effort: Effort
) -> tuple[dict[str, float], list[Plan]]:
    """Return plans per second by number of cars, arrays in and out, and the plans."""
    spent: dict[str, list[float]] = {"all": []}
    plans = []
    for _, problem in instances:
        found = plan(problem, effort)
        best_s = min(_timed(problem, effort) for _ in range(BEST_OF))
        plans.append(found)
        kind = "1 car" if len(problem.cars) == 1 else "2-3" if len(problem.cars) < 4 else "4-10"
        for name in (kind, "all"):
            spent.setdefault(name, []).append(best_s)
    return {name: len(times) / sum(times) for name, times in spent.items()}, plans


def _timed(problem: Problem, effort: Effort) -> float:
    began = time.perf_counter()
    plan(problem, effort)
    return time.perf_counter() - began


def quality(plans: list[Plan], optima: list[dict[str, float]]) -> str:
    """Return how far the plans are from the optima, as the acceptance counts it."""
    excess, paid, gaps = 0.0, 0.0, []
    for found, best in zip(plans, optima, strict=True):
        short = max(0.0, sum(found.missing_kwh) - best["min_shortfall_kwh"])
        over = found.cost - best["optimal_cost_eur"]
        gaps.append(over / max(abs(best["optimal_cost_eur"]), 0.5) + PENALTY_PER_KWH * short)
        excess, paid = excess + over, paid + abs(best["optimal_cost_eur"])
    near = 100 * float(np.mean(np.array(gaps) <= 1e-3))
    certified = 100 * float(np.mean([found.gap <= 1e-3 for found in plans]))
    return (
        f"fleet gap {100 * excess / paid:.3f} %, p95 {100 * np.percentile(gaps, 95):.3f} %, "
        f"within 0.1 %: {near:.0f} %, certified: {certified:.0f} %"
    )


def main() -> int:
    """Measure and print; an aim that is missed is said, and no failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=int, default=12, help="instances given to the solver")
    arguments = parser.parse_args()
    folder = SHARED / "data" / "planner_dev"
    optima: list[dict[str, float]] = []
    instances = own()
    if folder.is_dir():
        known = {r["id"]: r for r in json.loads((folder / "optimal.json").read_text())["results"]}
        instances = list(problems(json.loads((folder / "instances.json").read_text())))
        optima = [known[name] for name, _ in instances]
    else:
        say("NO SHARED DATA: instances of our own, no optima to compare with")
    plan(instances[0][1])
    say(f"{len(instances)} sites, one core, checks and arrays included, best of {BEST_OF}")
    for effort in EFFORTS:
        rates, plans = speeds(instances, effort)
        words = ", ".join(f"{name} {rate:,.0f}/s" for name, rate in sorted(rates.items()))
        say(f"  tolerance {effort.tolerance:g}, {effort.moves} moves: {words}")
        if optima:
            say(f"    {quality(plans, optima)}")
        if effort == Effort():
            verdict = "met" if rates["all"] >= TARGET else "MISSED"
            floor = "met" if rates["all"] >= FLOOR else "MISSED"
            say(
                f"    the default; floor {FLOOR:,.0f}/s: {floor}, target {TARGET:,.0f}/s: {verdict}"
            )
    began = time.perf_counter()
    few = instances[: arguments.peers]
    for _, problem in few:
        exact(problem, 20.0)
    took = time.perf_counter() - began
    say(f"  highspy, gap 1e-6, the first {len(few)}: {len(few) / took:.1f}/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
