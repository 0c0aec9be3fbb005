"""What a car seems to want: one that takes less than it may gives the rest back (loadmgmt C1.2)."""

from cem.core.allocation import Demand
from cem.core.charger import IEC_LEAST_A, MOST_LOW_REFUSALS, Charger, changed
from cem.core.conduct import Conduct
from cem.core.parameters import Parameters
from cem.core.reasons import Kind
from cem.core.sun import SOLAR
from electrical.power import NOMINAL_VOLTAGE_V

MOST_UNUSED_A = 1.0
RISING_WITHIN_S, RISING_BY_A = 5.0, 0.5
WAKING_TURNS = 2  # 8 A, then 10 A ...
WAKING_ROUND = 15  # ... and again after a quarter of an hour
USUAL_WH = 10_000.0  # of a session whose driver told nothing
AFTER_ALL_OTHERS = 100  # the class of those that only take what the sun leaves


def claimed(charger: Charger, site_phases: int, now: float, p: Parameters) -> Charger:
    """Return the charger with its claim brought up to date.

    A car 2 A below its limit for 25 s claims its current + 1.5 A; it is probed upward by 2 A
    each 30 s when it uses that. One that does not start is offered 2 A more after a minute, 4 A
    more after two, and so again every quarter of an hour. What is not measured claims everything.
    """
    granted_a = charger.granted_a
    if charger.known_a(now, p) is None or not charger.has_car or not granted_a:
        return _unjudged(charger)
    measured = charger.measured_a(now, p)
    if measured is None:
        return charger  # on its way to a new limit: no time to judge what it wants
    drawn_a = charger.level_a(measured, site_phases)
    if charger.seen_a is not None and drawn_a > charger.seen_a + p.claim_extra_a:
        charger = changed(charger, seen_a=None)  # it takes more after all
    is_idle = drawn_a < p.drawing_a and not charger.is_full
    if is_idle != (charger.idle_since_s is not None):
        starts = charger.idle_since_s is not None
        charger = changed(charger, idle_since_s=now if is_idle else None)
        if starts:  # what it claimed asleep says nothing of what it wants awake
            return changed(charger, claim_a=None, below_since_s=None, used_since_s=None)
    if is_idle and charger.goes_below and granted_a < IEC_LEAST_A:
        charger = _not_below(charger, now, p)
    if drawn_a < granted_a - p.below_a or is_idle:
        if _is_rising(charger, drawn_a, site_phases, now):
            return _unjudged(charger)
        return _lowered(charger, drawn_a, now, p)
    return _probed(charger, drawn_a, now, p)


def _is_rising(charger: Charger, drawn_a: float, site_phases: int, now: float) -> bool:
    """Return whether its car is still on its way up: what it wants is not seen yet."""
    before = [s.current_a for s in charger.samples if now - s.at_s >= RISING_WITHIN_S]
    return bool(before) and drawn_a - charger.level_a(before[-1], site_phases) > RISING_BY_A


def _not_below(charger: Charger, now: float, p: Parameters) -> Charger:
    """Return a charger whose car takes nothing below 6 A, led as one of IEC 61851 after a while."""
    if charger.idle_since_s is None or now - charger.idle_since_s < p.wake_every_s:
        return charger
    return changed(charger, low_refusals=MOST_LOW_REFUSALS)


def served(charger: Charger, site_phases: int, now: float, p: Parameters) -> Charger:
    """Return the charger with what it drew since the last decision added to its account.

    Counted here and not read from the charger: not all have a counter, and turns must be fair
    among those that do and those that do not.
    """
    before_s = now if charger.served_s is None else charger.served_s
    known = charger.known_a(now, p)
    drawn_a = 0.0 if known is None or not charger.has_car else sum(known.values())
    span_s = min(max(0.0, now - before_s), p.silent_after_s)
    added_as = max(0.0, drawn_a) * span_s
    beside_a = _beside_a(charger, site_phases, now, p)
    return changed(
        charger,
        served_as=charger.served_as + added_as,
        served_s=now,
        unused_a=max(0.0, beside_a),
        over_a=max(0.0, -beside_a),
        seen_phases=_seen_phases(charger, site_phases, p),
    )


