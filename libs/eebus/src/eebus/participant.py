"""A SHIP node with SPINE on top: what the CEM's and the charger's side have in common.

The only asyncio above the transport: it hands payloads to a pure core, turns its clock and
lets its heart beat.
"""

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final, Generic, NotRequired, Protocol, TypedDict, TypeVar

from eebus.events import ConnectionChanged, Event, Peer, TrustedPeer
from eebus.identity import Identity
from eebus.spine.addresses import device_address
from eebus.spine.heartbeat import INTERVAL
from eebus.spine.values import Item
from eebus.transcript import FrameHook
from eebus.transport.node import Announcement, Link, Network, ShipNode
from eebus.transport.owners import contained
from eebus.usecases.device import manufacturer
from eebus.usecases.owner import Owner

TICK_S: Final = 0.5


class Options(TypedDict):
    """What every participant takes besides who it is and where it speaks.

    on_event: called in the loop that runs `run`, with every event of `eebus.events`. record: told
    every frame of SHIP (`eebus.transcript`).
    """

    trusted: Iterable[TrustedPeer]
    on_event: Callable[[Event], None]
    record: NotRequired[FrameHook | None]


class Core(Protocol):
    """A side of the use cases, sans I/O (CemHub, Station)."""

    def opened(self, ski: str, send: Callable[[str], None], now: float) -> None:
        """Start the conversation with a peer."""

    def received(self, ski: str, raw: object, now: float) -> None:
        """Take in a payload."""

    def closed(self, ski: str, now: float) -> None:
        """End the conversation."""

    def tick(self, ski: str, now: float) -> None:
        """Do what time asks for towards a peer."""

    def watch(self, now: float) -> None:
        """Do what time asks for towards nobody in particular."""

    def beat(self, at: datetime, but: Container[str] = ()) -> None:
        """Send one heartbeat to all who listen, but these SKIs."""

    def beat_at(self, ski: str) -> float | None:
        """Return when a heartbeat of a peer came last; None = never on this connection."""


C_co = TypeVar("C_co", bound=Core, covariant=True)
Build = Callable[[str, Item, Owner], C_co]
"""Makes a core out of our SPINE address, what we say of ourselves, and who is told of events."""


