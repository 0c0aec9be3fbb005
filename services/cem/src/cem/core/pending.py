"""What will change by itself, and when: every clock that a charger waits for (C7). Pure."""

from collections.abc import Mapping

from cem.core.charger import Charger
from cem.core.conduct import Conduct, Standing
from cem.core.decision import Pending, PendingKind
from cem.core.demand import protected_until_s, rests_until_s, wakes_at_s
from cem.core.explaining import Sharing, turn_s
from cem.core.switching import patience_until_s
from cem.core.view import View


def pending(
    chargers: Mapping[str, Charger], sharing: Sharing, view: View
) -> dict[str, tuple[Pending, ...]]:
    """Return the changes that wait for a clock, by charger, soonest first."""
    found = {
        ski: tuple(sorted(_of(charger, sharing, view), key=lambda change: change.at_s))
        for ski, charger in chargers.items()
        if view.standings[ski] is Standing.READY
    }
    return {ski: changes for ski, changes in found.items() if changes}


def _of(charger: Charger, sharing: Sharing, view: View) -> list[Pending]:
    found = [
        *_sun(charger, view),
        *_phases(charger, view),
        *_turn(charger, sharing, view),
        *_rest(charger, sharing, view),
    ]
    move = sharing.moves.get(charger.ski)
    if move is not None and move.held_until_s is not None and charger.granted_a:
        allotted_a = sharing.shares.current_a[charger.ski]
        found.append(Pending(PendingKind.INCREASE, move.held_until_s, allotted_a))
    wakes_s = wakes_at_s(charger, view.now, view.p)
    if wakes_s is not None:
        found.append(Pending(PendingKind.WAKE, wakes_s))
    return [change for change in found if change.at_s >= view.now]


def _sun(charger: Charger, view: View) -> list[Pending]:
    intent = charger.intent
    if intent.conduct in (Conduct.WAIT, Conduct.SUN) and not charger.sun.is_on:
        planned_s = intent.until_s
        planned = [] if planned_s is None else [Pending(PendingKind.START, planned_s)]
    else:
        planned = []
    if intent.conduct is not Conduct.SUN:
        return planned
    sun, p = charger.sun, view.p
    if sun.below_since_s is not None and charger.granted_a:
        return [Pending(PendingKind.STOP, sun.below_since_s + p.surplus_stop_s)]
    if sun.above_since_s is not None:
        return [Pending(PendingKind.START, sun.above_since_s + p.surplus_start_s)]
    return planned


def _phases(charger: Charger, view: View) -> list[Pending]:
    """Return the switch it waits for, or the end of the one that is under way."""
    switching = charger.switching
    if switching.told_s is not None:
        return [Pending(PendingKind.START, switching.told_s + view.p.phases_open_s)]
    due = patience_until_s(charger, view.p)
    if due is None:
        return []
    phases, at_s = due
    return [Pending(PendingKind.PHASES_3 if phases == 3 else PendingKind.PHASES_1, at_s)]


def _turn(charger: Charger, sharing: Sharing, view: View) -> list[Pending]:
    """Return when it loses its turn to one that waits, or gets its own."""
    refused = sharing.shares.refused_by
    if charger.ski in refused:
        at_s = turn_s(charger, refused[charger.ski], sharing, view)
        return [] if at_s is None else [Pending(PendingKind.TURN, at_s)]
    until_s = protected_until_s(charger, view.p)
    is_wanted = any(charger.ski in constraint.share for constraint in refused.values())
    return [Pending(PendingKind.TURN, until_s)] if is_wanted and until_s > view.now else []


def _rest(charger: Charger, sharing: Sharing, view: View) -> list[Pending]:
    """Return when a car that pauses has rested and starts again."""
    allotted_a = sharing.shares.current_a.get(charger.ski, 0.0)
    if charger.granted_a or not allotted_a or charger.paused_since_s is None:
        return []
    return [Pending(PendingKind.START, rests_until_s(charger, view.p), allotted_a)]
