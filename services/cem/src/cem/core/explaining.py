"""Says for every charger why it has the limit it has, from the numbers of the decision itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from cem.core.allocation import Constraint, Demand, Shares
from cem.core.charger import Charger
from cem.core.circuits import MAIN
from cem.core.conduct import Conduct, Standing
from cem.core.demand import protected_until_s, rests_until_s
from cem.core.ladder import Stage
from cem.core.reasons import Kind, Reason
from cem.core.reserving import reserve_a
from cem.core.rooms import KINDS
from cem.core.sequencing import Move
from cem.core.view import View


@dataclass(frozen=True, slots=True)
class Sharing:
    """One round of sharing: what was asked, allotted and moved, and within what."""

    demands: Mapping[str, Demand]
    shares: Shares
    moves: Mapping[str, Move]
    constraints: tuple[Constraint, ...] = ()
    has_favourites: bool = False  # somebody is guaranteed a current, or leaves at a known time


def why(charger: Charger, sharing: Sharing, view: View) -> Reason | None:
    """Return the reason for a charger's limit; None where there is nothing to limit."""
    match view.standings[charger.ski]:
        case Standing.NO_CAR | Standing.NEW:
            return None
        case Standing.READY:
            return _why_ready(charger, sharing, view)
        case Standing.FAULTY:
            return Reason(Kind.CHARGER_FAULT, charger.ski, since_s=view.now)
        case Standing.OUT_OF_REACH:
            kind = Kind.CHARGER_OFFLINE
        case Standing.DISOBEDIENT:
            kind = Kind.CHARGER_DISOBEYS
        case Standing.PROVING:
            kind = Kind.FAILSAFE_TEST
        case Standing.FRESH:
            kind = Kind.START_RESERVED
    kept_a = reserve_a(charger, view.now, view.p)
    return Reason(kind, charger.ski, value=kept_a, since_s=view.now)


def _why_ready(charger: Charger, sharing: Sharing, view: View) -> Reason:
    ski = charger.ski
    refused_by = sharing.shares.refused_by.get(ski)
    if refused_by is not None:
        return _refused(charger, refused_by, sharing, view)
    if sharing.moves[ski].held_until_s is not None:
        return _held_back(charger, sharing, view)
    bound_by = sharing.shares.bound_by.get(ski)
    if bound_by is not None:
        return _bound(charger, bound_by, sharing, view)
    demand = sharing.demands[ski]
    kind = demand.limited_by
    if view.step.stage is Stage.FAILSAFE or view.is_below_silence(charger):
        kind = Kind.FAILSAFE
    elif _is_on_one_to_fit(charger) and kind in (Kind.CHARGER_MAXIMUM, Kind.CAR_MAXIMUM):
        kind = Kind.ONE_PHASE_TO_FIT
    if kind in ADVISED:
        return _advised(charger, kind, demand.max_a, view)
    return Reason(kind, ski, value=demand.max_a, since_s=view.now, until_s=_ends_s(charger))


# What a plan, a price or a goal decides: it speaks of no circuit, and waits have no amperes.
ADVISED = frozenset({
    Kind.PLAN, Kind.WAITING_FOR_PRICE, Kind.WAITING_FOR_FORECAST, Kind.GOAL_REACHED,
    Kind.MINIMUM_SOC,
})  # fmt: skip


def _advised(charger: Charger, kind: Kind, most_a: float, view: View) -> Reason:
    is_waiting = kind not in (Kind.PLAN, Kind.MINIMUM_SOC)
    value = None if is_waiting else most_a
    return Reason(kind, value=value, since_s=view.now, until_s=charger.intent.until_s)


def _is_on_one_to_fit(charger: Charger) -> bool:
    return charger.switching.phases == 1 and charger.intent.conduct is Conduct.AT_ONCE


def _ends_s(charger: Charger) -> float | None:
    """Return when what limits it ends by itself: a pulse."""
    return None if charger.pulse is None else charger.pulse.until_s