def _seen_phases(charger: Charger, site_phases: int, p: Parameters) -> int | None:
    """Return on how many phases its car was last seen to charge by itself; None = not yet.

    Only where nobody tells, and not while we have it charge on one.
    """
    settings = charger.settings
    if charger.tells_phases or settings.may_switch_itself or not charger.has_car:
        return charger.seen_phases
    if charger.switching.is_under_way or charger.wanted_phases < settings.phases:
        return charger.seen_phases
    seen = charger.measured_phases(settings.wired(site_phases), p)
    return charger.seen_phases if seen is None else seen


def _beside_a(charger: Charger, site_phases: int, now: float, p: Parameters) -> float:
    """Return by how much the car stays below its limit (- = above), as last seen while steady."""
    measured = charger.measured_a(now, p)
    granted_a = charger.granted_a
    before_a = charger.unused_a - charger.over_a
    if measured is None or not granted_a or not charger.is_settled(charger.samples[-1], p):
        return before_a
    drawn_a = charger.level_a(measured, site_phases)
    if drawn_a <= p.drawing_a:
        return before_a if before_a < 0 else 0.0
    return granted_a - drawn_a if abs(granted_a - drawn_a) <= MOST_UNUSED_A else 0.0


def _lowered(charger: Charger, drawn_a: float, now: float, p: Parameters) -> Charger:
    since_s = now if charger.below_since_s is None else charger.below_since_s
    charger = changed(charger, below_since_s=since_s, used_since_s=None)
    if now - since_s < p.below_for_s:
        return charger
    claim_a = max(charger.least_a + _waking_a(charger, now, p), drawn_a + p.claim_extra_a)
    seen_a = charger.seen_a if charger.idle_since_s is not None else drawn_a
    if (claim_a, seen_a) == (charger.claim_a, charger.seen_a):
        return charger
    return changed(charger, claim_a=claim_a, seen_a=seen_a)


def _waking_a(charger: Charger, now: float, p: Parameters) -> float:
    """Return by how much more than its minimum a car that does not start is offered."""
    if charger.idle_since_s is None:
        return 0.0
    turn = int((now - charger.idle_since_s) / p.wake_every_s) % WAKING_ROUND
    return turn * p.probe_a if turn <= WAKING_TURNS else 0.0


def wakes_at_s(charger: Charger, now: float, p: Parameters) -> float | None:
    """Return when a car that does not start is offered more; None = it is not about to be."""
    if charger.idle_since_s is None:
        return None
    turns = int((now - charger.idle_since_s) / p.wake_every_s) + 1
    is_next = turns % WAKING_ROUND in range(1, WAKING_TURNS + 1)
    return charger.idle_since_s + turns * p.wake_every_s if is_next else None


def _unjudged(charger: Charger) -> Charger:
    """Return the charger without what was begun to be judged."""
    if (charger.below_since_s, charger.used_since_s, charger.idle_since_s) == (None, None, None):
        return charger
    return changed(charger, below_since_s=None, used_since_s=None, idle_since_s=None)


def _probed(charger: Charger, drawn_a: float, now: float, p: Parameters) -> Charger:
    claim_a = charger.claim_a
    if claim_a is None or drawn_a < claim_a - p.below_a:
        return _unjudged(charger)
    charger = changed(charger, below_since_s=None)
    since_s = now if charger.used_since_s is None else charger.used_since_s
    if now - since_s < p.probe_every_s:
        return changed(charger, used_since_s=since_s)
    wider_a = claim_a + p.probe_a
    return changed(
        charger, used_since_s=now, claim_a=None if wider_a >= charger.most_a else wider_a
    )


def demand_of(charger: Charger, now: float, p: Parameters) -> Demand:
    """Return what a charger with a car asks for, and its place in the queue.

    Who can only just meet a goal comes first, the first to leave before the others; who runs is
    protected for a rotation time; then whoever got the least part of what it asked for goes
    first. A car that says it is full comes last: it may still want to heat or cool itself.
    """
    intent, settings, least_a = charger.intent, charger.settings, charger.least_a
    max_a, limited_by = _most(charger, now)
    after_all = AFTER_ALL_OTHERS if intent.conduct in SOLAR else 0
    guaranteed_a = min(settings.guaranteed_a or 0.0, max_a)
    return Demand(
        charger.ski,
        least_a,
        max_a,
        settings.priority + (after_all if intent.conduct is Conduct.SUN else 0),
        settings.weight,
        _order(charger, now, p),
        _start_a(charger, least_a, max_a, p),
        limited_by,
        settings.priority + after_all,
        guaranteed_a,
        intent.planned_a,
        intent.deadline_s,
        intent.planned_a if intent.is_urgent else 0.0,
        p.dead_band_sun_a if intent.conduct in SOLAR else p.dead_band_a,
        p.quantum_sun_a if intent.conduct in SOLAR else p.quantum_a,
    )


