"""How a charger changes between three phases and one: by itself, when told, or never."""

from dataclasses import replace

import pytest

from electrical import ALL_PHASES, Phases
from virtual_site.announced import ev_profile
from virtual_site.core import charger as chargers
from virtual_site.core.car import CarModel, Standard
from virtual_site.core.charger import Charger, RelayRefusedError
from virtual_site.core.relay import PhaseSwitching
from virtual_site.core.scenario import ChargerModel

TOLD = ChargerModel("cp1", "Garage", phase_switching=PhaseSwitching.LOCAL_API, switch_s=5)
AUTOMATIC = replace(TOLD, phase_switching=PhaseSwitching.AUTOMATIC)
CAR = CarModel(phases=3, max_a=16, energy_wh=50_000)


class Bench:
    """A charger with a car and an energy manager's limit; time passes when told."""

    def __init__(self, model, car=CAR, *, plc=False):
        self.charger = chargers.plug(Charger(model, plc=plc), car)
        self.t_s = 0.0

    def write(self, *values):
        limit = values if len(values) == 3 else values * 3
        self.charger = chargers.write_limit(self.charger, limit, self.t_s)

    def wait(self, seconds, **faults):
        for _ in range(int(seconds * 4)):
            self.t_s += 0.25
            self.charger = chargers.advance(self.charger, 0.25, self.t_s, self.t_s, 230.0, **faults)
        return self.charger

    def most_a(self, seconds):
        """Return the highest current on each phase while waiting."""
        seen = [self.wait(0.25).house_current_a for _ in range(int(seconds * 4))]
        return [max(current[phase] for current in seen) for phase in ALL_PHASES]


def test_an_automatic_charger_reads_four_amperes_on_three_phases_as_twelve_on_one():
    bench = Bench(AUTOMATIC)
    bench.write(10.0)
    assert bench.wait(5).current_a == Phases(10, 10, 10)
    bench.write(4.0)
    assert bench.wait(5).current_a == Phases(0, 0, 0)  # patience: clouds pass
    assert bench.wait(15).current_a == Phases(12, 0, 0)
    assert ev_profile(bench.charger).phases == 1


def test_an_automatic_charger_goes_back_to_three_phases_and_never_above_the_limit():
    bench = Bench(AUTOMATIC)
    bench.write(4.0)
    bench.wait(20)
    bench.write(8.0)
    assert max(bench.most_a(45)) <= 12.0  # what is on its way down still counts as the old limit
    assert bench.charger.current_a == Phases(8, 8, 8)
    bench.write(7.0)
    bench.wait(2)
    assert max(bench.most_a(30)) <= 7.0


def test_an_automatic_charger_says_that_it_follows_a_third_of_the_minimum():
    assert ev_profile(Bench(AUTOMATIC).charger).min_a == 2
    assert ev_profile(Bench(TOLD).charger).min_a == 6
    assert ev_profile(Bench(AUTOMATIC, replace(CAR, phases=1)).charger).min_a == 6


def test_an_automatic_charger_leaves_a_digital_car_its_phases():
    bench = Bench(AUTOMATIC, replace(CAR, standard=Standard.ISO15118_ED1, delay_s=1), plc=True)
    bench.write(8.0)
    bench.wait(10)
    bench.write(2.5)
    assert bench.wait(60).current_a == Phases(2.5, 2.5, 2.5)


def test_on_one_phase_the_one_limit_that_is_left_stands_for_all_three():
    bench = Bench(AUTOMATIC)
    bench.write(4.0)
    bench.wait(20)
    bench.write(3.0, None, None)
    assert bench.wait(5).current_a == Phases(9, 0, 0)
    bench.write(7.0, None, None)
    assert bench.wait(60).current_a == Phases(7, 7, 7)


def test_a_charger_that_is_told_does_nothing_by_itself_and_moves_without_current():
    bench = Bench(TOLD)
    bench.write(4.0)
    assert bench.wait(60).conductors == 3
    bench.write(10.0)
    bench.wait(5)
    bench.charger = chargers.switch_phases(bench.charger, 1, bench.t_s)
    assert bench.wait(4.5).current_a == Phases(0, 0, 0)
    assert bench.wait(3).current_a == Phases(10, 0, 0)


def test_asking_again_for_the_same_does_not_begin_anew_and_for_the_other_stops_it():
    bench = Bench(TOLD)
    bench.write(10.0)
    bench.wait(5)
    bench.charger = chargers.switch_phases(bench.charger, 1, bench.t_s)
    bench.wait(4)
    bench.charger = chargers.switch_phases(bench.charger, 1, bench.t_s)
    assert bench.wait(1.5).conductors == 1
    bench.charger = chargers.switch_phases(bench.charger, 3, bench.t_s)
    bench.charger = chargers.switch_phases(bench.charger, 1, bench.t_s)
    assert bench.wait(10).conductors == 1


def test_a_car_that_does_not_let_go_keeps_its_phases_and_the_charger_says_so():
    bench = Bench(TOLD)
    bench.write(10.0)
    bench.wait(5)
    bench.charger = chargers.switch_phases(bench.charger, 1, bench.t_s)
    bench.wait(40, deaf=True)
    assert bench.charger.conductors == 3
    assert bench.charger.relay.target is None
    assert bench.charger.relay.problem == "current-flows"


@pytest.mark.parametrize(
    ("ability", "reason"),
    [(PhaseSwitching.NONE, "no-relay"), (PhaseSwitching.AUTOMATIC, "automatic")],
)
def test_who_cannot_be_told_refuses_with_a_reason(ability, reason):
    bench = Bench(replace(TOLD, phase_switching=ability))
    with pytest.raises(RelayRefusedError) as refused:
        chargers.switch_phases(bench.charger, 1, bench.t_s)
    assert refused.value.reason == reason


def test_without_the_ability_all_three_phases_are_connected():
    bench = Bench(TOLD)
    bench.charger = chargers.switch_phases(bench.charger, 1, bench.t_s)
    bench.wait(10)
    bench.charger = chargers.set_phase_switching(bench.charger, ability=PhaseSwitching.NONE)
    assert bench.charger.conductors == 3
