"""The CEM as a program on a real bus: a fake meter and fake chargers publish, limits come out."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cem.service import serve
from cem.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.ports import free_port
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import nats_server
from volthus_wire import subjects
from volthus_wire.v1 import evse_pb2, metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "demo"
SERVICE = Caller(actor="sven", role="service", origin="site")
ONE, TWO = "1" * 40, "2" * 40


class Partners:
    """A meter and chargers that obey at once, spoken for over the real bus."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.house_a = [3.0, 3.0, 3.0]
        self.limits: dict[str, evse_pb2.EvseLimit] = {}
        self.pictures: list[site_pb2.SiteState] = []
        self.cars: dict[str, float] = {}  # ski -> what the car would take
        self.has_meter = True
        self.sequence = 0
        self.changed = asyncio.Event()

    async def hear(self) -> None:
        def on_limit(message: evse_pb2.EvseLimit, _: dict[str, str]) -> None:
            self.limits[message.ski] = message
            self.changed.set()

        def on_picture(message: site_pb2.SiteState, _: dict[str, str]) -> None:
            self.pictures.append(message)
            self.changed.set()

        await self.bus.subscribe(subjects.EVSE_LIMIT, on_limit, site=SITE)
        await self.bus.subscribe(subjects.SITE_STATE, on_picture, site=SITE)

    def drawn_a(self, ski: str) -> float:
        limit = self.limits.get(ski)
        return min(self.cars[ski], limit.current_a.a) if limit is not None else 0.0

    async def tell_chargers(self) -> None:
        await self.bus.publish(
            subjects.EVSE_ROSTER, evse_pb2.EvseRoster(skis=list(self.cars)), site=SITE
        )
        for ski in self.cars:
            drawn_a = self.drawn_a(ski)
            message = evse_pb2.EvseState(
                ski=ski,
                name=f"charger {ski[0]}",
                connection=evse_pb2.CONNECTION_CONNECTED,
                ev_known=True,
                ev=evse_pb2.Ev(phases=3, min_a=6, max_a=16, takes_limits=True, plug=1),
                current_a={"a": drawn_a, "b": drawn_a, "c": drawn_a},
                power_w={"a": 230 * drawn_a, "b": 230 * drawn_a, "c": 230 * drawn_a},
                measured_age_s=0.0,
            )
            if ski in self.limits:
                message.limit.current_a.CopyFrom(self.limits[ski].current_a)
                message.limit.controller_epoch = self.limits[ski].controller_epoch
            await self.bus.publish(subjects.EVSE_STATE, message, site=SITE, ski=ski)

    async def tell_meter(self) -> None:
        self.sequence += 1
        settings = metering_pb2.MeterSettings(meter="grid-1", role=metering_pb2.METER_ROLE_GRID)
        meters = [metering_pb2.MeterHealth(settings=settings)] if self.has_meter else []
        roster = metering_pb2.MeterRoster(meters=meters)
        await self.bus.publish(subjects.METER_ROSTER, roster, site=SITE)
        if not self.has_meter:
            return
        drawn_a = sum(self.drawn_a(ski) for ski in self.cars)
        noise = 0.01 * (self.sequence % 7)
        current_a = [house + drawn_a + noise for house in self.house_a]
        reading = metering_pb2.MeterReading(
            meter="grid-1",
            role=metering_pb2.METER_ROLE_GRID,
            quality=metering_pb2.METER_QUALITY_GOOD,
            sequence=self.sequence,
            current_a=dict(zip(("l1", "l2", "l3"), current_a, strict=True)),
            power_total_w=230 * sum(current_a),
            period_s=0.2,
        )
        await self.bus.publish(subjects.METER_READING, reading, site=SITE, meter="grid-1")

    async def live(self) -> None:
        while True:
            await self.tell_chargers()
            await self.tell_meter()
            await asyncio.sleep(0.2)

    async def until(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    async def set_up(self, fuse_a: float = 25.0) -> None:
        grid = site_pb2.GridConnection(
            fuse_a={"l1": fuse_a, "l2": fuse_a, "l3": fuse_a},
            phases=3,
            base_load_a={"l1": 5, "l2": 5, "l3": 5},
            static_share_a={"l1": 12, "l2": 12, "l3": 12},
        )
        await self.ask_grid(grid)
        switch = site_pb2.EnergyManagement(on=True, confirmed_no_other=True)
        await self.bus.ask(
            subjects.ENERGY_MANAGEMENT_PUT,
            site_pb2.PutEnergyManagementRequest(settings=switch),
            caller=SERVICE,
            site=SITE,
        )

    async def ask_grid(self, grid: site_pb2.GridConnection) -> site_pb2.GridConnection:
        reply = await self.bus.ask(
            subjects.GRID_CONNECTION_PUT,
            site_pb2.PutGridConnectionRequest(settings=grid),
            caller=SERVICE,
            site=SITE,
        )
        return reply.settings


@asynccontextmanager
async def running(work: object) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[Partners, Settings]]:
    async with nats_server() as server, Bus.connect(server.url, "partners") as bus:
        partners = Partners(bus)
        await partners.hear()
        await bus.until_connected()
        yield partners, Settings(nats_url=server.url, site=SITE, state_dir=folder)


