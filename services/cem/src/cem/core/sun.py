"""Charging from own surplus: who may start, who must stop. Pure.

A car is let start when the sun gives its minimum and 150 W more for 30 s, and stopped when it
gives 200 W less for 240 s: until then it keeps its minimum, from the grid if need be. What is
reserved for those that run is their minimum; all above is released to whoever can use it. Where
the charger can switch, one phase bridges what is too little for three.
"""

from dataclasses import replace

from cem.core.charger import Charger, changed
from cem.core.conduct import NO_SUN, Conduct, Standing, Sun
from cem.core.ladder import Rung, Stage
from cem.core.parameters import Parameters
from cem.core.state import State
from electrical.power import NOMINAL_VOLTAGE_V

SOLAR = (Conduct.SUN, Conduct.MIN_SUN)


def followed(state: State, left_w: float, now: float, p: Parameters) -> State:
    """Return the state with every charger on the sun told whether it may charge now.

    left_w: the surplus, as `surplus_w` returns it.
    """
    if all(c.intent.conduct not in SOLAR and c.sun == NO_SUN for c in state.chargers.values()):
        return state  # as on most sites at night
    chargers = dict(state.chargers)
    for ski, charger in chargers.items():
        if not is_taking_part(charger, now, p) and charger.sun != NO_SUN:
            chargers[ski] = changed(charger, sun=NO_SUN)
    ranked = sorted(
        (c for c in chargers.values() if is_taking_part(c, now, p)),
        key=lambda c: (c.settings.priority, c.ski),
    )
    minimums_w = sum(least_w(charger) for charger in ranked if charger.sun.is_on)
    # Who matters least stops first, who matters most starts first; each sees what the others do.
    on = [charger for charger in reversed(ranked) if charger.sun.is_on]
    off = [charger for charger in ranked if not charger.sun.is_on]
    for charger in (*on, *off):
        own_w = least_w(charger)
        if charger.sun.is_on:
            sun = _watched_on(charger, left_w - (minimums_w - own_w), now, p)
        else:
            sun = _watched_off(charger, left_w - minimums_w, now, p)
        if sun.is_on is not charger.sun.is_on:
            minimums_w += own_w if sun.is_on else -own_w
        if sun != charger.sun:
            chargers[charger.ski] = changed(charger, sun=sun)
    return replace(state, chargers=chargers)


def is_taking_part(charger: Charger, now: float, p: Parameters) -> bool:
    """Return whether it is on the sun, with a car that may take it."""
    if charger.intent.conduct not in SOLAR:
        return False
    return charger.standing(now, p) is Standing.READY and not charger.is_full


def surplus_w(state: State, step: Rung, now: float, p: Parameters) -> float:
    """Return what house and the cars of other modes leave of the sun (W), mean of 15 s.

    0 without a fresh reading: what is not known is no surplus. Negative = all is imported. A car
    on its way to a higher limit counts with that limit: what it will take is no surplus.
    """
    estimates = state.meter.estimates
    if step.stage is not Stage.FRESH or not estimates:
        return 0.0
    newest_s = estimates[-1].at_s
    window = [e for e in estimates if newest_s - e.at_s <= p.surplus_mean_s]
    house_a = sum(sum(e.raw_a.values()) for e in window) / len(window)
    others_a = 0.0
    for charger in state.chargers.values():
        known = charger.known_a(now, p)
        if charger.intent.conduct not in SOLAR and known is not None:
            others_a += sum(known.values())
    left_w = -(house_a + others_a) * NOMINAL_VOLTAGE_V
    return _beside_battery_w(state, left_w)


def _beside_battery_w(state: State, left_w: float) -> float:
    """Return the surplus without what a home battery gives, and with what the car may take of it.

    Battery discharge is never surplus (B2). Where a battery does not say what it does, nothing
    is. What it is charged with is its own, unless the site puts its cars before it.
    """
    if not state.has_battery:
        return left_w
    if state.battery_w is None:
        return min(0.0, left_w)
    if state.battery_w < 0:
        return left_w + state.battery_w
    return left_w + (state.battery_w if state.planning.car_before_battery else 0.0)


def topped_up(state: State, left_w: float, now: float, p: Parameters) -> State:
    """Return the state in which those that follow a plan may take surplus beyond it.

    left_w: the surplus, as `surplus_w` returns it: what they draw now is counted in it. It is
    shared evenly, so that two of them never take the same sun.
    """
    takers = [c for c in state.chargers.values() if c.intent.takes_sun and c.has_car]
    chargers = dict(state.chargers)
    for charger in takers:
        drawn, cap_a = charger.known_a(now, p), charger.intent.cap_a
        if drawn is None or cap_a is None:
            continue
        share_a = left_w / len(takers) / NOMINAL_VOLTAGE_V / max(1, charger.conductors)
        sunny_a = charger.level_a(drawn, state.site_phases) + share_a
        if sunny_a > cap_a:
            intent = replace(charger.intent, cap_a=sunny_a)
            chargers[charger.ski] = changed(charger, intent=intent)
    return replace(state, chargers=chargers) if takers else state


def minimum_w(charger: Charger) -> float:
    """Return the least power (W) it can run with, as it stands or is about to."""
    return charger.least_a * charger.conductors * NOMINAL_VOLTAGE_V


def most_w(charger: Charger) -> float:
    """Return the most power (W) it can take, on as many phases as it stands or is about to."""
    claim_a = charger.most_a if charger.claim_a is None else charger.claim_a
    return min(charger.most_a, claim_a) * charger.conductors * NOMINAL_VOLTAGE_V


def least_w(charger: Charger) -> float:
    """Return the least power (W) it could run with, on one phase where that can be."""
    can_bridge = charger.can_go_to_one or charger.settings.may_switch_itself
    count = 1 if can_bridge else charger.conductors
    least_a = max(charger.least_a, charger.settings.min_a) if can_bridge else charger.least_a
    return least_a * count * NOMINAL_VOLTAGE_V


def _watched_on(charger: Charger, left_w: float, now: float, p: Parameters) -> Sun:
    if charger.intent.conduct is Conduct.MIN_SUN:
        return Sun(is_on=True)
    holds = left_w < least_w(charger) - p.surplus_stop_w
    since_s = _since(charger.sun.below_since_s, now, holds=holds)
    if since_s is not None and now - since_s >= p.surplus_stop_s:
        return Sun()
    return Sun(is_on=True, below_since_s=since_s)


def _watched_off(charger: Charger, left_w: float, now: float, p: Parameters) -> Sun:
    if charger.intent.conduct is Conduct.MIN_SUN:
        return Sun(is_on=True)
    holds = left_w > least_w(charger) + p.surplus_start_w
    since_s = _since(charger.sun.above_since_s, now, holds=holds)
    if since_s is None or now - since_s < p.surplus_start_s:
        return Sun(above_since_s=since_s)
    return Sun(is_on=True)


def _since(before_s: float | None, now: float, *, holds: bool) -> float | None:
    if not holds:
        return None
    return now if before_s is None else before_s
