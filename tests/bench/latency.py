"""How long a meter reading takes to become a limit in a charger, from what the bus tells anyway.

Start: the moment the meter reader had the meter's answer (`MeterReading.measured_at`).
Sent: the CEM hands the lowered limit to the bus (`EvseLimit.sent_s`).
End: the gateway has the charger's acknowledgement of the write that went out on the WebSocket
(`EvseState.limit.accepted_age_s`). So the figure holds the whole way of the order's text and
the charger's answer besides: it can only be too long, by the charger's own time.

Only decreases count: increases wait on purpose (at most one in 6 s per charger). A decrease
belongs to the last reading before it. The CEM also decides between readings, on its timers and
on chargers' reports: a limit sent more than LATER_S after the reading is counted apart. That
this hides no slow reading shows the CEM's own histogram, which knows what caused a decision
(`volthus_reading_to_limit_seconds`): how many it saw above LATER_S stands beside it.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

import httpx
from living import PHASES, LivingSite

from volthus_kit.bus import Bus
from volthus_wire.convert import from_conductors
from volthus_wire.subjects import EVSE_LIMIT, EVSE_STATE, METER_READING
from volthus_wire.v1 import evse_pb2, metering_pb2

Amperes = tuple[float | None, ...]

STEP_PER_CHARGER_A = 0.25
MOST_STEP_A = 2.5  # a rise of 3 A is one the CEM wants to see twice before it believes it
FEWEST_A = 8.0  # the ramp turns before the chargers come near their minimum of 6 A
VOLTAGE_V = 230.0
HOUSE_A = 2.0  # where every ramp begins
REST_S = 45.0  # longest wait for the increases after a ramp: peaks are held for 20 s
MISSING_AFTER_S = 5.0
LATER_S = 0.5  # also a bound of the CEM's histogram
SLOW = re.compile(
    r'^volthus_reading_to_limit_seconds_(?:bucket{le="(0\.5|\+Inf)"}) ([\d.e+]+)$', re.MULTILINE
)
QUIET_S = 0.4  # after a reading nothing else runs here that could delay what is heard


@dataclass(frozen=True, slots=True)
class Change:
    """One lowered limit; monotonic s, the clock that all programs of a machine share."""

    ski: str
    read_s: float
    sent_s: float
    accepted_s: float


@dataclass(slots=True)
class Listener:
    """Follows readings, limits and acknowledgements on the bus."""

    changes: list[Change] = field(default_factory=list)
    readings: int = 0
    raised: int = 0
    unanswered: int = 0
    slow_in_cem: int = 0  # limits changed by a reading that took the CEM longer than LATER_S
    _read_s: float = 0.0
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _limits: dict[str, Amperes] = field(default_factory=dict)
    _held: dict[str, Amperes] = field(default_factory=dict)
    _open: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    @contextlib.asynccontextmanager
    async def on(cls, site: LivingSite) -> AsyncIterator[Self]:
        listener = cls()
        async with Bus.connect(site.demo["nats_url"], "bench") as bus:
            await bus.until_connected()
            name = site.demo["site"]
            await bus.subscribe(METER_READING, listener.reading, site=name)
            await bus.subscribe(EVSE_LIMIT, listener.limit, site=name)
            await bus.subscribe(EVSE_STATE, listener.state, site=name)
            yield listener

    async def until_read(self) -> None:
        """Wait for the next reading."""
        self._came.clear()
        async with asyncio.timeout(5):
            await self._came.wait()

    def reading(self, message: metering_pb2.MeterReading, _: dict[str, str]) -> None:
        measured_s = message.measured_at.seconds + message.measured_at.nanos / 1e9
        self._read_s = measured_s - (time.time() - time.monotonic())
        self.readings += 1
        self._came.set()

    def limit(self, message: evse_pb2.EvseLimit, _: dict[str, str]) -> None:
        now_a = _amperes(message.current_a)
        before_a = self._limits.get(message.ski)
        self._limits[message.ski] = now_a
        if before_a is None or now_a == before_a:
            return
        if message.ski in self._open:  # another decision before the charger answered
            self.unanswered += 1
            del self._open[message.ski]
        if _total(now_a) < _total(before_a):
            self._open[message.ski] = (self._read_s, message.sent_s)
        else:
            self.raised += 1

    def state(self, message: evse_pb2.EvseState, _: dict[str, str]) -> None:
        heard_s = time.monotonic()
        held_a = _amperes(message.limit.current_a)
        is_new = self._held.get(message.ski) != held_a
        self._held[message.ski] = held_a
        if not is_new or message.ski not in self._open:
            return
        accepted_s = heard_s - message.limit.accepted_age_s
        read_s, sent_s = self._open[message.ski]
        if accepted_s < sent_s:
            return  # the answer to an earlier write
        del self._open[message.ski]
        self.changes.append(Change(message.ski, read_s, sent_s, accepted_s))

    def lowest_a(self) -> float:
        """Return the smallest limit of all chargers that have one, A on one phase."""
        return min((a for held in self._limits.values() for a in held if a is not None), default=0)

    def expire(self) -> None:
        """Count decreases as unanswered that have waited too long."""
        late = time.monotonic() - MISSING_AFTER_S
        for ski in [ski for ski, (_, sent_s) in self._open.items() if sent_s < late]:
            self.unanswered += 1
            del self._open[ski]


class House:
    """The household of the simulator, whose current the bench sets."""

    def __init__(self, simulator: httpx.AsyncClient) -> None:
        self._simulator = simulator

    async def draw(self, current_a: float) -> None:
        """Let the household draw this on every phase."""
        watts = {f"{phase}_w": current_a * VOLTAGE_V for phase in PHASES}
        (await self._simulator.post("/api/household", json=watts)).raise_for_status()


async def measure(site: LivingSite, chargers: int, wanted: int, at_most_s: float) -> Listener:
    """Ramp the household up, again and again, until enough limits were lowered."""
    step_a = min(MOST_STEP_A, STEP_PER_CHARGER_A * chargers)
    # One client for all: making one takes tens of ms, in which nothing would be heard.
    async with (
        Listener.on(site) as listener,
        httpx.AsyncClient(base_url=site.outside, timeout=10) as simulator,
    ):
        house = House(simulator)
        end_s = time.monotonic() + at_most_s
        while len(listener.changes) < wanted and time.monotonic() < end_s:
            await _ramp(house, listener, step_a, end_s)
            await _rest(house, listener, end_s)
        health = site.demo["programs"]["cem"]["health"]
        metrics = (await simulator.get(f"{health}/metrics")).text
        upto = {bound: float(count) for bound, count in SLOW.findall(metrics)}
        listener.slow_in_cem = int(upto["+Inf"] - upto["0.5"])
        return listener


async def _ramp(house: House, listener: Listener, step_a: float, end_s: float) -> None:
    """Raise the house's current after every reading until the chargers are near their minimum."""
    house_a = HOUSE_A
    while listener.lowest_a() > FEWEST_A and time.monotonic() < end_s:
        house_a += step_a
        await house.draw(house_a)
        await listener.until_read()
        await asyncio.sleep(QUIET_S)
    await listener.until_read()
    await asyncio.sleep(QUIET_S)
    listener.expire()


async def _rest(house: House, listener: Listener, end_s: float) -> None:
    """Let the house be quiet until the chargers' limits are up again."""
    await house.draw(HOUSE_A)
    rested_s = min(end_s, time.monotonic() + REST_S)
    raised = -1
    while time.monotonic() < rested_s:
        if listener.lowest_a() > FEWEST_A + 4 and listener.raised == raised:
            break  # up, and nothing moved within one pause
        raised = listener.raised
        await asyncio.sleep(7)


def _amperes(message: object) -> Amperes:
    return tuple(from_conductors(message).values())


def _total(values: Amperes) -> float:
    return sum(99.0 if a is None else a for a in values)
