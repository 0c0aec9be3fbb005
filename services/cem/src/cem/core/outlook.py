"""Folds what plans are made of and what they say: settings, sessions, plans, prices, batteries."""

from dataclasses import replace
from typing import assert_never

from cem.core import following, soc
from cem.core.charger import changed
from cem.core.conduct import SocWord
from cem.core.events import (
    BatteryRead,
    CarSocTold,
    PlanHeard,
    PlanningSet,
    PricesHeard,
    PvSystemsSet,
    SessionsNamed,
    TariffSet,
)
from cem.core.numbers import finite
from cem.core.state import State

Told = (
    TariffSet
    | PlanningSet
    | PvSystemsSet
    | SessionsNamed
    | PlanHeard
    | PricesHeard
    | CarSocTold
    | BatteryRead
)


def told(state: State, event: Told, now: float) -> State:  # noqa: PLR0911 - one for each
    """Return the state after somebody told us something, at `now` (monotonic s)."""
    match event:
        case TariffSet(tariff):
            return replace(state, tariff=tariff)
        case PlanningSet(settings):
            return replace(state, planning=settings)
        case PvSystemsSet(systems):
            ordered = sorted(systems, key=lambda system: system.id)
            return replace(state, pv_systems=tuple(ordered))
        case SessionsNamed(sessions):
            state = _named(state, dict(sessions))
            return following.taken(state, state.plan, now)  # a plan may have waited for a name
        case PlanHeard(plan):
            return following.taken(state, plan, now)
        case PricesHeard(prices):
            if prices is not None:
                prices = replace(prices, ranked=prices.by_price())
            return replace(state, prices=prices)
        case CarSocTold():
            return _soc_told(state, event, now)
        case BatteryRead(is_there, power_w):
            return replace(state, has_battery=is_there, battery_w=finite(power_w))
        case _:
            assert_never(event)


def _named(state: State, sessions: dict[str, str]) -> State:
    """Return the state with its sessions named; a charger without a car has none."""
    chargers = dict(state.chargers)
    for ski, charger in state.chargers.items():
        session = sessions.get(ski, "") if charger.has_car else ""
        if session != charger.session:
            chargers[ski] = changed(charger, session=session)
    return replace(state, chargers=chargers)


def _soc_told(state: State, event: CarSocTold, now: float) -> State:
    percent, age_s = finite(event.percent), finite(event.age_s)
    if percent is None or not 0.0 <= percent <= 100.0 or age_s is None:
        return state
    word = SocWord(percent, now - max(0.0, age_s), event.source)
    return soc.told_of(state, event.car, word, now)
