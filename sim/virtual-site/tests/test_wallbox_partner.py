"""A virtual charger and a real energy manager on loopback: pair, plug, limit, fail, unplug."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from eebus.cem import Cem
from eebus.events import ConnectionState, DeviceState, EvChanged, PeerFound
from eebus.identity import Identity
from eebus.transport.node import Announcement, Network
from meter_profiles.catalogue import profile
from virtual_site.core import world as worlds
from virtual_site.core.car import CarModel, Standard
from virtual_site.core.scenario import FaultKind
from virtual_site.core.world import ActiveFault
from virtual_site.modbus_meter import ModbusMeter
from virtual_site.scenario_file import load
from virtual_site.site import VirtualSite
from virtual_site.store import ChargerStore, MeterStore
from virtual_site.wallbox import Wallbox

HEMS = Announcement("Test-HEMS-1", "Test", "HEMS", "EnergyManagementSystem", serial="1")
CAR = CarModel(
    phases=3, max_a=16, energy_wh=50_000, delay_s=1, start_s=1, ramp_up_a_s=8, ramp_down_a_s=8
)


class Bench:
    """One charger with its world running, and the energy manager beside it."""

    def __init__(self, folder, speed, network):
        meter = ModbusMeter(profile("cg_em24_e1"), "127.0.0.1", 0)
        world = worlds.begin(load("still"))
        self.site = VirtualSite(world, meter, MeterStore(folder), speed=speed)
        self.box = Wallbox(ChargerStore(folder / "1"), network, self.site.changer(0))
        self.site.connect([self.box])
        self.site.unplug(0)
        self.events = []
        self.cem = Cem(
            Identity.create("test hems"), HEMS, network, trusted=(), on_event=self.events.append
        )

    @property
    def charger(self):
        return self.site.world.chargers[0]

    async def until(self, holds, within_s=10.0, what="it"):
        start = time.monotonic()
        while not holds():
            if time.monotonic() - start > within_s:
                pytest.fail(f"{what} did not happen within {within_s} s: {self.charger}")
            await asyncio.sleep(0.05)
        return time.monotonic() - start

    def is_connected(self):
        return self.cem.connection(self.box.ski).state is ConnectionState.CONNECTED

    async def pair(self):
        self.box.pair(self.cem.ski)
        self.cem.trust(self.box.ski, host="127.0.0.1", port=self.box.kept.ship_port)
        # A dial that fails is tried again after 3 to 10 s.
        await self.until(self.is_connected, 30, what="connection")
        # A car plugged before the energy manager's subscriptions have arrived is not told to it.
        connected = ConnectionState.CONNECTED
        await self.until(lambda: self.box.connection().state is connected, what="connection")
        await asyncio.sleep(0.1)

    async def plug(self, car=CAR):
        self.site.plug(0, car)
        await self.until(self.has_ev, what="the car at the energy manager")

    def has_ev(self):
        ev = self.cem.ev(self.box.ski)
        return ev is not None and ev.has_opev and ev.max_a is not None

    def state(self):
        return self.cem.ev(self.box.ski).operating_state

    def told_a(self):
        measured = self.cem.measured(self.box.ski)
        return None if measured is None else measured.current_a

    async def limit(self, *values):
        return await self.cem.write_limit(self.box.ski, values * 3 if len(values) == 1 else values)


@asynccontextmanager
async def bench_running(folder, *, speed=4, mdns=False):
    """Run a bench whose car is fast; the protocols keep their own time."""
    bench = Bench(folder, speed, Network(mdns=mdns))
    runs = (bench.site.run(), bench.box.run(), bench.cem.run())
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        await bench.box.started()
        await bench.cem.started()
        yield bench
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def bench(tmp_path):
    async with bench_running(tmp_path) as bench:
        yield bench


async def test_both_find_each_other_on_the_network(tmp_path):
    async with bench_running(tmp_path, mdns=True) as bench:
        ski = bench.box.ski
        await bench.until(
            lambda: any(isinstance(e, PeerFound) and e.peer.ski == ski for e in bench.events),
            what="discovery of the charger",
        )
        await bench.until(lambda: bench.cem.ski in [p.ski for p in bench.box.peers()])
        found = bench.cem.peers[ski]
        assert (found.brand, found.model, found.type) == ("Fjordstrom", "Box 11", "ChargingStation")


async def test_a_request_is_shown_and_pairing_trusts_it_at_once(bench):
    bench.cem.trust(bench.box.ski, host="127.0.0.1", port=bench.box.kept.ship_port)
    await bench.until(lambda: bench.box.is_asking(bench.cem.ski), what="the request")
    assert bench.cem.ski in [peer.ski for peer in bench.box.peers()]
    bench.box.pair(bench.cem.ski)
    assert await bench.until(bench.is_connected, what="connection") < 8
    assert not bench.box.is_asking(bench.cem.ski)


async def test_the_current_follows_a_limit_within_four_seconds(tmp_path):
    async with bench_running(tmp_path, speed=1) as bench:
        await bench.pair()
        await bench.plug(replace(CAR, start_s=0, ramp_up_a_s=50))
        assert (await bench.limit(12.0)).ok
        await bench.until(lambda: bench.charger.current_a.l1 == 12, what="12 A")
        assert (await bench.limit(7.0)).ok
        await bench.until(lambda: bench.charger.current_a.l3 <= 7, 4, "7 A")
        await bench.until(lambda: bench.told_a() == (7.0, 7.0, 7.0), what="7 A told")


async def test_a_pause_its_end_and_unplugging_are_seen_on_both_sides(bench):
    await bench.pair()
    await bench.plug()
    assert (await bench.limit(0.0)).ok
    await bench.until(lambda: bench.state() == "standby", what="standby")
    assert bench.charger.current_a.l1 == 0
    assert (await bench.limit(None)).ok
    await bench.until(lambda: bench.charger.current_a.l1 == 16, what="no limit")
    await bench.until(lambda: bench.state() == "normalOperation", what="charging")
    bench.site.unplug(0)
    await bench.until(lambda: bench.cem.ev(bench.box.ski) is None, what="unplugging")


async def test_a_silent_energy_manager_means_failsafe_until_it_beats_and_writes(bench):
    await bench.pair()
    await bench.plug()
    await bench.limit(12.0)
    await bench.until(lambda: bench.charger.current_a.l1 == 12, what="12 A")
    bench.cem.stop_heartbeats(stopped=True)
    await bench.until(lambda: bench.charger.control.in_failsafe, 12, "failsafe")
    await bench.until(lambda: bench.charger.current_a.l1 == 6, what="6 A")
    bench.cem.stop_heartbeats(stopped=False)
    await bench.until(lambda: bench.charger.control.is_alive, what="a heartbeat")
    assert bench.charger.control.in_failsafe
    await bench.limit(12.0)
    await bench.until(lambda: bench.charger.current_a.l1 == 12, what="12 A again")


async def test_an_energy_manager_that_reports_failure_means_failsafe(bench):
    await bench.pair()
    await bench.plug()
    await bench.limit(12.0)
    await bench.until(lambda: bench.charger.control.obeys_limit, what="the limit")
    bench.cem.set_failure(failed=True)
    await bench.until(lambda: bench.charger.control.in_failsafe, 4, "failsafe")


async def test_an_iso_car_becomes_digital_and_zero_amperes_drop_it(bench):
    bench.site.set_plc(0, on=True)
    await bench.pair()
    car = CarModel(
        phases=3, max_a=16, energy_wh=50_000, delay_s=1, start_s=1, standard=Standard.ISO15118_ED1
    )
    await bench.plug(car)
    assert bench.cem.ev(bench.box.ski).communication == "iec61851"
    await bench.limit(10.0)
    await bench.until(
        lambda: bench.cem.ev(bench.box.ski).communication == "iso15118-2ed1", what="ISO 15118"
    )
    await bench.until(lambda: bench.cem.ev(bench.box.ski).min_a == 2.2, what="the car's range")
    await bench.until(lambda: bench.cem.ev(bench.box.ski).soc_percent is not None, what="SoC")
    await bench.limit(2.2)
    await bench.until(lambda: bench.charger.current_a.l2 == 2.2, 5, "2.2 A")
    await bench.limit(0.1)
    await bench.until(lambda: bench.charger.current_a.l2 == 0, 5, "a pause")
    assert bench.charger.is_digital


async def test_a_lost_link_comes_back_with_the_same_car_and_port(bench):
    await bench.pair()
    await bench.plug()
    await bench.limit(12.0)
    await bench.until(lambda: bench.charger.current_a.l1 == 12, what="12 A")
    port = bench.box.kept.ship_port
    bench.site.begin_fault(ActiveFault(FaultKind.LINK_LOSS, bench.site.world.t_s + 4, 0))
    await bench.until(lambda: not bench.is_connected(), what="the loss")
    assert bench.charger.current_a.l1 == 12
    await bench.until(bench.is_connected, 20, "the connection")
    assert bench.box.kept.ship_port == port
    await bench.until(bench.has_ev, what="the car")
    assert (await bench.limit(8.0)).ok
    await bench.until(lambda: bench.charger.current_a.l1 == 8, what="8 A")


async def test_a_failure_of_the_charger_is_reported_and_over_later(bench):
    await bench.pair()
    bench.site.begin_fault(ActiveFault(FaultKind.CHARGER_FAILURE, bench.site.world.t_s + 4, 0))

    def told():
        return [e.operating_state for e in bench.events if isinstance(e, DeviceState)]

    await bench.until(lambda: "failure" in told(), what="failure")
    await bench.until(lambda: told()[-1] == "normalOperation", what="its end")


async def test_replacing_a_car_is_seen_as_unplugging_and_plugging(bench):
    await bench.pair()
    await bench.plug()
    bench.events.clear()
    bench.site.plug(0, CarModel(phases=1, max_a=16, energy_wh=50_000))
    await bench.until(lambda: bench.has_ev() and bench.cem.ev(bench.box.ski).phases == 1)
    assert None in [e.ev for e in bench.events if isinstance(e, EvChanged)]


async def test_unpairing_at_the_charger_ends_the_connection_and_its_limit(bench):
    await bench.pair()
    await bench.plug()
    await bench.limit(12.0)
    await bench.until(lambda: bench.charger.control.obeys_limit, what="the limit")
    bench.box.unpair(bench.cem.ski)
    await bench.until(lambda: not bench.is_connected(), what="the end")
    assert not bench.charger.control.obeys_limit
