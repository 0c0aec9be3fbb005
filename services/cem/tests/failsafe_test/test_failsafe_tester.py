"""A charger hears nothing until it has fallen by itself, and the fuse is safe meanwhile."""

import json
from pathlib import Path

import pytest
from cem_plant import House, Plant, PlantCar, steady, stepped

from cem.core.events import Event, PulseAsked
from cem.core.folding import apply
from cem.core.reasons import Kind
from cem.core.rooms import Room
from cem.core.state import State
from cem.ended_tests import Book
from cem.failsafe_test.book import FailsafeBook
from cem.failsafe_test.bus import answer
from cem.failsafe_test.tester import FailsafeTester
from cem.store import Store
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock, nats_server
from volthus_wire import subjects
from volthus_wire.v1 import setup_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SKI, OTHER = "a" * 40, "b" * 40
EVA = Caller(actor="eva", role="service", origin="site")
START = setup_pb2.StartFailsafeTestRequest(ski=SKI)
NOTICED_S = 8  # a charger that misses our heartbeat for so long goes to its failsafe current


class Deaf(Plant):
    """A plant whose chargers hear nothing while a limit is silent; they fall by themselves.

    falls_to_a: what is set in the chargers; None = they have no failsafe at all.
    """

    def __init__(self, cars: list[PlantCar], house: House, falls_to_a: float | None) -> None:
        super().__init__(cars, house)
        self.falls_to_a = falls_to_a
        self.silences: dict[str, int] = dict.fromkeys(self.cars, 0)

    def _obey(self, t: int) -> None:
        limits = self.decision.limits if self.history else {}
        silent = {ski for ski, limit in limits.items() if limit.is_silent}
        self.commands = type(self.commands)(c for c in self.commands if c[1] not in silent)
        super()._obey(t)
        for ski, car in self.cars.items():
            self.silences[ski] = self.silences[ski] + 1 if ski in silent else 0
            if self.silences[ski] > NOTICED_S and self.falls_to_a is not None:
                car.limit_a = self.falls_to_a


class InMemory:
    """A book of tests without a disk."""

    def load(self) -> dict[str, setup_pb2.FailsafeTest]:
        return {}

    def write(self, test: setup_pb2.FailsafeTest, caller: Caller) -> None:
        pass


class Site:
    """A plant and the tester beside it, on one fake clock."""

    def __init__(
        self,
        cars: list[PlantCar],
        house: House = steady(3),  # noqa: B008 - a house keeps nothing
        falls_to_a: float | None = 6.0,
        book: Book | None = None,
    ) -> None:
        self.plant = Deaf(cars, house, falls_to_a)
        self.clock = FakeClock()
        self.clock.go_on(-self.clock.monotonic())
        self.tester = FailsafeTester(self, self.clock, book or InMemory())
        self.told: list[setup_pb2.FailsafeTest] = []

    @property
    def state(self) -> State:
        return self.plant.state

    @property
    def rooms(self) -> tuple[Room, ...]:
        return self.plant.decision.picture.rooms

    def happened(self, event: Event) -> None:
        self.plant.state = apply(self.plant.state, event, self.clock.monotonic())

    def play(self, seconds: int) -> None:
        began = int(self.clock.monotonic())
        for _ in self.plant.run(began + seconds, began):
            self.tester.look()
            self.clock.go_on(1.0)

    async def start(self) -> setup_pb2.FailsafeTest:
        return await self.tester.start(START, EVA)

    async def get(self) -> setup_pb2.FailsafeTest:
        return await self.tester.get(setup_pb2.FailsafeTestRequest(ski=SKI), EVA)


async def test_a_charger_that_falls_by_itself_has_proven_its_failsafe() -> None:
    site = Site([PlantCar(SKI)])
    site.play(60)
    begun = await site.start()
    assert (begun.state, begun.step, begun.failsafe_a) == ("running", "making-room", 6.0)
    site.play(12)
    silent = await site.get()
    assert (silent.step, round(silent.before_a)) == ("silent", 16)
    reason = site.state.chargers[SKI].reason
    assert reason is not None
    assert reason.kind is Kind.FAILSAFE_TEST
    site.play(30)
    done = await site.get()
    assert (done.state, done.code, done.step) == ("done", "", "")
    assert done.measured_a == pytest.approx(6, abs=0.2)
    assert NOTICED_S <= done.took_s <= NOTICED_S + 10
    assert site.state.chargers[SKI].proving is None
    site.play(60)
    assert site.plant.cars[SKI].own_a == pytest.approx(16, abs=0.2)  # it charges as before
    assert site.plant.over == []


async def test_a_charger_without_a_failsafe_is_told_apart_and_heard_again() -> None:
    site = Site([PlantCar(SKI)], falls_to_a=None)
    site.play(60)
    await site.start()
    site.play(250)
    failed = await site.get()
    assert (failed.state, failed.code, round(failed.measured_a)) == ("failed", "not-fallen", 16)
    assert not site.plant.decision.limits[SKI].is_silent


