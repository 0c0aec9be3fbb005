"""Says for every charger why it has the limit it has, from the numbers of the decision itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from cem.core.allocation import Constraint, Demand, Shares
from cem.core.charger import Charger, Standing
from cem.core.circuits import MAIN
from cem.core.demand import protected_until_s
from cem.core.ladder import Stage
from cem.core.reasons import Kind, Reason
from cem.core.rooms import KINDS
from cem.core.sequencing import Move
from cem.core.view import View


@dataclass(frozen=True, slots=True)
class Sharing:
    """One round of sharing: what was asked, allotted and moved."""

    demands: Mapping[str, Demand]
    shares: Shares
    moves: Mapping[str, Move]


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
        case Standing.FRESH:
            kind = Kind.START_RESERVED
    reserve_a = charger.reserve_a(view.now, view.p)
    return Reason(kind, charger.ski, value=reserve_a, since_s=view.now)


def _why_ready(charger: Charger, sharing: Sharing, view: View) -> Reason:
    ski = charger.ski
    refused_by = sharing.shares.refused_by.get(ski)
    if refused_by is not None:
        return _refused(charger, refused_by, sharing, view)
    if sharing.moves[ski].held_until_s is not None:
        return _held_back(charger, sharing, view)
    bound_by = sharing.shares.bound_by.get(ski)
    if bound_by is not None:
        return _bound(bound_by, view)
    demand = sharing.demands[ski]
    kind = Kind.FAILSAFE if view.step.stage is Stage.FAILSAFE else demand.limited_by
    return Reason(kind, ski, value=demand.max_a, since_s=view.now)


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


def _bound(constraint: Constraint, view: View) -> Reason:
    starting = next(iter(view.young.values()), None)
    if starting is not None and constraint.room_a < constraint.firm_room_a - view.p.dead_band_a:
        reserve_a = starting.reserve_a(view.now, view.p)
        return Reason(Kind.START_RESERVED, starting.ski, constraint.phase, reserve_a, view.now)
    return Reason(constraint.kind, constraint.element, constraint.phase, constraint.value, view.now)


def _refused(charger: Charger, constraint: Constraint, sharing: Sharing, view: View) -> Reason:
    """Return why a charger pauses: its minimum does not fit now, or others have their turn."""
    room_a = constraint.firm_room_a / constraint.share[charger.ski]
    if room_a < sharing.demands[charger.ski].start_a:
        kind, until_s = Kind.MINIMUM_DOES_NOT_FIT, _rests_until_s(charger, view)
    else:
        kind, until_s = Kind.WAITING_FOR_TURN, _next_turn_s(charger, constraint, sharing, view)
    return Reason(kind, constraint.element, constraint.phase, room_a, view.now, until_s)


def _rests_until_s(charger: Charger, view: View) -> float | None:
    if charger.paused_since_s is None:
        return None
    until_s = charger.paused_since_s + view.p.min_off_s
    return until_s if until_s > view.now else None


def _next_turn_s(
    charger: Charger, constraint: Constraint, sharing: Sharing, view: View
) -> float | None:
    """Return when the first of those who run on the full circuit loses its protection."""
    turns = [
        protected_until_s(view.state.chargers[ski], view.p)
        for ski in constraint.share
        if ski != charger.ski and sharing.shares.current_a.get(ski, 0.0) > 0
    ]
    return min((turn for turn in turns if turn > view.now), default=None)
