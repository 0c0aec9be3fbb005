"""Shares what is there: weighted max-min by progressive filling over constraints (loadmgmt B2).

Pure arithmetic on demands and constraints of the form sum(share x current) <= room, so fuses,
sub-fuses, power caps and unbalance limits all look alike. Invariants, each a property test:
no constraint is ever above its room by what was admitted; a current is 0 or within [min, max];
an admitted charger below its maximum touches a full constraint; same input, same output.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from math import inf

from cem.core.numbers import floored
from cem.core.reasons import Kind
from electrical.phases import Phase

EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Demand:
    """What one charger asks for; A per phase in use.

    priority: a lower class is served first. weight: its level rises that much faster.
    order: admission within a class, smallest first. start_a: what must fit before it may begin
    (min_a once it runs). limited_by: why it asks for no more than max_a. fill: its class once it
    is admitted; None = its priority. guaranteed_a: given before anybody gets more than that.
    planned_a: given before its class is filled, who is due first (due_s) before the others.
    kept_a: what admission keeps for it, where more than its minimum is there: a goal that can only
    just be met comes before the minimum of those behind it.
    dead_band_a: smaller changes of its limit are not worth a command. quantum_a: what a limit is
    lowered in, so that a load that creeps up is one command and not five.
    """

    ski: str
    min_a: float
    max_a: float
    priority: int = 2
    weight: float = 1.0
    order: tuple[float, ...] = ()
    start_a: float = 0.0
    limited_by: Kind = Kind.CHARGER_MAXIMUM
    fill: int | None = None
    guaranteed_a: float = 0.0
    planned_a: float = 0.0
    due_s: float | None = None
    kept_a: float = 0.0
    dead_band_a: float = 0.5
    quantum_a: float = 0.3

    @property
    def filled_as(self) -> int:
        """Return the class it is filled in."""
        return self.priority if self.fill is None else self.fill


@dataclass(frozen=True, slots=True)
class Constraint:
    """sum(share[ski] x current) <= room, for the chargers it names.

    firm_room_a: what admission reckons with: without what may prove a passing spike.
    sure_room_a: with all that may prove a load of the house. is_patient: who starts has waited
    for its room already, and needs none to spare.
    """

    kind: Kind
    element: str
    phase: Phase | None
    share: Mapping[str, float]
    room_a: float
    firm_room_a: float
    value: float | None = None  # what the reason shows: the fuse's amperes
    sure_room_a: float | None = None  # what increases reckon with; None = room_a
    is_patient: bool = False


@dataclass(frozen=True, slots=True)
class Shares:
    """Who gets what.

    current_a: of every demand; 0 = pause. bound_by: the full constraint that ends a charger's
    share, absent where its own maximum does. refused_by: the constraint its minimum did not fit.
    """

    current_a: dict[str, float] = field(default_factory=dict)
    bound_by: dict[str, Constraint] = field(default_factory=dict)
    refused_by: dict[str, Constraint] = field(default_factory=dict)


def allocate(
    demands: Sequence[Demand], constraints: Sequence[Constraint], step_a: float = 0.1
) -> Shares:
    """Give every charger a current so that no constraint carries more than its room.

    In order of class and turn each charger gets its minimum while that fits the firm room, those
    with a guarantee before all others. Then what is guaranteed is filled, and class by class first
    what is planned, by deadline, and then all together, until a constraint or a charger is full.
    Rooms may be negative; what is no number counts as no room.
    """
    shares = Shares({demand.ski: 0.0 for demand in demands})
    touched = _touched(demands, constraints)
    admitted = _admit(demands, constraints, touched, shares)
    _fill([_at_most(d, d.guaranteed_a) for d in admitted if d.guaranteed_a], constraints, shares)
    for fill in sorted({demand.filled_as for demand in admitted}):
        alike = [d for d in admitted if d.filled_as == fill]
        for demand in sorted((d for d in alike if d.due_s is not None), key=_due):
            _fill([_at_most(demand, demand.planned_a)], constraints, shares)
        _fill(alike, constraints, shares)
    _round(admitted, constraints, touched, shares, step_a)
    return shares


Touched = Mapping[str, list[tuple[int, float]]]  # by charger: (number of a constraint, its share)


def _touched(demands: Sequence[Demand], constraints: Sequence[Constraint]) -> Touched:
    """Return which constraints each charger touches, and how much of its current counts there."""
    found: dict[str, list[tuple[int, float]]] = {demand.ski: [] for demand in demands}
    for number, constraint in enumerate(constraints):
        for ski, share in constraint.share.items():
            if ski in found:
                found[ski].append((number, share))
    return found


def _due(demand: Demand) -> tuple[float, str]:
    return (inf if demand.due_s is None else demand.due_s, demand.ski)


def _at_most(demand: Demand, most_a: float) -> Demand:
    return replace(demand, max_a=min(demand.max_a, most_a))


def left_a(
    constraints: Iterable[Constraint], used_a: Mapping[str, float]
) -> list[tuple[Constraint, float]]:
    """Return each constraint with the room that is left when the chargers draw `used_a`."""
    return [(c, c.room_a - _sum(c.share, used_a)) for c in constraints]


# --- admission -----------------------------------------------------------------------------------


def _admit(
    demands: Sequence[Demand],
    constraints: Sequence[Constraint],
    touched_by: Touched,
    shares: Shares,
) -> list[Demand]:
    left = [_number(c.firm_room_a) for c in constraints]
    admitted = []
    for demand in sorted(demands, key=_turn):
        if demand.max_a < demand.min_a:
            continue
        touched = touched_by[demand.ski]
        starts_a = max(demand.min_a, demand.start_a)
        missing = [
            (left[k] - share * (demand.min_a if constraints[k].is_patient else starts_a), k)
            for k, share in touched
        ]
        if missing and min(missing)[0] < -EPSILON:
            shares.refused_by[demand.ski] = constraints[min(missing)[1]]
            continue
        kept_a = demand.min_a
        if demand.kept_a > kept_a:
            free_a = min((left[k] / share for k, share in touched), default=inf)
            kept_a = max(kept_a, min(demand.kept_a, demand.max_a, free_a))
        for k, share in touched:
            left[k] -= share * kept_a
        shares.current_a[demand.ski] = demand.min_a
        admitted.append(demand)
    return admitted


def _turn(demand: Demand) -> tuple[bool, int, tuple[float, ...], str]:
    return (not demand.guaranteed_a, demand.priority, demand.order, demand.ski)


# --- filling -------------------------------------------------------------------------------------


def _fill(demands: Sequence[Demand], constraints: Sequence[Constraint], shares: Shares) -> None:
    """Raise all demands together from the level they hold; freeze who meets a full constraint."""
    active = {d.ski: d for d in demands if d.max_a > shares.current_a[d.ski] + EPSILON}
    for _ in demands:  # each round freezes at least one
        if not active:
            return
        levels = [(_binding_level(c, active, shares), c) for c in constraints
                  if any(ski in c.share for ski in active)]  # fmt: skip
        level = min((at for at, _ in levels), default=inf)
        if level == inf:
            shares.current_a.update({ski: d.max_a for ski, d in active.items()})
            return
        tight = [c for at, c in levels if at <= level + EPSILON]
        for ski, demand in list(active.items()):
            at_a = _at(level, demand, shares.current_a[ski])
            binding = next((c for c in tight if ski in c.share), None)
            if at_a >= demand.max_a - EPSILON:
                shares.current_a[ski] = demand.max_a
                del active[ski]
            elif binding is not None:
                shares.current_a[ski] = at_a
                shares.bound_by[ski] = binding
                del active[ski]


def _at(level: float, demand: Demand, least_a: float) -> float:
    """Return a demand's current at a common level: never below what it holds already."""
    return min(max(demand.weight * level, least_a), demand.max_a)


