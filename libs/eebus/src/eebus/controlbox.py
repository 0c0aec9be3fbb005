"""A grid operator's control box on EEBUS over the network: the energy guard of LPC and LPP."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from eebus.events import Event, PowerLimitChanged, TrustedPeer, WriteResult
from eebus.identity import Identity
from eebus.participant import Participant, own_address
from eebus.spine.tree import READ, Entity
from eebus.spine.values import Item
from eebus.transcript import FrameHook
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.device import client, entity_of, manufacturer, server
from eebus.usecases.limitation.guard import Done, EnergyGuard, Order
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

DEVICE_TYPE: Final = "ElectricitySupplySystem"
WRITE_TIMEOUT_S: Final = 12.0  # the answer is due in 10 s; the core says so when it is late


def guard_entity(address: tuple[int, ...]) -> Entity:
    """Return a GridGuard entity with all an energy guard needs, its heart included."""
    diagnosis = server(address, 5, names.DIAGNOSIS, {names.HEARTBEAT: READ, names.STATE: READ})
    diagnosis.contents[names.STATE] = {"operatingState": "normalOperation"}
    return entity_of(
        address,
        names.GRID_GUARD,
        client(address, 1, names.DIAGNOSIS),
        client(address, 2, names.LOAD_CONTROL),
        client(address, 3, names.CONFIGURATION),
        client(address, 4, names.ELECTRICAL),
        diagnosis,
    )


def control_box_side(address: str, said: Item, owner: Owner) -> tuple[Side, EnergyGuard]:
    """Return a control box and its guard. Sans I/O. said: what it says of itself."""
    side = Side(address, DEVICE_TYPE, said, owner)
    entity = guard_entity(names.MAIN_ENTITY)
    side.local.add_entity(entity)
    guard = EnergyGuard(entity)
    side.add(guard)
    side.announce()
    return side, guard


class ControlBox(Participant):
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

    def power_limit(self, ski: str, kind: str = "lpc") -> PowerLimitChanged | None:
        """Return the limit a system last told, None = unknown."""
        follower = self._guard.followers.get(ski) if ski in self._side.talks else None
        return follower.limits.get(kind) if follower else None

    async def write_power_limit(
        self, ski: str, power_w: float | None, *, kind: str = "lpc", duration_s: float | None = None
    ) -> WriteResult:
        """Limit a system, and wait for its answer, at most 10 s. Never raises for a peer.

        power_w: a magnitude, None = no limit. duration_s: None = until told otherwise. The wish
        is kept: a system that is not there now is told when it comes.
        """
        now = asyncio.get_running_loop().time()
        order = Order(power_w, None if duration_s is None else now + duration_s)
        return await _answer(lambda done: self._guard.write_limit(ski, kind, order, now, done))

    async def write_failsafe(
        self,
        ski: str,
        power_w: float | None,
        *,
        kind: str = "lpc",
        duration_s: float | None = None,
    ) -> WriteResult:
        """Set what holds without us: a power, and for how long at least (2 h to 24 h)."""
        now = asyncio.get_running_loop().time()
        return await _answer(self._guard.write_failsafe(ski, kind, power_w, duration_s, now))

    def untrust(self, ski: str) -> None:
        """Close the connection for good, forget the trust and what was wanted of the peer."""
        super().untrust(ski)
        self._guard.forget(ski)


async def _answer(act: Callable[[Done], None]) -> WriteResult:
    answered: asyncio.Future[WriteResult] = asyncio.get_running_loop().create_future()

    def done(result: WriteResult) -> None:
        if not answered.done():
            answered.set_result(result)

    act(done)
    try:
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            return await answered
    except TimeoutError:  # nobody runs us any more
        ms = WRITE_TIMEOUT_S * 1000
        return WriteResult(ok=False, error_number=None, text="no answer in time", ms=ms)
