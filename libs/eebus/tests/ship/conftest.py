"""Two SHIP sessions on a wire without time: the clock stands where the test puts it."""

from collections import deque
from dataclasses import dataclass, field

import pytest

from eebus.ship import session
from eebus.ship.hello import Trust
from eebus.ship.messages import Message, decode, encode
from eebus.ship.session import Received, Session, SessionEvent
from eebus.ship.steps import (
    Close,
    Completed,
    Deliver,
    Effects,
    Identified,
    Role,
    Send,
    StartTimer,
    StopTimer,
    Timer,
    TimerExpired,
)


@dataclass
class Side:
    """One session with its timers; effects are kept as data."""

    session: Session
    now_s: float = 0.0
    timers: dict[Timer, float] = field(default_factory=dict)  # name -> when it ends
    outbox: deque[bytes] = field(default_factory=deque)
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    delivered: list[object] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    completed: int = 0
    close: Close | None = None

    @classmethod
    def start(
        cls,
        role: Role,
        trust: Trust = Trust.TRUSTED,
        our_id: str = "us",
        known_id: str | None = None,
    ) -> "Side":
        begun, effects = session.begin(role, our_id, trust, known_id)
        side = cls(begun)
        side._enact(effects)
        return side

    def take(self, event: SessionEvent) -> None:
        self.session, effects = session.step(self.session, event, self.now_s)
        self._enact(effects)

    def wait_until(self, now_s: float) -> None:
        """Let time pass and timers end in their order."""
        while due := [(end, name) for name, end in self.timers.items() if end <= now_s]:
            self.now_s, name = min(due)
            del self.timers[name]
            self.take(TimerExpired(name))
        self.now_s = now_s

    def messages(self) -> list[Message]:
        return [decode(frame) for _, frame in self.sent]

    def _enact(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case Send(message):
                    self.outbox.append(encode(message))
                    self.sent.append((self.now_s, encode(message)))
                case StartTimer(timer, after_s):
                    self.timers[timer] = self.now_s + after_s
                case StopTimer(timer):
                    self.timers.pop(timer, None)
                case Close():
                    assert self.close is None
                    self.close = effect
                    self.timers.clear()
                case Identified(ship_id):
                    self.ids.append(ship_id)
                case Completed():
                    self.completed += 1
                case Deliver(payload):
                    self.delivered.append(payload)


def exchange(one: Side, two: Side) -> None:
    """Carry frames to and fro until both are silent."""
    while one.outbox or two.outbox:
        for sender, receiver in ((one, two), (two, one)):
            while sender.outbox:
                receiver.take(Received(sender.outbox.popleft()))


def pass_time(one: Side, two: Side, until_s: float, step_s: float = 1.0) -> None:
    """Let both live until a time, carrying frames at every step."""
    while one.now_s < until_s:
        now_s = min(one.now_s + step_s, until_s)
        for side in (one, two):
            side.wait_until(now_s)
        exchange(one, two)


class Wire:
    """What the tests need of this file, as one fixture."""

    Side = Side
    exchange = staticmethod(exchange)
    pass_time = staticmethod(pass_time)


@pytest.fixture(scope="session")
def wire() -> type[Wire]:
    return Wire
