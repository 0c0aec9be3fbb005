"""What the house takes beside the chargers: the meter less what the chargers drew just then.

Meter and chargers are never read at the same instant, and a car follows its limit late. So each
charger's draw at the time of a reading is an interval, and of all household loads that explain
the reading the one nearest to the last estimate is taken. The estimate is sound: the measured
sum never exceeds estimate + what is granted (or was, a reaction time ago) + what is reserved.
"""

from dataclasses import replace

from cem.core.charger import Charger, Sample, Standing, is_lasting
from cem.core.parameters import Parameters
from cem.core.state import Estimate, MeterSample, State
from electrical.phases import (
    ALL_PHASES,
    ZERO,
    Phase,
    PhaseCurrents,
    Phases,
    combine,
    on_phases,
)

LOOK_BACK_S = 2.0  # a charger's sample may speak of a moment that long before it arrived ...
LOOK_AHEAD_S = 1.5  # ... or arrive that long after what the meter saw already
REVISED_S = 5.0  # readings this young are estimated anew when chargers report

Interval = tuple[float, float]


def estimated(state: State, now: float, p: Parameters) -> tuple[Estimate, ...]:
    """Return the estimates of all readings in memory, oldest first.

    Those older than REVISED_S stay as they are; younger ones use every sample known by now.
    """
    settled = tuple(e for e in state.meter.estimates if now - e.at_s > REVISED_S)
    newest_s = settled[-1].at_s if settled else float("-inf")
    chain = list(settled)
    for sample in state.meter.samples:
        if sample.at_s > newest_s:
            chain.append(_estimate(sample, chain[-1] if chain else None, state, p))
    if chain and now - chain[-1].at_s > p.spike_wait_s:
        # No second sample came in time: the one we have must do.
        chain[-1] = replace(chain[-1], confirmed_a=chain[-1].raw_a)
    return tuple(chain)


def held_a(estimates: tuple[Estimate, ...], p: Parameters) -> PhaseCurrents:
    """Return the highest confirmed load of the last 20 s of readings, ZERO before the first."""
    if not estimates:
        return ZERO
    newest_s = estimates[-1].at_s
    window = [e.confirmed_a for e in estimates if newest_s - e.at_s <= p.peak_hold_s]
    return Phases(*(max(values[phase] for values in window) for phase in ALL_PHASES))


def latest_a(estimates: tuple[Estimate, ...], p: Parameters) -> PhaseCurrents:
    """Return the held load, or the newest reading where that is higher, confirmed or not."""
    held = held_a(estimates, p)
    return combine(held, estimates[-1].raw_a, max) if estimates else held


def rise_a(estimates: tuple[Estimate, ...], phase: Phase, p: Parameters) -> float:
    """Return by how much the household load rose on a phase within the blame window."""
    if not estimates:
        return 0.0
    newest = estimates[-1]
    window = [e.raw_a[phase] for e in estimates if newest.at_s - e.at_s <= p.blame_window_s]
    return newest.raw_a[phase] - min(window)


def _estimate(
    sample: MeterSample, before: Estimate | None, state: State, p: Parameters
) -> Estimate:
    draws = [_draws(charger, sample.at_s, state, p) for charger in state.chargers.values()]
    raw, confirmed = [], []
    for phase in ALL_PHASES:
        least_a = sum(draw[phase][0] for draw in draws)
        most_a = sum(draw[phase][1] for draw in draws)
        measured_a = sample.current_a[phase]
        lowest, highest = measured_a - most_a, measured_a - least_a
        value = highest
        if before is not None:
            is_spike = _is_disproved(before, phase, highest, p)
            anchor = before.confirmed_a[phase] if is_spike else before.raw_a[phase]
            value = min(max(anchor, lowest), highest)
        raw.append(value)
        confirmed.append(value if before is None else _without_spike(value, before, phase, p))
    return Estimate(sample.at_s, sample.current_a, Phases(*raw), Phases(*confirmed))


