"""The limits of chargers that take no part in the sharing: never above what is kept for them."""

from cem.core.allocation import Shares
from cem.core.charger import Charger
from cem.core.conduct import Conduct, Standing
from cem.core.ladder import Stage
from cem.core.reserving import reserved
from cem.core.rooms import Room
from cem.core.view import View


def limit_a(charger: Charger, found: tuple[Room, ...], shares: Shares, view: View) -> float | None:
    """Return the limit of a charger that takes no part: never above what is reserved for it.

    A new charger gets none before it is known what it draws: a car that charges is not paused
    only because its charger was paired. A charger without a car holds its minimum ready while
    that fits beside what the others draw now, so that the first limit of a session is no pause
    (a car of ISO 15118 would fall back to PWM), and no car starts before others have made room.
    """
    is_off = charger.intent.conduct is Conduct.OFF
    match view.standings[charger.ski]:
        case Standing.OUT_OF_REACH | Standing.DISOBEDIENT:
            return 0.0 if is_off else charger.settings.failsafe_a
        case Standing.NO_CAR:
            fits = not is_off and _fits_on_top(charger, found, shares, view)
            return charger.least_a if fits else 0.0
        case Standing.FRESH:
            fits = not is_off and _fits_its_reserve(charger, found, shares, view)
            return charger.least_a if fits else 0.0
        case Standing.FAULTY | Standing.READY:
            return 0.0
        case Standing.PROVING:  # as it was: it is to fall by itself
            return charger.granted_a
        case Standing.NEW:
            return None


def _fits_on_top(charger: Charger, found: tuple[Room, ...], shares: Shares, view: View) -> bool:
    """Return whether one more minimum fits beside all that the others may draw now.

    First down, then up: a car that starts at once would else overload what others still draw.
    """
    if not view.allows_increase(charger.ski) or view.step.stage is Stage.FAILSAFE:
        return False
    if charger.granted_a == 0 and view.now - charger.changed_s < view.p.min_off_s:
        return False
    needed_a = charger.least_a + view.p.start_hysteresis_a
    wired = charger.settings.wired(view.grid.phases)
    running = [view.state.chargers[ski] for ski in shares.current_a]
    return all(
        room.firm_a - sum(_load_a(c, room, shares, view) for c in running) >= needed_a
        for room in found
        if room.phase in wired and view.is_on(charger, room.circuit.id)
    )


def _load_a(charger: Charger, room: Room, shares: Shares, view: View) -> float:
    factor = view.factors[charger.ski].get(room.phase, 0.0)
    if not factor or not view.is_on(charger, room.circuit.id):
        return 0.0
    drawn_a = charger.highest_drawn_a(view.now, view.p, view.grid.phases)
    return factor * max(drawn_a, shares.current_a[charger.ski])


def _fits_its_reserve(
    charger: Charger, found: tuple[Room, ...], shares: Shares, view: View
) -> bool:
    """Return whether a car whose first limit is overdue may start at its minimum.

    What it can draw is reserved anyway, so its minimum takes nothing from anybody; but where
    even that would not fit beside what the others have, it must not start at all.
    """
    if not view.step.allows_increase or charger.ski in view.young:
        return False  # a young one was refused its minimum when all was allotted
    kept = reserved(charger, view.now, view.grid.phases, view.p)
    sharing = [view.state.chargers[ski] for ski in shares.current_a]
    return all(
        room.firm_a + kept[room.phase] - sum(_shared_a(c, room, shares, view) for c in sharing)
        >= charger.least_a
        for room in found
        if room.phase in view.used[charger.ski] and view.is_on(charger, room.circuit.id)
    )


def _shared_a(charger: Charger, room: Room, shares: Shares, view: View) -> float:
    if not view.is_on(charger, room.circuit.id):
        return 0.0
    return shares.current_a[charger.ski] * view.factors[charger.ski].get(room.phase, 0.0)
