"""A grid operator's control box on EEBUS over the network: the energy guard of LPC and LPP."""

from collections.abc import Callable, Iterable
from typing import Final

from eebus.events import Event, TrustedPeer
from eebus.guarding import Guarding
from eebus.identity import Identity
from eebus.participant import own_address
from eebus.spine.values import Item
from eebus.transcript import FrameHook
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.device import manufacturer
from eebus.usecases.limitation.guard import EnergyGuard, guard_entity
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

DEVICE_TYPE: Final = "ElectricitySupplySystem"


def control_box_side(address: str, said: Item, owner: Owner) -> tuple[Side, EnergyGuard]:
    """Return a control box and its guard. Sans I/O. said: what it says of itself."""
    side = Side(address, DEVICE_TYPE, said, owner)
    entity = guard_entity(names.MAIN_ENTITY)
    side.local.add_entity(entity)
    guard = EnergyGuard(entity)
    side.add(guard)
    side.announce()
    return side, guard


class ControlBox(Guarding):
    """Limits consumption (LPC) and production (LPP) of controllable systems.

    A system that appears or comes back is told its limit, or that it has none, within seconds.
    on_event is told PowerLimitChanged and FailsafeChanged, and HeartbeatChanged of the systems.
    """

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
        self._side, self._guard = control_box_side(
            own_address(announcement, identity.ski), said, owner
        )

    @property
    def _core(self) -> Side:
        return self._side

    @property
    def _energy_guard(self) -> EnergyGuard:
        return self._guard
