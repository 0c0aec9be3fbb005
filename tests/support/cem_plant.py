"""A house with slow cars for the CEM's core, in a loop with it; no bus, no clock.

The plant is pure Python, one step a second: cars that follow their limit late and in ramps,
meters and chargers that report late, a household of steps, cycling hobs and noise.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from cem.core.decide import decide
from cem.core.decision import Cause, Decision
from cem.core.events import (
    Accepted,
    Car,
    ChargerHeard,
    ChargersPaired,
    EnergyManagementSet,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    Link,
    Report,
)
from cem.core.folding import apply
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered, State, restored
from electrical.phases import Phases

Amps = list[float]
House = Callable[[int], Amps]
OVER_A = 0.5  # what counts as overload: more than the noise of a reading
OWN_A = 0.7


@dataclass
class PlantCar:
    """A charger with its car. delay_s: until a limit is seen; start_s: of offer before it draws."""

    ski: str
    phases: tuple[int, ...] = (0, 1, 2)
    most_a: float = 16.0
    delay_s: int = 3
    ramp_a_s: float = 4.0
    start_s: int = 5
    offset_a: float = 0.0
    plug_s: int = 0
    unplug_s: int = 10**9
    energy_as: float = 1e18  # ampere seconds until full
    limit_a: float = 0.0
    own_a: float = 0.0
    offered_s: int = 0
    accepted: float | None = None
    seen: deque[float] = field(default_factory=lambda: deque([0.0] * 12, maxlen=12))
    told: deque[tuple[float, float] | None] = field(default_factory=deque)
    lost_s: tuple[int, int] = (-1, -1)
    deaf_s: tuple[int, int] = (-1, -1)  # ignores limits
    paired_s: int = -1
    every_s: int = 0  # notifies on change and this often; 0 = each second
    silent_s: int = 0  # after a new limit it tells nothing for so long
    wired: tuple[int, int, int] = (0, 1, 2)  # the house phase each conductor really sits on
    limited_s: int = -99
    notified: tuple[float, float] | None = None  # when, and what it drew

    def is_plugged(self, t: int) -> bool:
        return self.plug_s <= t < self.unplug_s

    def notify(self, t: int) -> None:
        """Tell what is drawn: on change and now and then, if at all."""
        if not self.is_plugged(t):
            self.notified = None
        elif self.notified is None:
            self.notified = (t, self.own_a)
        elif t - self.limited_s >= self.silent_s:
            is_changed = abs(self.own_a - self.notified[1]) > 0.05
            if is_changed or t - self.notified[0] >= self.every_s:
                self.notified = (t, self.own_a)

    def step(self, t: int) -> None:
        if not self.is_plugged(t):
            self.own_a, self.offered_s, self.accepted = 0.0, 0, None
            self.seen.extend([0.0] * 12)
            return
        if not self.deaf_s[0] <= t < self.deaf_s[1]:
            self.seen.append(self.most_a if t < self.paired_s + 3 else self.limit_a)
        seen_a = list(self.seen)[-1 - self.delay_s]
        self.offered_s = self.offered_s + 1 if seen_a >= 6 else 0
        wants = self.offered_s > self.start_s and self.energy_as > 0
        target = max(0.0, min(seen_a, self.most_a) - self.offset_a) if wants else 0.0
        fall = self.ramp_a_s if target > 0 else max(self.ramp_a_s, self.most_a / 2)
        self.own_a += max(-fall, min(self.ramp_a_s, target - self.own_a))
        self.energy_as -= self.own_a


class Plant:
    """House, meter, chargers and the CEM under test."""

    def __init__(
        self, cars: list[PlantCar], house: House, fuse_a: float = 25.0, *, seed: int = 1,
        meter_latency_s: int = 1, report_latency_s: int = 1, command_latency_s: int = 1,
    ) -> None:  # fmt: skip
        self.cars = {car.ski: car for car in cars}
        self.house = house
        self.fuse_a = fuse_a
        self.chance = Random(seed)  # noqa: S311 - a repeatable world
        self.latency_s = (meter_latency_s, report_latency_s, command_latency_s)
        self.readings: deque[tuple[int, Amps]] = deque()
        self.commands: deque[tuple[int, str, float]] = deque()
        self.dead_meter_s: tuple[int, int] = (-1, -1)
        self.frozen_meter_s: tuple[int, int] = (-1, -1)
        self.spike_s = -1
        self.clamps: tuple[tuple[int, int], ...] = (
            (0, 1),
            (1, 1),
            (2, 1),
        )  # phase and sign of each
        self.tells_age = True  # whether a reading's age is known, or it is shown as new
        self.frozen: Amps = [0.0, 0.0, 0.0]
        self.houses: list[Amps] = []
        self.over: list[tuple[int, int, float, bool]] = []  # t, phase, excess, self-made
        self.blamed: list[Cause] = []
        self.decision: Decision
        self.state = self._settled()
        self.history: list[dict[str, float]] = []

    def _settled(self) -> State:
        settings = {ski: ChargerSettings(ski, max_a=16.0) for ski in self.cars}
        remembered = Remembered(charger_settings=settings, grid_meter="grid")
        state = restored(remembered, -10.0)
        base = Phases(3.0, 3.0, 3.0)
        fuse = Phases(self.fuse_a, self.fuse_a, self.fuse_a)
        share = Phases(10.0, 10.0, 10.0)
        for event in (
            GridConnectionSet(GridConnection(fuse, 3, 0.5, base, share, 1)),
            EnergyManagementSet(EnergyManagement(on=True, confirmed_no_other=True)),
            ChargersPaired(self._paired(-1)),
            GridMeterNamed("grid"),
        ):
            state = apply(state, event, -10.0)
        return state

    def _paired(self, t: int) -> tuple[str, ...]:
        return tuple(car.ski for car in self.cars.values() if car.paired_s <= t)

    def run(self, until_s: int, from_s: int = 0) -> Iterator[int]:
        for t in range(from_s, until_s):
            self.step(t)
            yield t

    def play(self, until_s: int, from_s: int = 0) -> None:
        for _ in self.run(until_s, from_s):
            pass

    def step(self, t: int) -> None:
        self._obey(t)
        cars_a = [0.0, 0.0, 0.0]
        for car in self.cars.values():
            car.step(t)
            for phase in car.phases:
                cars_a[car.wired[phase]] += car.own_a
        house_a = self.house(t)
        self.houses.append(house_a)
        total = [h + c for h, c in zip(house_a, cars_a, strict=True)]
        self._judge(t, total, cars_a)
        self._sample(t, total)
        self._decide(t)

    def _obey(self, t: int) -> None:
        while self.commands and self.commands[0][0] <= t:
            _, ski, limit_a = self.commands.popleft()
            car = self.cars[ski]
            if car.lost_s[0] <= t < car.lost_s[1]:
                continue
            if limit_a != car.limit_a:
                car.limited_s = t
            car.limit_a = limit_a
            if car.is_plugged(t):
                car.accepted = limit_a

    def _sample(self, t: int, total: Amps) -> None:
        if self.dead_meter_s[0] <= t < self.dead_meter_s[1]:
            return
        total = [sign * total[phase] for phase, sign in self.clamps]
        sample = [value + self.chance.gauss(0, 0.05) for value in total]
        if self.frozen_meter_s[0] <= t < self.frozen_meter_s[1]:
            sample = self.frozen
        self.frozen = sample
        if t == self.spike_s:
            sample = [value + 20 for value in sample]
        self.readings.append((t, sample))

    def _decide(self, t: int) -> None:
        meter_s, report_s, command_s = self.latency_s
        while self.readings and self.readings[0][0] + meter_s <= t:
            at_s, sample = self.readings.popleft()
            reading = GridReading("grid", Phases(*sample), float(t - at_s) * self.tells_age)
            self.state = apply(self.state, GridRead(reading), float(t))
        self.state = apply(self.state, ChargersPaired(self._paired(t)), float(t))
        for car in self.cars.values():
            car.notify(t)
            car.told.append(car.notified)
            if len(car.told) > report_s + 1:
                car.told.popleft()
            if t >= car.paired_s + 2 * (car.paired_s >= 0):
                report = self._report(car, t)
            else:
                report = Report(car.ski, link=Link.CONNECTING, is_car_known=False)
            self.state = apply(self.state, ChargerHeard(report), float(t))
        self.decision = decide(self.state, float(t))
        self.state = self.decision.state
        self.blamed += [overload.cause for overload in self.decision.overloads]
        granted = {}
        for ski, limit in self.decision.limits.items():
            limit_a = next((v for v in limit.current_a.values() if v is not None), 0.0)
            granted[ski] = limit_a
            self.commands.append((t + command_s, ski, limit_a))
        self.history.append(granted)

    def _report(self, car: PlantCar, t: int) -> Report:
        at_s, own_a = car.told[0] or (t, 0.0)
        # Chargers measure only the conductors a car uses; the others stay unknown.
        amps = [own_a if phase in car.phases else None for phase in range(3)]
        is_lost = car.lost_s[0] <= t < car.lost_s[1]
        plugged = car.is_plugged(t)
        accepted = None
        if car.accepted is not None and plugged:
            accepted = Accepted(Phases(car.accepted, car.accepted, car.accepted))
        return Report(
            car.ski,
            link=Link.NOT_CONNECTED if is_lost else Link.CONNECTED,
            car=Car(phases=len(car.phases), min_a=6.0, max_a=car.most_a) if plugged else None,
            current_a=Phases(*amps),
            measured_age_s=float(t - at_s),
            accepted=accepted,
        )

    def _judge(self, t: int, total: Amps, cars_a: Amps) -> None:
        for phase in range(3):
            excess_a = min(total[phase] - self.fuse_a, cars_a[phase])
            if excess_a > OVER_A:
                recent = [house[phase] for house in self.houses[-16:]]
                rise_a = recent[-1] - min(recent)
                self.over.append((t, phase, excess_a, excess_a > rise_a + OWN_A))

    @property
    def self_made(self) -> list[tuple[int, int, float, bool]]:
        return [o for o in self.over if o[3]]

    def longest_over_s(self) -> int:
        longest, run, last = 0, 0, -10
        for t in sorted({o[0] for o in self.over}):
            run = run + 1 if t == last + 1 else 1
            longest, last = max(longest, run), t
        return longest


def steady(amps: float) -> House:
    return lambda _: [amps, amps, amps]


def stepped(before: float, after: float, at_s: int, seed: int = 3) -> House:
    chance = Random(seed)  # noqa: S311 - a repeatable world
    return lambda t: [(after if t >= at_s else before) + chance.gauss(0, 0.1) for _ in range(3)]


def lively(seed: int) -> House:
    """Hobs that cycle, kettles that come and go, ovens, and noise on every phase."""
    chance = Random(seed)  # noqa: S311 - a repeatable world
    events = [
        (chance.randrange(0, 900), chance.randrange(20, 400), chance.randrange(3),
         chance.uniform(2, 11), chance.choice(((0, 0), (8, 10), (17, 11), (6, 4))))
        for _ in range(24)
    ]  # fmt: skip

    def house(t: int) -> Amps:
        amps = [1.0 + abs(chance.gauss(0, 0.1)) for _ in range(3)]
        for start_s, length_s, phase, size_a, (on_s, off_s) in events:
            if start_s <= t < start_s + length_s and (
                not on_s or (t - start_s) % (on_s + off_s) < on_s
            ):
                amps[phase] += size_a
        return amps

    return house
