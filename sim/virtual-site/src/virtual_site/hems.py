"""A house's own energy manager: tells the true values of the grid connection point (MGCP)."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from eebus.events import Event, MeterValues, TrustedPeer
from eebus.meter import GridMeter
from eebus.transport.node import Network
from meter_profiles.quantity import CURRENTS, VOLTAGES, Quantity
from virtual_site.core.meter import quantities
from virtual_site.core.world import World
from virtual_site.partner import Nameplate, Partner
from virtual_site.store import PartnerStore

PLATE: Final = Nameplate("Heimdal", "House Manager", "EnergyManagementSystem", 2)
EVERY_S: Final = 1.0


class Telling(StrEnum):
    """What the device does with its values."""

    VALUES = "values"
    ERRORS = "errors"  # its own meter is gone: every value is marked as an error
    NOTHING = "nothing"  # it hangs: connected, and silent


class Hems(Partner[GridMeter]):
    """Tells once a second what the house's meter shows; `world` returns the world as it is."""

    def __init__(self, store: PartnerStore, network: Network, world: Callable[[], World]) -> None:
        super().__init__(PLATE, store, network)
        self.telling = Telling.VALUES
        self._world = world

    async def tell(self) -> None:
        """Tell the values until cancelled."""
        while True:
            if self.facade is not None and self.telling is not Telling.NOTHING:
                self.facade.measure(self.values)
            await asyncio.sleep(EVERY_S)

    @property
    def values(self) -> MeterValues:
        """Return what is told now."""
        if self.telling is Telling.ERRORS:
            return MeterValues()
        world = self._world()
        shown = quantities(world.meter, world.scenario.voltage_v)
        current_a = [_rounded(shown[each], 3) for each in CURRENTS]
        voltage_v = [_rounded(shown[each], 1) for each in VOLTAGES]
        return MeterValues(
            power_w=_rounded(shown[Quantity.POWER_TOTAL], 0),
            current_a=(current_a[0], current_a[1], current_a[2]),
            voltage_v=(voltage_v[0], voltage_v[1], voltage_v[2]),
            energy_consumed_wh=_rounded(shown[Quantity.ENERGY_IMPORT], 0),
            energy_produced_wh=_rounded(shown[Quantity.ENERGY_EXPORT], 0),
            frequency_hz=shown[Quantity.FREQUENCY],
        )

    def _make(self, network: Network, trusted: tuple[TrustedPeer, ...]) -> GridMeter:
        return GridMeter(
            self.identity, self.announcement, network, trusted=trusted, on_event=self._on_event
        )

    def _heard(self, event: Event) -> None:
        """Take nothing in: a meter obeys nobody."""


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
