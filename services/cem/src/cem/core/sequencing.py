"""First down, then up: from what is granted to what was allotted, step by step (design law 3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from cem.core.allocation import EPSILON, Constraint, Demand
from cem.core.charger import Charger
from cem.core.conduct import Former
from cem.core.demand import rests_until_s
from cem.core.numbers import floored
from cem.core.parameters import Parameters
from cem.core.view import View

FORMER_KEPT_S = 12.0


@dataclass(frozen=True, slots=True)
class Move:
    """A charger's new limit, and until when more is held back (monotonic s, None = it is not)."""

    granted_a: float
    held_until_s: float | None = None


def sequence(
    sharing: tuple[Sequence[Demand], Mapping[str, float]],
    constraints: Iterable[Constraint],
    fixed_a: Mapping[str, float],
    view: View,
) -> dict[str, Move]:
    """Lower at once; raise by at most 4 A per 6 s, into room that others have really left.

    sharing: the demands and what was allotted to each. fixed_a: chargers of the constraints
    that do not move here. What a charger loads a circuit with is the highest of its limit, the
    limits it may still be following, and what it is measured to draw.
    Nobody is lowered for less than the dead band while there is room all the same: the little
    that many have too much is taken from one of them, else half a dead band of each would idle.
    Returns the move of every demand.
    """
    demands, allotted_a = sharing
    constraints = tuple(constraints)
    chargers = view.state.chargers
    lowered_a = _all_lowered(demands, allotted_a, constraints, fixed_a, view)
    loads_a = dict(fixed_a)
    loads_a |= {ski: _load_a(chargers[ski], own_a, view) for ski, own_a in lowered_a.items()}
    sums_a = [_sum_a(c, loads_a) for c in constraints]
    moves = {ski: Move(own_a) for ski, own_a in lowered_a.items()}
    for demand in sorted(demands, key=lambda d: (d.priority, lowered_a[d.ski], d.ski)):
        ski, own_a = demand.ski, lowered_a[demand.ski]
        if not _rises(demand, own_a, allotted_a[ski], view.p):
            continue
        room_a = _room_a(ski, constraints, sums_a, loads_a[ski])
        moves[ski] = _raised(demand, own_a, min(allotted_a[ski], room_a), allotted_a[ski], view)
        more_a = max(0.0, moves[ski].granted_a - loads_a[ski])
        if not more_a:
            continue
        loads_a[ski] += more_a
        sums_a = [
            sum_a + c.share.get(ski, 0.0) * more_a
            for c, sum_a in zip(constraints, sums_a, strict=True)
        ]
    return moves


def _rises(demand: Demand, own_a: float, allotted_a: float, p: Parameters) -> bool:
    """Return whether its share is worth an increase: a dead band, or the rest to its maximum."""
    if allotted_a >= own_a + demand.dead_band_a:
        return True
    return own_a > 0 and allotted_a >= max(demand.max_a, own_a + p.step_a) - EPSILON


def _raised(demand: Demand, own_a: float, free_a: float, wanted_a: float, view: View) -> Move:
    """Return the step up from own_a towards wanted_a that is allowed now; it may be none.

    free_a: what may be had at once, were it not for the pace.
    """
    p = view.p
    most_a, next_s = _ceiling(view.state.chargers[demand.ski], own_a, demand, view)
    raised_a = floored(min(free_a, most_a), p.step_a) if view.allows_increase(demand.ski) else 0.0
    worth_it_a = min(own_a + demand.dead_band_a, max(demand.max_a, own_a + p.step_a))
    if raised_a < max(demand.min_a, floored(worth_it_a, p.step_a)):
        return Move(own_a, max(next_s, view.now + 1.0))
    is_more_wanted = wanted_a >= raised_a + demand.dead_band_a
    return Move(raised_a, view.now + p.raise_every_s if is_more_wanted else None)


def moved(charger: Charger, granted_a: float | None, now: float) -> Charger:
    """Return the charger with a new limit, and with what must be remembered of the old one."""
    before_a = charger.granted_a
    former = tuple(o for o in charger.former if now - o.until_s <= FORMER_KEPT_S)
    if granted_a != before_a:
        old_a = charger.most_a if before_a is None else before_a
        former = (*former, Former(now, old_a))
        charger = replace(charger, granted_a=granted_a, changed_s=now)
        if granted_a is not None and granted_a > old_a:
            charger = replace(charger, raised_s=now)
    if former != charger.former:
        charger = replace(charger, former=former)
    running_s, paused_s = _running_and_paused(charger, granted_a, now)
    if (charger.running_since_s, charger.paused_since_s) == (running_s, paused_s):
        return charger
    return replace(charger, running_since_s=running_s, paused_since_s=paused_s)


