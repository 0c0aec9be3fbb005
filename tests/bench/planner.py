"""Measures the planner: plans per second and core against how near they are to the optimum.

Sets: the 60 development sites where they are at hand (VOLTHUS_SHARED, or a folder `shared` beside
the project), and hard sites of our own, mixed, single and tight, whose optima are stored with the
tests. One thread, processor time. The peer is the mixed-integer solver highspy, on some of the
same sites in the same run.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests" / "support"))

import cramped_sites  # noqa: E402
import hard_sites  # noqa: E402
import numpy as np  # noqa: E402

from smart_charging.planner.compiling import compile_ahead  # noqa: E402
from smart_charging.planner.exact import exact, least_shortfall  # noqa: E402
from smart_charging.planner.fleet import Fleet, plan_fleet  # noqa: E402
from smart_charging.planner.instances import problems  # noqa: E402
from smart_charging.planner.plans import fleet_of, plan, plan_many  # noqa: E402
from smart_charging.planner.problem import (  # noqa: E402
    LEAST_BILL,
    PENALTY_PER_KWH,
    Effort,
    Plan,
    Problem,
)

SHARED = Path(os.environ.get("VOLTHUS_SHARED", REPO.parent / "shared"))
STORED = REPO / "services" / "smart-charging" / "tests" / "planner" / "hard_optima.json"
CURVE = (Effort(moves=0), Effort(moves=4), Effort(), Effort(moves=40))
BEST_OF = 5
FLOOR, TARGET = {"mixed": 3000.0, "single": 30_000.0}, {"mixed": 10_000.0, "single": 200_000.0}


@dataclass(frozen=True, slots=True)
class Known:
    """A site, its optimal cost and its least shortfall in kWh."""

    problem: Problem
    cost: float
    short_kwh: float


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


def development() -> list[Known]:
    """Return the 60 development sites, or nothing where they are not at hand."""
    folder = SHARED / "data" / "planner_dev"
    if not folder.is_dir():
        say("NO SHARED DATA: the development sites are left out")
        return []
    best = {r["id"]: r for r in json.loads((folder / "optimal.json").read_text())["results"]}
    made = problems(json.loads((folder / "instances.json").read_text()))
    return [
        Known(problem, best[name]["optimal_cost_eur"], best[name]["min_shortfall_kwh"])
        for name, problem in made
    ]


def hard(kind: str, count: int) -> list[Known]:
    """Return hard sites of our own whose optima are stored."""
    stored = json.loads(STORED.read_text())
    made = {"format": "site-plan-instances/1"}
    made["instances"] = list(hard_sites.instances(kind, count))  # type: ignore[assignment]
    return [Known(p, *stored[name]) for name, p in problems(made) if name in stored]


def fleets(sites: Sequence[Known], copies: int) -> list[Fleet]:
    """Return the sites as arrays, each `copies` times, one fleet per number of slots."""
    ordered = sorted((known.problem for known in sites), key=lambda p: len(p.room_kw))
    groups = groupby(ordered, key=lambda p: len(p.room_kw))
    return [fleet_of(list(group) * copies) for _, group in groups]


def spent(work: Callable[[], object]) -> float:
    """Return the least processor time of several runs, in seconds."""
    least = np.inf
    for _ in range(BEST_OF):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return float(least)


def rate(sites: Sequence[Known], effort: Effort, copies: int = 4) -> float:
    """Return plans per second, arrays in and out."""
    if not sites:
        return float("nan")
    arrays = fleets(sites, copies)
    took = spent(lambda: [plan_fleet(fleet, effort) for fleet in arrays])
    return len(sites) * copies / took


def quality(plans: Sequence[Plan], sites: Sequence[Known]) -> str:
    """Return how far the plans are from the optima, as the acceptance counts it."""
    excess, paid, gaps, short = 0.0, 0.0, [], 0
    for found, best in zip(plans, sites, strict=True):
        missing = max(0.0, sum(found.missing_kwh) - best.short_kwh)
        over = found.cost - best.cost
        gaps.append(over / max(abs(best.cost), LEAST_BILL) + PENALTY_PER_KWH * missing)
        excess, paid, short = excess + over, paid + abs(best.cost), short + (missing > 0.01)
    near = 100 * float(np.mean(np.array(gaps) <= 1e-3))
    certified = 100 * float(np.mean([found.gap <= 1e-3 for found in plans]))
    return (
        f"fleet gap {100 * excess / paid:.3f} %, p95 {100 * np.percentile(gaps, 95):.3f} %, within "
        f"0.1 % {near:.0f} %, certified {certified:.0f} %, avoidable shortfalls {short}"
    )


def curve(name: str, sites: Sequence[Known]) -> None:
    """Tell speed against gap of one set."""
    if not sites:
        return
    singles = [known for known in sites if len(known.problem.cars) == 1]
    few = [known for known in sites if 1 < len(known.problem.cars) < 4]
    many = [known for known in sites if len(known.problem.cars) > 3]
    say(f"{name}: {len(sites)} sites; plans per second and core, arrays in and out")
    for effort in CURVE:
        plans = plan_many([known.problem for known in sites], effort)
        rates = [rate(part, effort) for part in (sites, singles, few, many)]
        is_default = " (the default)" if effort == Effort() else ""
        say(
            f"  {effort.moves:3d} moves{is_default}: {rates[0]:,.0f}/s; 1 car {rates[1]:,.0f}, "
            f"2-3 {rates[2]:,.0f}, 4-10 {rates[3]:,.0f}\n      {quality(plans, sites)}"
        )


def verdict(kind: str, found: float) -> None:
    """Tell whether floor and target of a kind are met by the default effort."""
    floor = "met" if found >= FLOOR[kind] else "MISSED"
    target = "met" if found >= TARGET[kind] else "MISSED"
    say(
        f"  {kind}, default effort: {found:,.0f}/s; floor {FLOOR[kind]:,.0f}: {floor}, "
        f"target {TARGET[kind]:,.0f}: {target}"
    )


def by_objects(sites: Sequence[Known]) -> None:
    """Tell what values in and out cost: one by one, and many in a few calls."""
    made = [known.problem for known in sites]
    one = len(made) / spent(lambda: [plan(problem) for problem in made])
    many = len(made) / spent(lambda: plan_many(made))
    say(f"  problems as values: {one:,.0f}/s one by one, {many:,.0f}/s in one call")


def peer(sites: Sequence[Known], most_s: float) -> None:
    """Tell how fast the solver is on some of the sites, and ours on the same."""
    began = time.process_time()
    solved = [exact(known.problem, most_s) for known in sites]
    took = time.process_time() - began
    say(f"  highspy, gap 1e-6, {len(sites)} sites: {len(sites) / took:.1f}/s")
    say(f"      {quality(solved, sites)}")
    ours = plan_many([known.problem for known in sites])
    say(f"  ours, the same sites: {rate(sites, Effort()):,.0f}/s\n      {quality(ours, sites)}")


def cramped(count: int, has_phases: bool) -> None:
    """Tell how much is missing that need not be, of what a solver leaves out in some seconds."""
    sites = list(cramped_sites.sites(count, has_phases))
    if not sites:
        return
    began = time.process_time()
    plans = plan_many(sites)
    took = time.process_time() - began
    over, unproven = [], 0
    for site, found in zip(sites, plans, strict=True):
        least, best = least_shortfall(site, 4.0)
        over.append(max(0.0, sum(found.missing_kwh) - best))
        unproven += best - least > 1e-3
    room = "rooms of phases" if has_phases else "room of the sum"
    troubled = sum(kwh > 0.01 for kwh in over)
    say(f"cramped, {room}: {count} sites, {count / took:,.0f}/s; {unproven} unproven by highspy")
    say(f"      avoidable shortfalls {troubled}, {sum(over):.2f} kWh, at most {max(over):.2f} kWh")


def main() -> int:
    """Measure and print; a target that is missed is said, and no failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=int, default=12, help="sites given to the solver [12]")
    parser.add_argument("--cramped", type=int, default=40, help="cramped sites of a kind [40]")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    say(f"kernels ready after {compile_ahead():.1f} s")
    shared, mixed, tight = development(), hard("mixed", 140), hard("tight", 80)
    curve("development", shared)
    curve("hard, mixed", mixed)
    curve("hard, tight rooms", tight)
    reference = shared or mixed
    verdict("mixed", rate(reference, Effort()))
    singles = [known for known in reference if len(known.problem.cars) == 1]
    verdict("single", rate(singles, Effort(), copies=40))
    by_objects(reference)
    for has_phases in (False, True):
        cramped(arguments.cramped, has_phases)
    if arguments.peers > 0:
        peer(reference[: arguments.peers], 20.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
