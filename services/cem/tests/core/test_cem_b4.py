"""The 17 properties of loadmgmt.md B4, each by its number. See test_cem_laws.py for the whole."""

import time
from dataclasses import replace
from itertools import pairwise
from math import inf, isfinite, nan
from random import Random

import pytest
from cem_plant import Plant, PlantCar, steady
from cem_problems import Problem, fuse, max_min, problems
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cem.core.allocation import Constraint, Demand, Shares, allocate, left_a
from cem.core.reasons import Kind
from electrical.phases import ALL_PHASES, Phase

STEP_A = 0.1
FINE_A = 1e-6  # nearly no rounding
ROUNDING_A = 1e-6
calm = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def solved(problem: Problem, step_a: float = STEP_A) -> Shares:
    return allocate(*problem, step_a)


def admitted(problem: Problem) -> tuple[list[Demand], dict[str, float]]:
    shares = solved(problem, FINE_A).current_a
    return [demand for demand in problem[0] if shares[demand.ski] > 0], shares


@given(problems())
@calm
def test_b4_01_no_constraint_is_ever_above_its_room(problem: Problem) -> None:
    shares = solved(problem)
    for constraint, left in left_a(problem[1], shares.current_a):
        used = any(shares.current_a[ski] > 0 for ski in constraint.share)
        assert left >= -ROUNDING_A * 1000 or not used


@given(problems())
@calm
def test_b4_02_a_current_is_zero_or_between_minimum_and_maximum(problem: Problem) -> None:
    shares = solved(problem)
    for demand in problem[0]:
        amps = shares.current_a[demand.ski]
        assert amps == 0 or demand.min_a <= amps <= demand.max_a + ROUNDING_A
        assert amps > 0 or demand.ski in shares.refused_by


@given(problems())
@calm
def test_b4_03_who_is_not_satisfied_touches_a_full_constraint(problem: Problem) -> None:
    shares = solved(problem)
    left = left_a(problem[1], shares.current_a)
    for demand in problem[0]:
        amps = shares.current_a[demand.ski]
        if 0 < amps < demand.max_a - STEP_A:
            rooms = [room / c.share[demand.ski] for c, room in left if demand.ski in c.share]
            assert min(rooms) < STEP_A + ROUNDING_A


@given(problems(most=6, least_room_a=10.0))
@calm
def test_b4_04_the_shares_are_those_of_the_linear_program(problem: Problem) -> None:
    demands = [replace(demand, priority=1, start_a=0.0) for demand in problem[0]]
    running, shares = admitted((demands, problem[1]))
    expected = max_min(running, problem[1]) if running else {}
    for ski, amps in expected.items():
        assert shares[ski] == pytest.approx(amps, abs=2e-3)


@given(problems(), st.randoms(use_true_random=False))
@calm
def test_b4_05_the_order_of_the_list_and_the_names_do_not_matter(
    problem: Problem, chance: Random
) -> None:
    demands = list(problem[0])
    chance.shuffle(demands)
    assert allocate(demands, problem[1], STEP_A) == solved(problem)
    # Other names, with the same places in the queue, are served alike.
    ranked = [replace(d, order=(float(i),)) for i, d in enumerate(problem[0])]
    names = {demand.ski: f"z{len(demands) - i}" for i, demand in enumerate(ranked)}
    renamed = [replace(demand, ski=names[demand.ski]) for demand in ranked]
    limits = [
        replace(c, share={names[ski]: part for ski, part in c.share.items()}) for c in problem[1]
    ]
    before = allocate(ranked, problem[1], FINE_A).current_a
    after = allocate(renamed, limits, FINE_A).current_a
    for ski, amps in before.items():
        assert after[names[ski]] == pytest.approx(amps, abs=1e-3)


