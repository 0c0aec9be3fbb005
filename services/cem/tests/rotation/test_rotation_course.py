"""The whole test in the loop with the control law, slow cars, late meters and a lively house."""

from collections.abc import Callable

import pytest
from cem_plant import Amps, House, Plant, PlantCar, lively, steady

from cem.core.events import ChargerSet, EnergyManagementSet, PulseAsked, PulseEnded
from cem.core.folding import apply
from cem.core.parameters import DEFAULTS
from cem.core.site import ChargerSettings, EnergyManagement
from cem.rotation.core.course import (
    LEAST_SWING_A,
    Course,
    Outcome,
    Trouble,
    advanced,
    begun,
)
from cem.rotation.core.proposal import rotation_for, wiring_for
from electrical.phases import ALL_PHASES, Phase
from electrical.rotation import Rotation, house_phase

SKI = "a" * 40
BEGINS_S = 90


class PlantUnderTest(Plant):
    """A plant whose first charger is under test from BEGINS_S on."""

    course: Course | Trouble | None = None
    pulsed_above_a = 0.0  # by how much a pulse ever raised the limit above what was allotted

    def _decide(self, t: int) -> None:
        now = float(t)
        if t == BEGINS_S:
            self.course = begun(self.state, SKI, Rotation.RST, now, DEFAULTS)
        if isinstance(self.course, Course) and self.course.is_running:
            self.course = advanced(self.course, self.state, Rotation.RST, now, DEFAULTS)
            pulse = PulseAsked(SKI, self.course.current_a, now + 3.0)
            event = pulse if self.course.is_running else PulseEnded(SKI)
            self.state = apply(self.state, event, now)
        super()._decide(t)

    def finished(self, until_s: int = 500) -> Course:
        for _ in self.run(until_s):
            if isinstance(self.course, Course) and not self.course.is_running:
                break
        assert isinstance(self.course, Course), self.course
        return self.course


def wired_as(wiring: Rotation) -> tuple[int, int, int]:
    first, second, third = (ALL_PHASES.index(house_phase(wiring, c)) for c in ALL_PHASES)
    return first, second, third


def proposed(course: Course) -> Rotation:
    assert course.found is not None
    return wiring_for(course.found.moving, course.found.shown.phases, course.mounted.wiring)


@pytest.mark.parametrize("wiring", Rotation)
def test_the_wiring_of_a_charger_is_found_with_a_one_phase_car(wiring: Rotation) -> None:
    plant = PlantUnderTest([PlantCar(SKI, phases=(0,), wired=wired_as(wiring))], steady(3))
    course = plant.finished()
    assert (course.outcome, course.trouble) == (Outcome.DONE, None)
    assert house_phase(proposed(course), Phase.L1) is house_phase(wiring, Phase.L1)
    assert not plant.self_made


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("wiring", [Rotation.STR, Rotation.TRS])
def test_a_lively_household_does_not_mislead(wiring: Rotation, seed: int) -> None:
    plant = PlantUnderTest(
        [PlantCar(SKI, phases=(0,), wired=wired_as(wiring))], lively(seed), seed=seed
    )
    course = plant.finished()
    if course.outcome is Outcome.DONE:
        assert house_phase(proposed(course), Phase.L1) is house_phase(wiring, Phase.L1)
    else:
        assert course.trouble in {Trouble.LOAD_TOO_NOISY, Trouble.TOO_LITTLE_CHANGE}


@pytest.mark.parametrize("delay_s", [1, 4])
def test_a_slow_car_and_late_reports_are_waited_for(delay_s: int) -> None:
    car = PlantCar(SKI, phases=(0,), delay_s=delay_s, wired=(1, 2, 0), every_s=30)
    plant = PlantUnderTest([car], steady(3), meter_latency_s=2)
    course = plant.finished()
    assert (course.outcome, proposed(course)) == (Outcome.DONE, Rotation.STR)


def test_the_meters_rotation_is_proposed_for_a_charger_that_is_wired_straight() -> None:
    plant = PlantUnderTest([PlantCar(SKI, phases=(0,))], steady(3))
    plant.clamps = ((1, 1), (2, 1), (0, 1))  # its L1 sits on the house's L2, and so on
    course = plant.finished()
    assert course.found is not None
    rotation = rotation_for(course.found.moving, course.found.shown.phases, Rotation.RST)
    assert rotation is Rotation.STR


def test_a_reversed_clamp_is_told_with_the_phase() -> None:
    plant = PlantUnderTest([PlantCar(SKI, phases=(0,))], steady(1))
    plant.clamps = ((0, -1), (1, 1), (2, 1))
    course = plant.finished()
    assert course.outcome is Outcome.DONE
    assert course.found is not None
    assert course.found.shown.reversed == (Phase.L1,)


