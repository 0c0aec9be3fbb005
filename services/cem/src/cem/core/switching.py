"""From three phases to one and back: when it is worth it, and how it is done. Pure.

Guards of every switch (loadmgmt A3): patience, a gap, so many an hour (kept over restarts), and
consent. The charger pauses, its car lets go, then the contactor moves, and only after a rest is
current offered again. A charger that switches by itself is led by what it is offered: its own
relay keeps its own guards, so only the patience and the gap are ours.
"""

from dataclasses import replace

from cem.core.charger import Charger
from cem.core.conduct import Conduct, Switching
from cem.core.parameters import Parameters
from cem.core.state import State
from cem.core.sun import SOLAR, is_taking_part, least_w, minimum_w, most_w
from electrical.power import NOMINAL_VOLTAGE_V

HOUR_S = 3600.0


def switched(state: State, left_w: float, now: float, p: Parameters) -> State:
    """Return the state with every charger's wanted number of phases brought up to date.

    left_w: the surplus, as `surplus_w` returns it.
    """
    if not any(_has_to_do_with_phases(charger) for charger in state.chargers.values()):
        return state
    chargers = dict(state.chargers)
    # Who matters least goes to one phase first; each sees what those before it do.
    for charger in sorted(chargers.values(), key=_rank, reverse=True):
        ski = charger.ski
        if charger.can_go_to_one or charger.settings.may_switch_itself:
            others = [c for c in chargers.values() if c.ski != ski and is_taking_part(c, now, p)]
            switching = _next(charger, left_w - _others_w(charger, others), now, p)
        elif charger.switching.phases is not None:
            switching = Switching(switched_s=charger.switching.switched_s)
        else:
            continue
        if switching != charger.switching:
            chargers[ski] = replace(charger, switching=switching)
    return replace(state, chargers=chargers)


def _has_to_do_with_phases(charger: Charger) -> bool:
    """Return whether it can change its number of phases, or once was asked to."""
    is_able = charger.settings.can_switch or charger.settings.may_switch_itself
    return is_able or charger.switching.phases is not None


def _rank(charger: Charger) -> tuple[int, str]:
    return (charger.settings.priority, charger.ski)


def patience_until_s(charger: Charger, p: Parameters) -> tuple[int, float] | None:
    """Return the number of phases it is about to change to and when; None = it is not."""
    switching = charger.switching
    if switching.other_since_s is None or switching.is_under_way:
        return None
    to = 3 if charger.wanted_phases == 1 else 1
    patience_s = _patience_s(charger, to, p)
    return to, max(switching.other_since_s + patience_s, _allowed_s(switching, p))


def _next(charger: Charger, left_w: float, now: float, p: Parameters) -> Switching:
    if charger.switching.is_under_way:
        return _going_on(charger, now, p)
    wanted = _wanted(charger, left_w, now, p)
    if wanted == charger.wanted_phases:
        return replace(charger.switching, other_since_s=None)
    since_s = charger.switching.other_since_s
    waiting = replace(charger.switching, other_since_s=now if since_s is None else since_s)
    is_impatient = now - (waiting.other_since_s or now) < _patience_s(charger, wanted, p)
    if is_impatient or now < _allowed_s(waiting, p):
        return waiting
    within = tuple(at_s for at_s in waiting.switched_s if now - at_s < HOUR_S)
    return Switching(wanted, None, (*within, now), None if _is_led(charger) else now)


def _wanted(charger: Charger, left_w: float, now: float, p: Parameters) -> int:
    """Return how many phases suit best now."""
    if charger.intent.conduct in SOLAR and is_taking_part(charger, now, p):
        three_w = 3 * NOMINAL_VOLTAGE_V * charger.settings.min_a
        if not charger.sun.is_on and left_w <= least_w(charger) + p.surplus_start_w:
            return charger.wanted_phases  # it does not charge: no reason to move a contactor
        if charger.wanted_phases == 3:
            return 1 if left_w < three_w else 3
        return 3 if left_w > three_w + p.surplus_start_w else 1
    if charger.intent.conduct is Conduct.OFF or not charger.has_car:
        return charger.wanted_phases  # nobody draws: no reason to move a contactor
    if charger.wanted_phases == 3:
        return 3 if charger.unfit_since_s is None else 1
    return 3 if charger.fits_three else 1


def _patience_s(charger: Charger, wanted: int, p: Parameters) -> float:
    if not charger.is_drawing_allowed:
        return 0.0 if charger.intent.conduct in SOLAR else p.phases_fit_s
    if wanted == 3:
        return p.phases_up_s
    return p.phases_down_s if charger.intent.conduct in SOLAR else p.phases_fit_s


def _allowed_s(switching: Switching, p: Parameters) -> float:
    """Return from when on contactor and car bear another switch: a gap, and so many per hour."""
    if not switching.switched_s:
        return float("-inf")
    latest = sorted(switching.switched_s)[-p.switches_per_hour :]
    gap_s = latest[-1] + p.phases_gap_s
    return gap_s if len(latest) < p.switches_per_hour else max(gap_s, latest[0] + HOUR_S)


def _is_led(charger: Charger) -> bool:
    """Return whether what it is offered is all it takes: nobody tells it how many phases."""
    return not charger.settings.can_switch


def _going_on(charger: Charger, now: float, p: Parameters) -> Switching:
    """Return a switch one step further: paused, told, rested."""
    switching = charger.switching
    began_s = now if switching.began_s is None else switching.began_s
    if switching.told_s is None:
        drawn = charger.drawn_a
        is_open = drawn is not None and max(drawn.values()) < p.drawing_a
        has_let_go = is_open and now - began_s >= 1.0
        if has_let_go or not charger.has_car or now - began_s >= p.phases_let_go_s:
            return replace(switching, told_s=now)
        return switching
    if now - switching.told_s < p.phases_open_s:
        return switching
    offered = charger.told_phases
    is_there = offered is None or offered == switching.phases
    if is_there or now - switching.told_s >= p.phases_given_up_s:
        return replace(switching, began_s=None, told_s=None, phases=offered or switching.phases)
    return switching


def _others_w(charger: Charger, others: list[Charger]) -> float:
    """Return what is not there for a charger on the sun (W), because of the others on it.

    Who charges on three phases goes down when the others' minimums leave it too little. Who
    charges on one goes up only for what the others cannot take as they are, so that two cars on
    one phase each come before one on three, and one switches at a time.
    """
    on = [other for other in others if other.sun.is_on]
    if charger.wanted_phases == 3:
        return sum(minimum_w(other) for other in on)
    waiting_w = sum(least_w(other) for other in others if not other.sun.is_on)
    return waiting_w + sum(most_w(other) for other in on)
