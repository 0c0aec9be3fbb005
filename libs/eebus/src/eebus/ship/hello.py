"""SHIP hello: each side says whether it trusts the other (SHIP 13.4.4.1). No I/O, no clock.

The side whose user has not decided is pending and asks for prolongation; the other side grants
it. So one connection stays open until the user has walked to the charger and confirmed.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from eebus.ship.messages import Hello, HelloPhase
from eebus.ship.steps import (
    CODE_NODE_REJECTED,
    Approved,
    Close,
    Denied,
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

# SHIP 13.4.4.1.3
T_HELLO_INIT_S = 60.0
T_HELLO_INC_S = 60.0
T_HELLO_PROLONG_THR_INC_S = 30.0
T_HELLO_PROLONG_WAITING_GAP_S = 15.0
T_HELLO_PROLONG_MIN_S = 1.0

MAX_WAITING_S = 240.0  # the specification's largest Wait-For-Ready; prolongations add up to it
ABORT_LINGER_S = 1.0  # the reference closes about a second after its `aborted`

_TIMERS = (Timer.WAIT_FOR_READY, Timer.SEND_PROLONGATION, Timer.PROLONGATION_REPLY)
_STOP_ALL = tuple(StopTimer(timer) for timer in _TIMERS)


class Trust(StrEnum):
    """What our user has said about the peer."""

    TRUSTED = "trusted"
    UNDECIDED = "undecided"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class HelloPhaseState:
    """How far the hello is. ready_until_s: when our Wait-For-Ready ends, on the caller's clock.

    peer_waits_s: the peer's remaining time when we ask for a prolongation.
    """

    state: State
    ready_until_s: float
    peer_phase: HelloPhase | None = None
    peer_waits_s: float = T_HELLO_PROLONG_THR_INC_S


Step = tuple[HelloPhaseState, Effects]


def begin(trust: Trust, now_s: float) -> Step:
    """Say `ready` to a trusted peer, `pending` while our user decides, and refuse the refused."""
    until = now_s + T_HELLO_INIT_S
    timer = StartTimer(Timer.WAIT_FOR_READY, T_HELLO_INIT_S)
    match trust:
        case Trust.TRUSTED:
            return HelloPhaseState(State.HELLO_READY_LISTEN, until), (_say_ready(), timer)
        case Trust.UNDECIDED:
            return HelloPhaseState(State.HELLO_PENDING_LISTEN, until), (_say_pending(), timer)
        case Trust.REFUSED:
            ended = HelloPhaseState(State.ENDED, until)
            return ended, (_say_pending(), *_abort(End.DENIED_BY_US, "This device refuses it."))
        case _:
            assert_never(trust)


def on_event(hello: HelloPhaseState, event: PhaseEvent, now_s: float) -> Step:
    """Take one event in either listening state."""
    if isinstance(event, Hello) and event.phase is HelloPhase.ABORTED:
        return replace(hello, state=State.ENDED), (*_STOP_ALL, _rejected())
    if hello.state is State.HELLO_READY_LISTEN:
        return on_ready_listen(hello, event, now_s)
    return on_pending_listen(hello, event, now_s)


def on_ready_listen(  # noqa: PLR0911 - one return per row of the table
    hello: HelloPhaseState, event: PhaseEvent, now_s: float
) -> Step:
    """We trust the peer and wait until it trusts us (SME_HELLO_STATE_READY_LISTEN)."""
    match event:
        case Hello(phase=HelloPhase.READY):
            return replace(hello, state=State.HELLO_OK), _STOP_ALL
        case Hello(prolongation_request=True):
            return _grant(replace(hello, peer_phase=HelloPhase.PENDING), HelloPhase.READY, now_s)
        case Hello():
            return replace(hello, peer_phase=HelloPhase.PENDING), ()  # its user decides
        case TimerExpired(Timer.WAIT_FOR_READY):
            return _give_up(hello, "The other device's user did not confirm in time.")
        case Denied():
            return _refuse(hello)
        case Approved() | TimerExpired():
            return hello, ()
        case _:
            return _out_of_order(hello, event)


def on_pending_listen(  # noqa: PLR0911 - one return per row of the table
    hello: HelloPhaseState, event: PhaseEvent, now_s: float
) -> Step:
    """Our user has not decided yet (SME_HELLO_STATE_PENDING_LISTEN)."""
    match event:
        case Approved():
            return _approve(hello, now_s)
        case Denied():
            return _refuse(hello)
        case Hello(phase=HelloPhase.PENDING, prolongation_request=True):
            return _grant(replace(hello, peer_phase=HelloPhase.PENDING), HelloPhase.PENDING, now_s)
        case Hello(phase=HelloPhase.PENDING, waiting_ms=None):
            return replace(hello, peer_phase=HelloPhase.PENDING), ()
        case Hello(phase, waiting_ms):
            # A ready without `waiting` is against the rules; taken as the usual 60 s.
            waits_s = T_HELLO_INIT_S if waiting_ms is None else min(waiting_ms / 1000, 3600.0)
            return _follow(replace(hello, peer_phase=phase), waits_s)
        case TimerExpired(Timer.SEND_PROLONGATION):
            return hello, (
                Send(Hello(HelloPhase.PENDING, prolongation_request=True)),
                StartTimer(Timer.PROLONGATION_REPLY, hello.peer_waits_s),
            )
        case TimerExpired(Timer.WAIT_FOR_READY | Timer.PROLONGATION_REPLY):
            return _give_up(hello, "Nobody confirmed the request here in time.")
        case TimerExpired():
            return hello, ()
        case _:
            return _out_of_order(hello, event)


def _approve(hello: HelloPhaseState, now_s: float) -> Step:
    """Say `ready`; a peer that said so before does not say it again."""
    if hello.peer_phase is HelloPhase.READY:
        return replace(hello, state=State.HELLO_OK), (*_STOP_ALL, _say_ready())
    listening = replace(hello, state=State.HELLO_READY_LISTEN, ready_until_s=now_s + T_HELLO_INIT_S)
    timer = StartTimer(Timer.WAIT_FOR_READY, T_HELLO_INIT_S)
    return listening, (*_STOP_ALL, _say_ready(), timer)


def _grant(hello: HelloPhaseState, phase: HelloPhase, now_s: float) -> Step:
    """Add T_hello_inc to our Wait-For-Ready and tell the peer the new value."""
    left_s = min(max(hello.ready_until_s - now_s, 0.0) + T_HELLO_INC_S, MAX_WAITING_S)
    return replace(hello, ready_until_s=now_s + left_s), (
        StartTimer(Timer.WAIT_FOR_READY, left_s),
        Send(Hello(phase, waiting_ms=round(left_s * 1000))),
    )


def _follow(hello: HelloPhaseState, waits_s: float) -> Step:
    """From now on the peer's timer counts; ask for more before it ends."""
    if waits_s < T_HELLO_PROLONG_MIN_S:
        return _give_up(hello, "The other device waits no longer for a confirmation here.")
    ask_after_s = waits_s - T_HELLO_PROLONG_THR_INC_S
    if ask_after_s < 0:
        ask_after_s = max(waits_s - T_HELLO_PROLONG_WAITING_GAP_S, 0.0)
    return replace(hello, peer_waits_s=waits_s - ask_after_s), (
        *_STOP_ALL,
        StartTimer(Timer.SEND_PROLONGATION, ask_after_s),
    )


