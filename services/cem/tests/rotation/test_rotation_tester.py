"""Who answers for rotation tests: one at a time, cancelled safely, the last result kept."""

import json
from pathlib import Path

import pytest
from cem_plant import Plant, PlantCar, steady

from cem.core.events import Event
from cem.core.folding import apply
from cem.core.state import State
from cem.ended_tests import Book
from cem.rotation.book import RotationBook
from cem.rotation.bus import answer
from cem.rotation.tester import RotationTester
from cem.store import Store
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock, nats_server
from volthus_wire import subjects
from volthus_wire.v1 import metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SKI = "a" * 40
EVA = Caller(actor="eva", role="service", origin="site")
START = site_pb2.StartRotationTestRequest(ski=SKI)


class InMemory:
    """A book of tests without a disk."""

    def load(self) -> dict[str, site_pb2.RotationTest]:
        return {}

    def write(self, test: site_pb2.RotationTest, caller: Caller) -> None:
        pass


class Site:
    """A plant and the tester beside it, on one fake clock."""

    def __init__(self, car: PlantCar, rotation: str = "RST", book: Book | None = None) -> None:
        self.plant = Plant([car], steady(3))
        self.clock = FakeClock()
        self.clock.go_on(-self.clock.monotonic())
        transport = metering_pb2.MeterTransport(kind=metering_pb2.TRANSPORT_KIND_TCP)
        settings = metering_pb2.MeterSettings(meter="grid", rotation=rotation, transport=transport)
        self.meters = [metering_pb2.MeterHealth(settings=settings)]
        self.tester = RotationTester(self, lambda: self.meters, self.clock, book or InMemory())

    @property
    def state(self) -> State:
        return self.plant.state

    def happened(self, event: Event) -> None:
        self.plant.state = apply(self.plant.state, event, self.clock.monotonic())

    def play(self, seconds: int) -> None:
        began = int(self.clock.monotonic())
        for _ in self.plant.run(began + seconds, began):
            self.tester.look()
            self.clock.go_on(1.0)

    async def start(self) -> site_pb2.RotationTest:
        return await self.tester.start(START, EVA)

    async def get(self) -> site_pb2.RotationTest:
        return await self.tester.get(site_pb2.RotationTestRequest(), EVA)


async def test_a_test_runs_to_its_proposals_and_is_kept() -> None:
    site = Site(PlantCar(SKI, phases=(0,), wired=(1, 2, 0)))
    assert await site.get() == site_pb2.RotationTest()
    site.play(90)
    begun = await site.start()
    assert (begun.ski, begun.state, begun.code) == (SKI, "running", "")
    assert begun.step == "Level 1: held low at 6 A."
    span_s = begun.until.seconds - site.clock.now().timestamp()
    assert 200 < span_s < 300
    site.play(130)
    done = await site.get()
    assert (done.state, done.code, done.reversed) == ("done", "", False)
    assert (done.proposed_wiring, done.proposed_rotation) == ("STR", "TRS")
    assert list(done.phases) == ["L2"]
    assert done.confidence > 0.95
    assert done.step == "Conductor l1 of the charger shows on L2 of the meter."
    site.play(60)
    assert await site.get() == done


async def test_one_test_at_a_time_and_it_can_be_cancelled() -> None:
    site = Site(PlantCar(SKI, phases=(0,)))
    site.play(90)
    await site.start()
    with pytest.raises(RefusedError) as caught:
        await site.start()
    assert caught.value.code == "rotation-test-running"
    site.play(10)
    assert site.state.chargers[SKI].pulse is not None
    cancelled = await site.tester.cancel(site_pb2.CancelRotationTestRequest(), EVA)
    assert (cancelled.state, cancelled.step) == ("cancelled", "Cancelled.")
    assert site.state.chargers[SKI].pulse is None
    site.play(15)  # the car is at its share again
    assert (await site.start()).state == "running"


async def test_a_test_that_cannot_be_begins_not_and_leaves_the_last_result() -> None:
    site = Site(PlantCar(SKI, plug_s=1000))
    site.play(90)
    with pytest.raises(RefusedError) as caught:
        await site.start()
    assert (caught.value.code, caught.value.detail) == (
        "car-not-charging",
        "No car is charging at this charger.",
    )
    with pytest.raises(RefusedError) as caught:
        await site.tester.start(site_pb2.StartRotationTestRequest(ski="b" * 40), EVA)
    assert caught.value.code == "unknown-charger"
    assert await site.get() == site_pb2.RotationTest()


