"""A charger that is known to be odd is told as such."""

import pytest

from eebus.events import DeviceDescribed
from eebus.quirks import Quirk
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.device import manufacturer
from eebus.usecases.evse.station import Station


@pytest.mark.parametrize(
    ("brand", "model", "is_known"), [("Elli", "Charger Connect 2", True), ("Demo", "Box", False)]
)
def test_a_charger_that_says_who_it_is_is_told_with_its_quirks(wire, brand, model, is_known):
    hub = CemHub("d:_n:Test_CEM-1", {}, wire.owner("left"))
    said = manufacturer(brand, model, "1")
    wire.connect(hub, Station("d:_n:Test_EVSE-1", said, wire.owner("right")))
    described = wire.told("left", DeviceDescribed)[-1]
    assert (Quirk.PAIR_AS_HEMS in described.quirks) is is_known