@given(problems())
@calm
def test_b4_06_more_fuse_never_lowers_the_least_served(problem: Problem) -> None:
    demands = [replace(demand, priority=2, min_a=0.1, start_a=0.0) for demand in problem[0]]
    more = [replace(c, room_a=c.room_a + 5, firm_room_a=c.firm_room_a + 5) for c in problem[1]]

    def least(limits: list[Constraint]) -> float:
        """Return what the least served gets, by weight: who weighs twice is served twice."""
        current_a = allocate(demands, limits, FINE_A).current_a
        return min(current_a[demand.ski] / demand.weight for demand in demands)

    before_a = least(list(problem[1]))
    if before_a > 0:
        assert least(more) >= before_a - 1e-3


@given(problems())
@calm
def test_b4_07_a_chain_of_equal_fuses_is_one_fuse(problem: Problem) -> None:
    demands, limits = problem
    chain = [replace(c, element=f"{c.element}-{name}") for c in limits for name in ("a", "b")]
    assert allocate(demands, chain, STEP_A).current_a == solved(problem).current_a


@given(problems())
@calm
def test_b4_08_rotating_all_phases_together_changes_nothing(problem: Problem) -> None:
    turned = dict(zip(ALL_PHASES, (Phase.L2, Phase.L3, Phase.L1), strict=True))
    demands, limits = problem
    rotated = [c if c.phase is None else replace(c, phase=turned[c.phase]) for c in limits]
    assert allocate(demands, rotated, STEP_A).current_a == solved(problem).current_a


@given(problems())
@calm
def test_b4_09_twice_the_weight_gets_twice_the_level_while_both_may_rise(problem: Problem) -> None:
    demands, limits = problem
    heavy, light = Demand("heavy", 6, 200, weight=2.0), Demand("light", 6, 200)
    both = [heavy, light]
    room = fuse(40.0 + len(demands), ["heavy", "light"], Phase.L1)
    shares = allocate(both, [room], FINE_A).current_a
    assert shares["heavy"] == pytest.approx(2 * shares["light"], abs=1e-3)
    del limits


@given(problems())
@calm
def test_b4_10_who_is_admitted_of_a_higher_class_does_not_depend_on_lower_ones(
    problem: Problem,
) -> None:
    first = [demand for demand in problem[0] if demand.priority == 1]
    alone = allocate(first, problem[1], STEP_A).current_a
    together = solved(problem).current_a
    for ski, amps in alone.items():
        # How much it gets may: lower minimums are served before a higher class fills up (B2).
        assert (together[ski] > 0) == (amps > 0)


@given(problems(), st.floats(-5000, 20000))
@calm
def test_b4_11_the_sun_is_all_that_solar_chargers_get(problem: Problem, surplus_w: float) -> None:
    demands = [replace(demand, priority=d.priority + 100) for d in problem[0] for demand in [d]]
    power = {demand.ski: 690.0 for demand in demands}
    sun = Constraint(Kind.SUN_SHARE, "main", None, power, surplus_w, surplus_w, is_patient=True)
    shares = allocate(demands, [*problem[1], sun], STEP_A).current_a
    assert sum(690.0 * amps for amps in shares.values()) <= max(0.0, surplus_w) + 1e-3


@given(problems(), st.floats(0, 22000))
@calm
def test_b4_12_the_operators_limit_holds_in_watts(problem: Problem, limit_w: float) -> None:
    power = {demand.ski: 253.0 * 3 for demand in problem[0]}
    order = Constraint(Kind.OPERATOR_LIMIT, "main", None, power, limit_w, limit_w)
    shares = allocate(problem[0], [*problem[1], order], STEP_A).current_a
    assert sum(power[ski] * amps for ski, amps in shares.items()) <= limit_w + 1e-3


def test_b4_13_the_same_input_gives_no_new_command() -> None:
    plant = Plant([PlantCar(name * 40) for name in "abc"], steady(2))
    plant.play(240)
    changes = [a != b for a, b in pairwise(plant.history[120:])]
    assert sum(changes) <= 3  # noise against the dead band


