"""What a charger's mode comes to now: off, waiting, from the sun, its minimum and the sun, at once.

Where a plan is in force it speaks in `smart` (design law 6: it is advice; goals come first).
"""

from dataclasses import replace

from cem.core.charger import Charger, changed
from cem.core.conduct import AT_ONCE, Conduct, Intent
from cem.core.driving import Mode
from cem.core.goals import (
    Need,
    is_below_its_minimum,
    latest_starts,
    needs,
    planned_a,
    remaining_wh,
)
from cem.core.ladder import Rung
from cem.core.parameters import Parameters
from cem.core.reasons import Kind
from cem.core.smart import smart
from cem.core.state import State

OFF = Intent(Conduct.OFF, Kind.MODE_OFF)


def meant(state: State, step: Rung, now: float, p: Parameters) -> State:
    """Return the state with every charger's intent brought up to date."""
    if all(_is_plain(charger) for charger in state.chargers.values()):
        return state
    wanted = needs(state, now)
    latest = latest_starts(wanted, state, now, p)
    by_ski = {need.ski: need for need in wanted}
    chargers = {}
    for ski, charger in state.chargers.items():
        need, latest_s = by_ski.get(ski), latest.get(ski)
        is_off = charger.mode.mode is Mode.OFF
        intent = OFF if is_off else _by_mode(charger, need, latest_s, state, step, now)
        if need is not None and latest_s is not None and intent is not OFF:
            planned = planned_a(need, charger, state, now)
            intent = _with_need(intent, need, planned, must=now >= latest_s)
        else:
            intent = replace(intent, remaining_wh=remaining_wh(charger, state, now))
        chargers[ski] = charger if intent == charger.intent else changed(charger, intent=intent)
    return replace(state, chargers=chargers)


def _is_plain(charger: Charger) -> bool:
    return charger.mode.mode is Mode.FAST and charger.goal is None and charger.intent == AT_ONCE


def _with_need(intent: Intent, need: Need, planned: float, *, must: bool) -> Intent:
    """Return an intent that knows when its goal is due, and gives way to it in time."""
    missing_wh = need.energy_wh
    if must:
        kind = None if intent == AT_ONCE else Kind.LATEST_START
        return Intent(
            Conduct.AT_ONCE,
            kind,
            need.deadline_s,
            planned,
            is_urgent=True,
            remaining_wh=missing_wh,
        )
    if intent.conduct is not Conduct.AT_ONCE:
        planned = 0.0
    elif intent.cap_a is not None:
        planned = min(planned, intent.cap_a)
    return replace(intent, deadline_s=need.deadline_s, planned_a=planned, remaining_wh=missing_wh)


def _by_mode(  # noqa: PLR0913, PLR0917 - all that a mode looks at
    charger: Charger,
    need: Need | None,
    latest_s: float | None,
    state: State,
    step: Rung,
    now: float,
) -> Intent:
    """Return what the mode alone comes to, were there no hurry."""
    mode = charger.mode.mode
    if mode is Mode.FAST:
        return AT_ONCE
    if is_below_its_minimum(charger, state, now):
        return Intent(Conduct.AT_ONCE, Kind.MINIMUM_SOC)
    if mode is Mode.SOLAR_ONLY:
        return Intent(Conduct.SUN)
    if mode is Mode.MIN_SOLAR:
        return Intent(Conduct.MIN_SUN)
    return smart(charger, need, latest_s, state, step, now)