def _is_disproved(before: Estimate, phase: Phase, highest: float, p: Parameters) -> bool:
    """Return whether a rise that waited for a second sample cannot have been true."""
    is_waiting = before.raw_a[phase] > before.confirmed_a[phase] + p.spike_a / 10
    return is_waiting and before.raw_a[phase] > highest + p.spike_a


def _without_spike(value: float, before: Estimate, phase: Phase, p: Parameters) -> float:
    """Return the value with a rise above 3 A cut off unless the sample before showed it too."""
    return min(value, max(before.raw_a[phase], before.confirmed_a[phase]) + p.spike_a)


def _draws(charger: Charger, at_s: float, state: State, p: Parameters) -> Phases[Interval]:
    """Return between which currents the charger drew at a moment, by phase of the house."""
    samples = _speaking_of(charger, at_s, p)
    standing = charger.standing(max(at_s, charger.heard_s), p)
    if not samples or standing in (Standing.OUT_OF_REACH, Standing.FRESH):
        return _unmeasured(charger, standing, at_s, state, p)
    used = charger.phases(state.site_phases, p)
    is_moving = charger.has_car and _is_moving(charger, samples, at_s, p)
    return Phases(
        *(
            _drawn(charger, at_s, [s.current_a[ph] for s in samples], is_moving and ph in used, p)
            for ph in ALL_PHASES
        )
    )


def _speaking_of(charger: Charger, at_s: float, p: Parameters) -> list[Sample]:
    """Return the samples that tell what was drawn at a moment.

    Those from around it; where none is as old, also the last one before: unchanged until then.
    """
    around = [s for s in charger.samples if -LOOK_BACK_S <= s.at_s - at_s <= LOOK_AHEAD_S]
    if around and around[0].at_s <= at_s:
        return around
    before = [s for s in charger.samples if s.at_s < at_s - LOOK_BACK_S]
    vouched = charger.report is not None and charger.report.measured_age_s is not None
    if not (before and vouched and is_lasting(before[-1], at_s, p)):
        return around
    return [before[-1], *around]


def _unmeasured(
    charger: Charger, standing: Standing, at_s: float, state: State, p: Parameters
) -> Phases[Interval]:
    match standing:
        case Standing.NO_CAR | Standing.NEW:
            most_a = 0.0
        case Standing.READY:
            most_a = charger.may_draw_a(at_s, p)
        case _:
            most_a = charger.reserve_a(max(at_s, charger.heard_s), p)
    # The same phases that are granted or reserved: else its draw would hide a load of the house.
    might_use = charger.might_use(max(at_s, charger.heard_s), state.site_phases, p)
    return on_phases(might_use, (0.0, most_a), (0.0, 0.0))


def _drawn(
    charger: Charger,
    at_s: float,
    drawn: list[float],
    is_moving: bool,  # noqa: FBT001 - a fact of the phase, not a switch
    p: Parameters,
) -> Interval:
    """Return the interval on one phase.

    What is drawn above the limit counts as load of the house: it is not ours to give away.
    """
    least_a, most_a = max(0.0, min(drawn)), max(0.0, *drawn)
    granted_a = charger.granted_a
    if is_moving and granted_a is not None:
        least_a, most_a = min(least_a, granted_a), max(most_a, granted_a)
    cap_a = (
        charger.reserve_a(at_s, p)
        if charger.disobeys
        else charger.may_draw_a(at_s, p, p.obedience_s)
    )
    return min(least_a, cap_a), min(most_a, cap_a)


def _is_moving(charger: Charger, samples: list[Sample], at_s: float, p: Parameters) -> bool:
    """Return whether its car may have been on the way to another current at that moment."""
    since_s = at_s - charger.changed_s
    if -1.0 <= since_s <= p.reaction_s + LOOK_BACK_S:
        return True
    if since_s > 0 and not charger.is_settled(samples[-1], p):
        return True  # nothing came since it had time to follow: it may have stayed, or gone
    is_starting = max(max(s.current_a.values()) for s in samples) < 2 * p.drawing_a
    return is_starting and charger.heard_s < at_s + LOOK_AHEAD_S
