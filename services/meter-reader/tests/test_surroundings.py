"""What the meter reader hears from others: chargers and the site's picture."""

import asyncio

import pytest

from meter_reader.bus import RECENT_S, Surroundings
from volthus_kit.bus import Bus
from volthus_kit.testing import FakeClock, nats_server
from volthus_wire.subjects import EVSE_STATE, SITE_STATE
from volthus_wire.v1.electrical_pb2 import Conductors, Phases
from volthus_wire.v1.evse_pb2 import Ev, EvseState
from volthus_wire.v1.site_pb2 import GridConnection, SiteState


@pytest.fixture
async def bus():
    async with nats_server() as nats, Bus.connect(nats.url, "test") as bus:
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


async def test_the_main_fuse_is_known_once_somebody_set_it(bus):
    around = Surroundings(FakeClock())
    await around.listen(bus, "demo")
    fuse = GridConnection(fuse_a=Phases(l1=25.0, l2=35.0, l3=25.0))
    await bus.publish(SITE_STATE, SiteState(grid_connection=fuse), site="demo")
    fuse.revision = 2
    assert around.fuse_a() is None
    await bus.publish(SITE_STATE, SiteState(grid_connection=fuse), site="demo")
    await settled(bus, around.fuse_a, 35.0)
