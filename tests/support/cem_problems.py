"""Random problems of sharing for the CEM's allocation, and a second opinion on them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from cem.core.allocation import Constraint, Demand
from cem.core.reasons import Kind
from electrical.phases import ALL_PHASES, Phase

Problem = tuple[list[Demand], list[Constraint]]


def fuse(room_a: float, members: Sequence[str], phase: Phase, element: str = "main") -> Constraint:
    share = dict.fromkeys(members, 1.0)
    return Constraint(Kind.FUSE, element, phase, share, room_a, room_a)


@st.composite
def problems(draw: st.DrawFn, most: int = 8, least_room_a: float = -10.0) -> Problem:
    """Draw chargers on one, two or three phases, a sub-fuse and a power cap."""
    skis = [f"c{number}" for number in range(draw(st.integers(1, most)))]
    demands = []
    for ski in skis:
        min_a = draw(st.sampled_from([6.0, 6.0, 8.0, 2.2]))
        demands.append(
            Demand(
                ski,
                min_a,
                draw(st.sampled_from([16.0, 32.0, 11.3, min_a])),
                draw(st.sampled_from([1, 2])),
                draw(st.sampled_from([1.0, 1.0, 2.0])),
                (draw(st.floats(0, 5)),),
                draw(st.sampled_from([0.0, min_a + 1])),
            )
        )
    phases = {ski: draw(st.sets(st.sampled_from(ALL_PHASES), min_size=1)) for ski in skis}
    below = draw(st.sets(st.sampled_from(skis)))
    limits = []
    for phase in ALL_PHASES:
        members = [ski for ski in skis if phase in phases[ski]]
        limits.append(fuse(draw(st.floats(least_room_a, 120)), members, phase))
        inside = [ski for ski in members if ski in below]
        limits.append(fuse(draw(st.floats(least_room_a, 60)), inside, phase, "row"))
    power = {ski: 230.0 * len(phases[ski]) for ski in skis}
    cap_w = draw(st.sampled_from([4200.0, 11000.0, 60000.0]))
    limits.append(Constraint(Kind.OPERATOR_LIMIT, "main", None, power, cap_w, cap_w))
    return demands, limits


def max_min(demands: Sequence[Demand], constraints: Sequence[Constraint]) -> dict[str, float]:
    """Return the weighted max-min shares above the minimums, by the linear program step by step.

    Each step is "the highest t with x >= min(w t, most) for all that are not fixed": the least
    such x is the vector itself, so feasibility is one sum per constraint, and t is bisected.
    """
    fixed: dict[str, float] = {}

    def at(level: float) -> dict[str, float]:
        rising = {d.ski: min(max(d.weight * level, d.min_a), d.max_a) for d in demands}
        return rising | fixed

    def fits(x: dict[str, float]) -> bool:
        return all(
            sum(part * x.get(ski, 0.0) for ski, part in c.share.items()) <= c.room_a + 1e-9
            for c in constraints
        )

    while len(fixed) < len(demands):
        low, high = 0.0, 1000.0
        if fits(at(high)):
            return at(high)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if fits(at(middle)) else (low, middle)
        x = at(low)
        stuck = [d.ski for d in demands if d.ski not in fixed
                 and not fits(x | {d.ski: min(x[d.ski] + 1e-5, d.max_a)})]  # fmt: skip
        full = [d.ski for d in demands if d.ski not in fixed and x[d.ski] >= d.max_a - 1e-9]
        fixed |= {ski: x[ski] for ski in (stuck or full)}
        if not stuck and not full:
            raise AssertionError("a level that is highest holds somebody")
    return fixed
