"""What a charger offers, and how digital and other cars take it."""

from dataclasses import replace

import pytest

from electrical import Phases, Rotation
from virtual_site.announced import ev_profile, ev_state, measurement
from virtual_site.core import charger as chargers
from virtual_site.core.car import CarModel, Standard
from virtual_site.core.charger import Charger, RelayRefusedError, Talk, shown_limit_a
from virtual_site.core.relay import PhaseSwitching
from virtual_site.core.scenario import ChargerModel

BOX = ChargerModel("cp1", "Garage")
CAR = CarModel(phases=3, max_a=16, energy_wh=50_000)
DIGITAL = replace(CAR, standard=Standard.ISO15118_ED1, delay_s=3)


class Bench:
    """A charger on a bench: time passes when told."""

    def __init__(self, model=BOX, *, plc=False):
        self.charger = Charger(model, plc=plc)
        self.t_s = 0.0

    def plug(self, car):
        self.charger = chargers.plug(self.charger, car)

    def write(self, *values):
        limit = values if len(values) == 3 else values * 3
        self.charger = chargers.write_limit(self.charger, limit, self.t_s)

    def wait(self, seconds, **faults):
        for _ in range(int(seconds * 4)):
            self.t_s += 0.25
            self.charger = chargers.advance(self.charger, 0.25, self.t_s, self.t_s, 230.0, **faults)
        return self.charger


def test_a_fresh_car_gets_the_failsafe_current_until_the_first_limit():
    bench = Bench()
    bench.plug(CAR)
    assert bench.wait(1).current_a == Phases(6, 6, 6)
    bench.write(12.0)
    assert bench.wait(1).current_a == Phases(12, 12, 12)
    assert shown_limit_a(bench.charger) == (12, 12, 12)


def test_below_six_amperes_a_pulse_width_pauses_and_six_resumes():
    bench = Bench()
    bench.plug(CAR)
    bench.write(5.9)
    assert bench.wait(1).offer_a == 0
    assert ev_state(bench.charger) == "standby"
    bench.write(6.0)
    assert bench.wait(1).current_a == Phases(6, 6, 6)
    assert ev_state(bench.charger) == "normalOperation"


def test_a_car_that_needs_more_than_the_charger_offers_waits():
    bench = Bench()
    bench.plug(replace(CAR, min_a=8))
    assert bench.wait(2).current_a == Phases(0, 0, 0)
    bench.write(8.0)
    assert bench.wait(2).current_a == Phases(8, 8, 8)


def test_the_offer_is_floored_to_the_chargers_steps():
    bench = Bench(replace(BOX, step_a=0.5))
    bench.plug(CAR)
    bench.write(9.9)
    assert bench.wait(1).offer_a == 9.5


def test_conductors_are_wired_to_house_phases():
    bench = Bench(replace(BOX, wiring=Rotation.STR))
    bench.plug(replace(CAR, phases=1))
    assert bench.wait(1).current_a == Phases(6, 0, 0)
    assert bench.charger.house_current_a == Phases(0, 6, 0)


def test_limits_vanish_with_the_car():
    bench = Bench()
    bench.plug(CAR)
    bench.write(12.0)
    bench.wait(1)
    bench.charger = chargers.unplug(bench.charger)
    assert shown_limit_a(bench.charger) is None
    assert ev_profile(bench.charger) is None
    bench.plug(CAR)
    assert bench.wait(1).offer_a == 6


def test_a_digital_car_arrives_as_iec_61851_and_becomes_digital_seconds_later():
    bench = Bench(plc=True)
    bench.plug(DIGITAL)
    bench.write(8.0)
    bench.wait(1)
    assert ev_profile(bench.charger).standard == "iec61851"
    assert ev_profile(bench.charger).min_a == 6
    bench.wait(3)
    digital = ev_profile(bench.charger)
    assert digital.standard == "iso15118-2ed1"
    assert (digital.min_a, digital.soc_percent) == (2.2, 20)


def test_without_plc_a_digital_car_stays_with_the_pulse_width():
    bench = Bench()
    bench.plug(DIGITAL)
    assert bench.wait(10).standard is Standard.IEC61851


def digital_bench():
    bench = Bench(plc=True)
    bench.plug(DIGITAL)
    bench.write(8.0)
    bench.wait(5)
    assert bench.charger.is_digital
    return bench


def test_a_digital_car_follows_2_2_amperes_within_five_seconds():
    bench = digital_bench()
    bench.wait(10)
    bench.write(2.2)
    assert bench.wait(5).current_a == Phases(2.2, 2.2, 2.2)


def test_the_pause_value_keeps_a_digital_session_and_zero_drops_it_for_good():
    bench = digital_bench()
    bench.write(0.1)
    bench.wait(10)
    assert bench.charger.is_digital
    assert bench.charger.current_a == Phases(0, 0, 0)
    bench.write(0.0)
    bench.wait(1)
    assert bench.charger.talk is Talk.LOST
    bench.write(4.0)
    bench.wait(10)
    assert bench.charger.current_a == Phases(0, 0, 0)
    assert bench.charger.standard is Standard.IEC61851


def test_a_pause_before_the_digital_session_is_up_prevents_it():
    bench = Bench(plc=True)
    bench.plug(DIGITAL)
    bench.write(0.1)
    assert bench.wait(10).talk is Talk.LOST


def test_switching_plc_off_drops_to_the_pulse_width_and_on_starts_anew():
    bench = digital_bench()
    bench.charger = chargers.set_plc(bench.charger, on=False)
    assert bench.wait(1).standard is Standard.IEC61851
    bench.charger = chargers.set_plc(bench.charger, on=True)
    assert bench.wait(5).is_digital


def test_a_digital_session_refuses_the_relay():
    bench = Bench(replace(BOX, phase_switching=PhaseSwitching.LOCAL_API), plc=True)
    bench.plug(DIGITAL)
    bench.write(8.0)
    bench.wait(5)
    with pytest.raises(RelayRefusedError):
        chargers.switch_phases(bench.charger, 1, bench.t_s)


def test_a_charger_without_relay_refuses_to_switch():
    with pytest.raises(RelayRefusedError):
        chargers.switch_phases(Charger(BOX), 1, 0)


def test_the_relay_switches_without_current_and_then_has_one_conductor():
    bench = Bench(replace(BOX, phase_switching=PhaseSwitching.LOCAL_API, switch_s=3))
    bench.plug(CAR)
    bench.write(10.0)
    bench.wait(2)
    bench.charger = chargers.switch_phases(bench.charger, 1, bench.t_s)
    assert bench.wait(2.5).current_a == Phases(0, 0, 0)
    assert bench.wait(2).current_a == Phases(10, 0, 0)
    assert ev_profile(bench.charger).phases == 1


def test_a_dead_charger_delivers_nothing_and_a_deaf_car_goes_on():
    bench = Bench()
    bench.plug(CAR)
    bench.write(12.0)
    bench.wait(2)
    bench.write(6.0)
    assert bench.wait(2, deaf=True).current_a == Phases(12, 12, 12)
    assert bench.wait(2, dead=True).current_a == Phases(0, 0, 0)


def test_measurements_are_told_for_conductors_in_use_only():
    bench = Bench()
    bench.plug(replace(CAR, phases=2))
    told = measurement(bench.wait(2), 230.0)
    assert told.current_a == (6.0, 6.0, None)
    assert told.power_w == (1380.0, 1380.0, None)
    assert told.soc_percent is None


def test_a_full_car_is_finished():
    bench = Bench()
    bench.plug(replace(CAR, energy_wh=1))
    assert ev_state(bench.wait(5)) == "finished"
