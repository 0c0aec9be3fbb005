"""The planner's answer -> what each car is told: power, energy, cost, what is missing. Pure."""

from dataclasses import dataclass

import numpy as np

from smart_charging.core.grid import Floats, Instants
from smart_charging.planner.kernels import reckoning
from smart_charging.planner.kernels.reckoning import come_to, reckon
from smart_charging.planner.problem import LEAST_BILL, PENALTY_PER_KWH, Plan
from smart_charging.planning.core.former import Former, goes_on
from smart_charging.planning.core.needs import Role, Short, Wish
from smart_charging.planning.core.posing import Posed
from smart_charging.planning.core.site import Prices
from smart_charging.planning.core.slots import Slots

AC_TO_BATTERY = 0.9
LONGEST_S = 30 * 86_400  # what lacks for longer is not timed
ROLES = {
    Role.PLANNED: reckoning.PLANNED,
    Role.SUN_ONLY: reckoning.SUN_ONLY,
    Role.AT_ONCE: reckoning.AT_ONCE,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What one car is told. Powers in kW per slot, energies in kWh; None = not known."""

    wish: Wish
    power_kw: Floats
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


def judged(
    posing: Posed, found: Plan, slots: Slots, prices: Prices, former: Former | None = None
) -> Judged:
    """Return what is told of a plan, or of the former one where that goes on."""
    dearer: float | None = None
    rows: dict[str, Told] = {}
    if posing.planned:
        power = np.array(found.power_kw, dtype=np.float64)
        cars, whos = _cars(posing)
        room = posing.limits_kw, posing.phase_room_kw, posing.room_kw
        worth = slots.hours, posing.surplus_kw, prices.shown
        answers = reckon(power, cars, whos, *room, *worth)
        old = None if former is None else former.on(slots, posing)
        if old is not None:
            dearer = goes_on(power, old, posing, slots.hours, (cars, whos))
            if dearer is not None:
                answers = come_to(power, cars, whos, *room, *worth)
        answer = answers.tolist()
        for row, wish in enumerate(posing.planned):
            rows[wish.session.id] = _told(wish, power[row], answer[row], slots)
    told = tuple(rows.get(wish.session.id) or _hopeless(wish, slots) for wish in posing.told)
    short = max(0.0, sum(found.missing_kwh) - found.least_missing_kwh)
    value = found.cost + PENALTY_PER_KWH * short + max(0.0, dearer or 0.0)
    gap = max(0.0, value - found.bound) / max(abs(value), LEAST_BILL)
    return Judged(told, value, found.bound, gap, is_kept=dearer is not None)


def _cars(posing: Posed) -> tuple[Floats, Instants]:
    cars = np.array(
        [(w.session.least_kw, w.session.most_kw, w.needed_kwh, w.most_kwh) for w in posing.planned]
    ).T.copy()
    whos = np.array(
        [
            (w.session.phases, w.until, ROLES[w.role], int(w.session.is_charging))
            for w in posing.planned
        ],
        dtype=np.int64,
    ).T.copy()
    return cars, whos


def _told(wish: Wish, power: Floats, answer: list[float], slots: Slots) -> Told:
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
        power,
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


def _hopeless(wish: Wish, slots: Slots) -> Told:
    nothing = np.zeros(slots.count)
    return Told(
        wish, nothing, short=wish.short, missing_kwh=wish.needed_kwh, soc_percent=_soc(wish, 0.0)
    )