def _running_and_paused(
    charger: Charger, granted_a: float | None, now: float
) -> tuple[float | None, float | None]:
    """Return since when its car runs, and since when it pauses."""
    running_s = charger.running_since_s
    if not charger.has_car:
        return None, None
    if granted_a == 0:
        return None, charger.paused_since_s if running_s is None else now
    return (now, None) if running_s is None else (running_s, charger.paused_since_s)


def _all_lowered(
    demands: Sequence[Demand],
    allotted_a: Mapping[str, float],
    constraints: Sequence[Constraint],
    fixed_a: Mapping[str, float],
    view: View,
) -> dict[str, float]:
    """Return everybody's limit after the decreases.

    Who has a little more than its share keeps it while every constraint holds all the same, also
    with what others are about to rise to. What is too much is taken from the last in class first,
    and from whoever has most too much.
    """
    chargers = view.state.chargers
    full_a = {d.ski: _lowered(chargers[d.ski], d, allotted_a[d.ski], view.p) for d in demands}
    kept_a = {
        d.ski: chargers[d.ski].granted_a or 0.0
        for d in demands
        if full_a[d.ski] > 0 and _has_a_little_more(chargers[d.ski], d, allotted_a[d.ski])
    }
    if not kept_a:
        return full_a
    lowered_a = full_a | kept_a
    rising_a = {d.ski: allotted_a[d.ski] for d in demands
                if allotted_a[d.ski] >= full_a[d.ski] + d.dead_band_a}  # fmt: skip
    aimed_a = {**fixed_a, **lowered_a, **rising_a}
    sums_a = {id(c): _sum_a(c, aimed_a) for c in constraints}
    lasts = sorted(
        (d for d in demands if d.ski in kept_a),
        key=lambda d: (-d.priority, allotted_a[d.ski] - kept_a[d.ski], -kept_a[d.ski], d.ski),
    )
    for demand in lasts:
        ski = demand.ski
        touched = [c for c in constraints if ski in c.share]
        if all(sums_a[id(c)] <= c.room_a + EPSILON for c in touched):
            continue
        for c in touched:
            sums_a[id(c)] -= c.share[ski] * (lowered_a[ski] - full_a[ski])
        lowered_a[ski] = full_a[ski]
    return lowered_a


def _has_a_little_more(charger: Charger, demand: Demand, allotted_a: float) -> bool:
    before_a = charger.granted_a
    if before_a is None or not allotted_a < before_a <= demand.max_a:
        return False
    return before_a - allotted_a < demand.dead_band_a


def _lowered(charger: Charger, demand: Demand, allotted_a: float, p: Parameters) -> float:
    """Return the limit after a decrease: at once, in full, in quanta of at least the dead band."""
    before_a = charger.granted_a
    if before_a is None or allotted_a == 0:
        return allotted_a
    if before_a < demand.min_a:
        return 0.0
    if allotted_a >= before_a:
        return before_a
    quanta = ceil((before_a - allotted_a) / demand.quantum_a - EPSILON)
    least_a = max(demand.dead_band_a, quanta * demand.quantum_a)
    return max(demand.min_a, min(allotted_a, floored(before_a - least_a, p.step_a)))


def _load_a(charger: Charger, granted_a: float, view: View) -> float:
    may_draw_a = charger.may_draw_a(view.now, view.p)
    drawn_a = charger.highest_drawn_a(view.now, view.p, view.grid.phases)
    return max(granted_a, may_draw_a, drawn_a)


def _ceiling(charger: Charger, granted_a: float, demand: Demand, view: View) -> tuple[float, float]:
    """Return the highest limit that may be given now, and when more may be given.

    Back up to what the car still draws is no increase: its load stays what it is.
    """
    now, p = view.now, view.p
    measured = charger.measured_a(now, p)
    still_a = 0.0 if measured is None else charger.level_a(measured, view.grid.phases)
    next_s = charger.raised_s + p.raise_every_s
    if granted_a == 0:
        next_s = max(next_s, rests_until_s(charger, p))
    if now < next_s:
        return still_a, next_s
    return max(still_a, demand.min_a, granted_a + p.raise_step_a), now


def _room_a(
    ski: str, constraints: Sequence[Constraint], sums_a: Sequence[float], own_a: float
) -> float:
    """Return what one charger may draw when all others draw all they still can.

    sums_a: what all load each constraint with, own_a: what this charger does.
    """
    return min(
        (
            (_sure_a(c) - sum_a) / c.share[ski] + own_a
            for c, sum_a in zip(constraints, sums_a, strict=True)
            if ski in c.share
        ),
        default=0.0,
    )


def _sum_a(constraint: Constraint, used_a: Mapping[str, float]) -> float:
    return sum([part * used_a.get(ski, 0.0) for ski, part in constraint.share.items()])


def _sure_a(constraint: Constraint) -> float:
    sure_a = constraint.sure_room_a
    return constraint.room_a if sure_a is None else min(constraint.room_a, sure_a)
