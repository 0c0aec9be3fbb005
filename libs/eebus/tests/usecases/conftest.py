"""Both sides of the use cases, wired in memory: a queue of payloads and a clock to turn."""

import json
from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from eebus.events import Event, WriteResult
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.device import manufacturer
from eebus.usecases.evse.station import Station
from eebus.usecases.owner import Owner

CEM, EVSE = "cc" * 20, "ee" * 20
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Pair:
    """A CEM and a charging station whose payloads go through a queue, in order."""

    def __init__(self) -> None:
        self.now = 100.0
        self.cem_events: list[Event] = []
        self.evse_events: list[Event] = []
        self.sent: list[tuple[str, dict]] = []  # who sent what, decoded
        self.queue: deque[tuple[str, str]] = deque()
        self.is_open = False
        self.does_beat = True
        self.cem = CemHub(
            "d:_n:Test_CEM-1",
            manufacturer("Test", "CEM", "1"),
            Owner(self.cem_events.append, lambda _: None),
        )
        self.evse = Station(
            "d:_n:Test_EVSE-2",
            manufacturer("Test", "Box", "2"),
            Owner(self.evse_events.append, lambda _: None),
        )
        self.beat()

    def connect(self, *, settle: bool = True) -> None:
        self.is_open = True
        self.queue.clear()
        self.cem.opened(EVSE, lambda text: self.queue.append(("cem", text)), self.now)
        self.evse.opened(CEM, lambda text: self.queue.append(("evse", text)), self.now)
        if settle:
            self.settle()

    def disconnect(self) -> None:
        self.is_open = False
        self.queue.clear()
        self.cem.closed(EVSE, self.now)
        self.evse.closed(CEM, self.now)

    def settle(self) -> None:
        """Deliver until nobody has anything to say."""
        while self.queue:
            self.deliver(1)

    def deliver(self, count: int) -> None:
        """Deliver some messages, as many as there are."""
        for _ in range(count):
            if not self.queue:
                return
            sender, text = self.queue.popleft()
            raw = json.loads(text)
            assert json.dumps(raw, separators=(",", ":"), ensure_ascii=False) == text
            self.sent.append((sender, raw))
            if sender == "cem":
                self.evse.received(CEM, raw, self.now)
            else:
                self.cem.received(EVSE, raw, self.now)

    def beat(self) -> None:
        at = START + timedelta(seconds=self.now)
        if self.does_beat:
            self.cem.beat(at)
        self.evse.beat(at)

    def wait(self, seconds: float) -> None:
        """Let time pass: a tick every half second, a heartbeat every two."""
        for step in range(int(seconds * 2)):
            self.now += 0.5
            if step % 4 == 3:
                self.beat()
            self.cem.tick(EVSE, self.now)
            self.evse.tick(CEM, self.now)
            self.evse.watch(self.now)
            self.settle()

    def write(self, *values: float | None, kind: str = "opev") -> WriteResult:
        done: list[WriteResult] = []
        self.cem.write_limit(EVSE, (values[0], values[1], values[2]), kind, self.now, done.append)
        self.settle()
        assert len(done) == 1
        return done[0]

    def measure(self, current: float, power: float, energy: float) -> None:
        three = (current, current, current)
        self.evse.measure(
            three, (power, power, power), energy, None, START + timedelta(seconds=self.now)
        )
        self.settle()

    def told(self, side: str, kind: type[Event]) -> list[Event]:
        events = self.cem_events if side == "cem" else self.evse_events
        return [each for each in events if isinstance(each, kind)]

    def texts(self, sender: str) -> list[str]:
        return [json.dumps(raw) for who, raw in self.sent if who == sender]


@pytest.fixture
def pair() -> Pair:
    return Pair()


class Wire:
    """Any two sides, `left` and `right`, wired in memory, with one clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.events: dict[str, list[Event]] = {"left": [], "right": []}
        self.cores: dict[str, object] = {}
        self.queue: deque[tuple[str, str]] = deque()
        self.sent: list[tuple[str, dict]] = []
        self.silent: set[str] = set()  # whose heart does not beat

    def owner(self, side: str) -> Owner:
        return Owner(self.events[side].append, lambda _: None)

    def connect(self, left: object, right: object) -> None:
        self.cores = {"left": left, "right": right}
        self.beat()
        for side, core in self.cores.items():
            core.opened(OTHER[side], lambda text, side=side: self.queue.append((side, text)), 0.0)
        self.settle()

    def cut(self) -> None:
        self.queue.clear()
        for side, core in self.cores.items():
            core.closed(OTHER[side], self.now)

    def settle(self) -> None:
        while self.queue:
            sender, text = self.queue.popleft()
            receiver = "right" if sender == "left" else "left"
            raw = json.loads(text)
            self.sent.append((sender, raw))
            self.cores[receiver].received(OTHER[receiver], raw, self.now)

    def beat(self) -> None:
        for side, core in self.cores.items():
            if side not in self.silent:
                core.beat(self.at)

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def wait(self, seconds: float) -> None:
        for step in range(int(seconds * 2)):
            self.now += 0.5
            if step % 4 == 3:
                self.beat()
            for side, core in self.cores.items():
                core.watch(self.now)
                core.tick(OTHER[side], self.now)
            self.settle()

    def told(self, side: str, kind: type[Event]) -> list[Event]:
        return [each for each in self.events[side] if isinstance(each, kind)]


OTHER = {"left": "bb" * 20, "right": "aa" * 20}  # whom each side talks to


@pytest.fixture
def wire() -> Wire:
    return Wire()
