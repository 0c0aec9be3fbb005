"""Chargers that measure on change only, and chargers paired later: what is true stays true."""

from itertools import pairwise

import pytest
from cem_plant import Amps, Plant, PlantCar, lively, steady, stepped

from cem.core import showing
from cem.core.conduct import Standing
from cem.core.decision import Cause
from cem.core.parameters import DEFAULTS
from cem.core.showing import Doing

NAMES = "abcd"


def cars(count: int, **more: float) -> list[PlantCar]:
    return [PlantCar(name * 40, **more) for name in NAMES[:count]]  # type: ignore[arg-type]


def doing(plant: Plant, ski: str, t: int) -> Doing:
    return showing.doing(plant.state.chargers[ski], float(t))


# --- measured on change only ---------------------------------------------------------------------


@pytest.mark.parametrize(("every_s", "silent_s"), [(30, 0), (60, 0), (60, 4), (60, 12)])
def test_a_car_that_draws_steadily_is_charging_all_the_time(every_s: int, silent_s: int) -> None:
    plant = Plant(cars(3, every_s=every_s, silent_s=silent_s), steady(2))
    for t in plant.run(300):
        if t > 60:
            assert {doing(plant, car, t) for car in plant.cars} == {Doing.CHARGING}, t
            for charger in plant.state.chargers.values():
                assert (showing.power_w(charger, plant.state, float(t)) or 0) > 0


@pytest.mark.parametrize("every_s", [20, 60])
def test_what_is_measured_on_change_only_gives_the_same_room(every_s: int) -> None:
    plant = Plant(cars(3, every_s=every_s), steady(2))
    plant.play(400)
    assert sum(plant.history[-1].values()) == pytest.approx(22.5, abs=0.9)
    assert not plant.over
    changes = [a != b for a, b in pairwise(plant.history[200:])]
    assert sum(changes) <= 10  # noise against the dead band


def test_a_fall_of_the_house_is_seen_behind_steady_cars() -> None:
    plant = Plant(cars(2, every_s=60), stepped(14, 4, 200))
    plant.play(320)
    assert sum(plant.history[-1].values()) == pytest.approx(20.5, abs=1.0)


@pytest.mark.parametrize(("seed", "silent_s"), [(0, 0), (1, 10), (2, 10)])
def test_nothing_is_self_made_with_chargers_that_are_silent(seed: int, silent_s: int) -> None:
    quiet = [
        PlantCar(name * 40, delay_s=1 + seed, every_s=60, silent_s=silent_s, plug_s=40 * index)
        for index, name in enumerate(NAMES)
    ]
    plant = Plant(quiet, lively(seed), seed=seed)
    plant.play(500)
    assert not plant.self_made, plant.self_made
    assert Cause.OWN not in plant.blamed
    assert Standing.DISOBEDIENT not in {
        c.standing(500.0, DEFAULTS) for c in plant.state.chargers.values()
    }


def test_a_charger_that_measures_no_more_is_not_believed_for_ever() -> None:
    plant = Plant(cars(2, every_s=10**6), steady(2))
    seen = [doing(plant, "a" * 40, t) for t in plant.run(300)]
    assert seen[60] is Doing.CHARGING
    charger = plant.state.chargers["a" * 40]
    assert charger.known_a(300.0, DEFAULTS) is None
    assert showing.currents_a(charger, 300.0, 3).l1 is None
    assert not plant.over  # what it may draw stays free


# --- paired later --------------------------------------------------------------------------------


def at_least_undisturbed(plant: Plant, before: dict[str, float], from_s: int) -> None:
    for granted in plant.history[from_s:]:
        for ski, amps in before.items():
            assert granted[ski] >= amps - 0.6, granted


def test_pairing_a_charger_without_a_car_disturbs_nobody() -> None:
    late = PlantCar("d" * 40, paired_s=200, plug_s=10**8)
    plant = Plant([*cars(3, every_s=60), late], steady(1.5))
    plant.play(200)
    before = dict(plant.history[-1])
    assert min(before.values()) >= 6
    plant.play(300, 200)
    at_least_undisturbed(plant, before, 200)


def test_pairing_a_charger_that_was_a_load_of_the_house_pauses_nobody() -> None:
    late = PlantCar("d" * 40, paired_s=300, most_a=6.0, plug_s=100, every_s=60)
    plant = Plant([*cars(2, every_s=60), late], steady(1.5))
    plant.play(300)
    before = dict(plant.history[-1])
    assert 15 <= sum(before.values()) <= 17.5
    plant.play(420, 300)
    at_least_undisturbed(plant, before, 300)
    assert plant.history[-1]["d" * 40] >= 6
    assert not [over for over in plant.over if over[0] >= 300]


def test_a_new_charger_that_stays_silent_is_reserved_in_the_end() -> None:
    late = PlantCar("d" * 40, paired_s=200, lost_s=(200, 10**6), plug_s=10**8)
    plant = Plant([*cars(2, every_s=60), late], steady(1.5))
    plant.play(220)
    assert "d" * 40 not in plant.history[-1]
    assert plant.decision.picture.reserved_a.l1 == 0
    plant.play(240, 220)
    assert plant.decision.picture.reserved_a.l1 == 6


def test_without_a_meter_a_new_charger_is_reserved_at_once() -> None:
    late = PlantCar("d" * 40, paired_s=200, plug_s=10**8, lost_s=(200, 10**6))
    plant = Plant([*cars(2), late], steady(1.5))
    plant.dead_meter_s = (100, 10**6)
    plant.play(203)
    assert plant.decision.picture.reserved_a.l1 == 6


def test_a_meter_that_lags_takes_no_unplugged_car_for_a_load_of_the_house() -> None:
    gone = PlantCar("c" * 40, unplug_s=200, every_s=60)
    plant = Plant([*cars(2, every_s=60), gone], steady(1.5), report_latency_s=0)
    plant.tells_age = False
    plant.play(210)
    assert sum(plant.history[-1][name * 40] for name in "ab") >= 21


def house_that_sleeps(t: int) -> Amps:
    return [1.5 + 0.01 * (t % 3)] * 3


def test_unplugging_and_plugging_again_leaves_the_others_their_room() -> None:
    swapped = PlantCar("c" * 40, plug_s=0, unplug_s=200, every_s=60)
    plant = Plant([*cars(2, every_s=60), swapped], house_that_sleeps)
    plant.play(240)
    assert sum(plant.history[-1][name * 40] for name in "ab") == pytest.approx(22.5, abs=1.2)
