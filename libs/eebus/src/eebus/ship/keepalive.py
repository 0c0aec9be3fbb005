"""SHIP keepalive: a ping every 50 s, a pong within 10 s (SHIP 4.4). No I/O, no clock.

Only a pong proves that the peer lives; data does not, because the reference counts so too.
"""

from dataclasses import dataclass

from eebus.ship.steps import Close, End, StartTimer, StopTimer, Timer, TimerExpired

PING_EVERY_S = 50.0
PONG_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Ping:
    """Send a WebSocket ping."""


@dataclass(frozen=True, slots=True)
class PongReceived:
    """A WebSocket pong came in."""


KeepaliveEffect = Ping | StartTimer | StopTimer | Close


def begin() -> tuple[KeepaliveEffect, ...]:
    """Return what to do when the WebSocket opens."""
    return (StartTimer(Timer.PING, PING_EVERY_S),)


def on_event(event: PongReceived | TimerExpired) -> tuple[KeepaliveEffect, ...]:
    """Take a pong or the end of a timer; timers of others pass without effect."""
    match event:
        case PongReceived():
            return (StopTimer(Timer.PONG),)
        case TimerExpired(Timer.PING):
            return (
                Ping(),
                StartTimer(Timer.PING, PING_EVERY_S),
                StartTimer(Timer.PONG, PONG_WITHIN_S),
            )
        case TimerExpired(Timer.PONG):
            detail = f"The other device did not answer a ping within {PONG_WITHIN_S:.0f} s."
            return (Close(1011, "no pong", End.LOST, detail),)
        case TimerExpired():
            return ()