def _order(charger: Charger, now: float, p: Parameters) -> tuple[float, ...]:
    intent = charger.intent
    is_protected = not charger.is_full and protected_until_s(charger, p) > now
    rests = rests_until_s(charger, p) > now
    due_s = (
        intent.deadline_s if intent.is_urgent and intent.deadline_s is not None else float("inf")
    )
    return (
        float(charger.is_full),
        due_s,
        float(not is_protected),
        float(rests),
        served_part(charger),
    )


def _start_a(charger: Charger, least_a: float, max_a: float, p: Parameters) -> float:
    """Return what must fit before it may begin; once it runs its minimum is enough."""
    if charger.running_since_s is not None:
        return least_a
    spare_a = p.start_hysteresis_a * min(1.0, least_a / charger.settings.min_a)
    return min(least_a + spare_a, max_a)


def served_part(charger: Charger) -> float:
    """Return the part it got of what it asked for, by weight: turns make these alike.

    Who has not told what it wants counts as one that wants a usual session's energy.
    """
    served_wh = charger.served_as * NOMINAL_VOLTAGE_V / 3600.0
    remaining_wh = charger.intent.remaining_wh
    asked_wh = USUAL_WH if remaining_wh is None else max(1.0, served_wh + remaining_wh)
    return served_wh / asked_wh / charger.settings.weight


def protected_until_s(charger: Charger, p: Parameters) -> float:
    """Return until when a running charger keeps its place; -inf while it does not run."""
    if charger.running_since_s is None:
        return float("-inf")
    return charger.running_since_s + p.rotation_s


def rests_until_s(charger: Charger, p: Parameters) -> float:
    """Return until when a car that pauses is left alone; -inf while it does not pause.

    For contactors and cars that fall asleep. A pause to change phases has its own, shorter times
    (`switching`): what was open for them need not stay open for this.
    """
    paused_s, switched_s = charger.paused_since_s, charger.switching.switched_s
    if paused_s is None:
        return float("-inf")
    is_to_switch = bool(switched_s) and 0.0 <= paused_s - switched_s[-1] <= p.phases_let_go_s
    return paused_s if is_to_switch else paused_s + p.min_off_s


def _rests_by(charger: Charger) -> Kind | None:
    """Return why it shall not charge at all now; None = it may."""
    intent = charger.intent
    if intent.conduct is Conduct.OFF:
        return Kind.MODE_OFF
    if charger.switching.is_under_way:
        return Kind.PHASES_SWITCHING
    if intent.conduct is Conduct.WAIT:
        return intent.kind or Kind.WAITING_FOR_PRICE
    is_dark = intent.conduct is Conduct.SUN and not charger.sun.is_on
    return (intent.kind or Kind.WAITING_FOR_SUN) if is_dark else None


def _most(charger: Charger, now: float) -> tuple[float, Kind]:
    """Return the most it may have (A), were it alone, and why no more."""
    pulse, most_a = charger.pulse, charger.most_a
    rests_by = _rests_by(charger)
    if rests_by is not None:
        return 0.0, rests_by
    is_capped = charger.intent.cap_a is not None and charger.intent.cap_a < most_a
    if is_capped:
        most_a = max(charger.intent.cap_a or 0.0, charger.least_a)
    if pulse is not None and now < pulse.until_s and pulse.current_a < most_a:
        return max(charger.least_a, pulse.current_a), Kind.PULSE
    if charger.claim_a is not None and charger.claim_a < most_a:
        return max(charger.claim_a, charger.least_a), Kind.CAR_NOT_ASKING
    if charger.intent.kind is not None and charger.intent.conduct is Conduct.AT_ONCE:
        return most_a, charger.intent.kind
    is_car = most_a < charger.settings.max_a
    return most_a, Kind.CAR_MAXIMUM if is_car else Kind.CHARGER_MAXIMUM
