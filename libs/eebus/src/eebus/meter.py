"""A grid meter's side of EEBUS over the network: MGCP, for simulators and makers of meters."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from eebus.events import Event, MeterValues, TrustedPeer
from eebus.identity import Identity
from eebus.participant import Participant, own_address
from eebus.spine.values import Item
from eebus.transcript import FrameHook
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.device import client, entity_of, manufacturer
from eebus.usecases.monitoring.meter import Meter, meter_features
from eebus.usecases.monitoring.quantities import MGCP
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

__all__ = ["GridMeter", "MeterValues"]

DEVICE_TYPE: Final = "SubMeter"


def grid_meter_side(address: str, said: Item, owner: Owner) -> tuple[Side, Meter]:
    """Return a device with one grid connection point, and its meter. Sans I/O.

    address: its SPINE device address. said: what it says of itself (`manufacturer`).
    """
    side = Side(address, DEVICE_TYPE, said, owner)
    entity = entity_of(
        names.MAIN_ENTITY,
        names.GRID_CONNECTION_POINT,
        *meter_features(names.MAIN_ENTITY, 1, MGCP),
        client(names.MAIN_ENTITY, 4, names.DIAGNOSIS),
    )
    side.local.add_entity(entity)
    meter = Meter(side.local, entity, MGCP)
    side.add(meter)
    side.announce()
    return side, meter


class GridMeter(Participant):
    """Serves the grid connection point's power, energies, currents, voltages and frequency."""

    def __init__(  # noqa: PLR0913 - all of them are needed, and named
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        *,
        trusted: Iterable[TrustedPeer],
        on_event: Callable[[Event], None],
        record: FrameHook | None = None,
    ) -> None:
        super().__init__(
            identity, announcement, network, trusted=trusted, on_event=on_event, record=record
        )
        said = manufacturer(announcement.brand, announcement.model, announcement.serial)
        owner = Owner(self._tell, self._node.ready)
        self._side, self._meter = grid_meter_side(
            own_address(announcement, identity.ski), said, owner
        )

    @property
    def _core(self) -> Side:
        return self._side

    def measure(self, values: MeterValues) -> None:
        """Tell what is measured now; call it as often as values should be taken for fresh."""
        self._meter.tell(values, datetime.now(UTC))
        self._side.announce()  # the curtailment factor is announced once it is known
