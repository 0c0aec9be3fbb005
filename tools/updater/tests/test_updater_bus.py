"""The updater on a real bus: whom it believes about what runs at the site."""

import asyncio

import pytest

from updater import bus as wire
from updater.site import Site
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.testing import NatsServer
from volthus_wire.subjects import EEBUS_PICTURE, EEBUS_PICTURE_GET, SITE_STATE, SITE_STATE_GET
from volthus_wire.v1.eebus_pb2 import EebusPicture
from volthus_wire.v1.site_pb2 import SiteState


@pytest.fixture
async def server(tmp_path):
    server = NatsServer(tmp_path)
    await server.start()
    yield server
    await server.stop()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def test_what_runs_here_is_asked_inside_the_site_and_no_hub_can_say_it(server, monkeypatch):
    monkeypatch.setattr(wire, "ASK_EVERY_S", 0.02)
    site = Site(SystemClock())
    asked: list[str] = []

    async def state(_, caller):
        asked.append(caller.origin)
        return SiteState(version="2.0")

    async def picture(_, caller):
        return EebusPicture(identity={"ski": "own"})

    async with Bus.connect(server.url, "updater") as bus, Bus.connect(server.url, "cem") as cem:
        await asyncio.gather(bus.until_connected(), cem.until_connected())
        watching = asyncio.create_task(wire.watch(bus, "s", site))
        await cem.serve(SITE_STATE_GET, state, site="s")
        await cem.serve(EEBUS_PICTURE_GET, picture, site="s")
        await until(lambda: site.version == "2.0" and site.trust is not None)
        # What a hub that fell to a thief may say on the subjects that cross the link.
        for _ in range(3):
            await cem.publish(SITE_STATE, SiteState(version="0.1"), site="s")
            await cem.publish(EEBUS_PICTURE, EebusPicture(identity={"ski": "thief"}), site="s")
            seen = len(asked)
            await until(lambda seen=seen: len(asked) > seen)
            assert (site.version, site.trust.own) == ("2.0", "own")
        watching.cancel()
        await asyncio.wait([watching])
    assert set(asked) == {"site"}
