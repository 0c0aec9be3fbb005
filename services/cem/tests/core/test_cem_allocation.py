"""Sharing by value and by property (loadmgmt.md B4)."""

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cem.core.allocation import Constraint, Demand, Shares, allocate, left_a
from cem.core.reasons import Kind
from electrical.phases import ALL_PHASES, Phase

STEP_A = 0.1
ROUNDING_A = 1e-6


def fuse(
    room_a: float, *skis: str, phase: Phase = Phase.L1, firm_a: float | None = None
) -> Constraint:
    share = dict.fromkeys(skis, 1.0)
    return Constraint(Kind.FUSE, "main", phase, share, room_a, room_a if firm_a is None else firm_a)


def test_two_alike_share_alike() -> None:
    shares = allocate([Demand("a", 6, 32), Demand("b", 6, 32)], [fuse(20, "a", "b")])
    assert shares.current_a == {"a": 10.0, "b": 10.0}
    assert {c.kind for c in shares.bound_by.values()} == {Kind.FUSE}


def test_what_one_cannot_use_goes_to_the_other() -> None:
    shares = allocate([Demand("a", 6, 8), Demand("b", 6, 32)], [fuse(20, "a", "b")])
    assert shares.current_a == {"a": 8.0, "b": 12.0}
    assert "a" not in shares.bound_by


def test_when_two_minimums_do_not_fit_the_lower_priority_pauses() -> None:
    demands = [Demand("a", 6, 16, priority=2), Demand("b", 6, 16, priority=1)]
    shares = allocate(demands, [fuse(11, "a", "b")])
    assert shares.current_a == {"a": 0.0, "b": 11.0}
    assert shares.refused_by["a"].phase is Phase.L1


def test_twice_the_weight_gets_twice_the_level() -> None:
    demands = [Demand("a", 6, 32, weight=2.0), Demand("b", 6, 32)]
    assert allocate(demands, [fuse(30, "a", "b")]).current_a == {"a": 20.0, "b": 10.0}


def test_a_full_phase_holds_only_those_that_use_it() -> None:
    demands = [Demand("a", 6, 32), Demand("b", 6, 32), Demand("c", 6, 32)]
    limits = [fuse(14, "a", "b"), fuse(40, "a", "c", phase=Phase.L2)]
    assert allocate(demands, limits).current_a == {"a": 7.0, "b": 7.0, "c": 32.0}


def test_an_unconfirmed_rise_lowers_to_the_minimum_but_pauses_nobody() -> None:
    demands = [Demand("a", 6, 16), Demand("b", 6, 16)]
    shares = allocate(demands, [fuse(-5, "a", "b", firm_a=20)])
    assert shares.current_a == {"a": 6.0, "b": 6.0}


def test_who_starts_needs_room_to_spare_and_who_runs_does_not() -> None:
    starting = Demand("a", 6, 16, start_a=7)
    assert allocate([starting], [fuse(6.5, "a")]).current_a == {"a": 0.0}
    running = replace(starting, start_a=6)
    assert allocate([running], [fuse(6.5, "a")]).current_a == {"a": 6.5}


@pytest.mark.parametrize("room_a", [-3.0, nan, -inf])
def test_no_room_or_no_number_gives_nothing(room_a: float) -> None:
    assert allocate([Demand("a", 6, 16)], [fuse(room_a, "a")]).current_a == {"a": 0.0}
    assert allocate([], [fuse(room_a)]).current_a == {}


# --- properties ----------------------------------------------------------------------------------


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Demand], list[Constraint]]:
    skis = [f"c{number}" for number in range(draw(st.integers(1, 8)))]
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
    limits = []
    for phase in ALL_PHASES:
        members = draw(st.sets(st.sampled_from(skis), min_size=1))
        room_a = draw(st.floats(-10, 120))
        limits.append(fuse(room_a, *sorted(members), phase=phase))
    power = {ski: draw(st.sampled_from([230.0, 460.0, 690.0])) for ski in skis}
    cap_w = draw(st.sampled_from([4200.0, 11000.0, 60000.0]))
    limits.append(Constraint(Kind.FUSE, "cap", None, power, cap_w, cap_w))
    return demands, limits


def solved(problem: tuple[list[Demand], list[Constraint]]) -> Shares:
    return allocate(*problem, STEP_A)


@given(problems())
@settings(deadline=None)
def test_no_constraint_is_ever_above_its_room(
    problem: tuple[list[Demand], list[Constraint]],
) -> None:
    shares = solved(problem)
    for constraint, left in left_a(problem[1], shares.current_a):
        used = any(shares.current_a[ski] > 0 for ski in constraint.share)
        assert left >= -ROUNDING_A * 1000 or not used


@given(problems())
@settings(deadline=None)
def test_a_current_is_zero_or_between_minimum_and_maximum(
    problem: tuple[list[Demand], list[Constraint]],
) -> None:
    shares = solved(problem)
    for demand in problem[0]:
        amps = shares.current_a[demand.ski]
        assert amps == 0 or demand.min_a <= amps <= demand.max_a + ROUNDING_A
        assert amps > 0 or demand.ski in shares.refused_by


@given(problems())
@settings(deadline=None)
def test_who_is_not_satisfied_touches_a_full_constraint(
    problem: tuple[list[Demand], list[Constraint]],
) -> None:
    shares = solved(problem)
    left = left_a(problem[1], shares.current_a)
    for demand in problem[0]:
        amps = shares.current_a[demand.ski]
        if 0 < amps < demand.max_a - STEP_A:
            rooms = [room / c.share[demand.ski] for c, room in left if demand.ski in c.share]
            assert min(rooms) < STEP_A + ROUNDING_A


@given(problems(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_list_does_not_matter(
    problem: tuple[list[Demand], list[Constraint]], chance: object
) -> None:
    demands = list(problem[0])
    chance.shuffle(demands)  # type: ignore[attr-defined]  # random.Random
    assert allocate(demands, problem[1], STEP_A) == solved(problem)


@given(problems())
@settings(deadline=None)
def test_who_is_admitted_of_a_higher_class_does_not_depend_on_lower_ones(
    problem: tuple[list[Demand], list[Constraint]],
) -> None:
    first = [demand for demand in problem[0] if demand.priority == 1]
    alone = allocate(first, problem[1], STEP_A).current_a
    together = solved(problem).current_a
    for ski, amps in alone.items():
        # How much it gets may: lower minimums are served before a higher class fills up (B2).
        assert (together[ski] > 0) == (amps > 0)


@given(problems())
@settings(deadline=None)
def test_more_fuse_never_lowers_the_least_served(
    problem: tuple[list[Demand], list[Constraint]],
) -> None:
    demands, limits = problem
    demands = [replace(demand, priority=2, min_a=0.1, start_a=0.0) for demand in demands]
    more = [replace(c, room_a=c.room_a + 5, firm_room_a=c.firm_room_a + 5) for c in limits]
    before = sorted(allocate(demands, limits, STEP_A).current_a.values())
    after = sorted(allocate(demands, more, STEP_A).current_a.values())
    if before[0] > 0:
        # What rounding frees goes to the lowest, step by step: by that both may differ.
        assert after[0] >= before[0] - len(demands) * STEP_A - ROUNDING_A
