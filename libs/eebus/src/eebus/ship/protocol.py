"""SHIP protocol handshake: version 1.0, format JSON-UTF8 (SHIP 13.4.4.2). No I/O, no clock."""

from dataclasses import dataclass

from eebus.ship.messages import (
    FORMAT_UTF8,
    HandshakeType,
    Hello,
    HelloPhase,
    ProtocolHandshake,
    ProtocolHandshakeError,
    Unknown,
)
from eebus.ship.steps import (
    CODE_NODE_REJECTED,
    HANDSHAKE_STEP_S,
    Approved,
    Close,
    Denied,
    Effects,
    End,
    PhaseEvent,
    Role,
    Send,
    StartTimer,
    State,
    StopTimer,
    Timer,
    TimerExpired,
    failed,
)

ERROR_TIMEOUT, ERROR_UNEXPECTED, ERROR_MISMATCH = 1, 2, 3

_CHOSEN = ProtocolHandshake(HandshakeType.SELECT)
_TIMER = StartTimer(Timer.HANDSHAKE, HANDSHAKE_STEP_S)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How far the protocol handshake is."""

    state: State


Step = tuple[Protocol, Effects]


def begin(role: Role) -> Step:
    """Announce what we can as the client; wait for that as the server."""
    if role is Role.CLIENT:
        announcement = Send(ProtocolHandshake(HandshakeType.ANNOUNCE_MAX))
        return Protocol(State.PROTOCOL_CLIENT_LISTEN_CHOICE), (announcement, _TIMER)
    return Protocol(State.PROTOCOL_SERVER_LISTEN_PROPOSAL), (_TIMER,)


def on_event(protocol: Protocol, event: PhaseEvent) -> Step:
    """Take one event in any of the three listening states."""
    match event:
        case ProtocolHandshake():
            return _on_handshake(protocol, event)
        case ProtocolHandshakeError(error):
            detail = f"The other device refused the protocol handshake with error {error}."
            return Protocol(State.ENDED), (failed(detail),)
        case TimerExpired(Timer.HANDSHAKE):
            return _refuse(ERROR_TIMEOUT, "The other device did not agree on a protocol in time.")
        case Hello(phase=HelloPhase.ABORTED):
            return Protocol(State.ENDED), (_rejected(),)
        case Hello() | TimerExpired() | Approved() | Denied() | Unknown():
            return protocol, ()  # a prolongation may cross our `ready`
        case _:
            detail = f"The other device sent {type(event).__name__} in the protocol handshake."
            return _refuse(ERROR_UNEXPECTED, detail)


def _on_handshake(protocol: Protocol, message: ProtocolHandshake) -> Step:
    match protocol.state, message.kind:
        case State.PROTOCOL_SERVER_LISTEN_PROPOSAL, HandshakeType.ANNOUNCE_MAX:
            if message.major < 1 or FORMAT_UTF8 not in message.formats:
                return _refuse(ERROR_MISMATCH, "The other device offers no protocol we speak.")
            return Protocol(State.PROTOCOL_SERVER_LISTEN_CONFIRM), (Send(_CHOSEN), _TIMER)
        case State.PROTOCOL_SERVER_LISTEN_CONFIRM, HandshakeType.SELECT:
            return _accept(message, ())
        case State.PROTOCOL_CLIENT_LISTEN_CHOICE, HandshakeType.SELECT:
            return _accept(message, (Send(_CHOSEN),))
        case _:
            return _refuse(ERROR_UNEXPECTED, f"The other device sent {message.kind} out of turn.")


def _accept(message: ProtocolHandshake, answer: Effects) -> Step:
    if message != _CHOSEN:
        return _refuse(ERROR_MISMATCH, "The other device selected a protocol nobody offered.")
    return Protocol(State.PROTOCOL_OK), (StopTimer(Timer.HANDSHAKE), *answer)


def _refuse(error: int, detail: str) -> Step:
    return Protocol(State.ENDED), (Send(ProtocolHandshakeError(error)), failed(detail))


def _rejected() -> Close:
    return Close(
        CODE_NODE_REJECTED,
        "Node rejected by application",
        End.DENIED_BY_PEER,
        "The other device refused the pairing.",
    )
