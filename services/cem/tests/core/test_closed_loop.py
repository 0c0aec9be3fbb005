"""The control law in a loop with a house and slow cars: no overload of its own, quick recovery."""

from itertools import pairwise
from random import Random

import pytest
from cem_plant import Amps, Plant, PlantCar, lively, steady, stepped

from cem.core.conduct import Standing
from cem.core.decision import Cause
from cem.core.parameters import DEFAULTS
from cem.core.reasons import Kind
from cem.core.state import Remembered, restored
from electrical.margin import usual_margin_a
from electrical.phases import Phase


@pytest.mark.parametrize("delay_s", [2, 3, 4])
@pytest.mark.parametrize("rise_a", [4.0, 11.0])
def test_after_a_household_step_the_phase_is_below_the_fuse_within_six_seconds(
    delay_s: int, rise_a: float
) -> None:
    cars = [PlantCar("a" * 40, delay_s=delay_s), PlantCar("b" * 40, delay_s=delay_s)]
    plant = Plant(
        cars, stepped(3, 3 + rise_a, 200), meter_latency_s=0, report_latency_s=0,
        command_latency_s=0,
    )  # fmt: skip
    plant.play(260)
    assert sum(plant.history[199].values()) > 20  # the room was used before
    assert all(200 <= t < 206 for t, *_ in plant.over)
    assert not plant.self_made
    assert Cause.OWN not in plant.blamed


def test_a_one_phase_car_hides_no_load_on_the_other_phases() -> None:
    cars = [PlantCar("a" * 40), PlantCar("b" * 40), PlantCar("c" * 40, phases=(0,))]

    def house(t: int) -> Amps:
        return [1.5 + 0.01 * (t % 3), (18.0 if t >= 300 else 1.5) + 0.01 * (t % 3), 1.5]

    plant = Plant(cars, house)
    plant.play(400)
    assert all(300 <= t < 310 for t, *_ in plant.over), plant.over
    assert not plant.self_made


@pytest.mark.parametrize("seed", range(4))
def test_in_a_lively_house_no_overload_is_self_made(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a repeatable world
    cars = [
        PlantCar(
            name * 40,
            phases=chance.choice([(0, 1, 2), (0,), (0, 1)]),
            delay_s=chance.randrange(1, 5),
            ramp_a_s=chance.choice([1.0, 2.0, 6.0]),
            start_s=chance.randrange(3, 20),
            offset_a=chance.choice([0.0, 0.4, -0.3]),
            plug_s=chance.randrange(0, 300),
            unplug_s=chance.randrange(600, 900),
        )
        for name in "abcd"
    ]
    plant = Plant(cars, lively(seed), seed=seed)
    plant.play(900)
    assert not plant.self_made, plant.self_made
    assert plant.longest_over_s() <= 10
    assert Cause.OWN not in plant.blamed


def test_two_cars_share_alike_and_use_what_there_is() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.play(200)
    first, second = plant.history[-1].values()
    assert abs(first - second) <= 0.5
    assert 20 <= first + second <= 21.5


def test_when_two_minimums_do_not_fit_they_take_turns() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(14))
    seen: list[frozenset[str]] = []
    for _ in plant.run(1900):
        granted = plant.history[-1]
        seen.append(frozenset(ski[0] for ski, amps in granted.items() if amps > 0))
        if seen[-1] == {"a"}:
            reason = plant.decision.reasons["b" * 40]
            assert reason is not None
            assert reason.kind in (Kind.WAITING_FOR_TURN, Kind.START_RESERVED)
    assert {frozenset("a"), frozenset("b")} <= set(seen[60:])
    assert frozenset("ab") not in seen[60:]
    changes = sum(a != b for a, b in pairwise(seen[60:]))
    assert changes <= 8  # two or three turns, each with a short gap
    assert not plant.self_made


def test_a_single_spike_of_the_meter_pauses_nobody() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.spike_s = 150
    plant.play(200)
    assert min(min(granted.values()) for granted in plant.history[60:]) >= 6
    assert sum(plant.history[170].values()) > 18  # and soon all is as before


def test_a_silent_meter_moves_the_site_down_the_ladder_and_back() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.dead_meter_s = (150, 260)
    stages = []
    for t in plant.run(360):
        stages.append(plant.decision.picture.ladder.stage.value)
        if t == 175:
            assert sum(plant.history[-1].values()) <= 10.0  # the static share
        if t == 250:
            assert set(plant.history[-1].values()) == {6.0}
            reason = plant.decision.reasons["a" * 40]
            assert reason is not None
            assert reason.kind is Kind.FAILSAFE
        if t in (170, 250):
            assert "meter-silent" in [n.code for n in plant.state.notices]
    order = list(dict.fromkeys(stages[120:]))
    assert order == ["fresh", "hold", "static-share", "failsafe"]
    assert stages[-1] == "fresh"
    assert sum(plant.history[-1].values()) > 18


def test_a_frozen_meter_is_no_meter() -> None:
    plant = Plant([PlantCar("a" * 40)], stepped(3, 16, 160))
    plant.frozen_meter_s = (150, 400)
    plant.play(300)
    assert plant.decision.picture.ladder.stage.value == "failsafe"
    assert plant.history[-1]["a" * 40] == 6.0


