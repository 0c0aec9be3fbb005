"""The vocabulary of the state machines: states, events that go in, effects that come out."""

from dataclasses import dataclass
from enum import StrEnum

from eebus.ship.messages import Message, Outgoing

HANDSHAKE_STEP_S = 10.0  # CMI, protocol, PIN, access methods: each step (ship.md 6)


class Role(StrEnum):
    """Who opened the TCP connection; SPINE roles have nothing to do with it."""

    CLIENT = "client"
    SERVER = "server"


class State(StrEnum):
    """Where a connection stands, by the names of the SHIP specification."""

    CMI_CLIENT_WAIT = "CMI_STATE_CLIENT_WAIT"
    CMI_SERVER_WAIT = "CMI_STATE_SERVER_WAIT"
    CMI_OK = "CMI_STATE_OK"
    HELLO_READY_LISTEN = "SME_HELLO_STATE_READY_LISTEN"
    HELLO_PENDING_LISTEN = "SME_HELLO_STATE_PENDING_LISTEN"
    HELLO_OK = "SME_HELLO_STATE_OK"
    PROTOCOL_SERVER_LISTEN_PROPOSAL = "SME_PROT_H_STATE_SERVER_LISTEN_PROPOSAL"
    PROTOCOL_SERVER_LISTEN_CONFIRM = "SME_PROT_H_STATE_SERVER_LISTEN_CONFIRM"
    PROTOCOL_CLIENT_LISTEN_CHOICE = "SME_PROT_H_STATE_CLIENT_LISTEN_CHOICE"
    PROTOCOL_OK = "SME_PROT_H_STATE_CLIENT_OK"
    PIN_CHECK_LISTEN = "SME_PIN_STATE_CHECK_LISTEN"
    PIN_OK = "SME_PIN_STATE_CHECK_OK"
    ACCESS_REQUEST = "SME_ACCESS_METHODS_REQUEST"
    ACCESS_OK = "SME_ACCESS_METHODS_OK"
    DATA = "SME_STATE_COMPLETE"
    CLOSE_ANNOUNCED = "SME_CLOSE_ANNOUNCED"
    ENDED = "SME_STATE_ENDED"


class Timer(StrEnum):
    """The timers of one connection; starting one again restarts it."""

    HANDSHAKE = "handshake"
    WAIT_FOR_READY = "wait for ready"
    SEND_PROLONGATION = "send prolongation request"
    PROLONGATION_REPLY = "prolongation request reply"
    CLOSE = "close"
    PING = "ping"
    PONG = "pong"


class End(StrEnum):
    """Why a connection ended, for the owner's state and the pace of the next dial."""

    CLOSED = "closed"  # by either side, without blame
    DENIED_BY_PEER = "denied by peer"
    DENIED_BY_US = "denied by us"
    UNPAIRED_BY_PEER = "unpaired by peer"
    NOT_CONFIRMED = "not confirmed in time"
    FAILED = "failed"  # timeouts, nonsense, a wrong SHIP ID
    LOST = "lost"  # cut off without a word
    DUPLICATE = "double connection"


@dataclass(frozen=True, slots=True)
class TimerExpired:
    """A timer started before has run out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Approved:
    """Our user trusts the peer. known_id: the SHIP ID it must have, None if not known."""

    known_id: str | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """Our user refuses the peer."""


@dataclass(frozen=True, slots=True)
class CloseWanted:
    """We want to end the connection. reason: `unspecific` or `removedConnection`."""

    reason: str = "unspecific"


PhaseEvent = Message | TimerExpired | Approved | Denied


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message."""

    message: Outgoing


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Start a timer, or start it anew."""

    timer: Timer
    after_s: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Stop a timer, running or not."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Close:
    """Close the WebSocket. detail: one English sentence for diagnostics."""

    code: int
    reason: str
    end: End
    detail: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Identified:
    """The peer told its SHIP ID."""

    ship_id: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The handshake is done; SPINE may speak."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """A SPINE payload for the owner."""

    payload: object


Effect = Send | StartTimer | StopTimer | Close | Identified | Completed | Deliver
Effects = tuple[Effect, ...]

CODE_NORMAL = 4001
CODE_NODE_REJECTED = 4452
CODE_SHIP_ID_MISMATCH = 4450
CODE_DUPLICATE = 1000


def failed(detail: str, code: int = CODE_NORMAL, reason: str = "close") -> Close:
    """Return the end of a connection whose peer broke the protocol."""
    return Close(code, reason, End.FAILED, detail)


def unexpected(event: object, awaited: str) -> Close:
    """Return the end of a connection on which something else came than was awaited."""
    return failed(f"The other device sent {type(event).__name__} while {awaited} was awaited.")
