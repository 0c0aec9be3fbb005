"""Sharing by value and by property (loadmgmt.md B4)."""

from dataclasses import replace
from math import inf, nan

import pytest

from cem.core.allocation import Constraint, Demand, allocate
from cem.core.reasons import Kind
from electrical.phases import Phase


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


def test_a_guarantee_comes_before_a_higher_class() -> None:
    demands = [Demand("a", 6, 16, priority=1), Demand("b", 6, 16, guaranteed_a=10)]
    assert allocate(demands, [fuse(18, "a", "b")]).current_a == {"a": 8.0, "b": 10.0}
    assert allocate(demands, [fuse(11, "a", "b")]).current_a == {"a": 0.0, "b": 11.0}


def test_the_first_to_leave_gets_what_it_needs_before_the_others_share() -> None:
    late = Demand("a", 6, 32, planned_a=12, due_s=200)
    soon = Demand("b", 6, 32, planned_a=14, due_s=100)
    free = Demand("c", 6, 32)
    shares = allocate([late, soon, free], [fuse(28, "a", "b", "c")])
    assert shares.current_a == {"a": 8.0, "b": 14.0, "c": 6.0}


def test_minimum_and_sun_keeps_its_minimum_and_grows_last() -> None:
    always = Demand("a", 6, 16, priority=2, fill=102)
    fast = Demand("b", 6, 16, priority=2)
    assert allocate([always, fast], [fuse(20, "a", "b")]).current_a == {"a": 6.0, "b": 14.0}


def test_a_goal_that_can_only_just_be_met_comes_before_the_minimum_of_others() -> None:
    urgent = Demand("a", 6, 16, planned_a=12, due_s=100, kept_a=12)
    demands = [urgent, Demand("b", 6, 16), Demand("c", 6, 16)]
    shares = allocate(demands, [fuse(20, "a", "b", "c")])
    assert shares.current_a == {"a": 12.0, "b": 8.0, "c": 0.0}
    assert allocate(demands, [fuse(8, "a", "b", "c")]).current_a["a"] == 8.0
