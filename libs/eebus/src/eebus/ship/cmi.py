"""SHIP connection mode initialisation: both sides send 00 00 (SHIP 13.4.3). No I/O, no clock."""

from dataclasses import dataclass

from eebus.ship.messages import Init
from eebus.ship.steps import (
    HANDSHAKE_STEP_S,
    Approved,
    Denied,
    Effects,
    PhaseEvent,
    Role,
    Send,
    StartTimer,
    State,
    StopTimer,
    Timer,
    TimerExpired,
    failed,
    unexpected,
)


@dataclass(frozen=True, slots=True)
class Cmi:
    """How far the initialisation is."""

    state: State


Step = tuple[Cmi, Effects]


def begin(role: Role) -> Step:
    """Speak first as the client; wait as the server."""
    timer = StartTimer(Timer.HANDSHAKE, HANDSHAKE_STEP_S)
    if role is Role.CLIENT:
        return Cmi(State.CMI_CLIENT_WAIT), (Send(Init()), timer)
    return Cmi(State.CMI_SERVER_WAIT), (timer,)


def on_event(cmi: Cmi, event: PhaseEvent) -> Step:
    """Anything but the peer's 00 00 within 10 s ends the connection."""
    match event:
        case Init():
            answer = (Send(Init()),) if cmi.state is State.CMI_SERVER_WAIT else ()
            return Cmi(State.CMI_OK), (StopTimer(Timer.HANDSHAKE), *answer)
        case TimerExpired(Timer.HANDSHAKE):
            return Cmi(State.ENDED), (failed("The other device did not open the SHIP protocol."),)
        case TimerExpired() | Approved() | Denied():
            return cmi, ()  # a decision counts in the hello
        case _:
            return Cmi(State.ENDED), (unexpected(event, "the opening byte pair"),)
