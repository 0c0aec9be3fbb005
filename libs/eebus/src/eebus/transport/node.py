"""A SHIP node: listens, announces, discovers, dials and keeps one connection per trusted peer."""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from eebus.events import (
    ConnectionChanged,
    Event,
    Peer,
    PeerFound,
    PeerLost,
    TrustedPeer,
)
from eebus.identity import Identity
from eebus.ship import session
from eebus.ship.admission import MAX_REQUESTS, surplus
from eebus.ship.announcement import Announcement
from eebus.ship.certificate import normalise_ski
from eebus.ship.pace import PacePerAddress
from eebus.ship.status import UNKNOWN, Ending
from eebus.ship.steps import End, Role, failed
from eebus.transcript import FrameHook
from eebus.transport.connection import Connection
from eebus.transport.dialler import Address, Dialled, Dialler, Outcome
from eebus.transport.diallers import Diallers
from eebus.transport.discovery import Discovery
from eebus.transport.line import Hooks, Line, Link
from eebus.transport.listener import Listener, open_port
from eebus.transport.tasks import Work, begin, contained_work
from eebus.transport.tls import TlsFactory
from eebus.transport.websocket import WebSocket
from eebus.transport.window import PairingWindow

__all__ = ["Announcement", "Link", "Network", "ShipNode"]

HANG_UP_WITHIN_S = 1.7  # announce, confirm and close; then we cut, so that 2 s are kept
MAX_REFUSED = 256


@dataclass(frozen=True, slots=True)
class Network:
    """Where a node listens and announces itself.

    listen_host: one IP address, "" = all of them, IPv4 and IPv6.
    port: 0 = any free one. interfaces: IP addresses mDNS speaks on, () = all interfaces.
    """

    listen_host: str = "127.0.0.1"
    port: int = 0
    mdns: bool = True
    interfaces: tuple[str, ...] = ("127.0.0.1",)


