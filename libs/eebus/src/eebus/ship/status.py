"""From the states of a peer's connections to the one state people see (ship.md 11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from eebus.events import ConnectionState
from eebus.ship.session import Session
from eebus.ship.steps import End, State

Status = tuple[ConnectionState, str]

UNKNOWN: Status = (ConnectionState.NOT_CONNECTED, "Not paired on this device.")

_RANK = (
    ConnectionState.NOT_CONNECTED,
    ConnectionState.CONNECTING,
    ConnectionState.REQUEST_RECEIVED,
    ConnectionState.WAITING_FOR_PEER,
    ConnectionState.CONNECTED,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the last connection to a peer ended, or why none came about."""

    end: End
    detail: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What we know of a peer besides its connections.

    is_reachable: it announces itself, or its address was entered by hand.
    """

    is_trusted: bool
    is_reachable: bool = False
    is_dialling: bool = False
    is_ready: bool = False  # SPINE has answered on the connection that carries it
    last: Ending | None = None


def failed_by(error: Exception, place: str = "") -> Ending:
    """Return the ending an error of the peer led to, as a sentence fit for a log and a page."""
    text = "".join(char for char in f"{place}{error}" if char.isprintable())
    return Ending(End.FAILED, f"{text[:200].rstrip('.')}.")


def describe(sessions: Sequence[Session], outlook: Outlook) -> Status:
    """Return the state of a peer and a sentence that says why, or which side must act."""
    found = [_of_session(s, outlook) for s in sessions if s.state is not State.ENDED]
    if not outlook.is_trusted:
        # Of a stranger only its request is of interest.
        return next((f for f in found if f[0] is ConnectionState.REQUEST_RECEIVED), UNKNOWN)
    if found:
        return max(found, key=lambda status: _RANK.index(status[0]))
    if outlook.is_dialling:
        return ConnectionState.CONNECTING, "Dialling the other device."
    return _of_last(outlook)


def ending_of_socket(  # noqa: PLR0911 - one return per row of the table
    code: int | None, reason: str, *, was_complete: bool
) -> Ending:
    """Return what a WebSocket that the peer closed means. code: None without a close frame."""
    match code:
        case 4452:
            return Ending(End.DENIED_BY_PEER, "The other device refused the pairing.")
        case 4500:
            return Ending(End.UNPAIRED_BY_PEER, "The other device removed the pairing.")
        case 4450:
            return Ending(End.FAILED, "The other device expected another SHIP ID of us.")
        case 1000 if "double" in reason.lower():
            return Ending(End.DUPLICATE, "The other device kept another connection.")
        case 1000 | 1001 | 4001:
            return Ending(End.CLOSED, "The other device closed the connection.")
        case None:
            when = "The connection was cut off."
            early = "The other device hung up during the handshake."
            return Ending(End.LOST, when if was_complete else early)
        case _:
            said = f" ({reason[:64]})" if reason.isprintable() and reason else ""
            return Ending(End.FAILED, f"The other device closed with code {code}{said}.")


def _of_session(session: Session, outlook: Outlook) -> Status:
    match session.state:
        case State.DATA if outlook.is_ready:
            return ConnectionState.CONNECTED, "Connected."
        case State.DATA:
            return ConnectionState.CONNECTING, "Reading what the other device can do."
        case State.HELLO_PENDING_LISTEN:
            text = "The other device asks to be paired: confirm or refuse on this device."
            return ConnectionState.REQUEST_RECEIVED, text
        case State.HELLO_READY_LISTEN if session.is_peer_pending:
            text = "Confirm this device on the other device."
            return ConnectionState.WAITING_FOR_PEER, text
        case State.CLOSE_ANNOUNCED:
            return ConnectionState.NOT_CONNECTED, "Closing the connection."
        case state:
            return ConnectionState.CONNECTING, f"SHIP handshake: {state}."


def _of_last(outlook: Outlook) -> Status:
    last = outlook.last
    if last is not None and last.end in (End.DENIED_BY_PEER, End.UNPAIRED_BY_PEER):
        return ConnectionState.DENIED, f"{last.detail} Confirm this device there; we keep asking."
    if last is not None and last.end is End.FAILED:
        return ConnectionState.ERROR, last.detail
    if not outlook.is_reachable:
        text = "The other device does not announce itself: is it on, and in the same network?"
        return ConnectionState.NOT_CONNECTED, text
    if last is None:
        return ConnectionState.NOT_CONNECTED, "Waiting to dial the other device."
    return ConnectionState.NOT_CONNECTED, f"{last.detail} We dial again."
