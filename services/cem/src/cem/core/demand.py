"""What a car seems to want: one that takes less than it may gives the rest back (loadmgmt C1.2)."""

from dataclasses import replace

from cem.core.allocation import Demand
from cem.core.charger import Charger
from cem.core.driving import Mode
from cem.core.parameters import Parameters
from cem.core.reasons import Kind

MOST_UNUSED_A = 1.0
AFTER_ALL_OTHERS = 100  # the class of those that only take what the sun leaves


def claimed(charger: Charger, now: float, p: Parameters) -> Charger:
    """Return the charger with its claim brought up to date.

    A car 2 A below its limit for 25 s claims its current + 1.5 A; it is probed upward by 2 A
    each 30 s when it uses that. What is not measured claims everything.
    """
    granted_a = charger.granted_a
    if charger.known_a(now, p) is None or not charger.has_car or not granted_a:
        return _unjudged(charger)
    measured = charger.measured_a(now, p)
    if measured is None:
        return charger  # on its way to a new limit: no time to judge what it wants
    drawn_a = max(0.0, *measured.values())
    if drawn_a < granted_a - p.below_a:
        return _lowered(charger, drawn_a, now, p)
    return _probed(charger, drawn_a, now, p)


def served(charger: Charger, now: float, p: Parameters) -> Charger:
    """Return the charger with what it drew since the last decision added to its account.

    Counted here and not read from the charger: not all have a counter, and turns must be fair
    among those that do and those that do not.
    """
    before_s = now if charger.served_s is None else charger.served_s
    known = charger.known_a(now, p)
    drawn_a = 0.0 if known is None or not charger.has_car else sum(known.values())
    span_s = min(max(0.0, now - before_s), p.silent_after_s)
    added_as = max(0.0, drawn_a) * span_s
    return replace(
        charger,
        served_as=charger.served_as + added_as,
        served_s=now,
        unused_a=_unused_a(charger, now, p),
    )


def _unused_a(charger: Charger, now: float, p: Parameters) -> float:
    """Return by how much the car stays below its limit, as last seen while it was steady."""
    measured = charger.measured_a(now, p)
    granted_a = charger.granted_a
    if measured is None or not granted_a or not charger.is_settled(charger.samples[-1], p):
        return charger.unused_a
    drawn_a = max(measured.values())
    is_steady = drawn_a > p.drawing_a and 0 <= granted_a - drawn_a <= MOST_UNUSED_A
    return granted_a - drawn_a if is_steady else 0.0


def _lowered(charger: Charger, drawn_a: float, now: float, p: Parameters) -> Charger:
    since_s = now if charger.below_since_s is None else charger.below_since_s
    charger = replace(charger, below_since_s=since_s, used_since_s=None)
    if now - since_s < p.below_for_s:
        return charger
    return replace(charger, claim_a=max(charger.least_a, drawn_a + p.claim_extra_a))


def _unjudged(charger: Charger) -> Charger:
    """Return the charger without what was begun to be judged."""
    if charger.below_since_s is None and charger.used_since_s is None:
        return charger
    return replace(charger, below_since_s=None, used_since_s=None)


def _probed(charger: Charger, drawn_a: float, now: float, p: Parameters) -> Charger:
    claim_a = charger.claim_a
    if claim_a is None or drawn_a < claim_a - p.below_a:
        return _unjudged(charger)
    charger = replace(charger, below_since_s=None)
    since_s = now if charger.used_since_s is None else charger.used_since_s
    if now - since_s < p.probe_every_s:
        return replace(charger, used_since_s=since_s)
    wider_a = claim_a + p.probe_a
    return replace(
        charger, used_since_s=now, claim_a=None if wider_a >= charger.most_a else wider_a
    )


def demand_of(charger: Charger, now: float, p: Parameters) -> Demand:
    """Return what a charger with a car asks for, and its place in the queue.

    Who runs is protected for a rotation time; then whoever got least goes first. A car
    that says it is full comes last: it may still want to heat or cool itself.
    """
    runs = charger.running_since_s is not None
    is_full = (
        charger.report is not None
        and charger.report.car is not None
        and (charger.report.car.operating_state == "finished")
    )
    is_protected = not is_full and protected_until_s(charger, p) > now
    rests = charger.paused_since_s is not None and now - charger.paused_since_s < p.min_off_s
    max_a, limited_by = _most(charger)
    is_solar = charger.mode.mode is Mode.SOLAR_ONLY
    if is_solar and not charger.sun.is_on:
        max_a, limited_by = 0.0, Kind.WAITING_FOR_SUN
    if charger.mode.mode is Mode.OFF:
        max_a, limited_by = 0.0, Kind.MODE_OFF
    return Demand(
        charger.ski,
        charger.least_a,
        max_a,
        charger.settings.priority + (AFTER_ALL_OTHERS if is_solar else 0),
        charger.settings.weight,
        (
            float(is_full),
            float(not is_protected),
            float(rests),
            charger.served_as / charger.settings.weight,
        ),
        charger.least_a if runs else min(charger.least_a + p.start_hysteresis_a, max_a),
        limited_by,
    )


def protected_until_s(charger: Charger, p: Parameters) -> float:
    """Return until when a running charger keeps its place; -inf while it does not run."""
    if charger.running_since_s is None:
        return float("-inf")
    return charger.running_since_s + p.rotation_s


def _most(charger: Charger) -> tuple[float, Kind]:
    most_a = charger.most_a
    if charger.claim_a is not None and charger.claim_a < most_a:
        return max(charger.claim_a, charger.least_a), Kind.CAR_NOT_ASKING
    is_car = most_a < charger.settings.max_a
    return most_a, Kind.CAR_MAXIMUM if is_car else Kind.CHARGER_MAXIMUM
