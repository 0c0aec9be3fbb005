"""All connections to one SKI: which one stays, which one carries SPINE, what people see of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from eebus.events import ConnectionChanged, Event, ShipIdLearned, TrustedPeer
from eebus.ship import duplicates
from eebus.ship.duplicates import Contender
from eebus.ship.hello import Trust
from eebus.ship.status import UNKNOWN, Ending, Outlook, Status, describe
from eebus.ship.steps import CODE_DUPLICATE, Approved, Close, CloseWanted, Denied, End, State
from eebus.transport.connection import Connection
from eebus.transport.owners import contained

_HELLO = (State.HELLO_READY_LISTEN, State.HELLO_PENDING_LISTEN)
_ORDER = tuple(State)


class Link(Protocol):
    """One completed SHIP connection, as SPINE sees it."""

    ski: str

    def send(self, payload: str) -> None:
        """Send compact EEBUS-JSON text `{"datagram":[...]}`; dropped once closed, never raises."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner of a node wants to be told, in the node's event loop."""

    on_event: Callable[[Event], None]
    on_open: Callable[[Link], None]
    on_data: Callable[[Link, object], None]
    on_close: Callable[[Link], None]

    def tell(self, event: Event) -> None:
        """Report an event; see contained()."""
        contained(lambda: self.on_event(event))