def _held_back(charger: Charger, sharing: Sharing, view: View) -> Reason:
    """Return why more is not given yet: a silent meter, or an increase that waits its time."""
    move = sharing.moves[charger.ski]
    if not view.step.allows_increase:
        # Nothing rises while the meter is silent: what was known last is the limit.
        kind = KINDS[view.step.stage]
        return Reason(kind, MAIN, value=move.granted_a, since_s=view.now)
    allotted_a = sharing.shares.current_a[charger.ski]
    return Reason(
        Kind.INCREASE_HELD_BACK,
        charger.ski,
        value=allotted_a,
        since_s=view.now,
        until_s=move.held_until_s,
    )


def _bound(charger: Charger, constraint: Constraint, sharing: Sharing, view: View) -> Reason:
    starting = next(iter(view.young.values()), None)
    if starting is not None and constraint.room_a < constraint.firm_room_a - view.p.dead_band_a:
        kept_a = reserve_a(starting, view.now, view.p)
        return Reason(Kind.START_RESERVED, starting.ski, constraint.phase, kept_a, view.now)
    advised = charger.intent.kind
    if constraint.kind is Kind.SUN_SHARE and advised in ADVISED:  # it waits, and the sun is leaving
        return _advised(charger, advised, 0.0, view)
    kind = _favour(charger.ski, constraint, sharing) or constraint.kind
    return Reason(kind, constraint.element, constraint.phase, constraint.value, view.now)


def _favour(ski: str, constraint: Constraint, sharing: Sharing) -> Kind | None:
    """Return why others within a full constraint have more than an equal share of it."""
    if not sharing.has_favourites:
        return None
    demands, current_a = sharing.demands, sharing.shares.current_a
    own_a = current_a[ski] / demands[ski].weight
    better = [
        demands[other]
        for other in constraint.share
        if current_a.get(other, 0.0) > 0 and current_a[other] / demands[other].weight > own_a + 0.5
    ]
    if any(demand.guaranteed_a > own_a for demand in better):
        return Kind.GUARANTEED_MINIMUM
    is_due = any(demand.due_s is not None and demand.planned_a > own_a for demand in better)
    return Kind.DEPARTURE_FIRST if is_due else None


# What an order or a contract allows is told as such: its amperes are not those of a fuse.
_ORDERED = frozenset({Kind.OPERATOR_LIMIT, Kind.CONTRACT_POWER})


def _refused(charger: Charger, constraint: Constraint, sharing: Sharing, view: View) -> Reason:
    """Return why a charger pauses: its minimum does not fit now, or others have their turn.

    Where the power of the site is limited that is the reason, and the turn is a pending change.
    """
    if constraint.kind in _ORDERED:
        value = constraint.value
        return Reason(constraint.kind, constraint.element, constraint.phase, value, view.now)
    room_a = constraint.firm_room_a / constraint.share[charger.ski]
    if room_a < sharing.demands[charger.ski].start_a:
        kind, until_s = Kind.MINIMUM_DOES_NOT_FIT, _rests_until_s(charger, view)
    else:
        kind, until_s = Kind.WAITING_FOR_TURN, turn_s(charger, constraint, sharing, view)
    return Reason(kind, constraint.element, constraint.phase, room_a, view.now, until_s)


def _rests_until_s(charger: Charger, view: View) -> float | None:
    until_s = rests_until_s(charger, view.p)
    return until_s if until_s > view.now else None


def turn_s(charger: Charger, constraint: Constraint, sharing: Sharing, view: View) -> float | None:
    """Return when the first of those who run within a full constraint loses its protection."""
    turns = [
        protected_until_s(view.state.chargers[ski], view.p)
        for ski in constraint.share
        if ski != charger.ski and sharing.shares.current_a.get(ski, 0.0) > 0
    ]
    return min((turn for turn in turns if turn > view.now), default=None)
