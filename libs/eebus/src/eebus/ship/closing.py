"""SHIP data phase and its end by announce and confirm (SHIP 13.4.7). No I/O, no clock."""

from dataclasses import dataclass, replace

from eebus.ship.messages import (
    AccessMethods,
    AccessMethodsRequest,
    CloseAnnounce,
    CloseConfirm,
    Data,
)
from eebus.ship.steps import (
    CODE_NORMAL,
    Close,
    CloseWanted,
    Deliver,
    Effects,
    End,
    PhaseEvent,
    Send,
    StartTimer,
    State,
    StopTimer,
    Timer,
    TimerExpired,
)

MAX_TIME_S = 0.5  # how long we wait for the confirm
REMOVED = "removedConnection"


@dataclass(frozen=True, slots=True)
class DataPhase:
    """An open connection, or one we announced to close."""

    state: State
    our_id: str


Step = tuple[DataPhase, Effects]


def begin(our_id: str) -> Step:
    """Enter the data phase."""
    return DataPhase(State.DATA, our_id), ()


def on_event(phase: DataPhase, event: PhaseEvent | CloseWanted) -> Step:
    """Pass data on and end politely; any other message of the handshake comes too late to matter.

    While our own announce waits for its confirm, data is dropped: its owner has let go.
    """
    match event:
        case Data(payload=payload) if phase.state is State.DATA:
            return phase, (Deliver(payload),)
        case AccessMethodsRequest():
            return phase, (Send(AccessMethods(phase.our_id)),)
        case CloseWanted(reason) if phase.state is State.DATA:
            return _announce(phase, reason)
        case CloseAnnounce(reason=reason):
            return _confirm(phase, reason)
        case CloseConfirm() | TimerExpired(Timer.CLOSE) if phase.state is State.CLOSE_ANNOUNCED:
            ended = replace(phase, state=State.ENDED)
            return ended, (StopTimer(Timer.CLOSE), _close("This device closed the connection."))
        case _:
            return phase, ()


def _announce(phase: DataPhase, reason: str) -> Step:
    return replace(phase, state=State.CLOSE_ANNOUNCED), (
        Send(CloseAnnounce(round(MAX_TIME_S * 1000), reason)),
        StartTimer(Timer.CLOSE, MAX_TIME_S),
    )


def _confirm(phase: DataPhase, reason: str | None) -> Step:
    end, detail = End.CLOSED, "The other device closed the connection."
    if reason == REMOVED:
        end, detail = End.UNPAIRED_BY_PEER, "The other device removed the pairing."
    # The announcing side closes first, as the reference does; we only make sure of it.
    close = Close(CODE_NORMAL, "close", end, detail, after_s=MAX_TIME_S)
    return replace(phase, state=State.ENDED), (Send(CloseConfirm()), close)


def _close(detail: str) -> Close:
    return Close(CODE_NORMAL, "close", End.CLOSED, detail)
