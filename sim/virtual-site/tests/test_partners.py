"""The virtual HEMS and the virtual control box, each with a real energy manager on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from eebus.cem import Cem
from eebus.events import Metered
from eebus.identity import Identity
from eebus.transport.node import Announcement, Network
from eebus.usecases.limitation.system import SystemProfile
from meter_profiles.catalogue import profile
from virtual_site.api.app import build
from virtual_site.core import world as worlds
from virtual_site.grid_box import GridBox
from virtual_site.hems import Hems
from virtual_site.modbus_meter import ModbusMeter
from virtual_site.scenario_file import load
from virtual_site.site import VirtualSite
from virtual_site.store import MeterStore, PartnerStore

OURS = Announcement("Test-CEM-1", "Test", "CEM", "EnergyManagementSystem", serial="1")
QUIET = Network(mdns=False)


class Bench:
    """The site with both devices, its pages, and an energy manager beside it."""

    def __init__(self, folder, http, site):
        self.http, self.site = http, site
        self.events = []
        self.cem = Cem(
            Identity.create("test"),
            OURS,
            QUIET,
            trusted=(),
            on_event=self.events.append,
            controllable=SystemProfile({"lpc": 32000.0, "lpp": 32000.0}),
        )

    async def post(self, path, body, status=200):
        answer = await self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def until(self, holds, what):
        async with asyncio.timeout(15):
            while not holds():
                await asyncio.sleep(0.02)
        assert holds(), what

    async def pair(self, name):
        partner = self.site.partners[name]
        self.cem.trust(partner.ski, host="127.0.0.1", port=partner.kept.ship_port)
        await self.post(f"/{name}/api/pair", {"ski": self.cem.ski})
        await self.until(lambda: partner.peer.state == "connected", "connected")

    def told(self):
        return [each for each in self.events if isinstance(each, Metered)]


@pytest.fixture
async def bench(tmp_path) -> AsyncIterator[Bench]:
    meter = ModbusMeter(profile("cg_em24_e1"), "127.0.0.1", 0)
    site = VirtualSite(worlds.begin(load("villa")), meter, MeterStore(tmp_path))
    site.hems = Hems(PartnerStore(tmp_path / "hems"), QUIET, lambda: site.world)
    site.grid_box = GridBox(PartnerStore(tmp_path / "box"), QUIET)
    site.play(5, 5)
    transport = httpx.ASGITransport(build(site, "http://site"))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as http:
        bench = Bench(tmp_path, http, site)
        works = (site.hems.run(), site.hems.tell(), site.grid_box.run(), bench.cem.run())
        async with running(*works):
            for started in (site.hems.started(), site.grid_box.started(), bench.cem.started()):
                await started
            yield bench


@asynccontextmanager
async def running(*works):
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_the_hems_tells_what_flows_and_stops_when_it_hangs(bench):
    await bench.pair("hems")
    await bench.until(lambda: bench.told()[-1:], "values")
    true_a = bench.site.world.meter.shown_a.values()
    assert bench.told()[-1].values.current_a == pytest.approx(true_a, abs=0.001)
    state = await bench.post("/hems/api/telling", {"telling": "errors"})
    assert state["telling"] == "errors"
    await bench.until(lambda: bench.told()[-1].values.power_w is None, "errors")
    await bench.post("/hems/api/telling", {"telling": "nothing"})
    await bench.post("/hems/api/network", {"on": False})
    assert (await bench.http.get("/hems/api/state")).json()["network"] is False
    await bench.until(lambda: bench.site.hems.facade is None, "cable out")
    await bench.post("/hems/api/network", {"on": True})
    await bench.until(lambda: bench.site.hems.peer.state == "connected", "by itself")


async def test_the_box_limits_and_shows_what_the_site_keeps_to(bench):
    await bench.pair("control-box")
    await bench.until(lambda: "lpc" in bench.site.grid_box.held, "read")
    state = await bench.post("/control-box/api/limit", {"power_w": 4200, "duration_s": 600})
    assert state["answer"]["ok"] is True
    assert bench.cem.power_control().limit_w == 4200.0
    await bench.until(lambda: bench.site.grid_box.held["lpc"].active, "held")
    assert (await bench.post("/control-box/api/failsafe", {"power_w": 5000}))["answer"]["ok"]
    await bench.until(lambda: bench.site.grid_box.failsafe.consumption_w == 5000.0, "failsafe")
    assert (await bench.post("/control-box/api/limit", {"power_w": None}))["answer"]["ok"]
    assert bench.cem.power_control().limit_w is None
    assert (await bench.post("/control-box/api/heartbeat", {"on": False}))["heartbeat"] is False


async def test_it_trusts_one_energy_manager_until_it_is_unpaired(bench):
    await bench.pair("control-box")
    other = {"ski": "0" * 40}
    assert (await bench.post("/control-box/api/pair", other, 409))["error"] == "paired-already"
    assert (await bench.post("/control-box/api/unpair", {}))["peer"] is None
    answer = (await bench.post("/control-box/api/limit", {"power_w": 1}))["answer"]
    assert answer["ok"] is False


async def test_pages_are_there_where_the_device_is(bench):
    assert "Heimdal" not in (await bench.http.get("/hems/")).text  # filled in by its script
    assert (await bench.http.get("/control-box/")).status_code == 200
    bench.site.hems = None
    assert (await bench.http.get("/hems/api/state")).status_code == 404
    assert (await bench.http.get("/nothing/")).status_code == 404
