"""SHIP PIN check: we ask for none and enter none (SHIP 13.4.4.3). No I/O, no clock."""

from dataclasses import dataclass

from eebus.ship.messages import PinState, Unknown
from eebus.ship.steps import (
    HANDSHAKE_STEP_S,
    Approved,
    Denied,
    Effects,
    PhaseEvent,
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
class Pin:
    """How far the PIN check is."""

    state: State


Step = tuple[Pin, Effects]


def begin() -> Step:
    """Say that no PIN is needed here."""
    timer = StartTimer(Timer.HANDSHAKE, HANDSHAKE_STEP_S)
    return Pin(State.PIN_CHECK_LISTEN), (Send(PinState()), timer)


def on_event(pin: Pin, event: PhaseEvent) -> Step:
    """Go on unless the peer demands a PIN; an optional one may be left out."""
    match event:
        case PinState("none" | "pinOk" | "optional"):
            return Pin(State.PIN_OK), (StopTimer(Timer.HANDSHAKE),)
        case PinState("required"):
            return _end("The other device demands a PIN, which is not supported: switch it off.")
        case PinState(other):
            return _end(f"The other device told the unknown PIN state {other[:32]!r}.")
        case TimerExpired(Timer.HANDSHAKE):
            return _end("The other device did not tell its PIN state in time.")
        case TimerExpired() | Approved() | Denied() | Unknown():
            return pin, ()
        case _:
            return Pin(State.ENDED), (unexpected(event, "its PIN state"),)


def _end(detail: str) -> Step:
    return Pin(State.ENDED), (failed(detail),)
