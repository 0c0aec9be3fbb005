"""A grid meter's side of EEBUS over the network: MGCP, for simulators and makers of meters."""

from datetime import UTC, datetime
from typing import Final, Unpack

from eebus.events import MeterValues
from eebus.identity import Identity
from eebus.participant import Options, Participant
from eebus.spine.values import Item
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.device import client, entity_of
from eebus.usecases.monitoring.meter import Meter, meter_features
from eebus.usecases.monitoring.quantities import MGCP
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

__all__ = ["GridMeter", "MeterValues"]

DEVICE_TYPE: Final = "SubMeter"


class GridMeterSide(Side):
    """A device with one grid connection point, and its meter. Sans I/O."""

    def __init__(self, address: str, said: Item, owner: Owner) -> None:
        """Build our device. address: its SPINE address. said: what it says of itself."""
        super().__init__(address, DEVICE_TYPE, said, owner)
        entity = entity_of(
            names.MAIN_ENTITY,
            names.GRID_CONNECTION_POINT,
            *meter_features(names.MAIN_ENTITY, 1, MGCP),
            client(names.MAIN_ENTITY, 4, names.DIAGNOSIS),
        )
        self.local.add_entity(entity)
        self.meter = Meter(self.local, entity, MGCP)
        self.add(self.meter)
        self.announce()


class GridMeter(Participant[GridMeterSide]):
    """Serves the grid connection point's power, energies, currents, voltages and frequency."""

    def __init__(
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(identity, announcement, network, GridMeterSide, options)

    def measure(self, values: MeterValues) -> None:
        """Tell what is measured now; call it as often as values should be taken for fresh."""
        self._core.meter.tell(values, datetime.now(UTC))
        self._core.announce()  # the curtailment factor is announced once it is known
