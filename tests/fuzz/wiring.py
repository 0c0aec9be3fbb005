"""Our own two sides in memory: where well-formed messages come from, and who must bear bad ones."""

import json
from collections import deque
from datetime import UTC, datetime, timedelta

from eebus.events import Event
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.device import manufacturer
from eebus.usecases.evse.profile import EvProfile
from eebus.usecases.evse.station import Station
from eebus.usecases.limitation.system import SystemProfile
from eebus.usecases.owner import Owner

CEM, EVSE = "cc" * 20, "ee" * 20
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def cem(events: list[Event]) -> CemHub:
    """Return an energy manager that can be limited itself."""
    return CemHub(
        "d:_n:Fuzzed_CEM-1",
        manufacturer("Fuzzed", "CEM", "1"),
        Owner(events.append, lambda _: None),
        controllable=SystemProfile({"lpc": 32000.0}),
    )


def station(events: list[Event]) -> Station:
    """Return a charger that can be limited and metered as a whole, too."""
    return Station(
        "d:_n:Fuzzed_EVSE-2",
        manufacturer("Fuzzed", "Box", "2"),
        Owner(events.append, lambda _: None),
        controllable=SystemProfile({"lpc": 11000.0}),
        metered=True,
    )


class Life:
    """A car's whole visit between the two, with all they say: (sender, payload text)."""

    def __init__(self) -> None:
        self.now = 100.0
        self.said: list[tuple[str, str]] = []
        self._queue: deque[tuple[str, str]] = deque()
        self._cem, self._evse = cem([]), station([])

    def lived(self) -> "Life":
        """Play it once."""
        self._beat()
        self._cem.opened(EVSE, lambda text: self._queue.append(("cem", text)), self.now)
        self._evse.opened(CEM, lambda text: self._queue.append(("evse", text)), self.now)
        self._settle()
        for standard in ("iec61851", "iso15118-2ed2"):
            self._evse.plug(EvProfile(standard=standard, soc_percent=40.0))
            self._wait(3)
            self._cem.write_limit(EVSE, (10.0, 10.0, 10.0), "opev", self.now, lambda _: None)
            self._settle()
            at = START + timedelta(seconds=self.now)
            self._evse.measure((9.8, 9.9, 10.0), (2254.0, 2277.0, 2300.0), 120.0, None, at)
            self._settle()
            self._evse.unplug()
            self._wait(1)
        return self

    def _settle(self) -> None:
        while self._queue:
            sender, text = self._queue.popleft()
            self.said.append((sender, text))
            if sender == "cem":
                self._evse.received(CEM, json.loads(text), self.now)
            else:
                self._cem.received(EVSE, json.loads(text), self.now)

    def _beat(self) -> None:
        at = START + timedelta(seconds=self.now)
        self._cem.beat(at)
        self._evse.beat(at)

    def _wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1.0
            self._beat()
            self._cem.tick(EVSE, self.now)
            self._evse.tick(CEM, self.now)
            self._settle()