async def test_the_others_make_room_for_all_that_the_silent_one_could_draw() -> None:
    site = Site([PlantCar(SKI, most_a=16), PlantCar(OTHER)], falls_to_a=16)
    site.play(90)
    assert site.plant.cars[OTHER].own_a > 8  # 25 A less 3 A for both
    await site.start()
    site.play(20)
    assert site.plant.cars[OTHER].own_a <= 25 - 3 - 16
    assert site.plant.over == []


async def test_an_oven_in_the_silence_ends_it_before_the_fuse_is_in_danger() -> None:
    site = Site([PlantCar(SKI)], house=stepped(3, 12, 75), falls_to_a=None)
    site.play(60)
    await site.start()
    site.play(30)
    told = await site.get()
    assert (told.state, told.code) == ("failed", "too-little-room")
    site.play(10)
    assert site.plant.longest_over_s() <= 7  # the meter, our look, and a car that takes 4 s
    assert site.plant.cars[SKI].own_a <= 13


async def test_what_cannot_be_proven_safely_or_seen_is_not_begun() -> None:
    for house, car, code in (
        (steady(3), PlantCar(SKI, plug_s=1000), "car-not-charging"),
        (steady(3), PlantCar(SKI, most_a=7), "charges-too-little"),
        (steady(10), PlantCar(SKI), "too-little-room"),
        # It is set to 16 A, and could draw 32 A once it hears nothing.
        (steady(3), PlantCar(SKI, most_a=32), "too-little-room"),
    ):
        site = Site([car], house)
        site.play(90)
        with pytest.raises(RefusedError) as caught:
            await site.start()
        assert caught.value.code == code
        assert (await site.get()).ski == ""
    site = Site([PlantCar(SKI)])
    site.play(60)
    site.happened(PulseAsked(SKI, 8.0, 90.0))
    with pytest.raises(RefusedError, match="rotation-test-running"):
        await site.start()
    with pytest.raises(RefusedError, match="unknown-charger"):
        await site.tester.start(setup_pb2.StartFailsafeTestRequest(ski="f" * 40), EVA)


async def test_one_at_a_time_and_cancelled_at_once() -> None:
    site = Site([PlantCar(SKI)])
    site.play(60)
    await site.start()
    with pytest.raises(RefusedError, match="failsafe-test-running"):
        await site.start()
    site.play(14)
    assert site.plant.decision.limits[SKI].is_silent
    with pytest.raises(RefusedError, match="no-failsafe-test"):
        await site.tester.cancel(setup_pb2.CancelFailsafeTestRequest(ski=OTHER), EVA)
    cancelled = await site.tester.cancel(setup_pb2.CancelFailsafeTestRequest(ski=SKI), EVA)
    assert cancelled.state == "cancelled"
    site.play(1)
    assert not site.plant.decision.limits[SKI].is_silent


async def test_a_tester_that_dies_leaves_no_silence_behind() -> None:
    site = Site([PlantCar(SKI)])
    site.play(60)
    await site.start()
    site.play(12)
    began = int(site.clock.monotonic())
    site.plant.play(began + 5, began)  # without anybody who looks
    assert not site.plant.decision.limits[SKI].is_silent


async def test_tests_are_in_the_audit_and_outlive_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.load(FakeClock().now())
    site = Site([PlantCar(SKI)], book=FailsafeBook(store))
    await site.tester.save()
    site.play(60)
    await site.start()
    site.play(45)
    await site.tester.save()
    done = await site.get()
    assert done.state == "done"
    audit = [(row.actor, row.setting, json.loads(row.after)["state"]) for row in store.audit()]
    setting = f"failsafe-test/{SKI}"
    assert audit == [("eva", setting, "running"), ("eva", setting, "done")]
    again = FailsafeTester(site, site.clock, FailsafeBook(store))
    await again.save()
    kept = await again.list(setup_pb2.ListFailsafeTestsRequest(), EVA)
    assert list(kept.tests) == [done]
    store.close()


async def test_one_that_a_restart_broke_off_has_failed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.load(FakeClock().now())
    site = Site([PlantCar(SKI)], book=FailsafeBook(store))
    site.play(60)
    await site.start()
    told = FailsafeBook(store).load()[SKI]
    assert (told.state, told.code, told.HasField("until")) == ("failed", "test-interrupted", False)
    store.close()


async def test_the_bus_carries_questions_answers_and_refusals() -> None:
    site = Site([PlantCar(SKI)])
    site.play(60)
    async with nats_server() as nats, Bus.connect(nats.url, "test") as bus:
        await bus.until_connected()
        await answer(bus, "demo", site.tester)
        started = await bus.ask(subjects.FAILSAFE_TEST_START, START, caller=EVA, site="demo")
        question = setup_pb2.FailsafeTestRequest(ski=SKI)
        told = await bus.ask(subjects.FAILSAFE_TEST_GET, question, caller=EVA, site="demo")
        assert (started.state, told.state) == ("running", "running")
        with pytest.raises(RefusedError, match="failsafe-test-running"):
            await bus.ask(subjects.FAILSAFE_TEST_START, START, caller=EVA, site="demo")
        cancel = setup_pb2.CancelFailsafeTestRequest(ski=SKI)
        ended = await bus.ask(subjects.FAILSAFE_TEST_CANCEL, cancel, caller=EVA, site="demo")
        assert ended.state == "cancelled"