class ShipNode:
    """One SHIP node. All methods belong to the event loop that runs it.

    on_event is told PeerFound, PeerLost, ConnectionChanged, ShipIdLearned and
    PairingWindowChanged; on_open, on_data and on_close speak of the one connection per peer that
    carries SPINE. What they raise is logged and disturbs nobody. record is told every frame,
    handshakes and strangers' included.
    """

    def __init__(  # noqa: PLR0913 - all of them are needed, and named
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        *,
        trusted: Iterable[TrustedPeer],
        on_event: Callable[[Event], None],
        on_open: Callable[[Link], None],
        on_data: Callable[[Link, object], None],
        on_close: Callable[[Link], None],
        record: FrameHook | None = None,
    ) -> None:
        self.ski = identity.ski
        self.port = network.port
        self._announcement = announcement
        self._network = network
        self._record = record
        self._hooks = Hooks(on_event, on_open, on_data, on_close)
        self._tls = TlsFactory(identity)
        self._listener = Listener(self._tls, self._adopt_inbound)
        self._discovery = Discovery(
            self.ski,
            announcement,
            network.interfaces,
            self._on_mdns,
            is_wanted=self._trusts,
            listen_host=network.listen_host,
        )
        self._window = PairingWindow(self._hooks.tell, self._announce_window)
        self._lines: dict[str, Line] = {}
        self._diallers = Diallers(self._dialler)
        self._strangers = PacePerAddress(per_s=2, burst=40)
        self._callers = PacePerAddress(per_s=0.5, burst=20)  # by SKI
        self._serving: dict[asyncio.Task[None], Callable[[], None]] = {}
        self._numbers = itertools.count(1)
        self._tasks: asyncio.TaskGroup | None = None
        self._started = asyncio.Event()
        for peer in trusted:
            ski = normalise_ski(peer.ski)
            self._line(ski).restore(replace(peer, ski=ski))

    @property
    def refused_callers(self) -> int:
        """How many connections were refused because no SHIP peer was behind them."""
        return self._listener.refused

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The nodes visible by mDNS now, by SKI, without ourselves."""
        return self._discovery.peers

    async def run(self) -> None:
        """Serve until cancelled; then close all connections cleanly.

        Raises OSError when the port cannot be opened.
        """
        listening = open_port(self._network.listen_host, self._network.port)
        try:
            server = await asyncio.start_server(self._accepted, sock=listening)
        except BaseException:
            listening.close()
            raise
        self.port = int(listening.getsockname()[1])
        discovery: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            if self._network.mdns:
                work = contained_work(lambda: self._discovery.run(self.port))
                discovery = tasks.create_task(work, name="SHIP discovery")
            for ski, line in list(self._lines.items()):
                line.report()
                if line.trusted is not None:
                    self._diallers.start(ski, tasks)
            self._started.set()
            try:
                await asyncio.Event().wait()
            finally:
                self._tasks = None
                self._window.close()
                server.close()
                await self._hang_up(discovery)

    async def started(self) -> None:
        """Return when the node listens and its port is known."""
        await self._started.wait()

    def connection(self, ski: str) -> ConnectionChanged:
        """Return the current state of the connection to a SKI, known or not."""
        line = self._lines.get(ski)
        return ConnectionChanged(ski, *(line.status if line else UNKNOWN))

    def phase(self, ski: str) -> str:
        """Return how far the handshake with a SKI is, in the words of SHIP; "" = no connection."""
        line = self._lines.get(ski)
        return line.phase if line else ""

    def trust(
        self,
        ski: str,
        *,
        ship_id: str | None = None,
        host: str | None = None,
        port: int | None = None,
    ) -> None:
        """Trust a peer: approve its waiting request, or dial at once. Idempotent.

        host, port: where it is, for a peer mDNS does not show. Never dials while connected.
        Raises ValueError for a text that is no SKI, or for our own.
        """
        ski = normalise_ski(ski)
        if ski == self.ski:
            raise ValueError("A node cannot trust its own SKI")
        line = self._line(ski)
        known = line.trusted or TrustedPeer(ski)
        peer = TrustedPeer(ski, ship_id or known.ship_id, host or known.host, port or known.port)
        if peer == line.trusted and line.is_connected:
            return
        line.set_trust(peer)
        self._diallers.start(ski, self._tasks)
        if not line.is_connected:
            self._diallers.hurry(ski)

    def open_pairing(self, seconds: float) -> None:
        """Trust the next device that asks, one only, within some seconds, at most 300.

        Told as PairingWindowChanged, with its SKI. A request that waits already counts; of several
        none does, for nobody could say which is meant, nor one that was denied. Raises ValueError
        for another time.
        """
        waiting = [line for line in self._lines.values() if line.is_waiting]
        skis = frozenset(line.ski for line in waiting)
        self._window.open(seconds, but=skis if len(skis) > 1 else frozenset())
        for line in waiting:
            if line.is_asking:
                self._asked(line.ski)

    def close_pairing(self) -> None:
        """Close the window of `open_pairing`, if it is open."""
        self._window.close()

    def announce_pairing(self, *, is_open: bool) -> None:
        """Announce by mDNS that devices are let in, or no longer; who is, the owner decides."""
        self._discovery.announce_pairing(is_open=is_open)

    def untrust(self, ski: str) -> None:
        """Close with the reason removedConnection and forget the trust.

        The peer still trusts us and will dial again: that is a new request, kept pending until
        trust() or deny(), so that pairing anew needs one confirmation only.
        """
        line = self._lines.get(ski)
        if line is None or line.trusted is None:
            return
        self._diallers.stop(ski)
        line.forget()
        self._tidy(line)

    def deny(self, ski: str) -> None:
        """Refuse a waiting request, and its repetitions until the peer is trusted."""
        if line := self._lines.get(ski):
            line.deny()
            refused = [each for each in self._lines.values() if each.is_refused]
            if len(refused) > MAX_REFUSED:
                refused[0].is_refused = False
                self._tidy(refused[0])

    def disconnect(self, ski: str) -> None:
        """Close cleanly; a trusted peer is dialled again by the normal rules."""
        if line := self._lines.get(ski):
            line.hang_up()

    def ready(self, ski: str) -> None:
        """Count the peer as connected: SPINE has read its features."""
        if line := self._lines.get(ski):
            line.set_ready()

    # Connections

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._spawn(lambda: self._listener.serve(reader, writer), writer.transport.abort)

    async def _adopt_inbound(self, socket: WebSocket, address: str) -> None:
        """Serve a connection somebody opened to us."""
        if socket.ski == self.ski or self._tasks is None:
            await socket.close()  # our own dial came back to us, or we stop
            return
        if self._is_too_fast(socket.ski, address):
            await socket.close()
            return
        line = self._line(socket.ski)
        await self._serve(line, self._adopt(line, socket, Role.SERVER, address))

    def _is_too_fast(self, ski: str, address: str) -> bool:
        """Whether an address brings strangers faster than a user could look at them.

        One we know may come and go as it likes for a while, but not for ever: each time costs
        a handshake and a reading of all it is.
        """
        pace, name = (self._callers, ski) if ski in self._lines else (self._strangers, address)
        return pace.spend(name, asyncio.get_running_loop().time()) > 0

    def _adopt(self, line: Line, socket: WebSocket, role: Role, address: str) -> Connection:
        known_id = line.trusted.ship_id if line.trusted else None
        start = session.begin(role, self._announcement.ship_id, line.trust, known_id)
        connection = Connection(
            next(self._numbers), socket, start, line, address, record=self._record
        )
        line.add(connection)
        self._drop_surplus_requests()
        return connection

    async def _serve(self, line: Line, connection: Connection) -> None:
        try:
            await connection.run()
        finally:
            line.remove(connection)
            # A session, or a user who did not come in time, is no failed attempt.
            starts_anew = connection.has_completed or _was_unconfirmed(connection)
            (self._diallers.calm if starts_anew else self._diallers.look)(line.ski)
            self._tidy(line)

    def _drop_surplus_requests(self) -> None:
        waiting = [c for line in self._lines.values() for c in line.requests]
        waiting.sort(key=lambda connection: connection.number)
        victim = surplus([connection.address for connection in waiting], MAX_REQUESTS)
        if victim is not None:
            waiting[victim].finish(failed("Too many requests wait for the user."))

    async def _hang_up(self, discovery: asyncio.Task[None] | None) -> None:
        """Say farewell to all at once, in mDNS too; cut off who has not heard it by the end."""
        leaving = list(self._serving)
        if discovery is not None:
            discovery.cancel()
            leaving.append(discovery)
        for line in list(self._lines.values()):
            line.hang_up()
        if leaving:
            await asyncio.wait(leaving, timeout=HANG_UP_WITHIN_S)
        for abort in list(self._serving.values()):
            abort()  # who has not answered by now would only hold us up

    # Dialling

    def _dialler(self, ski: str) -> Dialler:
        return Dialler(
            ski,
            self._tls,
            where=lambda: self._where(ski),
            started=lambda: self._lines[ski].set_dialling(is_dialling=True),
            done=lambda outcome: self._dialled(ski, outcome),
        )

    def _dialled(self, ski: str, outcome: Outcome) -> None:
        line = self._lines[ski]
        if isinstance(outcome, Dialled) and self._tasks is None:
            outcome.socket.abort()  # we stop
        elif isinstance(outcome, Dialled):
            connection = self._adopt(line, outcome.socket, Role.CLIENT, outcome.address.host)
            self._spawn(lambda: self._serve(line, connection), outcome.socket.abort)
        line.set_dialling(outcome if isinstance(outcome, Ending) else None, is_dialling=False)

    def _where(self, ski: str) -> tuple[Address, ...]:
        """Return where to dial a peer now; nowhere while it is connected or we stop."""
        line = self._lines.get(ski)
        if self._tasks is None or line is None or line.trusted is None or line.is_connected:
            return ()
        return self._addresses(line.trusted)

    def _addresses(self, peer: TrustedPeer) -> tuple[Address, ...]:
        by_hand = (Address(peer.host, peer.port),) if peer.host and peer.port else ()
        return (*by_hand, *self._discovery.addresses(peer.ski))

    def _trusts(self, ski: str) -> bool:
        line = self._lines.get(ski)
        return line is not None and line.trusted is not None

    def _is_reachable(self, ski: str) -> bool:
        line = self._lines.get(ski)
        return line is not None and line.trusted is not None and bool(self._addresses(line.trusted))

    # The pairing window

    def _asked(self, ski: str) -> None:
        """Let a stranger in that trusts us, if the window is open."""
        if self._window.lets_in(ski):
            self.trust(ski)
            self._window.close(let_in=ski)

    def _announce_window(self) -> None:
        self._discovery.announce_pairing(is_open=self._window.is_open)

    # Bookkeeping

    def _on_mdns(self, event: Event) -> None:
        self._hooks.tell(event)
        if isinstance(event, PeerFound | PeerLost):
            ski = event.peer.ski if isinstance(event, PeerFound) else event.ski
            if line := self._lines.get(ski):
                line.report()
            if isinstance(event, PeerFound):
                self._diallers.calm(ski)

    def _spawn(self, work: Work, abort: Callable[[], None]) -> None:
        """Run work that belongs to one connection; its failure must not reach the others.

        abort: leaves nothing open even if the work never gets to start.
        """
        task = begin(self._tasks, contained_work(work)) if self._tasks is not None else None
        if task is None:
            abort()
            return
        self._serving[task] = abort
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._serving.pop(task)()

    def _line(self, ski: str) -> Line:
        if ski not in self._lines:
            self._lines[ski] = Line(ski, self.ski, self._hooks, self._is_reachable, self._asked)
        return self._lines[ski]

    def _tidy(self, line: Line) -> None:
        """Forget a stranger that is gone: strangers must not fill our memory."""
        if line.is_idle and self._lines.get(line.ski) is line:
            del self._lines[line.ski]


def _was_unconfirmed(connection: Connection) -> bool:
    return connection.ending is not None and connection.ending.end is End.NOT_CONFIRMED
