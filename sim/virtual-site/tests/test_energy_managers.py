"""Which peers a device of the site takes for energy managers."""

import pytest

from eebus.events import Peer
from virtual_site.managers import is_energy_manager


def peer(type_: str | None) -> Peer:
    return Peer("1" * 40, "Demo", "Box", None, type_, "127.0.0.1", 4711)


@pytest.mark.parametrize("type_", ["EnergyManagementSystem", "Generic", None])
def test_what_may_lead_is_an_energy_manager_whatever_its_maker_calls_it(type_: str | None) -> None:
    assert is_energy_manager(peer(type_))


@pytest.mark.parametrize(
    "type_", ["ChargingStation", "ElectricitySupplySystem", "SubMeter", "HeatGenerationSystem"]
)
def test_chargers_control_boxes_meters_and_heat_pumps_are_none(type_: str) -> None:
    assert not is_energy_manager(peer(type_))
