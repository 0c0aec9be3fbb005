"""The control law in a loop with a house and slow cars: no overload of its own, quick recovery.

The plant is pure Python, one step a second: cars that follow their limit late and in ramps,
meters and chargers that report late, a household of steps, cycling hobs and noise.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest

from cem.core.charger import Standing
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
from cem.core.parameters import DEFAULTS
from cem.core.reasons import Kind
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered, State, restored
from electrical.phases import Phase, Phases

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
    told: deque[tuple[float, float | None, bool]] = field(default_factory=deque)
    lost_s: tuple[int, int] = (-1, -1)
    deaf_s: tuple[int, int] = (-1, -1)  # ignores limits

    def is_plugged(self, t: int) -> bool:
        return self.plug_s <= t < self.unplug_s

    def step(self, t: int) -> None:
        if not self.is_plugged(t):
            self.own_a, self.offered_s, self.accepted = 0.0, 0, None
            self.seen.extend([0.0] * 12)
            return
        if not self.deaf_s[0] <= t < self.deaf_s[1]:
            self.seen.append(self.limit_a)
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
            ChargersPaired(tuple(self.cars)),
            GridMeterNamed("grid"),
        ):
            state = apply(state, event, -10.0)
        return state

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
                cars_a[phase] += car.own_a
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
            car.limit_a = limit_a
            if car.is_plugged(t):
                car.accepted = limit_a

    def _sample(self, t: int, total: Amps) -> None:
        if self.dead_meter_s[0] <= t < self.dead_meter_s[1]:
            return
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
            reading = GridReading("grid", Phases(*sample), age_s=float(t - at_s))
            self.state = apply(self.state, GridRead(reading), float(t))
        for car in self.cars.values():
            car.told.append((car.own_a, car.accepted, car.is_plugged(t)))
            if len(car.told) > report_s + 1:
                car.told.popleft()
            self.state = apply(self.state, ChargerHeard(self._report(car, t, report_s)), float(t))
        self.decision = decide(self.state, float(t))
        self.state = self.decision.state
        self.blamed += [overload.cause for overload in self.decision.overloads]
        granted = {}
        for ski, limit in self.decision.limits.items():
            limit_a = next((v for v in limit.current_a.values() if v is not None), 0.0)
            granted[ski] = limit_a
            self.commands.append((t + command_s, ski, limit_a))
        self.history.append(granted)

    def _report(self, car: PlantCar, t: int, age_s: int) -> Report:
        own_a, _, _ = car.told[0]
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
            measured_age_s=float(age_s),
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


@pytest.mark.parametrize("delay_s", [2, 3, 4])
@pytest.mark.parametrize("rise_a", [4.0, 8.0, 11.0])
def test_after_a_household_step_the_phase_is_below_the_fuse_within_six_seconds(
    delay_s: int, rise_a: float
) -> None:
    cars = [PlantCar("a" * 40, delay_s=delay_s), PlantCar("b" * 40, delay_s=delay_s)]
    plant = Plant(
        cars, stepped(3, 3 + rise_a, 200), meter_latency_s=0, report_latency_s=0,
        command_latency_s=0,
    )  # fmt: skip
    plant.play(260)
    assert sum(plant.history[199].values()) > 20  # the room was used before
    assert all(200 <= t < 206 for t, *_ in plant.over)
    assert not plant.self_made
    assert Cause.OWN not in plant.blamed


def test_a_one_phase_car_hides_no_load_on_the_other_phases() -> None:
    cars = [PlantCar("a" * 40), PlantCar("b" * 40), PlantCar("c" * 40, phases=(0,))]

    def house(t: int) -> Amps:
        return [1.5 + 0.01 * (t % 3), (18.0 if t >= 300 else 1.5) + 0.01 * (t % 3), 1.5]

    plant = Plant(cars, house)
    plant.play(400)
    assert all(300 <= t < 310 for t, *_ in plant.over), plant.over
    assert not plant.self_made


@pytest.mark.parametrize("seed", range(4))
def test_in_a_lively_house_no_overload_is_self_made(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a repeatable world
    cars = [
        PlantCar(
            name * 40,
            phases=chance.choice([(0, 1, 2), (0,), (0, 1)]),
            delay_s=chance.randrange(1, 5),
            ramp_a_s=chance.choice([1.0, 2.0, 6.0]),
            start_s=chance.randrange(3, 20),
            offset_a=chance.choice([0.0, 0.4, -0.3]),
            plug_s=chance.randrange(0, 300),
            unplug_s=chance.randrange(600, 900),
        )
        for name in "abcd"
    ]
    plant = Plant(cars, lively(seed), seed=seed)
    plant.play(900)
    assert not plant.self_made, plant.self_made
    assert plant.longest_over_s() <= 10
    assert Cause.OWN not in plant.blamed


def test_two_cars_share_alike_and_use_what_there_is() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.play(200)
    first, second = plant.history[-1].values()
    assert abs(first - second) <= 0.5
    assert 20 <= first + second <= 21.5


def test_when_two_minimums_do_not_fit_they_take_turns() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(14))
    seen: list[frozenset[str]] = []
    for _ in plant.run(1900):
        granted = plant.history[-1]
        seen.append(frozenset(ski[0] for ski, amps in granted.items() if amps > 0))
        if seen[-1] == {"a"}:
            reason = plant.decision.reasons["b" * 40]
            assert reason is not None
            assert reason.kind in (Kind.WAITING_FOR_TURN, Kind.START_RESERVED)
    assert {frozenset("a"), frozenset("b")} <= set(seen[60:])
    assert frozenset("ab") not in seen[60:]
    changes = sum(a != b for a, b in pairwise(seen[60:]))
    assert changes <= 8  # two or three turns, each with a short gap
    assert not plant.self_made


def test_a_single_spike_of_the_meter_pauses_nobody() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.spike_s = 150
    plant.play(200)
    assert min(min(granted.values()) for granted in plant.history[60:]) >= 6
    assert sum(plant.history[170].values()) > 18  # and soon all is as before


def test_a_silent_meter_moves_the_site_down_the_ladder_and_back() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.dead_meter_s = (150, 260)
    stages = []
    for t in plant.run(360):
        stages.append(plant.decision.picture.ladder.stage.value)
        if t == 175:
            assert sum(plant.history[-1].values()) <= 10.0  # the static share
        if t == 250:
            assert set(plant.history[-1].values()) == {6.0}
            reason = plant.decision.reasons["a" * 40]
            assert reason is not None
            assert reason.kind is Kind.FAILSAFE
        if t in (170, 250):
            assert "meter-silent" in [n.code for n in plant.state.notices]
    order = list(dict.fromkeys(stages[120:]))
    assert order == ["fresh", "hold", "static-share", "failsafe"]
    assert stages[-1] == "fresh"
    assert sum(plant.history[-1].values()) > 18


def test_a_frozen_meter_is_no_meter() -> None:
    plant = Plant([PlantCar("a" * 40)], stepped(3, 16, 160))
    plant.frozen_meter_s = (150, 400)
    plant.play(300)
    assert plant.decision.picture.ladder.stage.value == "failsafe"
    assert plant.history[-1]["a" * 40] == 6.0


def test_a_car_that_ignores_its_limit_is_reserved_for() -> None:
    deaf = PlantCar("a" * 40, deaf_s=(100, 400))
    plant = Plant([deaf, PlantCar("b" * 40)], stepped(3, 10, 120))
    plant.play(300)
    charger = plant.state.chargers["a" * 40]
    assert charger.standing(299.0, DEFAULTS) is Standing.DISOBEDIENT
    reason = plant.decision.reasons["a" * 40]
    assert reason is not None
    assert reason.kind is Kind.CHARGER_DISOBEYS
    assert "charger-disobeys" in [n.code for n in plant.state.notices]
    assert Cause.OWN not in plant.blamed
    assert not [o for o in plant.over if o[0] > 150]


def test_a_lost_charger_stays_reserved_at_what_it_can_draw() -> None:
    lost = PlantCar("a" * 40, lost_s=(150, 400))
    plant = Plant([lost, PlantCar("b" * 40)], steady(3))
    plant.play(300)
    reserved_a = plant.decision.picture.reserved_a[Phase.L1]
    assert reserved_a is not None
    assert reserved_a >= lost.own_a - 0.1 > 6
    assert not plant.over
    # What the lost one draws is not counted twice: the other keeps its share.
    assert plant.history[-1]["b" * 40] >= 9


def test_a_car_that_is_plugged_in_starts_soon_and_never_overloads() -> None:
    cars = [PlantCar("a" * 40), PlantCar("b" * 40, plug_s=150)]
    plant = Plant(cars, steady(3))
    plant.play(220)
    assert min(granted["a" * 40] for granted in plant.history[60:]) >= 6
    assert all(granted["b" * 40] >= 6 for granted in plant.history[155:])
    assert not plant.over


def test_a_restart_in_the_middle_is_not_felt() -> None:
    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], steady(3))
    plant.play(150)
    before = dict(plant.history[-1])
    fresh = plant._settled()
    plant.state = restored(
        Remembered(
            fresh.grid, fresh.energy_management, fresh.charger_settings, tuple(plant.cars), "grid"
        ),
        150.0,
    )
    plant.play(170, 150)
    for granted in plant.history[152:]:
        for ski, amps in granted.items():
            assert amps == pytest.approx(before[ski], abs=1.0)
    assert not plant.over


def test_increases_are_paced_and_decreases_are_not() -> None:
    plant = Plant([PlantCar("a" * 40)], stepped(2, 12, 120))
    raised = []
    for t in plant.run(200):
        if t and len(plant.history) > 1:
            step_a = plant.history[-1].get("a" * 40, 0) - plant.history[-2].get("a" * 40, 0)
            if step_a > 0:
                raised.append((t, step_a))
    assert all(step_a <= 4.0001 for _, step_a in raised[1:])
    assert all(b[0] - a[0] >= 6 for a, b in pairwise(raised[1:]))
    assert plant.history[123]["a" * 40] <= 13