class Participant(Generic[C_co]):
    """One node and its core. All methods belong to the event loop that runs it."""

    def __init__(
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        build: Build[C_co],
        options: Options,
    ) -> None:
        """Prepare; `run` starts. build: makes the side of the use cases that is played."""
        self._on_event = options["on_event"]
        self._node = ShipNode(
            identity,
            announcement,
            network,
            trusted=options["trusted"],
            on_event=self._on_event,
            on_open=self._opened,
            on_data=self._received,
            on_close=self._closed,
            record=options.get("record"),
        )
        self._core = build(
            own_address(announcement, identity.ski),
            manufacturer(announcement.brand, announcement.model, announcement.serial),
            Owner(self._tell, self._node.ready),
        )
        self._links: dict[str, Link] = {}
        self._does_beat = True
        self._held: set[str] = set()  # peers that hear no heartbeat of ours

    @property
    def ski(self) -> str:
        """Our own SKI."""
        return self._node.ski

    @property
    def port(self) -> int:
        """The port we listen on; known once started."""
        return self._node.port

    @property
    def refused_callers(self) -> int:
        """How many connections were refused because no SHIP peer was behind them."""
        return self._node.refused_callers

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The nodes visible now, by SKI, without ourselves."""
        return self._node.peers

    def connection(self, ski: str) -> ConnectionChanged:
        """Return the current state of the connection to a peer."""
        return self._node.connection(ski)

    def phase(self, ski: str) -> str:
        """Return how far the handshake with a peer is, in the words of SHIP; "" = no connection."""
        return self._node.phase(ski)

    def heartbeat_age_s(self, ski: str) -> float | None:
        """Return how long ago a peer's heart beat; None = never on this connection."""
        at = self._core.beat_at(ski)
        return None if at is None else _now() - at

    def trust(
        self,
        ski: str,
        *,
        ship_id: str | None = None,
        host: str | None = None,
        port: int | None = None,
    ) -> None:
        """Trust a peer: approve its waiting request, or dial at once. Idempotent.

        Raises ValueError for a text that is no SKI, or for our own.
        """
        self._node.trust(ski, ship_id=ship_id, host=host, port=port)

    def open_pairing(self, seconds: float) -> None:
        """Trust the next device that asks, one only, within some seconds, at most 300.

        PairingWindowChanged tells whom: keep it. Raises ValueError for another time.
        """
        self._node.open_pairing(seconds)

    def close_pairing(self) -> None:
        """Close the window of `open_pairing`, if it is open."""
        self._node.close_pairing()

    def announce_pairing(self, is_open: bool) -> None:  # noqa: FBT001 - as the others here
        """Announce by mDNS (register=true) that devices are let in, by an owner who does so.

        One that must keep a trust on disk before it counts uses this in place of `open_pairing`.
        """
        self._node.announce_pairing(is_open=is_open)

    def untrust(self, ski: str) -> None:
        """Close the connection for good and forget the trust."""
        self._node.untrust(ski)

    def deny(self, ski: str) -> None:
        """Refuse a waiting request."""
        self._node.deny(ski)

    def disconnect(self, ski: str) -> None:
        """Close cleanly; a trusted peer is dialled again by the normal rules."""
        self._node.disconnect(ski)

    def stop_heartbeats(self, stopped: bool) -> None:  # noqa: FBT001 - agreed with its users
        """Stop or resume our heartbeats: proves at set-up that a peer's failsafe works."""
        self._does_beat = not stopped

    def hold_heartbeats(self, ski: str, *, held: bool) -> None:
        """Hold our heartbeats back from one peer, or let it hear them again at once."""
        if held:
            self._held.add(ski)
        elif ski in self._held:
            self._held.discard(ski)
            if self._does_beat:
                self._beat_once()

    async def started(self) -> None:
        """Return when we listen and the port is known."""
        await self._node.started()

    async def run(self) -> None:
        """Serve until cancelled. Raises OSError when the port cannot be opened."""
        self._core.beat(datetime.now(UTC))
        unopened: OSError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._beat(), name="EEBUS heartbeat")
                tasks.create_task(self._tick(), name="EEBUS clock")
                await self._node.run()
        except* OSError as group:
            unopened = _first(group)
        if unopened is not None:
            raise unopened

    def _tell(self, event: Event) -> None:
        """Report an event; what the owner raises must not stop a heart or another peer."""
        contained(lambda: self._on_event(event))

    def _opened(self, link: Link) -> None:
        self._links[link.ski] = link
        self._core.opened(link.ski, link.send, _now())

    def _received(self, link: Link, payload: object) -> None:
        if self._links.get(link.ski) is link:
            self._core.received(link.ski, payload, _now())

    def _closed(self, link: Link) -> None:
        if self._links.get(link.ski) is link:  # else a newer connection took over
            del self._links[link.ski]
            self._core.closed(link.ski, _now())

    async def _beat(self) -> None:
        """Beat on a monotonic schedule: a late beat does not shift the ones after it."""
        interval_s = INTERVAL.total_seconds()
        due = _now() + interval_s
        while True:
            await asyncio.sleep(max(0.0, due - _now()))
            if self._does_beat:
                self._beat_once()
            due = max(due + interval_s, _now())

    def _beat_once(self) -> None:
        contained(lambda: self._core.beat(datetime.now(UTC), self._held))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            contained(lambda: self._core.watch(_now()))
            for ski in list(self._links):  # a failure over one peer must not reach the next
                contained(partial(self._tick_for, ski))

    def _tick_for(self, ski: str) -> None:
        self._core.tick(ski, _now())


def _first(group: BaseExceptionGroup[OSError]) -> OSError:
    """Return the first error in a group of groups."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def own_address(announcement: Announcement, ski: str) -> str:
    """Return our SPINE device address, constant as long as brand, model and serial are."""
    serial = announcement.serial or ski[:12]
    return device_address(announcement.brand, announcement.model, serial)


def _now() -> float:
    return asyncio.get_running_loop().time()
