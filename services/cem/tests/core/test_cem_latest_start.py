"""The latest start reckons with the car as it is, and with all that stands between it and a goal.

In mode Smart without a plan and without prices: the car waits as long as may be.
"""

from datetime import timedelta

import pytest
from smart_house import EVENING, A, SmartHouse, smart

from cem.core.circuits import CircuitSettings
from cem.core.driving import Car
from cem.core.events import CarsSet, ChargerSet, CircuitsSet, OperatorSet, PowerLimitSet
from cem.core.lanes import USUAL_OVER_S
from cem.core.operating import OperatorSettings
from cem.core.site import ChargerSettings
from electrical.phases import on_every_phase


def waiting(energy_wh: float, hours: float, fuse_a: float = 35.0) -> SmartHouse:
    return SmartHouse(step_s=10, fuse_a=fuse_a).tell(smart(price=True)).wants(energy_wh, hours)


# --- the car -------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [1, None], ids=["its driver told", "nobody told"])
def test_a_car_on_one_phase_starts_in_time_though_its_charger_does_not_say(
    told: int | None,
) -> None:
    house = waiting(14_000, 6).tell(CarsSet((Car("leaf", 40_000, phases=told, charger=A),)))
    house.phases, house.tells_phases = 1, False
    house.play(6 * 60 - 1)
    assert house.energy_wh >= 14_000


def test_a_car_that_turns_out_to_have_three_phases_waits_again() -> None:
    house = waiting(14_000, 9)
    house.tells_phases = False
    house.play(5 * 60)
    assert house.state.chargers[A].seen_phases == 3
    assert 0 < house.energy_wh < 1_500
    assert (house.granted_a, house.why) == (0.0, "waiting-for-price")
    house.play(4 * 60 - 1)
    assert house.energy_wh >= 14_000


def test_another_car_has_other_phases() -> None:
    house = waiting(14_000, 1)
    house.phases, house.tells_phases = 1, False
    house.play(10)
    assert house.state.chargers[A].seen_phases == 1
    house.takes_a = 0.0
    house.play(1)
    house.plug += 1
    house.step()
    assert house.state.chargers[A].seen_phases is None


def test_a_car_that_takes_less_than_its_charger_gives_starts_in_time_as_its_driver_told() -> None:
    house = waiting(14_000, 4).tell(CarsSet((Car("zoe", 40_000, max_a=8.0, charger=A),)))
    house.takes_a = 8.0
    house.play(4 * 60 - 1)
    assert house.energy_wh >= 14_000


# --- what stands in between ----------------------------------------------------------------------


def test_a_power_by_contract_is_reckoned_with() -> None:
    house = waiting(12_000, 5).tell(OperatorSet(OperatorSettings(contract_w=6_500.0)))
    house.play(5 * 60 - 1)
    assert house.energy_wh >= 12_000


def test_an_order_that_may_last_is_reckoned_with() -> None:
    house = waiting(12_000, 5).tell(PowerLimitSet(6_000.0)).play(5 * 60 - 1)
    assert house.energy_wh >= 12_000


def test_the_fuse_of_its_own_circuit_is_reckoned_with() -> None:
    house = waiting(16_000, 5).tell(
        CircuitsSet((CircuitSettings("garage", on_every_phase(10.0)),)),
        ChargerSet(ChargerSettings(A, max_a=16.0, circuit="garage")),
    )
    house.play(5 * 60 - 1)
    assert house.energy_wh >= 16_000


def test_a_house_that_takes_much_is_reckoned_with() -> None:
    house = waiting(16_000, 5, fuse_a=25.0)
    house.house_a = 16.0
    house.play(5 * 60 - 1)
    assert house.energy_wh >= 16_000


def test_a_kettle_starts_nobody_early() -> None:
    house = waiting(11_000, 5, fuse_a=25.0).play(150)
    until = house.until
    house.house_a = 16.0
    house.play(3)
    house.house_a = 1.0
    house.play(1)
    assert (house.granted_a, house.why) == (0.0, "waiting-for-price")
    house.play(4 * USUAL_OVER_S / 60)
    assert house.until is not None
    assert until == pytest.approx(house.until, abs=120)
    assert EVENING + timedelta(seconds=house.until) < EVENING + timedelta(hours=4)