@pytest.mark.parametrize("seed", range(4))
def test_b4_14_whatever_the_delay_of_cars_their_sum_never_exceeds_the_fuse(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a repeatable world
    cars = [
        PlantCar(name * 40, delay_s=chance.randrange(6), plug_s=chance.randrange(90),
                 unplug_s=chance.randrange(150, 300), ramp_a_s=chance.uniform(1, 8))
        for name in "abcd"
    ]  # fmt: skip
    plant = Plant(cars, steady(chance.uniform(0, 10)), seed=seed)
    plant.play(300)
    assert not plant.over


def test_b4_15_turns_keep_what_equals_got_within_one_turn_of_each_other() -> None:
    plant = Plant([PlantCar(name * 40) for name in "abc"], steady(10))  # two of three fit
    plant.play(2000)
    served = [charger.served_as for charger in plant.state.chargers.values()]
    assert max(served) - min(served) <= 960 * 3 * 8  # a rotation time at what one of two gets


def test_b4_16_a_hundred_chargers_are_shared_out_within_50_ms() -> None:
    chance = Random(16)  # noqa: S311 - a repeatable world
    demands = [Demand(f"c{n:03}", 6, chance.choice((16.0, 32.0))) for n in range(100)]
    limits = [
        fuse(chance.uniform(100, 900), [d.ski for d in demands[row::8]], phase, f"row-{row}")
        for row in range(8)
        for phase in ALL_PHASES
    ]
    took = []
    for _ in range(5):
        began = time.process_time()
        allocate(demands, limits, STEP_A)
        took.append(time.process_time() - began)
    assert min(took) < 0.050


@given(problems(), st.sampled_from([nan, -inf, -5.0]))
@calm
def test_b4_17_no_room_or_no_number_gives_nothing_and_no_exception(
    problem: Problem, room_a: float
) -> None:
    demands, limits = problem
    everybody = fuse(room_a, [demand.ski for demand in demands], Phase.L1)
    assert set(solved((demands, [*limits, everybody])).current_a.values()) <= {0.0}
    assert solved(([], [everybody])).current_a == {}
    assert all(isfinite(amps) for amps in solved(problem).current_a.values())


# --- by deadline, against the oracle of loadmgmt B5 ----------------------------------------------


def oracle(needs: dict[str, float], due: dict[str, int], most_a: float, room_a: float) -> float:
    """Return what earliest-deadline-first delivers (A minutes), without any minimum."""
    left, given_am = dict(needs), 0.0
    for minute in range(max(due.values())):
        free_a = room_a
        for ski in sorted(left, key=lambda s: (due[s], s)):
            amps = min(most_a, left[ski], free_a) if due[ski] > minute else 0.0
            left[ski] -= amps
            free_a -= amps
            given_am += amps
    return given_am


def shared(needs: dict[str, float], due: dict[str, int], most_a: float, room_a: float) -> float:
    left = dict(needs)
    for minute in range(max(due.values())):
        demands = [
            Demand(ski, 0.1, min(most_a, left[ski]), planned_a=left[ski] / (due[ski] - minute),
                   due_s=float(due[ski]))
            for ski in left if due[ski] > minute and left[ski] > 0.1
        ]  # fmt: skip
        members = [demand.ski for demand in demands]
        granted = allocate(demands, [fuse(room_a, members, Phase.L1)], STEP_A).current_a
        for ski, amps in granted.items():
            left[ski] -= amps
    return sum(needs.values()) - sum(left.values())


@pytest.mark.parametrize("seed", range(8))
def test_by_deadline_as_much_is_delivered_as_by_the_edf_oracle(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a repeatable world
    skis = [f"c{number}" for number in range(chance.randrange(3, 9))]
    due = {ski: chance.randrange(30, 240) for ski in skis}
    needs = {ski: chance.uniform(0.2, 0.9) * 32.0 * due[ski] for ski in skis}
    best_am = oracle(needs, due, 32.0, 40.0)
    assert shared(needs, due, 32.0, 40.0) >= 0.97 * best_am
