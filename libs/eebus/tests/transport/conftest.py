"""Real nodes on loopback for the tests of the transport."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from eebus.events import ConnectionChanged, ConnectionState, Event, TrustedPeer
from eebus.identity import Identity
from eebus.transport.node import Announcement, Link, Network, ShipNode


class Recorder:
    """A node, all it told, and a SPINE stand-in that is ready as soon as a link opens."""

    def __init__(
        self, name: str, trusted: tuple[TrustedPeer, ...], identity: Identity, network: Network
    ) -> None:
        self.events: list[Event] = []
        self.links: list[Link] = []
        self.received: list[object] = []
        self.opened = 0
        self._news = asyncio.Event()
        self.identity = identity
        self.node = ShipNode(
            identity,
            Announcement(ship_id=name, brand="Demo", model=name, type="ChargingStation"),
            network,
            trusted=trusted,
            on_event=self._on_event,
            on_open=self._on_open,
            on_data=self._on_data,
            on_close=self._on_close,
        )
        self.ski = self.node.ski

    def knows(self, other: "Recorder") -> None:
        """Trust another node, which mDNS does not show here."""
        self.node.trust(other.ski, host="127.0.0.1", port=other.node.port)

    def state(self, other: "Recorder") -> ConnectionState:
        return self.node.connection(other.ski).state

    async def until(self, condition: Callable[[], bool], within_s: float = 10) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def until_state(self, other: "Recorder", state: ConnectionState) -> None:
        await self.until(lambda: self.state(other) is state)

    @property
    def connections(self) -> list[object]:
        """All open connections, also those that do not carry SPINE."""
        lines = self.node._lines.values()
        return [connection for line in lines for connection in line._connections.values()]

    def states(self, other: "Recorder") -> list[ConnectionState]:
        return [
            event.state
            for event in self.events
            if isinstance(event, ConnectionChanged) and event.ski == other.ski
        ]

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    def _on_open(self, link: Link) -> None:
        self.opened += 1
        self.links.append(link)
        self.node.ready(link.ski)
        self._news.set()

    def _on_data(self, link: Link, payload: object) -> None:
        self.received.append(payload)
        self._news.set()

    def _on_close(self, link: Link) -> None:
        self.links.remove(link)
        self._news.set()


Start = Callable[..., AbstractAsyncContextManager[Recorder]]


@asynccontextmanager
async def running(
    name: str,
    *trusted: TrustedPeer,
    identity: Identity | None = None,
    mdns: bool = False,
    listen_host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Recorder]:
    network = Network(listen_host, port, mdns=mdns)
    recorder = Recorder(name, trusted, identity or Identity.create(name), network)
    task = asyncio.create_task(recorder.node.run())
    await recorder.node.started()
    try:
        yield recorder
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def start() -> Start:
    return running


@pytest.fixture
async def pair(start: Start) -> AsyncIterator[tuple[Recorder, Recorder]]:
    """Two nodes that are connected; the first has dialled."""
    async with start("CEM") as cem, start("EVSE") as evse:
        evse.node.trust(cem.ski)
        cem.knows(evse)
        await cem.until_state(evse, ConnectionState.CONNECTED)
        await evse.until_state(cem, ConnectionState.CONNECTED)
        yield cem, evse