async def test_a_reversed_clamp_is_said_with_its_phase() -> None:
    site = Site(PlantCar(SKI))
    site.plant.clamps = ((0, 1), (1, -1), (2, 1))
    site.play(90)
    await site.start()
    site.play(130)
    told = await site.get()
    assert (told.state, told.code, told.reversed) == ("failed", "needs-one-phase-car", True)
    assert told.step.endswith("The clamp on L2 sits the wrong way round.")
    assert (told.proposed_wiring, told.proposed_rotation) == ("", "")
    assert list(told.phases) == ["L1", "L2", "L3"]


async def test_a_meter_without_a_rotation_gets_none_proposed() -> None:
    site = Site(PlantCar(SKI, phases=(0,)))
    site.meters[0].settings.transport.kind = metering_pb2.TRANSPORT_KIND_EEBUS
    site.play(90)
    await site.start()
    site.play(130)
    told = await site.get()
    assert (told.proposed_wiring, told.proposed_rotation) == ("RST", "")


async def test_the_bus_carries_questions_answers_and_refusals() -> None:
    site = Site(PlantCar(SKI, phases=(0,)))
    site.play(90)
    async with nats_server() as nats, Bus.connect(nats.url, "test") as bus:
        await bus.until_connected()
        await answer(bus, "demo", site.tester)
        started = await bus.ask(subjects.ROTATION_TEST_START, START, caller=EVA, site="demo")
        question = site_pb2.RotationTestRequest()
        told = await bus.ask(subjects.ROTATION_TEST_GET, question, caller=EVA, site="demo")
        assert (started.state, told.state) == ("running", "running")
        with pytest.raises(RefusedError, match="rotation-test-running"):
            await bus.ask(subjects.ROTATION_TEST_START, START, caller=EVA, site="demo")
        cancel = site_pb2.CancelRotationTestRequest()
        ended = await bus.ask(subjects.ROTATION_TEST_CANCEL, cancel, caller=EVA, site="demo")
        assert ended.state == "cancelled"


# --- what is kept --------------------------------------------------------------------------------


def opened(folder: Path) -> Store:
    store = Store(folder)
    store.load(FakeClock().now())
    return store


async def asked(tester: RotationTester, ski: str = "") -> site_pb2.RotationTest:
    await tester.save()
    return await tester.get(site_pb2.RotationTestRequest(ski=ski), EVA)


async def test_start_and_end_are_in_the_audit_and_the_result_outlives_a_restart(tmp_path: Path):
    store = opened(tmp_path)
    site = Site(PlantCar(SKI, phases=(0,), wired=(1, 2, 0)), book=RotationBook(store))
    site.play(90)
    await site.start()
    site.play(130)
    done = await asked(site.tester)
    assert (done.state, done.proposed_wiring) == ("done", "STR")
    assert done.HasField("ended")
    assert not done.HasField("until")
    audit = [(row.actor, row.setting, row.before, json.loads(row.after)) for row in store.audit()]
    assert [entry[:3] for entry in audit] == [
        ("eva", f"rotation-test/{SKI}", "null"),
        ("eva", f"rotation-test/{SKI}", '{"state": "running"}'),
    ]
    assert audit[0][3] == {"state": "running"}
    assert audit[1][3]["proposedWiring"] == "STR"
    store.close()
    store = opened(tmp_path)
    again = Site(PlantCar(SKI), book=RotationBook(store))
    assert await asked(again.tester) == done
    assert await asked(again.tester, SKI) == done
    assert await asked(again.tester, "b" * 40) == site_pb2.RotationTest()
    store.close()


async def test_a_test_that_a_restart_broke_off_says_so(tmp_path: Path):
    store = opened(tmp_path)
    site = Site(PlantCar(SKI, phases=(0,)), book=RotationBook(store))
    site.play(90)
    await site.start()
    again = Site(PlantCar(SKI), book=RotationBook(store))
    broken = await asked(again.tester, SKI)
    assert (broken.state, broken.code) == ("failed", "test-interrupted")
    assert not broken.HasField("until")
    store.close()


async def test_what_cannot_be_recorded_is_not_begun_and_an_end_is_recorded_later(tmp_path: Path):
    store = opened(tmp_path)
    site = Site(PlantCar(SKI, phases=(0,)), book=RotationBook(store))
    site.play(90)

    async def failing(is_failing: int) -> None:
        with store.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA query_only={is_failing}")

    await site.tester.save()
    await failing(1)
    with pytest.raises(RefusedError, match="store-failing"):
        await site.start()
    assert site.state.chargers[SKI].pulse is None
    await failing(0)
    await site.start()
    await failing(1)
    question = site_pb2.CancelRotationTestRequest(ski=SKI)
    assert (await site.tester.cancel(question, EVA)).state == "cancelled"
    assert len(store.audit()) == 1
    await failing(0)
    site.clock.go_on(5.0)
    await site.tester.save()
    assert len(store.audit()) == 2
    with pytest.raises(RefusedError, match="no-rotation-test"):
        await site.tester.cancel(question, EVA)
    store.close()
