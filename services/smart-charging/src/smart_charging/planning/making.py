"""Makes the plans of a batch of sites: from what is held of them to bytes. Blocking; no I/O.

pose -> plan -> judge -> write, each for all sites of equal slots at once; what is wrong with one
site is found by planning each alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.planner.fleet import plan_fleet
from smart_charging.planner.problem import Effort, ProblemError
from smart_charging.planning.book import Book
from smart_charging.planning.core.former import Former
from smart_charging.planning.core.judging import Judged, judged
from smart_charging.planning.core.needs import TOLD_APART_S, Role, wishes
from smart_charging.planning.core.posing import Asked, Posed, posed
from smart_charging.planning.core.site import Outlook, Site, Trusted
from smart_charging.planning.core.slots import Slots, slots_at
from smart_charging.planning.messages import (
    Content,
    Signature,
    forecast_fields,
    plan_bytes,
    power_fields,
)
from smart_charging.planning.metrics import working

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
    found: dict[int, Made] = {}
    for slots, effort, group in _groups(jobs, now_s):
        plans = _made(book, [jobs[at] for at in group], slots, effort, now_s)
        for at, plan in zip(group, plans, strict=True):
            if plan is not None:
                found[at] = plan
    return [found[at] for at in sorted(found)]


def _groups(jobs: Sequence[Job], now_s: float) -> Iterable[tuple[Slots, Effort, list[int]]]:
    groups: dict[tuple[Slots, Effort], list[int]] = {}
    for at, job in enumerate(jobs):
        slots = slots_at(now_s, job.site.last_departure_s)
        effort = LITTLE if len(job.site.sessions) > MANY_CARS else EFFORT
        groups.setdefault((slots, effort), []).append(at)
    return [(slots, effort, group) for (slots, effort), group in groups.items()]


def _made(
    book: Book, jobs: Sequence[Job], slots: Slots, effort: Effort, now_s: float
) -> list[Made | None]:
    """Return the plans of sites of equal slots; None for one that cannot be."""
    try:
        with working("pose"):
            posing = posed([_asked(book, job, slots, now_s) for job in jobs], slots)
        with working("plan"):
            plans = plan_fleet(posing.fleet, effort)
    except ProblemError:
        if len(jobs) == 1:
            return [None]
        return [plan for job in jobs for plan in _made(book, [job], slots, effort, now_s)]
    with working("judge"):
        judgings = judged(posing, plans, [job.former for job in jobs])
    with working("encode"):
        return list(_written(jobs, posing, judgings, plans.power_kw, now_s))


def _asked(book: Book, job: Job, slots: Slots, now_s: float) -> Asked:
    prices, shared = book.shared(job.tariff, slots)
    return Asked(job.site, prices, shared, job.outlook, wishes(job.site, slots, now_s))


def _written(
    jobs: Sequence[Job], posing: Posed, judgings: Sequence[Judged], power_kw: Floats, now_s: float
) -> Iterable[Made]:
    """Return plans as they go out. power_kw: true powers."""
    slots = posing.slots
    power_kw = np.vstack((power_kw, np.zeros((1, slots.count))))  # the last: who gets nothing
    powers, small = power_fields(power_kw), power_kw.astype(np.float32)
    forecasts = forecast_fields(posing.outlook_kw, posing.surplus_kw)
    stem = f"{int(now_s * 1000):012x}-"
    for row, (job, found) in enumerate(zip(jobs, judgings, strict=True)):
        site, inputs_hash = job.site, _hash(posing, row, job.former)
        name = Signature(stem + inputs_hash[:6], site.id, site.revision, now_s, inputs_hash)
        inputs = (*job.outlook.inputs, *_clock(site))
        shared = posing.asked[row].shared
        content = Content(shared, site.objective, inputs, forecasts[row], powers, found)
        body = plan_bytes(name, content)
        missing = sum(told.missing_kwh for told in found.told)
        kept = {told.wish.session.id: small[told.row].copy() for told in found.told}
        former = Former(name.plan, site.revision, slots, kept)
        yield Made(job, name.plan, now_s, body, found.gap, missing, former, found.is_kept)


def _clock(site: Site) -> tuple[Trusted, ...]:
    off_s = site.clock_ahead_s
    if abs(off_s) <= TOLD_APART_S:
        return ()
    words = f"the site's clock is {abs(off_s):.0f} s {'ahead' if off_s > 0 else 'behind'}"
    return (Trusted("clock", "site", "stale", None, f"{words}; it is planned to be ready earlier"),)


def _hash(posing: Posed, row: int, former: Former | None) -> str:
    """Return a hash of all that a plan was made from: the same inputs give the same plan."""
    fleet, asked, slots = posing.fleet, posing.asked[row], posing.slots
    prices, pay = asked.prices, fleet.tariff_of[row]
    a, b = fleet.first_car[row], fleet.first_car[row + 1]
    parts = [
        f"{slots.start_s} {slots.count}".encode(),
        prices.digest(prices.shown),  # CO2 too: it is told, whatever is minimised
        fleet.import_price[pay].tobytes(),
        fleet.export_price[pay].tobytes(),
        fleet.surplus_kw[row].tobytes(),
        fleet.room_kw[row].tobytes(),
        fleet.cars[a:b].tobytes(),
        fleet.whos[a:b].tobytes(),
    ]
    for car, wish in enumerate(asked.planned, a):
        parts.append(wish.session.id.encode())
        # Who takes not only sun has one limit all the time.
        limit_kw = fleet.limit_kw[car]
        parts.append((limit_kw if wish.role is Role.SUN_ONLY else limit_kw[-1:]).tobytes())
    if len(fleet.bias_per_kwh):
        bias = fleet.bias_per_kwh[a:b]
        parts.append(bias.tobytes() if bias.any() else b"")
    if former is not None:
        parts += [power_kw.tobytes() for power_kw in former.power_kw.values()]
    return sha256(b"".join(parts)).hexdigest()[:HASH_DIGITS]
