"""Who answers for rotation tests: one at a time, cancelled safely, the last result kept."""

import pytest
from cem_plant import Plant, PlantCar, steady

from cem.core.events import Event
from cem.core.folding import apply
from cem.core.state import State
from cem.rotation.bus import answer
from cem.rotation.tester import RotationTester
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock, nats_server
from volthus_wire import subjects
from volthus_wire.v1 import metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SKI = "a" * 40
EVA = Caller(actor="eva", role="service", origin="site")
START = site_pb2.StartRotationTestRequest(ski=SKI)


class Site:
    """A plant and the tester beside it, on one fake clock."""

    def __init__(self, car: PlantCar, rotation: str = "RST") -> None:
        self.plant = Plant([car], steady(3))
        self.clock = FakeClock()
        self.clock.go_on(-self.clock.monotonic())
        transport = metering_pb2.MeterTransport(kind=metering_pb2.TRANSPORT_KIND_TCP)
        settings = metering_pb2.MeterSettings(meter="grid", rotation=rotation, transport=transport)
        self.meters = [metering_pb2.MeterHealth(settings=settings)]
        self.tester = RotationTester(self, lambda: self.meters, self.clock)

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
