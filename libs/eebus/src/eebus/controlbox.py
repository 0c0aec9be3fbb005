"""A grid operator's control box on EEBUS over the network: the energy guard of LPC and LPP."""

from typing import Final, Unpack

from eebus.guarding import Guarding
from eebus.identity import Identity
from eebus.participant import Options
from eebus.spine.values import Item
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.limitation.guard import EnergyGuard, guard_entity
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

DEVICE_TYPE: Final = "ElectricitySupplySystem"


class ControlBoxSide(Side):
    """A control box and its guard. Sans I/O."""

    def __init__(self, address: str, said: Item, owner: Owner) -> None:
        """Build our device. address: its SPINE address. said: what it says of itself."""
        super().__init__(address, DEVICE_TYPE, said, owner)
        entity = guard_entity(names.MAIN_ENTITY)
        self.local.add_entity(entity)
        self.guard = EnergyGuard(entity)
        self.add(self.guard)
        self.announce()


class ControlBox(Guarding[ControlBoxSide]):
    """Limits consumption (LPC) and production (LPP) of controllable systems.

    A system that appears or comes back is told its limit, or that it has none, within seconds.
    on_event is told PowerLimitChanged and FailsafeChanged, and HeartbeatChanged of the systems.
    """

    def __init__(
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(identity, announcement, network, ControlBoxSide, options)

    @property
    def _energy_guard(self) -> EnergyGuard:
        return self._core.guard
