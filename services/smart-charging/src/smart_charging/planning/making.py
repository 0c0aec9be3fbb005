"""Makes the plans of a batch of sites: from what is held of them to bytes. Blocking; no I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from smart_charging.planner.plans import plan_many
from smart_charging.planner.problem import Car, Effort, Plan, Problem, ProblemError
from smart_charging.planning.book import Book
from smart_charging.planning.core.former import Former, former_of
from smart_charging.planning.core.judging import Judged, judged
from smart_charging.planning.core.needs import TOLD_APART_S, Role, wishes
from smart_charging.planning.core.posing import Posed, posed
from smart_charging.planning.core.site import Outlook, Prices, Site, Trusted
from smart_charging.planning.core.slots import Slots, slots_at
from smart_charging.planning.messages import Content, Signature, plan_bytes

EFFORT = Effort()
HASH_DIGITS = 24
MANY_CARS = 20  # from here on every further look costs more than it finds
LITTLE = Effort(tolerance=1e-3, moves=0)


@dataclass(frozen=True, slots=True)
class Job:
    """One site to plan. outlook: on the slots of `slots_at(now, site.last_departure_s)`.

    former: what it follows, where only time, prices or weather went on since.
    """

    site: Site
    tariff: bytes
    outlook: Outlook
    former: Former | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A plan as it goes out, and what is counted of it. priced: revision of the tariff's series."""

    job: Job
    plan: str
    made_s: float
    body: bytes
    gap: float
    missing_kwh: float
    former: Former  # as the next plan will look at this one
    is_kept: bool


def made(book: Book, jobs: Sequence[Job], now_s: float) -> list[Made]:
    """Return a plan for each job, in order; a site that cannot be planned is left out."""
    for tariff in {job.tariff for job in jobs}:
        book.entry(tariff)
    ready = [_posed(book, job, now_s) for job in jobs]
    found: dict[int, Judged] = {}
    for effort, group in _by_effort(ready):
        plans = _planned([ready[at].posing.problem for at in group], effort)
        for at, plan in zip(group, plans, strict=True):
            if plan is not None:
                it = ready[at]
                found[at] = judged(it.posing, plan, it.slots, it.prices, jobs[at].former)
    return [_written(ready[at], jobs[at], judging, now_s) for at, judging in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class _Ready:
    slots: Slots
    prices: Prices
    shared: bytes
    posing: Posed


def _posed(book: Book, job: Job, now_s: float) -> _Ready:
    site = job.site
    slots = slots_at(now_s, site.last_departure_s)
    prices, shared = book.shared(job.tariff, slots)
    posing = posed(site, slots, prices, job.outlook, wishes(site, slots, now_s))
    return _Ready(slots, prices, shared, posing)


def _by_effort(ready: Sequence[_Ready]) -> Iterable[tuple[Effort, list[int]]]:
    usual = [at for at, it in enumerate(ready) if len(it.posing.planned) <= MANY_CARS]
    many = [at for at, it in enumerate(ready) if len(it.posing.planned) > MANY_CARS]
    return [(effort, group) for effort, group in ((EFFORT, usual), (LITTLE, many)) if group]


def _planned(problems: Sequence[Problem], effort: Effort) -> list[Plan | None]:
    """Return the plans; where one of many problems cannot be, only that one is None.

    Without a car there is nothing to plan, and no kernel is asked.
    """
    crowded = [at for at, problem in enumerate(problems) if problem.cars]
    if len(crowded) < len(problems):
        found: list[Plan | None] = [_idle(problem) for problem in problems]
        plans = _planned([problems[at] for at in crowded], effort) if crowded else []
        for at, plan in zip(crowded, plans, strict=True):
            found[at] = plan
        return found
    try:
        return list(plan_many(problems, effort))
    except ProblemError:
        if len(problems) == 1:
            return [None]
        return [plan for problem in problems for plan in _planned([problem], effort)]


def _idle(problem: Problem) -> Plan:
    return Plan(np.zeros((0, len(problem.import_price))), 0.0, (), 0.0, 0.0, 0)


def _written(it: _Ready, job: Job, found: Judged, now_s: float) -> Made:
    inputs_hash = _hash(it, job.former)
    name = Signature(
        f"{int(now_s * 1000):012x}-{inputs_hash[:6]}", job.site.id, job.site.revision, now_s,
        inputs_hash,
    )  # fmt: skip
    content = Content(
        it.shared, job.site.objective, it.slots, job.outlook, it.posing.surplus_kw, found,
        (*job.outlook.inputs, *_clock(job.site)),
    )  # fmt: skip
    body = plan_bytes(name, content)
    missing = sum(told.missing_kwh for told in found.told)
    powers = {told.wish.session.id: told.power_kw for told in found.told}
    former = former_of(name.plan, job.site.revision, it.slots, powers)
    return Made(job, name.plan, now_s, body, found.gap, missing, former, found.is_kept)


def _clock(site: Site) -> tuple[Trusted, ...]:
    off_s = site.clock_ahead_s
    if abs(off_s) <= TOLD_APART_S:
        return ()
    words = f"the site's clock is {abs(off_s):.0f} s {'ahead' if off_s > 0 else 'behind'}"
    return (Trusted("clock", "site", "stale", None, f"{words}; it is planned to be ready earlier"),)


def _hash(it: _Ready, former: Former | None) -> str:
    """Return a hash of all that a plan was made from: the same inputs give the same plan."""
    problem, prices = it.posing.problem, it.prices
    parts: list[bytes] = [
        f"{it.slots.start_s} {it.slots.count}".encode(),
        prices.digest(prices.shown),  # CO2 too: it is told, whatever is minimised
        *(prices.digest(np.asarray(p)) for p in (problem.import_price, problem.export_price)),
        *(np.asarray(values).tobytes() for values in (problem.surplus_kw, problem.room_kw)),
    ]
    for wish, car in zip(it.posing.planned, problem.cars, strict=True):
        parts.append(_text(car).encode())
        limit_kw = np.asarray(car.limit_kw)
        # Who takes not only sun has one limit all the time.
        parts.append((limit_kw if wish.role is Role.SUN_ONLY else limit_kw[-1:]).tobytes())
        if len(car.bias_per_kwh):
            parts.append(np.asarray(car.bias_per_kwh).tobytes())
    if former is not None:
        parts += [power_kw.tobytes() for power_kw in former.power_kw.values()]
    return sha256(b"".join(parts)).hexdigest()[:HASH_DIGITS]


def _text(car: Car) -> str:
    return (
        f"{car.id} {car.arrival} {car.departure} {car.needed_kwh} {car.most_kwh} {car.least_kw} "
        f"{car.most_kw} {car.phases} {car.is_running} {car.worth_per_kwh} {car.is_at_once}"
    )