async def answering(partners: Partners) -> None:
    """Wait until the CEM answers."""
    await partners.until(lambda: bool(partners.pictures))


def current_a(partners: Partners, ski: str) -> float:
    return partners.limits[ski].current_a.a if ski in partners.limits else -1.0


async def test_cars_share_the_fuse_and_give_way_to_the_house(tmp_path: Path) -> None:
    async with site(tmp_path) as (partners, settings), running(serve(settings)):
        partners.cars = {ONE: 16.0, TWO: 16.0}
        async with running(partners.live()):
            await answering(partners)
            await partners.set_up()
            await partners.until(lambda: current_a(partners, ONE) >= 6)
            await partners.until(lambda: current_a(partners, TWO) >= 6)
            # 25 A - 0.56 A margin - 14 A house leave 10.4 A: not enough for both.
            began = asyncio.get_running_loop().time()
            partners.house_a = [14.0, 3.0, 3.0]
            await partners.until(
                lambda: current_a(partners, ONE) + current_a(partners, TWO) <= 10.5
            )
            assert asyncio.get_running_loop().time() - began < 1.5
            limit = partners.limits[ONE]
            assert limit.ttl_ms == 5000
            assert limit.fallback_a == 6
            picture = partners.pictures[-1]
            assert picture.ladder == "fresh"
            assert picture.load_management == "dynamic"
            assert picture.grid_import_w > 0


async def test_without_a_meter_the_sum_of_chargers_stays_below_the_fuse(tmp_path: Path) -> None:
    async with site(tmp_path) as (partners, settings), running(serve(settings)):
        partners.cars = {ONE: 16.0, TWO: 16.0}
        partners.has_meter = False
        async with running(partners.live()):
            await answering(partners)
            await partners.set_up(fuse_a=20)
            await partners.until(
                lambda: current_a(partners, ONE) >= 6 and current_a(partners, TWO) >= 6
            )
            await partners.until(lambda: partners.pictures[-1].load_management == "static")
            assert not partners.pictures[-1].HasField("grid_import_w")
            # 20 A - 0.54 A margin.
            assert current_a(partners, ONE) + current_a(partners, TWO) <= 19.46


async def test_settings_and_epoch_survive_a_restart_and_grow(tmp_path: Path) -> None:
    async with site(tmp_path) as (partners, settings):
        partners.cars = {ONE: 16.0}
        async with running(partners.live()):
            async with running(serve(settings)):
                await answering(partners)
                await partners.set_up()
                await partners.until(lambda: current_a(partners, ONE) >= 6)
                first = partners.limits[ONE].controller_epoch
                await asyncio.sleep(1.2)  # what is paired is written within a second
            partners.pictures.clear()
            async with running(serve(settings)):
                await partners.until(lambda: partners.limits[ONE].controller_epoch > first)
                assert current_a(partners, ONE) >= 6  # no dip: it goes on from what is in force
                await answering(partners)
                assert partners.pictures[-1].grid_connection.fuse_a.l1 == 25
                assert partners.pictures[-1].energy_management.on


