"""What comes over the bus, however odd, never ends the loop nor makes the database refuse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

from google.protobuf.message import Message

from cem.bus.inbox import Inbox
from cem.bus.outbox import Outbox
from cem.core.events import GridMeterNamed, GridRead, GridReading
from cem.core.site import EnergyManagement, GridConnection
from cem.core.state import Remembered, restored
from cem.loop import Controller
from cem.memory import to_keep
from cem.picture.site import Named
from cem.store import Store
from electrical.phases import on_every_phase
from volthus_kit.bus import Bus
from volthus_kit.testing import FakeClock, nats_server
from volthus_wire import subjects
from volthus_wire.subjects import Subject
from volthus_wire.v1 import evse_pb2, operator_pb2

SITE = "demo"
SKI = "a" * 40
MANAGED = Remembered(
    GridConnection(on_every_phase(16.0), revision=1), EnergyManagement(True, True, 1)
)


class Living:
    """A controller on a real bus, turned by hand."""

    def __init__(self, bus: Bus, clock: FakeClock) -> None:
        self.bus, self.clock = bus, clock
        state = restored(MANAGED, clock.monotonic(), clock.now())
        outbox = Outbox(bus, SITE, 1, 5.0)
        self.controller = Controller(state, outbox, clock, Named(SITE, SITE, "1"), UTC)

    async def hears(self, subject: Subject, message: Message) -> None:
        """Publish, wait until it was heard, and take a turn."""
        await self.bus.publish(subject, message, site=SITE)
        await self.bus._settle()  # one connection: what was published before is heard by now
        await self.controller.turn()

    async def turn_after(self, seconds: float) -> None:
        self.clock.go_on(seconds)
        await self.controller.turn()


@asynccontextmanager
async def living() -> AsyncIterator[Living]:
    async with nats_server() as server, Bus.connect(server.url, "cem") as bus:
        await bus.until_connected()
        site = Living(bus, FakeClock())
        happened, watched = site.controller.happened, site.controller.watched
        await Inbox(bus, SITE).hear(happened, watched, lambda: site.controller.state)
        yield site


async def test_a_ski_that_cannot_stand_in_a_subject_is_nobody() -> None:
    async with living() as site:
        for odd in ("", "a.b", "*", ">", "a b", "\0"):
            await site.hears(subjects.EVSE_ROSTER, evse_pb2.EvseRoster(skis=[odd, SKI]))
            assert set(site.controller.state.chargers) == {SKI}
            appliances = [operator_pb2.Appliance(ski=ski, connected=True) for ski in (odd, SKI)]
            await site.hears(subjects.APPLIANCES, operator_pb2.Appliances(appliances=appliances))
            assert [each.ski for each in site.controller.state.appliances] == [SKI]
            await site.turn_after(1.0)


async def test_a_limit_told_twice_or_as_if_by_api_is_one_of_its_control_box(
    tmp_path: Path,
) -> None:
    limit = operator_pb2.OperatorLimit(
        kind="lpc", source="eebus", ski=SKI, state="limited", limit_w=5000.0
    )
    by_api = operator_pb2.OperatorLimit(
        kind="lpc", source="api", ski=SKI, state="limited", limit_w=4200.0
    )
    store = Store(tmp_path)
    async with living() as site:
        store.load(site.clock.now())
        limits = operator_pb2.OperatorLimits(limits=[limit, limit, by_api])
        await site.hears(subjects.OPERATOR_LIMITS, limits)
        kept = to_keep(site.controller.state)
    store.remember(kept)
    store.remember(kept)
    found, _, _ = store.load(site.clock.now())
    store.close()
    assert found.api_limit is None
    assert [(one.source, one.limit_w) for one in found.operator_limits] == [("eebus", 4200.0)]


async def test_another_meter_that_was_read_earlier_takes_no_overload_back() -> None:
    clock = FakeClock()
    async with Bus.connect("nats://127.0.0.1:1", "cem") as bus:
        site = Living(bus, clock)
        for meter, age_s in (("old", 0.0), ("old", 0.0), ("new", 4.0), ("new", 4.0)):
            clock.go_on(1.0)
            site.controller.happened(GridMeterNamed(meter))
            reading = GridReading(meter, on_every_phase(40.0), age_s)
            site.controller.happened(GridRead(reading))
            await site.controller.turn()
        assert site.controller.decision.overloads
        assert site.controller.picture().overload_s == 2.0  # from old to old, from new to new