def test_a_three_phase_car_tells_only_that_all_three_follow() -> None:
    plant = PlantUnderTest([PlantCar(SKI)], steady(3))
    course = plant.finished()
    assert (course.outcome, course.trouble) == (Outcome.FAILED, Trouble.NEEDS_ONE_PHASE_CAR)
    assert course.found is not None
    assert course.found.shown.phases == ALL_PHASES
    assert course.found.shown.reversed == ()


def test_another_car_that_charges_meanwhile_does_not_mislead() -> None:
    cars = [PlantCar(SKI, phases=(0,), wired=(2, 0, 1)), PlantCar("b" * 40, plug_s=20)]
    plant = PlantUnderTest(cars, steady(3))
    course = plant.finished()
    assert (course.outcome, proposed(course)) == (Outcome.DONE, Rotation.TRS)
    assert not plant.self_made


def test_the_car_charges_on_as_before_when_the_test_is_over() -> None:
    plant = PlantUnderTest([PlantCar(SKI, phases=(0,))], steady(3))
    plant.finished()
    ended = len(plant.history)
    plant.play(ended + 60, ended)
    assert plant.history[-1][SKI] >= 15.5


def test_a_pulse_never_lasts_longer_than_it_is_asked_for() -> None:
    plant = Plant([PlantCar(SKI, phases=(0,))], steady(3))
    plant.play(90)
    plant.state = apply(plant.state, PulseAsked(SKI, 6.0, 93.0), 90.0)
    plant.play(92, 90)
    assert plant.history[-1][SKI] == pytest.approx(6.0)
    plant.play(120, 92)
    assert plant.history[-1][SKI] > 10


def unplugged(plant: PlantUnderTest) -> None:
    plant.cars[SKI].unplug_s = 120


def lost(plant: PlantUnderTest) -> None:
    plant.cars[SKI].lost_s = (120, 300)


def silent(plant: PlantUnderTest) -> None:
    plant.dead_meter_s = (120, 300)


def switched_off(plant: PlantUnderTest) -> None:
    plant.state = apply(plant.state, EnergyManagementSet(EnergyManagement(on=False)), 120.0)


def rewired(plant: PlantUnderTest) -> None:
    settings = ChargerSettings(SKI, max_a=16.0, wiring=Rotation.STR)
    plant.state = apply(plant.state, ChargerSet(settings), 120.0)


@pytest.mark.parametrize(
    ("goes_wrong", "trouble"),
    [
        (unplugged, Trouble.CAR_NOT_CHARGING),
        (lost, Trouble.CHARGER_LOST),
        (silent, Trouble.METER_SILENT),
        (switched_off, Trouble.ENERGY_MANAGEMENT_OFF),
        (rewired, Trouble.SETTINGS_CHANGED),
    ],
)
def test_whatever_goes_wrong_ends_the_test_and_the_pulse(
    goes_wrong: Callable[[PlantUnderTest], None], trouble: Trouble
) -> None:
    plant = PlantUnderTest([PlantCar(SKI, phases=(0,))], steady(3))
    plant.play(120)
    goes_wrong(plant)
    plant.play(140, 120)
    course = plant.course
    assert isinstance(course, Course)
    assert (course.outcome, course.trouble) == (Outcome.FAILED, trouble)
    assert plant.state.chargers[SKI].pulse is None


@pytest.mark.parametrize(
    ("car", "house", "trouble"),
    [
        (PlantCar(SKI, plug_s=10**6), steady(3), Trouble.CAR_NOT_CHARGING),
        (PlantCar(SKI, phases=(0,), energy_as=100.0), steady(3), Trouble.CAR_NOT_CHARGING),
        (PlantCar(SKI, phases=(0,)), steady(16), Trouble.TOO_LITTLE_ROOM),
        (PlantCar(SKI, phases=(0,)), steady(20), Trouble.TOO_LITTLE_ROOM),
        (PlantCar(SKI, phases=(0,), most_a=7.5), steady(3), Trouble.RANGE_TOO_SMALL),
    ],
)
def test_what_cannot_be_tested_is_refused_with_its_reason(
    car: PlantCar, house: House, trouble: Trouble
) -> None:
    plant = PlantUnderTest([car], house)
    plant.play(BEGINS_S + 1)
    assert plant.course is trouble


def test_a_test_ends_in_bounded_time_however_busy_the_house() -> None:
    def busy(t: int) -> Amps:
        return [3.0 + 2.0 * ((t // 20) * (7 + phase) % 5) for phase in range(3)]

    plant = PlantUnderTest([PlantCar(SKI, phases=(0,))], busy, fuse_a=40.0)
    course = plant.finished(BEGINS_S + 270)
    assert not course.is_running
    assert course.high_a >= course.low_a + LEAST_SWING_A