def test_a_car_that_ignores_its_limit_is_reserved_for() -> None:
    deaf = PlantCar("a" * 40, deaf_s=(100, 400))
    plant = Plant([deaf, PlantCar("b" * 40)], stepped(3, 10, 120))
    plant.play(300)
    charger = plant.state.chargers["a" * 40]
    assert charger.standing(299.0, DEFAULTS) is Standing.DISOBEDIENT
    reason = plant.decision.reasons["a" * 40]
    assert reason is not None
    assert reason.kind is Kind.CHARGER_DISOBEYS
    assert "charger-disobeys" in [n.code for n in plant.state.notices]
    assert Cause.OWN not in plant.blamed
    assert not [o for o in plant.over if o[0] > 150]


def test_a_lost_charger_stays_reserved_at_what_it_can_draw() -> None:
    lost = PlantCar("a" * 40, lost_s=(150, 400))
    plant = Plant([lost, PlantCar("b" * 40)], steady(3))
    plant.play(300)
    reserved_a = plant.decision.picture.reserved_a[Phase.L1]
    assert reserved_a is not None
    assert reserved_a >= lost.own_a - 0.1 > 6
    assert not plant.over
    # What the lost one draws is not counted twice: the other keeps its share.
    assert plant.history[-1]["b" * 40] >= 9


def test_a_car_that_is_plugged_in_starts_soon_and_never_overloads() -> None:
    cars = [PlantCar("a" * 40), PlantCar("b" * 40, plug_s=150)]
    plant = Plant(cars, steady(3))
    plant.play(220)
    assert min(granted["a" * 40] for granted in plant.history[60:]) >= 6
    # First down, then up: the first car makes room before the second one may start.
    assert all(granted["b" * 40] >= 6 for granted in plant.history[163:])
    assert not plant.over


def restarted(plant: Plant, t: int) -> None:
    fresh = plant._settled()
    plant.state = restored(
        Remembered(
            fresh.grid, fresh.energy_management, fresh.charger_settings, tuple(plant.cars), "grid"
        ),
        float(t),
    )


def test_a_restart_in_the_middle_is_not_felt() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.play(150)
    before = dict(plant.history[-1])
    restarted(plant, 150)
    plant.play(170, 150)
    for granted in plant.history[152:]:
        for ski, amps in granted.items():
            assert amps == pytest.approx(before[ski], abs=1.0)
    assert not plant.over


def test_after_a_restart_those_run_who_ran_before() -> None:
    late_first = [PlantCar("a" * 40, plug_s=60), PlantCar("b" * 40), PlantCar("c" * 40)]
    plant = Plant(late_first, steady(10.5))
    plant.play(150)
    before = dict(plant.history[-1])
    assert [amps > 0 for amps in before.values()] == [False, True, True]
    restarted(plant, 150)
    plant.play(200, 150)
    for granted in plant.history[152:]:
        assert [amps > 0 for amps in granted.values()] == [False, True, True]


def test_what_is_remembered_does_not_grow() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], lively(1))

    def remembered() -> int:
        meter = plant.state.meter
        chargers = plant.state.chargers.values()
        return (
            len(meter.estimates)
            + len(meter.samples)
            + sum(len(c.samples) + len(c.former) + len(c.switching.switched_s) for c in chargers)
        )

    plant.play(150)
    before = remembered()
    plant.play(500, 150)
    assert remembered() <= before + 20


def test_a_load_that_comes_and_goes_is_not_followed_into_its_gaps() -> None:
    def hob(t: int) -> Amps:
        return [3.0 + (6.0 if 100 <= t < 400 and t % 29 < 7 else 0.0)] * 3

    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], hob)
    plant.play(400)
    changes = sum(a != b for a, b in pairwise(plant.history[190:]))
    assert changes <= 4
    assert not [over for over in plant.over if over[0] > 190]


def test_increases_are_paced_and_decreases_are_not() -> None:
    plant = Plant([PlantCar("a" * 40)], stepped(2, 12, 120))
    raised = []
    for t in plant.run(200):
        if t and len(plant.history) > 1:
            step_a = plant.history[-1].get("a" * 40, 0) - plant.history[-2].get("a" * 40, 0)
            if step_a > 0:
                raised.append((t, step_a))
    assert all(step_a <= 4.0001 for _, step_a in raised[1:])
    assert all(b[0] - a[0] >= 6 for a, b in pairwise(raised[1:]))
    assert plant.history[123]["a" * 40] <= 13


def test_a_limit_is_lowered_in_quanta_and_to_no_more_than_is_left() -> None:
    plant = Plant([PlantCar("a" * 40)], stepped(12.0, 14.15, 150))
    plant.play(160)
    before_a, after_a = plant.history[149]["a" * 40], plant.history[159]["a" * 40]
    quanta = (before_a - after_a) / DEFAULTS.quantum_a
    assert quanta == pytest.approx(round(quanta))
    left_a = 25 - usual_margin_a(25) - 14.15
    assert left_a - DEFAULTS.quantum_a - 0.1 < after_a <= left_a


def test_a_load_that_rises_while_cars_are_starting_is_seen_before_they_draw() -> None:
    cars = [PlantCar(name * 40, plug_s=95, start_s=9) for name in "abc"]

    def house(t: int) -> Amps:
        return [(15.0 if t >= 100 else 1.0) + 0.01 * (t % 3), 1.0 + 0.01 * (t % 2), 1.0]

    plant = Plant(cars, house)
    plant.play(160)
    assert plant.over == [], plant.over
    assert not plant.self_made
