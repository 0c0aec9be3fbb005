"""Energy of one source from its power and its counter: nothing twice, nothing negative. Pure.

The counter has the last word, the power gives the shape between its steps. Two numbers say how
both stand: `ahead_wh`, what was told beyond the counter's last value (negative: the counter is
ahead, energy of a gap), and `since_step_wh`, the integral of the power since that value. Told is
always `max(0, since_step_wh - ahead_wh)`: the sum follows the counter within one of its steps.
"""

from dataclasses import dataclass, replace
from math import isfinite

HOLD_S = 10.0  # a power is believed that long
COARSEST_STEP_WH = 100.0
MOST_CHARGER_W = 3 * 80.0 * 253.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What a source says at a moment. counter_wh: running up; a jump begins a new segment.

    is_session: the counter begins anew with each car, so that a lower value is a reset to 0.
    """

    at_s: float  # monotonic
    power_w: float | None = None  # >= 0
    counter_wh: float | None = None
    segment: int = 0
    is_session: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """How far one source was counted. at_s, power_w: not known after a restart.

    is_new_session: another car was seen, its first count not yet.
    """

    counter_wh: float | None = None
    segment: int = 0
    ahead_wh: float = 0.0
    since_step_wh: float = 0.0
    since_step_s: float = 0.0
    at_s: float | None = None
    power_w: float | None = None
    is_new_session: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Energy that is now known. span_s: the time in which it flowed, up to this moment.

    is_known: the source said something; False: nothing is known of this moment.
    """

    energy_wh: float = 0.0
    span_s: float = 0.0
    is_known: bool = False


def counted(track: Track, measured: Measured, gap_s: float) -> tuple[Track, Told]:
    """Return the track after a measurement, and the energy that is told with it.

    gap_s: time since the last measurement where the track does not know it (after a restart).
    A value that is no finite number is unknown.
    """
    power_w = _known(measured.power_w)
    counter_wh = _known(measured.counter_wh)
    span_s = max(0.0, gap_s if track.at_s is None else measured.at_s - track.at_s)
    has_counter = track.counter_wh is not None and counter_wh is not None
    integral_wh = _integral(track, power_w, span_s, is_corrected=has_counter)
    after = replace(
        track,
        at_s=measured.at_s,
        power_w=power_w,
        since_step_wh=track.since_step_wh + integral_wh,
        since_step_s=track.since_step_s + span_s,
    )
    told_s = span_s if track.power_w is not None or power_w is not None else after.since_step_s
    if counter_wh is not None:
        after = _stepped(after, replace(measured, counter_wh=counter_wh))
    energy_wh = max(0.0, after.since_step_wh - after.ahead_wh)
    after = replace(after, ahead_wh=after.ahead_wh + energy_wh)
    if after.counter_wh is None:  # nothing will ever correct it: keep the numbers small
        after = replace(after, ahead_wh=0.0, since_step_wh=0.0)
    is_known = power_w is not None or counter_wh is not None
    return after, Told(energy_wh, told_s, is_known)


def for_another_car(track: Track) -> Track:
    """Return the track of a charger at whose plug another car was seen."""
    return replace(track, is_new_session=True, ahead_wh=0.0, since_step_wh=0.0)


def silent(track: Track) -> Track:
    """Return the track of a source that says nothing: the power before is believed no more."""
    return replace(track, power_w=None)


def _stepped(track: Track, measured: Measured) -> Track:
    """Return the track with the counter's word taken in."""
    value_wh = measured.counter_wh or 0.0
    if measured.is_session:
        return _session_stepped(track, value_wh)
    if track.counter_wh is None or measured.segment != track.segment:
        return _rebased(track, value_wh, measured.segment)
    delta_wh = value_wh - track.counter_wh
    if delta_wh < 0:
        return _rebased(track, value_wh, measured.segment)
    return track if delta_wh == 0 else _advanced(track, value_wh, delta_wh)


def _session_stepped(track: Track, value_wh: float) -> Track:
    """Return the track of a counter that begins at 0 with each car.

    A jump that no charger can have delivered meanwhile is another counter: it begins there. What
    power told since the reset is in `ahead_wh`, so the counter's first value does not repeat it.
    """
    before_wh, is_new = track.counter_wh, track.is_new_session
    track = replace(track, is_new_session=False)
    if before_wh is None and not is_new:
        return _rebased(track, value_wh, 0)
    if is_new and value_wh == before_wh:
        return track  # still the count of the car before: when it falls, that is the reset
    is_reset = is_new or before_wh is None or value_wh < before_wh
    delta_wh = value_wh - (0.0 if is_reset or before_wh is None else before_wh)
    if delta_wh > MOST_CHARGER_W * track.since_step_s / 3600 + COARSEST_STEP_WH:
        return _rebased(track, value_wh, 0)
    return _advanced(track, value_wh, delta_wh) if is_reset or delta_wh > 0 else track


def _advanced(track: Track, value_wh: float, delta_wh: float) -> Track:
    return replace(
        track,
        counter_wh=value_wh,
        ahead_wh=track.ahead_wh - delta_wh,
        since_step_wh=0.0,
        since_step_s=0.0,
    )


def _rebased(track: Track, value_wh: float, segment: int) -> Track:
    """Return the track counting from this value on; what the power tells meanwhile stays told."""
    untold_wh = max(0.0, track.since_step_wh - track.ahead_wh)
    return replace(
        track,
        counter_wh=value_wh,
        segment=segment,
        ahead_wh=0.0,
        since_step_wh=untold_wh,
        since_step_s=0.0,
    )


def _integral(track: Track, power_w: float | None, span_s: float, *, is_corrected: bool) -> float:
    """Return the energy since the last measurement by power alone; 0 where it is not known.

    is_corrected: a counter will add what is missing, and cannot take away what is too much.
    """
    if track.at_s is None or track.power_w is None or span_s > HOLD_S:
        return 0.0
    now_w = track.power_w if power_w is None else power_w
    used_w = min(track.power_w, now_w) if is_corrected else (track.power_w + now_w) / 2
    return used_w * span_s / 3600


def _known(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else max(0.0, value)
