"""Charging from own surplus: who may start, who must stop, on how many phases. Pure.

A car is let start when the sun gives its minimum and 150 W more for 30 s, and stopped when it
gives 200 W less for 240 s: until then it keeps its minimum, from the grid if need be. Where the
charger can switch, one phase bridges what is too little for three.
"""

from dataclasses import replace

from cem.core.charger import Charger, Standing, Sun
from cem.core.driving import Mode
from cem.core.ladder import Rung, Stage
from cem.core.parameters import Parameters
from cem.core.state import State
from electrical.power import NOMINAL_VOLTAGE_V

HOUR_S = 3600.0


def followed(state: State, step: Rung, now: float, p: Parameters) -> State:
    """Return the state with every charger in mode Solar only told what the sun allows now."""
    if all(_is_plain(charger) for charger in state.chargers.values()):
        return state
    left_w = surplus_w(state, step, now, p)
    chargers = dict(state.chargers)
    for ski, charger in sorted(chargers.items(), key=lambda i: (i[1].settings.priority, i[0])):
        if charger.mode.mode is not Mode.SOLAR_ONLY:
            chargers[ski] = replace(charger, sun=_unbound(charger, now, p))
            continue
        if charger.standing(now, p) is not Standing.READY or _is_full(charger):
            chargers[ski] = replace(charger, sun=_resting(charger.sun))
            continue
        sun = _watched(charger, left_w, now, p)
        chargers[ski] = replace(charger, sun=sun)
        if sun.is_on:
            left_w -= min(max(left_w, 0.0), _count(charger) * NOMINAL_VOLTAGE_V * charger.most_a)
    return replace(state, chargers=chargers)


def surplus_w(state: State, step: Rung, now: float, p: Parameters) -> float:
    """Return what house and the cars of other modes leave of the sun (W), mean of 15 s.

    0 without a fresh reading: what is not known is no surplus. Negative = all is imported.
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
        if charger.mode.mode is not Mode.SOLAR_ONLY and known is not None:
            others_a += sum(known.values())
    return -(house_a + others_a) * NOMINAL_VOLTAGE_V


def _is_plain(charger: Charger) -> bool:
    return charger.mode.mode is not Mode.SOLAR_ONLY and charger.sun == Sun()


def _is_full(charger: Charger) -> bool:
    car = charger.report.car if charger.report else None
    return car is not None and car.operating_state == "finished"


def _resting(sun: Sun) -> Sun:
    return replace(sun, is_on=False, above_since_s=None, below_since_s=None, other_since_s=None)


def _unbound(charger: Charger, now: float, p: Parameters) -> Sun:
    """Return what is left of the sun in another mode: all phases again."""
    sun = _resting(charger.sun)
    if sun.phases == 1 and _may_switch(charger, now, p):
        return replace(sun, phases=3, switched_s=(*sun.switched_s, now))
    return sun


def _watched(charger: Charger, left_w: float, now: float, p: Parameters) -> Sun:
    sun = _with_phases(charger, left_w, now, p)
    watt = NOMINAL_VOLTAGE_V * charger.least_a
    least_w = watt * (1 if _can_switch(charger) else _count(charger))
    if sun.is_on:
        since_s = _since(sun.below_since_s, now, holds=left_w < least_w - p.surplus_stop_w)
        is_over = since_s is not None and now - since_s >= p.surplus_stop_s
        return replace(sun, is_on=not is_over, below_since_s=None if is_over else since_s,
                       above_since_s=None)  # fmt: skip
    since_s = _since(sun.above_since_s, now, holds=left_w > least_w + p.surplus_start_w)
    if since_s is None or now - since_s < p.surplus_start_s:
        return replace(sun, above_since_s=since_s)
    sun = replace(sun, is_on=True, above_since_s=None, below_since_s=None)
    wanted = 3 if left_w > 3 * watt + p.surplus_start_w else 1
    return _switched(charger, sun, wanted, now, p)


def _with_phases(charger: Charger, left_w: float, now: float, p: Parameters) -> Sun:
    """Return the sun's word with the other number of phases, when that has fitted for long."""
    sun = charger.sun
    if not _can_switch(charger) or not sun.is_on:
        return replace(sun, other_since_s=None)
    three_w = 3 * NOMINAL_VOLTAGE_V * charger.least_a
    if _count(charger) == 3:
        holds, wait_s, wanted = left_w < three_w, p.phases_down_s, 1
    else:
        holds, wait_s, wanted = left_w > three_w + p.surplus_start_w, p.phases_up_s, 3
    since_s = _since(sun.other_since_s, now, holds=holds)
    sun = replace(sun, other_since_s=since_s)
    if since_s is None or now - since_s < wait_s:
        return sun
    return _switched(charger, sun, wanted, now, p)


def _switched(charger: Charger, sun: Sun, wanted: int, now: float, p: Parameters) -> Sun:
    if not _can_switch(charger) or _count(charger) == wanted or not _may_switch(charger, now, p):
        return sun
    within = tuple(at_s for at_s in sun.switched_s if now - at_s < HOUR_S)
    return replace(sun, phases=wanted, switched_s=(*within, now), other_since_s=None)


def _may_switch(charger: Charger, now: float, p: Parameters) -> bool:
    """Return whether contactor and car bear another switch: a gap, and so many per hour."""
    within = [at_s for at_s in charger.sun.switched_s if now - at_s < HOUR_S]
    return len(within) < p.switches_per_hour and (not within or now - within[-1] >= p.phases_gap_s)


def _can_switch(charger: Charger) -> bool:
    """Return whether the charger can switch and its car would use what it switches."""
    report = charger.report
    if not charger.settings.can_switch or report is None or report.car is None:
        return False
    is_one_phase_car = report.offered_phases == 3 and report.car.phases == 1
    return not is_one_phase_car


def _count(charger: Charger) -> int:
    """Return how many phases it charges on, or is about to."""
    report = charger.report
    if charger.sun.phases is not None:
        return charger.sun.phases
    if report is None or report.car is None or report.car.phases is None:
        return charger.settings.phases
    return report.car.phases


def _since(before_s: float | None, now: float, *, holds: bool) -> float | None:
    if not holds:
        return None
    return now if before_s is None else before_s
