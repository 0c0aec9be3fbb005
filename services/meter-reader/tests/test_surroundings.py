"""What the meter reader hears from others: chargers and the main fuse."""

import asyncio

import pytest

from meter_reader import bus as wire
from meter_reader.bus import RECENT_S, Surroundings
from volthus_kit.bus import Bus
from volthus_kit.testing import FakeClock, nats_server
from volthus_wire.subjects import EVSE_STATE, GRID_CONNECTION_GET, SITE_STATE
from volthus_wire.v1.electrical_pb2 import Conductors, Phases
from volthus_wire.v1.evse_pb2 import Ev, EvseState
from volthus_wire.v1.site_pb2 import GridConnection, GridConnectionReply, SiteState


@pytest.fixture
async def server():
    async with nats_server() as running:
        yield running


@pytest.fixture
async def bus(server):
    async with Bus.connect(server.url, "test") as bus:
        await bus.until_connected()
        yield bus


async def settled(bus, what, wanted):
    async with asyncio.timeout(5):
        while what() != wanted:
            await asyncio.sleep(0.01)


async def charger(bus, ski, **state):
    await bus.publish(EVSE_STATE, EvseState(ski=ski, **state), site="demo", ski=ski)


async def test_the_power_of_all_chargers_is_known_only_while_each_tells_it(bus):
    clock = FakeClock()
    around = Surroundings(clock)
    await around.listen(bus, "demo")
    assert around.charging_w() is None
    await charger(bus, "a" * 40, ev_known=True, ev=Ev(), power_w=Conductors(a=2300.0, b=2000.0))
    await settled(bus, around.charging_w, 4300.0)
    await charger(bus, "b" * 40, ev_known=True)  # no car
    await charger(bus, "c" * 40, ev_known=True, ev=Ev())  # a car, and no measurement
    await settled(bus, around.charging_w, None)
    clock.go_on(RECENT_S + 1)
    await charger(bus, "b" * 40, ev_known=True)
    await settled(bus, around.charging_w, 0.0)


async def test_the_main_fuse_is_asked_inside_the_site_and_no_hub_can_say_it(
    server, bus, monkeypatch
):
    monkeypatch.setattr(wire, "ASK_EVERY_S", 0.02)
    around = Surroundings(FakeClock())
    fuse = GridConnection(fuse_a=Phases(l1=25.0, l2=35.0, l3=25.0))
    asked: list[str] = []

    async def answer(_, caller):
        asked.append(caller.origin)
        return GridConnectionReply(settings=fuse)

    async def once_more():
        seen = len(asked)
        await settled(bus, lambda: len(asked) > seen + 1, wanted=True)

    async with Bus.connect(server.url, "cem") as cem:
        await cem.until_connected()
        await cem.serve(GRID_CONNECTION_GET, answer, site="demo")
        asking = asyncio.create_task(around.watch_fuse(bus, "demo"))
        await once_more()
        assert around.fuse_a() is None, "nobody set it"
        fuse.revision = 2
        await once_more()
        assert around.fuse_a() == 35.0
        # What a hub that fell to a thief may say on a subject that crosses the link.
        forged = GridConnection(revision=9, fuse_a=Phases(l1=2000.0, l2=2000.0, l3=2000.0))
        await cem.publish(SITE_STATE, SiteState(grid_connection=forged), site="demo")
        await once_more()
        assert around.fuse_a() == 35.0
        asking.cancel()
        await asyncio.wait([asking])
    assert set(asked) == {"site"}
