"""Whether a charger's minimum fits on one phase where it does not on three, and back again. Pure.

Looked at after all was allotted; `switching` acts on it at the next decision.
"""

from dataclasses import replace

from cem.core.allocation import Constraint
from cem.core.charger import Charger
from cem.core.conduct import Standing
from cem.core.explaining import Sharing
from cem.core.rooms import Room
from cem.core.view import View


def fitted(charger: Charger, sharing: Sharing, found: tuple[Room, ...], view: View) -> Charger:
    """Return the charger with its `unfit_since_s` and `fits_three` brought up to date."""
    unfit, fits = False, False
    can_switch = charger.can_go_to_one or charger.settings.may_switch_itself
    if can_switch and view.standings[charger.ski] is Standing.READY:
        if charger.wanted_phases == 3:
            unfit = _fits_on_one(charger, sharing, view)
        else:
            fits = _fits_on_three(charger, sharing, found, view)
    since_s = charger.unfit_since_s
    if (since_s is not None, charger.fits_three) == (unfit, fits):
        return charger
    return replace(charger, unfit_since_s=view.now if unfit else None, fits_three=fits)


def _fits_on_one(charger: Charger, sharing: Sharing, view: View) -> bool:
    """Return whether it was refused its minimum on three phases, and would get it on one."""
    ski = charger.ski
    if ski not in sharing.shares.refused_by:
        return False
    first = charger.settings.wired(view.grid.phases)[0]
    needed_a = charger.settings.min_a + view.p.start_hysteresis_a
    for constraint in sharing.constraints:
        if ski not in constraint.share:
            continue
        left_a = constraint.firm_room_a - _minimums_a(ski, constraint, sharing)
        if constraint.phase is None:
            left_a *= len(view.used[ski]) / constraint.share[ski]
        elif constraint.phase is not first:
            continue
        if left_a < needed_a:
            return False
    return True


def _fits_on_three(charger: Charger, sharing: Sharing, found: tuple[Room, ...], view: View) -> bool:
    """Return whether three phases have room for its minimum, and would give it more than one."""
    ski, current_a = charger.ski, sharing.shares.current_a
    wired = charger.settings.wired(view.grid.phases)
    others = [o for o in view.state.chargers.values() if o.ski != ski and current_a.get(o.ski)]
    needed_a = charger.settings.min_a + view.p.start_hysteresis_a
    level_a = charger.settings.max_a
    for room in found:
        if room.phase not in wired or not view.is_on(charger, room.circuit.id):
            continue
        beside = [o for o in others if view.is_on(o, room.circuit.id)]
        factors = [(o, view.factors[o.ski].get(room.phase, 0.0)) for o in beside]
        if room.firm_a - sum(o.least_a * factor for o, factor in factors) < needed_a:
            return False
        taken_a = sum(current_a[o.ski] * factor for o, factor in factors)
        level_a = min(level_a, max(needed_a, room.firm_a - taken_a))
    for constraint in sharing.constraints:
        if constraint.phase is None and ski in constraint.share:
            left_a = constraint.firm_room_a - _minimums_a(ski, constraint, sharing)
            if left_a < needed_a * len(wired):
                return False
            level_a = min(level_a, left_a / len(wired))
    conductors = len(wired) if charger.settings.may_switch_itself else 1
    return level_a * len(wired) > current_a.get(ski, 0.0) * conductors


def _minimums_a(ski: str, constraint: Constraint, sharing: Sharing) -> float:
    """Return what the minimums of the others that run take of a constraint."""
    return sum(
        part * sharing.demands[other].min_a
        for other, part in constraint.share.items()
        if other != ski and sharing.shares.current_a.get(other)
    )