class Line:
    """Everything about one peer. trusted: None while our user has not said yes."""

    def __init__(
        self,
        ski: str,
        our_ski: str,
        hooks: Hooks,
        is_reachable: Callable[[str], bool],
        asks: Callable[[str], None],
    ) -> None:
        self.ski = ski
        self._asks = asks  # told that the peer trusts us and waits for our user
        self.trusted: TrustedPeer | None = None
        self.is_refused = False
        self._our_ski = our_ski
        self._hooks = hooks
        self._is_reachable = is_reachable
        self._connections: dict[int, Connection] = {}
        self._carrier: Connection | None = None
        self._is_ready = False
        self._is_dialling = False
        self._last: Ending | None = None
        self.status: Status = UNKNOWN

    @property
    def trust(self) -> Trust:
        """What our user says of the peer."""
        if self.trusted is not None:
            return Trust.TRUSTED
        return Trust.REFUSED if self.is_refused else Trust.UNDECIDED

    @property
    def is_connected(self) -> bool:
        """Whether any connection is up or in its handshake: then nobody dials."""
        return any(not connection.is_over for connection in self._connections.values())

    @property
    def is_waiting(self) -> bool:
        """Whether a connection of the peer waits for our user, who has said nothing yet."""
        return any(each.session.state is State.HELLO_PENDING_LISTEN for each in self.requests)

    @property
    def is_asking(self) -> bool:
        """Whether it waits, and has told that it trusts us."""
        return any(connection.session.is_asking for connection in self.requests)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left that would have to be remembered."""
        return not (self._connections or self.trusted or self.is_refused)

    @property
    def requests(self) -> list[Connection]:
        """The connections of a peer our user has not said anything about."""
        return self._running() if self.trust is Trust.UNDECIDED else []

    @property
    def phase(self) -> str:
        """How far the furthest connection is, in the words of SHIP; "" = there is none."""
        reached = [connection.session.state for connection in self._running()]
        return max(reached, key=_ORDER.index).value if reached else ""

    # What connections report (connection.Owner)

    def changed(self, connection: Connection) -> None:
        """Settle double connections, the carrier and the state after a connection went on."""
        if connection.session.is_complete:
            self._last = None
        self._remember_ending(connection)
        for number in duplicates.to_close(self._our_ski, self.ski, self._contenders()):
            self._connections[number].finish(_DUPLICATE)
        self._choose_carrier()
        self.report()
        if self.is_asking:
            self._asks(self.ski)

    def identified(self, connection: Connection, ship_id: str) -> None:
        """Keep the SHIP ID of a trusted peer; its session has compared it with the known one."""
        if self.trusted is not None and self.trusted.ship_id is None:
            self.trusted = replace(self.trusted, ship_id=ship_id)
            self._hooks.tell(ShipIdLearned(connection.ski, ship_id))

    def received(self, connection: Connection, payload: object) -> None:
        """Pass SPINE data on; it may show which of two connections the peer has chosen."""
        self._choose_carrier(speaking=connection)
        if connection is self._carrier:
            contained(lambda: self._hooks.on_data(connection, payload))

    # What the node does

    def add(self, connection: Connection) -> None:
        """Take a connection in before it runs."""
        self._connections[connection.number] = connection
        self.changed(connection)

    def remove(self, connection: Connection) -> None:
        """Let go of a connection that has run to its end."""
        del self._connections[connection.number]
        self._remember_ending(connection)
        self._choose_carrier()
        self.report()

    def restore(self, peer: TrustedPeer) -> None:
        """Take over a trust of the time before the start; told with the first report."""
        self.trusted = peer

    def set_trust(self, peer: TrustedPeer) -> None:
        """Trust the peer and approve what waits for it."""
        self.trusted, self.is_refused, self._last = peer, False, None
        for connection in self._running():
            connection.post(Approved(peer.ship_id))
        self.report()

    def forget(self) -> None:
        """End all connections with `removedConnection` and trust the peer no longer."""
        self.trusted, self._last, self._is_dialling = None, None, False
        for connection in self._running():
            in_hello = connection.session.state in _HELLO
            connection.post(Denied() if in_hello else CloseWanted("removedConnection"))
        self.report()

    def deny(self) -> None:
        """Refuse what waits for our user, and whatever asks again until it is trusted."""
        if self.trusted is None:
            self.is_refused = True
            for connection in self._running():
                connection.post(Denied())
            self.report()

    def hang_up(self) -> None:
        """Close all connections cleanly."""
        for connection in self._running():
            connection.post(CloseWanted())

    def set_ready(self) -> None:
        """Note that SPINE has answered on the connection that carries it."""
        if self._carrier is not None:
            self._is_ready = True
            self.report()

    def set_dialling(self, ending: Ending | None = None, *, is_dialling: bool) -> None:
        """Note that a dial began or ended. ending: why it led to no connection."""
        self._is_dialling = is_dialling
        self._last = ending or self._last
        self.report()

    def report(self) -> None:
        """Tell the state if it is another one than told before."""
        outlook = Outlook(
            is_trusted=self.trusted is not None,
            is_reachable=self._is_reachable(self.ski),
            is_dialling=self._is_dialling,
            is_ready=self._is_ready,
            last=self._last,
        )
        status = describe([c.session for c in self._connections.values()], outlook)
        if status != self.status:
            self.status = status
            self._hooks.tell(ConnectionChanged(self.ski, *status))

    def _remember_ending(self, connection: Connection) -> None:
        """Keep why a connection ended; of a double one there is nothing to tell."""
        ending = connection.ending
        if ending is not None and ending.end is not End.DUPLICATE and not self.is_connected:
            self._last = ending

    def _choose_carrier(self, speaking: Connection | None = None) -> None:
        chosen = duplicates.carrier(
            self._carrier.number if self._carrier else None,
            self._contenders(),
            speaking.number if speaking else None,
        )
        before, now = self._carrier, None if chosen is None else self._connections[chosen]
        if before is now:
            return
        self._carrier, self._is_ready = now, False
        if before is not None:
            contained(lambda: self._hooks.on_close(before))
        if now is not None:
            contained(lambda: self._hooks.on_open(now))

    def _running(self) -> list[Connection]:
        return [c for c in self._connections.values() if not c.is_over]

    def _contenders(self) -> list[Contender]:
        return [
            Contender(c.number, c.session.is_past_cmi, c.session.is_complete)
            for c in self._running()
        ]


_DUPLICATE = Close(
    CODE_DUPLICATE, "double connection", End.DUPLICATE, "Another connection was kept."
)