def _give_up(hello: HelloPhaseState, detail: str) -> Step:
    return replace(hello, state=State.ENDED), (*_STOP_ALL, *_abort(End.NOT_CONFIRMED, detail))


def _refuse(hello: HelloPhaseState) -> Step:
    effects = _abort(End.DENIED_BY_US, "The user of this device refused the request.")
    return replace(hello, state=State.ENDED), (*_STOP_ALL, *effects)


def _out_of_order(hello: HelloPhaseState, event: PhaseEvent) -> Step:
    detail = f"The other device sent {type(event).__name__} while its hello was awaited."
    return replace(hello, state=State.ENDED), (*_STOP_ALL, *_abort(End.FAILED, detail))


def _abort(end: End, detail: str) -> Effects:
    close = Close(CODE_NODE_REJECTED, "Node rejected by application", end, detail, ABORT_LINGER_S)
    return Send(Hello(HelloPhase.ABORTED)), close


def _rejected() -> Close:
    return Close(
        CODE_NODE_REJECTED,
        "Node rejected by application",
        End.DENIED_BY_PEER,
        "The other device refused the pairing.",
    )


def _say_ready() -> Send:
    return Send(Hello(HelloPhase.READY, waiting_ms=round(T_HELLO_INIT_S * 1000)))


def _say_pending() -> Send:
    return Send(Hello(HelloPhase.PENDING, waiting_ms=round(T_HELLO_INIT_S * 1000)))