async def test_a_meter_that_was_there_before_the_restart_is_never_taken_for_none(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as (partners, settings):
        partners.cars = {ONE: 16.0}
        async with running(partners.live()), running(serve(settings)):
            await answering(partners)
            await partners.set_up()
            await partners.until(lambda: partners.pictures[-1].ladder == "fresh")
            await asyncio.sleep(1.2)
        partners.pictures.clear()
        async with running(serve(settings)):  # nobody publishes now: the meter-reader is gone
            await partners.until(lambda: bool(partners.pictures))
            assert partners.pictures[-1].ladder == "hold"
            assert partners.pictures[-1].load_management == "dynamic"


async def test_bad_settings_are_refused_with_code_and_field(tmp_path: Path) -> None:
    async with site(tmp_path) as (partners, settings), running(serve(settings)):
        partners.cars = {ski * 40: 16.0 for ski in "12345"}
        async with running(partners.live()):
            await answering(partners)
            await partners.until(lambda: len(partners.pictures[-1].chargers) == 5)
            fuse = {"l1": 25.0, "l2": 25.0, "l3": 25.0}
            for grid, code, field in (
                ({"fuse_a": fuse | {"l2": 0.0}}, "fuse-out-of-range", "/fuse_a/l2"),
                ({"fuse_a": fuse | {"l3": 1000.1}}, "fuse-out-of-range", "/fuse_a/l3"),
                ({"fuse_a": fuse, "phases": 2}, "phases-not-supported", "/phases"),
                ({"fuse_a": fuse, "margin_a": -1}, "margin-out-of-range", "/margin_a"),
                ({"fuse_a": fuse}, "failsafe-sum-too-high", "/fuse_a"),
            ):
                with pytest.raises(RefusedError) as refused:
                    await partners.ask_grid(site_pb2.GridConnection(**{"phases": 3} | grid))
                assert (refused.value.code, refused.value.field) == (code, field)
            assert refused.value.params["sum_a"] == "30"
            assert refused.value.params["fuse_a"] == "25"
            saved = await partners.ask_grid(
                site_pb2.GridConnection(fuse_a={"l1": 63, "l2": 63, "l3": 63}, phases=3)
            )
            assert saved.revision == 1
            await partners.ask_grid(saved)
            with pytest.raises(RefusedError, match="revision-conflict"):
                await partners.ask_grid(saved)


async def test_switching_on_wants_a_confirmation_and_off_releases_every_charger(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as (partners, settings), running(serve(settings)):
        partners.cars = {ONE: 16.0}
        async with running(partners.live()):
            await answering(partners)
            await partners.until(lambda: ONE in partners.limits and partners.limits[ONE].release)
            switch = site_pb2.PutEnergyManagementRequest(
                settings=site_pb2.EnergyManagement(on=True)
            )
            with pytest.raises(RefusedError, match="confirmation-needed"):
                await partners.bus.ask(subjects.ENERGY_MANAGEMENT_PUT, switch, site=SITE)
            await partners.set_up()
            await partners.until(lambda: not partners.limits[ONE].release)
            switch.settings.on = False
            await partners.bus.ask(subjects.ENERGY_MANAGEMENT_PUT, switch, site=SITE)
            await partners.until(lambda: partners.limits[ONE].release)
            await partners.until(
                lambda: partners.pictures[-1].chargers[0].limited_by.kind == "energy-management-off"
            )


async def test_with_a_locked_database_control_goes_on_and_changes_are_refused(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as (partners, settings), running(serve(settings)):
        partners.cars = {ONE: 16.0}
        async with running(partners.live()):
            await answering(partners)
            await partners.set_up()
            await partners.until(lambda: current_a(partners, ONE) >= 6)
            other = sqlite3.connect(tmp_path / "cem.sqlite", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            fuse = {"l1": 32.0, "l2": 32.0, "l3": 32.0}
            with pytest.raises(RefusedError, match="store-failing"):
                await partners.ask_grid(site_pb2.GridConnection(fuse_a=fuse, phases=3))
            last = partners.limits[ONE].sequence
            await partners.until(lambda: partners.limits[ONE].sequence > last + 1)
            assert partners.pictures[-1].grid_connection.fuse_a.l1 == 25
            await partners.until(
                lambda: "store-failing" in [n.code for n in partners.pictures[-1].notices]
            )
            other.execute("ROLLBACK")
            other.close()
            saved = await partners.ask_grid(site_pb2.GridConnection(fuse_a=fuse, phases=3))
            assert saved.fuse_a.l1 == 32


async def test_health_is_up_and_says_why_while_the_settings_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "cem.sqlite").write_bytes(b"this is no database" * 100)
    port = free_port()
    async with (
        site(tmp_path) as (partners, settings),
        httpx.AsyncClient(timeout=5) as client,
        running(serve(settings.model_copy(update={"health_port": port}))),
    ):
        url = f"http://{settings.health_host}:{port}"

        async def asked(path: str) -> httpx.Response:
            async with asyncio.timeout(10):
                while True:
                    with contextlib.suppress(httpx.TransportError):
                        return await client.get(url + path)
                    await asyncio.sleep(0.02)

        assert (await asked("/healthz")).status_code == 200
        ready = await asked("/readyz")
        assert (ready.status_code, ready.json()["checks"]) == (503, {"settings": False})
        (tmp_path / "cem.sqlite").unlink()  # somebody clears what was broken
        await answering(partners)
        async with asyncio.timeout(10):
            while (await asked("/readyz")).status_code != 200:
                await asyncio.sleep(0.05)


async def test_a_higher_fuse_from_afar_needs_somebody_at_the_site(tmp_path: Path) -> None:
    async with site(tmp_path) as (partners, settings), running(serve(settings)):
        await answering(partners)
        question = site_pb2.PutGridConnectionRequest(
            settings=site_pb2.GridConnection(fuse_a={"l1": 25, "l2": 25, "l3": 25}, phases=3)
        )
        far = Caller(actor="fleet", role="operator", origin="cloud")
        with pytest.raises(RefusedError, match="confirmation-at-site-needed"):
            await partners.bus.ask(subjects.GRID_CONNECTION_PUT, question, caller=far, site=SITE)


async def test_a_watched_site_sends_its_picture_every_second(tmp_path: Path) -> None:
    async with site(tmp_path) as (partners, settings), running(serve(settings)):
        await answering(partners)
        before = len(partners.pictures)
        await partners.bus.publish(subjects.WATCH, site_pb2.Watch(), site=SITE)
        await partners.until(lambda: len(partners.pictures) >= before + 2, timeout_s=4)
        picture = await partners.bus.ask(
            subjects.SITE_STATE_GET, site_pb2.GetSiteStateRequest(), site=SITE
        )
        assert picture.load_management == "off"
        assert "no-fuse-set" in [notice.code for notice in picture.notices]


async def test_the_picture_tells_how_long_a_phase_was_above_its_fuse(tmp_path: Path) -> None:
    async with (
        site(tmp_path) as (partners, settings),
        running(serve(settings)),
        running(partners.live()),
    ):
        await answering(partners)
        await partners.set_up()
        assert partners.pictures[-1].overload_s == 0.0
        await partners.bus.publish(subjects.WATCH, site_pb2.Watch(), site=SITE)
        partners.house_a = [31.0, 29.0, 3.0]  # two phases at a time count once
        began = asyncio.get_running_loop().time()
        await partners.until(lambda: partners.pictures[-1].overload_s > 0.3, timeout_s=30.0)
        assert partners.pictures[-1].overload_s <= asyncio.get_running_loop().time() - began + 1
