"""What a charger's mode comes to now: off, from the sun, its minimum and the sun, or at once.

Where a plan is in force it will speak here (design law 6: it is advice; goals come first).
"""

from dataclasses import replace

from cem.core.charger import Charger
from cem.core.conduct import AT_ONCE, Conduct, Intent
from cem.core.driving import Mode
from cem.core.goals import (
    Need,
    is_below_its_minimum,
    must_start,
    needs,
    planned_a,
    remaining_wh,
)
from cem.core.ladder import Rung, Stage
from cem.core.parameters import Parameters
from cem.core.reasons import Kind
from cem.core.state import State

OFF = Intent(Conduct.OFF, Kind.MODE_OFF)


def meant(state: State, step: Rung, now: float, p: Parameters) -> State:
    """Return the state with every charger's intent brought up to date."""
    if all(_is_plain(charger) for charger in state.chargers.values()):
        return state
    wanted = needs(state, now)
    urgent = must_start(wanted, state, now, p)
    by_ski = {need.ski: need for need in wanted}
    chargers = {}
    for ski, charger in state.chargers.items():
        need = by_ski.get(ski)
        is_off = charger.mode.mode is Mode.OFF
        intent = OFF if is_off else _by_mode(charger, need, state, step)
        if need is not None and intent is not OFF:
            planned = planned_a(need, charger, state, now)
            intent = _with_need(intent, need, planned, must=ski in urgent)
        intent = replace(intent, remaining_wh=remaining_wh(charger, state))
        chargers[ski] = charger if intent == charger.intent else replace(charger, intent=intent)
    return replace(state, chargers=chargers)


def _is_plain(charger: Charger) -> bool:
    return charger.mode.mode is Mode.FAST and charger.goal is None and charger.intent == AT_ONCE


def _with_need(intent: Intent, need: Need, planned: float, *, must: bool) -> Intent:
    """Return an intent that knows when its goal is due, and gives way to it in time."""
    if must:
        kind = None if intent == AT_ONCE else Kind.LATEST_START
        return Intent(Conduct.AT_ONCE, kind, need.deadline_s, planned, is_urgent=True)
    is_at_once = intent.conduct is Conduct.AT_ONCE
    return replace(intent, deadline_s=need.deadline_s, planned_a=planned if is_at_once else 0.0)


def _by_mode(charger: Charger, need: Need | None, state: State, step: Rung) -> Intent:
    """Return what the mode alone comes to, were there no hurry."""
    if charger.mode.mode is Mode.FAST or is_below_its_minimum(charger, state):
        return AT_ONCE
    if charger.mode.mode is Mode.SOLAR_ONLY:
        return Intent(Conduct.SUN)
    if charger.mode.mode is Mode.MIN_SOLAR:
        return Intent(Conduct.MIN_SUN)
    if not charger.mode.smart.surplus or step.stage is Stage.NO_METER:
        return Intent(Conduct.AT_ONCE, Kind.CHARGES_NOW_NO_PLAN)
    # With a goal there is a moment from which on all is taken: until then the sun may do it, and
    # what comes after it is the sun's to give.
    is_met = need is None and remaining_wh(charger, state) == 0
    return Intent(Conduct.SUN if need is not None or is_met else Conduct.MIN_SUN)