def _binding_level(constraint: Constraint, active: Mapping[str, Demand], shares: Shares) -> float:
    """Return the level at which a constraint is full; inf when its members never fill it.

    The sum rises in straight pieces between the points where a member starts to rise and where
    it reaches its maximum: walk them in order.
    """
    rising = [(constraint.share[ski], d) for ski, d in active.items() if ski in constraint.share]
    used_a = _sum(constraint.share, shares.current_a)
    left = _number(constraint.room_a) - used_a
    if left <= EPSILON:
        return 0.0
    corners: list[tuple[float, float]] = []
    for share, demand in rising:
        slope = share * demand.weight
        corners.append((shares.current_a[demand.ski] / demand.weight, slope))
        corners.append((demand.max_a / demand.weight, -slope))
    corners.sort()
    slope, level = 0.0, 0.0
    for corner, change in corners:
        if slope > EPSILON and slope * (corner - level) > left + EPSILON:
            return level + left / slope
        left -= slope * (corner - level)
        slope, level = slope + change, corner
    return inf


# --- rounding ------------------------------------------------------------------------------------


def _round(
    admitted: Sequence[Demand],
    constraints: Sequence[Constraint],
    touched_by: Touched,
    shares: Shares,
    step_a: float,
) -> None:
    """Floor to the charger's step, then hand the freed steps out again, lowest first."""
    current_a = shares.current_a
    for demand in admitted:
        current_a[demand.ski] = max(demand.min_a, floored(current_a[demand.ski], step_a))
    left = [_number(c.room_a) - _sum(c.share, current_a) for c in constraints]
    queue = [(d.filled_as, current_a[d.ski] / d.weight, d.ski, d) for d in admitted]
    heapify(queue)
    while queue:
        priority, _, ski, demand = heappop(queue)
        raised_a = floored(current_a[ski] + step_a + EPSILON, step_a)
        if raised_a > demand.max_a + EPSILON:
            continue
        more_a, touched = raised_a - current_a[ski], touched_by[ski]
        if any(left[k] + EPSILON < share * more_a for k, share in touched):
            continue
        for k, share in touched:
            left[k] -= share * more_a
        current_a[ski] = raised_a
        heappush(queue, (priority, raised_a / demand.weight, ski, demand))


def _sum(share: Mapping[str, float], used_a: Mapping[str, float]) -> float:
    return sum([part * used_a.get(ski, 0.0) for ski, part in share.items()])


def _number(room_a: float) -> float:
    return room_a if room_a == room_a else -inf  # noqa: PLR0124 - NaN is no room
