"""The planner's answer -> what each car is told: power, energy, cost, what is missing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smart_charging.core.grid import Floats, Instants
from smart_charging.planner.fleet import FleetPlan
from smart_charging.planner.kernels import reckoning
from smart_charging.planner.kernels.judging import judge_all
from smart_charging.planner.problem import LEAST_BILL, PENALTY_PER_KWH
from smart_charging.planning.core.former import TERMS, Former
from smart_charging.planning.core.needs import Role, Short, Wish
from smart_charging.planning.core.posing import Asked, Posed
from smart_charging.planning.core.slots import Slots

AC_TO_BATTERY = 0.9
LONGEST_S = 30 * 86_400  # what lacks for longer is not timed
NO_ROW = -1  # it gets no power at all
ROLES = {
    Role.PLANNED: reckoning.PLANNED,
    Role.SUN_ONLY: reckoning.SUN_ONLY,
    Role.AT_ONCE: reckoning.AT_ONCE,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What one car is told. Energies in kWh; None = not known. row: of its powers in the batch."""

    wish: Wish
    row: int
    energy_kwh: float = 0.0
    sun_kwh: float = 0.0
    cost: float | None = None
    at_once_cost: float | None = None
    co2_g: float | None = None
    short: Short = Short.NOTHING
    missing_kwh: float = 0.0
    missing_s: int = 0
    reached_s: float | None = None
    soc_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A whole plan. value, bound, gap: the certificate, in what the planner minimised.

    is_kept: it goes on as the one before it; a better one would have saved next to nothing.
    """

    told: tuple[Told, ...]
    value: float
    bound: float
    gap: float
    is_kept: bool = False


def judged(posing: Posed, found: FleetPlan, formers: Sequence[Former | None]) -> list[Judged]:
    """Return what is told of each plan, or of the former one where that goes on.

    The powers of `found` become the true ones of what is told.
    """
    answers, dearer = _answers(posing, found, formers)
    first, missing = posing.fleet.first_car.tolist(), found.missing_kwh.tolist()
    columns = (values.tolist() for values in (found.cost, found.bound, found.least_missing_kwh))
    judgings = []
    for site, (cost, bound, least) in enumerate(zip(*columns, strict=True)):
        a, b = first[site], first[site + 1]
        more = dearer[site]
        is_kept = more == more  # noqa: PLR0124 - no NaN
        short = max(0.0, sum(missing[a:b]) - least)
        value = cost + PENALTY_PER_KWH * short + (max(0.0, more) if is_kept else 0.0)
        gap = max(0.0, value - bound) / max(abs(value), LEAST_BILL)
        told = _all_told(posing.asked[site], a, answers, posing.slots)
        judgings.append(Judged(told, value, bound, gap, is_kept))
    return judgings


def _answers(
    posing: Posed, found: FleetPlan, formers: Sequence[Former | None]
) -> tuple[list[list[float]], list[float]]:
    """Return the kernel's word on each car, and how much dearer each plan is that goes on."""
    fleet, slots, n_sites = posing.fleet, posing.slots, len(posing.asked)
    cars, whos = _cars(posing.planned)
    first = fleet.first_car.tolist()
    old = np.zeros((len(posing.planned) if any(formers) else 0, slots.count))
    is_old = np.zeros(n_sites, np.int64)
    for site, former in enumerate(formers):
        planned = posing.asked[site].planned
        if former is not None and planned:
            rows = old[first[site] : first[site + 1]]
            is_old[site] = former.laid_on(slots, planned, rows)
    shown_of, shown = _shown(posing)
    pay = np.stack((fleet.import_price, fleet.export_price), axis=1)
    answers, dearer = np.zeros((len(posing.planned), reckoning.COLUMNS)), np.empty(n_sites)
    judge_all(
        fleet.first_car, shown_of, fleet.tariff_of, found.power_kw, old, is_old, cars, whos,
        posing.limits_kw, posing.phase_room_kw, posing.room_kw, slots.hours, posing.surplus_kw,
        posing.counted_kw, shown, pay, fleet.bias_per_kwh, TERMS, answers, dearer,
    )  # fmt: skip
    return answers.tolist(), dearer.tolist()


def _shown(posing: Posed) -> tuple[Instants, Floats]:
    """Return which prices are told to each site, and all of them once."""
    rows: dict[int, int] = {}
    known: list[Floats] = []
    of = np.empty(len(posing.asked), np.int64)
    for site, each in enumerate(posing.asked):
        of[site] = row = rows.setdefault(id(each.prices), len(known))
        if row == len(known):
            known.append(each.prices.shown)
    return of, np.array(known)


def _cars(planned: Sequence[Wish]) -> tuple[Floats, Instants]:
    """Return cars as `reckoning` takes them."""
    cars = [(w.session.least_kw, w.session.most_kw, w.needed_kwh, w.most_kwh) for w in planned]
    whos = [(w.session.phases, w.until, ROLES[w.role], w.session.is_charging) for w in planned]
    return (
        np.array(cars, np.float64).reshape(-1, 4).T.copy(),
        np.array(whos, np.int64).reshape(-1, 4).T.copy(),
    )


def _all_told(
    asked: Asked, first: int, answers: list[list[float]], slots: Slots
) -> tuple[Told, ...]:
    """Return what the cars of a site are told, planned ones and hopeless ones."""
    told, row = [], first
    for wish in asked.wishes:
        if wish.is_planned:
            told.append(_told(wish, row, answers[row], slots))
            row += 1
        elif wish.is_told:
            told.append(_hopeless(wish))
    return tuple(told)


def _told(wish: Wish, row: int, answer: list[float], slots: Slots) -> Told:
    session = wish.session
    is_past = wish.short is Short.DEPARTURE_PAST
    by_departure = 0.0 if is_past else answer[reckoning.BY_DEPARTURE]
    missing = max(0.0, wish.needed_kwh - by_departure)
    short = wish.short
    if missing <= reckoning.ENOUGH_KWH:
        missing = 0.0
    elif short is Short.NOTHING:
        hours = slots.hours_before[wish.until]
        is_early = wish.needed_kwh > session.most_kw * hours
        short = Short.DEPARTURE_TOO_EARLY if is_early else Short.ROOM_TOO_SMALL
    reached_h = answer[reckoning.REACHED_H]
    has_goal = session.needed_kwh is not None and session.departure_s is not None
    return Told(
        wish,
        row,
        answer[reckoning.ENERGY],
        answer[reckoning.SUN],
        _or_none(answer[reckoning.COST]),
        _or_none(answer[reckoning.AT_ONCE_COST]),
        _or_none(answer[reckoning.GRAMS]),
        short,
        missing,
        min(round(missing / session.most_kw * 3600), LONGEST_S),
        slots.start_s + reached_h * 3600 if has_goal and reached_h >= 0 else None,
        _soc(wish, by_departure),
    )


def _or_none(value: float) -> float | None:
    return value if value - value == 0.0 else None  # NaN and infinity are not known


def _soc(wish: Wish, energy_kwh: float) -> float | None:
    session = wish.session
    if session.soc_percent is None or not session.battery_kwh:
        return None
    return min(100.0, session.soc_percent + 100 * energy_kwh * AC_TO_BATTERY / session.battery_kwh)


def _hopeless(wish: Wish) -> Told:
    return Told(
        wish, NO_ROW, short=wish.short, missing_kwh=wish.needed_kwh, soc_percent=_soc(wish, 0.0)
    )
