"""SHIP access methods: both sides tell their SHIP ID (SHIP 13.4.6). No I/O, no clock."""

from dataclasses import dataclass, replace

from eebus.ship.messages import AccessMethods, AccessMethodsRequest, Unknown
from eebus.ship.steps import (
    CODE_SHIP_ID_MISMATCH,
    HANDSHAKE_STEP_S,
    Approved,
    Denied,
    Effects,
    Identified,
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

# A peer that never asks for our methods may start all the same after this.
GRACE_FOR_REQUEST_S = 1.0
MAX_ID_CHARACTERS = 128  # the specification says 63 bytes; somebody will have counted otherwise


@dataclass(frozen=True, slots=True)
class Access:
    """How far the exchange is. known_id: the SHIP ID stored with the peer's trust, if any."""

    state: State
    our_id: str
    known_id: str | None
    is_asked: bool = False
    is_told: bool = False


Step = tuple[Access, Effects]


def begin(our_id: str, known_id: str | None) -> Step:
    """Ask at once: the reference stops answering once it has our methods (trap 7)."""
    timer = StartTimer(Timer.HANDSHAKE, HANDSHAKE_STEP_S)
    return Access(State.ACCESS_REQUEST, our_id, known_id), (Send(AccessMethodsRequest()), timer)


def on_event(access: Access, event: PhaseEvent) -> Step:
    """Done when the peer told its SHIP ID and has heard ours."""
    match event:
        case AccessMethodsRequest():
            return _answer(access)
        case AccessMethods(ship_id):
            return _learn(access, ship_id)
        case TimerExpired(Timer.HANDSHAKE) if access.is_told:
            return replace(access, state=State.ACCESS_OK), ()
        case TimerExpired(Timer.HANDSHAKE):
            detail = "The other device did not tell its SHIP ID in time."
            return replace(access, state=State.ENDED), (failed(detail),)
        case TimerExpired() | Approved() | Denied() | Unknown():
            return access, ()
        case _:
            return replace(access, state=State.ENDED), (unexpected(event, "its SHIP ID"),)


def _answer(access: Access) -> Step:
    asked = replace(access, is_asked=True)
    step, effects = _finish(asked) if access.is_told else (asked, ())
    return step, (Send(AccessMethods(access.our_id)), *effects)


def _learn(access: Access, ship_id: str) -> Step:
    if access.is_told:
        return access, ()
    is_usable = 0 < len(ship_id) <= MAX_ID_CHARACTERS and ship_id.isprintable()
    if not is_usable or access.known_id not in (None, ship_id):
        expected = "a name" if access.known_id is None else repr(access.known_id)
        detail = f"Its SHIP ID is {ship_id[:63]!r}, {expected} was expected."
        close = failed(detail, CODE_SHIP_ID_MISMATCH, "SHIP id mismatch")
        return replace(access, state=State.ENDED), (close,)
    told = replace(access, is_told=True)
    if access.is_asked:
        step, effects = _finish(told)
        return step, (Identified(ship_id), *effects)
    return told, (Identified(ship_id), StartTimer(Timer.HANDSHAKE, GRACE_FOR_REQUEST_S))


def _finish(access: Access) -> Step:
    return replace(access, state=State.ACCESS_OK), (StopTimer(Timer.HANDSHAKE),)
