"""What a wanted current means for the car that is plugged (usecases.md, OPEV). Pure."""

from collections.abc import Callable

from eebus.events import Ev, PerPhase

PHYSICAL_MIN_A = 6.0  # IEC 61851-1: nothing between 0 and 6 A over PWM
PATIENCE_S = 10.0  # a charger that never tells the standard must still be paused some time
SETTLING_S = 0.5  # a fresh car's facts come in a burst; one write for all of them
IEC_61851 = "iec61851"


def written_for(
    current_a: PerPhase, ev: Ev, plugged_s: float, least_a: float | None = None
) -> PerPhase:
    """Return what to write, A per conductor; 0 = pause, None = no limit.

    Below the car's minimum the car is paused, above an ISO 15118 car's maximum the maximum is
    meant, and a car not known to charge asymmetrically gets its lowest current everywhere.
    plugged_s: seconds since the car came. A pause before the standard is known would throw an
    ISO 15118 car back to PWM, so until then (at most 10 s) the minimum stands in for it.
    least_a: the controller knows better where a pause begins; a charger that goes to one phase by
    itself reads three times 2 A as 6 A there.
    """
    lowest_a = min_a(ev) if least_a is None else least_a
    given = [a for a in current_a if a is not None]
    if ev.asymmetric is not True and given:
        current_a = _each(current_a, lambda _: min(given))
    pause_a = lowest_a if ev.communication is None and plugged_s < PATIENCE_S else 0.0
    return _each(current_a, lambda a: pause_a if a < lowest_a else min(a, _max_a(ev, a)))


def settled_at(ev: Ev, plugged_at: float) -> float:
    """Return when the first limit may be written: at once when the standard is known."""
    return plugged_at + SETTLING_S if ev.communication is None else plugged_at


def may_pause_at(ev: Ev, plugged_at: float) -> float | None:
    """Return when waiting for the communication standard ends; None = no waiting."""
    return plugged_at + PATIENCE_S if ev.communication is None else None


def min_a(ev: Ev) -> float:
    """Return the lowest current the car charges with: 6 A, or what an ISO 15118 car announces.

    An IEC 61851 car's announced range is the charger's default; it can only raise the 6 A.
    """
    announced_a = PHYSICAL_MIN_A if ev.min_a is None else ev.min_a
    if ev.communication in (None, IEC_61851):
        return max(PHYSICAL_MIN_A, announced_a)
    return announced_a


def _max_a(ev: Ev, otherwise: float) -> float:
    if ev.communication in (None, IEC_61851) or ev.max_a is None:
        return otherwise
    return ev.max_a


def _each(values: PerPhase, turn: Callable[[float], float]) -> PerPhase:
    a, b, c = (None if value is None else turn(value) for value in values)
    return a, b, c
