"""The running service with a real NATS server: sites that follow, sites that do not, replicas."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from planning_sites import TARIFF, Follower, profile
from price_provider import Provider

from smart_charging.planner.compiling import compile_ahead
from smart_charging.planning import service
from smart_charging.planning.store import Store
from smart_charging.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.testing import FakeClock, NatsServer, nats_server
from volthus_wire.subjects import (
    FORECAST_PREVIEW,
    PRICES_PUSH,
    SITE_PROFILE,
    TARIFF_PREVIEW,
)
from volthus_wire.v1.planning_pb2 import (
    PreviewForecastRequest,
    PreviewTariffRequest,
    PushPricesRequest,
)
from volthus_wire.v1.records_pb2 import GetEnergyReply
from volthus_wire.v1.tariff_pb2 import ImportTariff, PvSystem, Rates, Tariff

FIXED = Tariff(currency="EUR", bought=ImportTariff(energy=Rates(otherwise=0.3)))


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    compile_ahead()


@pytest.fixture
async def nats() -> AsyncIterator[NatsServer]:
    async with nats_server() as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    async with Bus.connect(nats.url, "test") as bus:
        await bus.until_connected()
        yield bus


@asynccontextmanager
async def running(
    url: str,
    folder: Path,
    clock: FakeClock | None = None,
    *,
    is_early: bool = False,
    **more: str,
) -> AsyncIterator[None]:
    """Run smart charging in this program; ends as it does when it is told to stop.

    is_early: sites speak just after the start; else it has passed for long. more: settings.
    """
    settings = Settings(nats_url=url, state_dir=folder, **more)  # type: ignore[arg-type]
    async with Bus.connect(url, "smart-charging") as bus:
        await bus.until_connected()
        task = asyncio.create_task(service.serve(settings, bus, clock))
        try:
            await answers(bus)
            if clock is not None and not is_early:
                clock.go_on(20)
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def answers(bus: Bus) -> None:
    async with asyncio.timeout(20):
        while True:
            with suppress(NotAnsweredError):
                await bus.ask(TARIFF_PREVIEW, PreviewTariffRequest(tariff=TARIFF), timeout_s=0.5)
                return
            await asyncio.sleep(0.02)


async def follower(bus: Bus, clock: FakeClock, name: str = "house", **more: object) -> Follower:
    site = Follower(bus, profile(name, clock.now(), **more))  # type: ignore[arg-type]
    await site.start()
    return site


async def until(truth, timeout_s: float = 15.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(timeout_s):
        while not truth():
            await asyncio.sleep(0.02)


async def test_a_site_gets_plan_and_prices_until_it_names_them(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    async with running(nats.url, tmp_path, clock):
        site = await follower(bus, clock, has_roof=True)
        plan = await site.until_planned()
        assert plan.profile_revision == 1
        assert {i.input: i.freshness for i in plan.inputs} == {
            "price": "sample", "co2": "sample", "weather": "climatology", "load": "standard",
        }  # fmt: skip
        await until(lambda: site.prices)
        assert len(site.prices[0].import_price) > 36 * 4
        for waited_s in (5, 10):
            before = len(site.plans)
            clock.go_on(waited_s + 1)
            await until(lambda before=before: len(site.plans) > before)
        assert {each.plan for each in site.plans} == {plan.plan}
        await site.tell_state()
        await asyncio.sleep(0.5)
        count, priced = len(site.plans), len(site.prices)
        clock.go_on(400)
        await site.tell_state()
        await asyncio.sleep(0.7)
        assert (len(site.plans), len(site.prices)) == (count, priced)


async def test_a_changed_goal_is_planned_at_once_and_a_burst_is_one_plan(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    async with running(nats.url, tmp_path, clock):
        site = await follower(bus, clock)
        await site.until_planned()
        clock.go_on(10)
        for revision in range(2, 8):
            site.told.revision = revision
            await site.tell()
        await until(lambda: site.plans[-1].profile_revision >= 2)
        clock.go_on(2.5)
        await until(lambda: site.plans[-1].profile_revision == 7)
        assert len({plan.plan for plan in site.plans}) <= 4


async def test_the_next_plan_reckons_with_what_a_car_got_meanwhile(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    async with running(nats.url, tmp_path, clock):
        site = await follower(bus, clock)
        site.told.sessions[0].needed_wh = 10_000
        first = await site.until_planned()
        assert first.sessions[0].energy_wh >= 9_900
        await site.tell_state()
        site.told.sessions[0].needed_wh = 500  # moves by itself: the revision stays
        site.told.sessions[0].most_wh = 2_000
        await site.tell()
        clock.go_on(3700)
        await until_new_plan(site, first.plan)
        assert site.plans[-1].profile_revision == first.profile_revision
        assert site.plans[-1].sessions[0].energy_wh <= 2_000


async def test_a_plan_that_is_followed_goes_on_and_a_wish_of_a_person_is_planned_afresh(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    async with running(nats.url, tmp_path, clock):
        site = await follower(bus, clock)
        first = await site.until_planned()
        await site.tell_state()
        clock.go_on(3700)
        await until_new_plan(site, first.plan)
        second = site.plans[-1]
        went_by = (second.start.seconds // 900) - (first.start.seconds // 900)
        told, before = second.sessions[0].power_w, first.sessions[0].power_w
        if sum(before[:went_by]) == 0:
            assert list(told)[:40] == list(before)[went_by : went_by + 40]
        await site.tell_state()
        site.told.revision = 2
        site.told.sessions[0].departure.seconds = second.start.seconds + 2 * 3600
        clock.go_on(10)
        await until_new_plan(site, second.plan)
        assert site.plans[-1].profile_revision == 2
        assert not any(list(site.plans[-1].sessions[0].power_w)[9:])


async def test_what_a_site_took_is_learned_and_the_next_plan_reckons_with_it(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    async with running(nats.url, tmp_path, clock):
        site = Follower(bus, profile("house", clock.now()))
        await site.start(energies(clock.now(), load_w=1800))
        first = await site.until_planned()
        assert {i.input: i.freshness for i in first.inputs}["load"] == "standard"
        await site.tell_state()
        for _ in range(12):  # it is asked within the first minutes
            clock.go_on(20)
            await asyncio.sleep(1)
        clock.go_on(3700)  # and planned again within the hour
        await until_new_plan(site, first.plan)
        learned = site.plans[-1]
        assert {i.input: i.freshness for i in learned.inputs}["load"] == "learned"
        assert 1600 < sum(learned.load_w) / len(learned.load_w) < 2000


def energies(now: datetime, *, load_w: float) -> GetEnergyReply:
    """Return 28 days of quarter-hours of a house that takes always the same."""
    start = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    told = GetEnergyReply()
    for quarter in range(1, 28 * 96 + 1):
        span = told.spans.add(import_wh=load_w / 4, export_wh=0.0)
        span.start.FromDatetime(start - quarter * timedelta(minutes=15))
        span.end.FromDatetime(start - (quarter - 1) * timedelta(minutes=15))
    return told


async def until_new_plan(site: Follower, old: str) -> None:
    async with asyncio.timeout(15):
        while site.plans[-1].plan == old:
            await site.tell()
            await asyncio.sleep(0.1)


async def test_after_a_restart_a_followed_plan_is_not_made_anew(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    site = await follower(bus, clock)
    async with running(nats.url, tmp_path, clock):
        await site.until_planned()
        await until(lambda: site.prices)
        await site.tell_state()
        await asyncio.sleep(1.3)  # written
    assert len(Store(tmp_path).history("house")) == 1
    revision = site.prices[-1].revision
    for folder in (tmp_path, tmp_path / "empty"):  # from the database, and from the site's word
        count = len(site.plans)
        async with running(nats.url, folder, clock, is_early=True):
            await site.tell()
            await site.tell_state()
            await asyncio.sleep(2.8)
            clock.go_on(20)
            await site.tell_state()
            await asyncio.sleep(0.8)
        assert len(site.plans) == count
    assert {each.revision for each in site.prices} == {revision}


PAGE = b"<!DOCTYPE html><html><body>We are being improved</body></html>"
AWATTAR = Tariff(source="awattar-de", zone="DE-LU", currency="EUR")


def market(start: datetime, hours: int) -> dict[str, object]:
    """Return what aWATTar answers: cheap at 02:00, dear else."""
    rows = []
    for hour in range(-2, hours):
        begin_ms = int((start.timestamp() // 3600 + hour) * 3_600_000)
        is_night = datetime.fromtimestamp(begin_ms / 1000, start.tzinfo).hour == 2
        rows.append(
            {"start_timestamp": begin_ms, "end_timestamp": begin_ms + 3_600_000,
             "marketprice": 20.0 if is_night else 200.0, "unit": "Eur/MWh"}
        )  # fmt: skip
    return {"object": "list", "data": rows}


async def test_a_web_page_in_place_of_prices_is_named_and_the_plan_is_made(
    bus: Bus, nats: NatsServer, tmp_path: Path, provider: Provider
) -> None:
    clock = FakeClock()
    provider.says(PAGE, content_type="text/html")  # with status 200
    async with running(nats.url, tmp_path, clock, prices_awattar_de_url=provider.url):
        site = await follower(bus, clock, tariff=AWATTAR)
        await site.until_planned()
        await until(lambda: provider.asked)
        clock.go_on(3700)
        await until_price(site, "missing", has_problem=True)
        plan, wanted = site.plans[-1], site.told.sessions[0]
        assert plan.sessions[0].energy_wh >= wanted.needed_wh - 11
        assert plan.sessions[0].shortfall_wh == 0
        assert not plan.sessions[0].HasField("cost")
        assert not any(price == price for price in plan.import_price)  # noqa: PLR0124 - NaN


async def test_a_web_page_after_good_prices_leaves_them_stale_named_and_used(
    bus: Bus, nats: NatsServer, tmp_path: Path, provider: Provider
) -> None:
    clock = FakeClock()
    provider.says(market(clock.now(), 40))
    provider.says(PAGE, content_type="text/html")
    async with running(nats.url, tmp_path, clock, prices_awattar_de_url=provider.url):
        site = await follower(bus, clock, tariff=AWATTAR)
        await until_price(site, "fresh", "awaited")
        clock.go_on(26 * 3600)  # tomorrow's prices should have come at noon; a page came
        site.told.sessions[0].departure.FromDatetime(clock.now() + timedelta(hours=12))
        site.told.revision += 1
        await follower(bus, clock, "other", tariff=FIXED)  # whoever is new lets the desk look
        await until_price(site, "stale", has_problem=True)
        plan = site.plans[-1]
        assert any(price == price for price in plan.import_price)  # noqa: PLR0124 - NaN
        assert plan.sessions[0].energy_wh > 0  # made all the same
        by_page = next(one.problem for one in plan.inputs if one.input == "price")
        assert provider.url not in by_page


async def until_price(site: Follower, *freshness: str, has_problem: bool = False) -> None:
    """Wait for a plan that says so of its prices; the site lives meanwhile, and follows."""
    async with asyncio.timeout(40):
        while True:
            await site.tell()
            await site.tell_state()
            told = [one for plan in site.plans[-1:] for one in plan.inputs if one.input == "price"]
            if told and told[0].freshness in freshness and bool(told[0].problem) >= has_problem:
                return
            site.told.revision += 1  # somebody asks again
            await asyncio.sleep(0.5)


async def test_nonsense_stops_nobody(bus: Bus, nats: NatsServer, tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(nats.url, tmp_path, clock):
        site = await follower(bus, clock)
        for body in (b"\xff\xff\xff", b"\x0a", bytes(range(256)), b""):
            await bus.publish_bytes(SITE_PROFILE, body, site="garbage")
        odd = profile("odd", clock.now(), fuse_a=float("nan"))
        odd.sessions[0].max_a = float("inf")
        odd.sessions[0].needed_wh = float("nan")
        await bus.publish(SITE_PROFILE, odd, site="odd")
        assert (await site.until_planned()).sessions[0].energy_wh > 0


async def test_people_ask_for_previews_and_push_prices(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    async with running(nats.url, tmp_path, clock):
        asked = PreviewTariffRequest(tariff=TARIFF, time_zone="Europe/Berlin")
        prices = (await bus.ask(TARIFF_PREVIEW, asked)).prices
        assert 285 <= len(prices.import_price) <= 290
        assert prices.start.seconds == clock.now().timestamp() // 900 * 900
        asked.to.FromDatetime(clock.now() + timedelta(hours=6))
        shorter = (await bus.ask(TARIFF_PREVIEW, asked)).prices
        assert len(shorter.import_price) <= 25
        assert shorter.price.known_until == prices.price.known_until  # the source's own end
        with pytest.raises(RefusedError, match="unknown-source"):
            await bus.ask(TARIFF_PREVIEW, PreviewTariffRequest(tariff=Tariff(source="nobody")))
        with pytest.raises(RefusedError, match="source-needs-token"):
            await bus.ask(TARIFF_PREVIEW, PreviewTariffRequest(tariff=Tariff(source="tibber")))

        roof = PvSystem(system="a", peak_w=8000, tilt_deg=30, azimuth_deg=180, loss_percent=14)
        roofs = PreviewForecastRequest(systems=[roof])
        with pytest.raises(RefusedError, match="place-missing"):
            await bus.ask(FORECAST_PREVIEW, roofs)
        roofs.planning.latitude, roofs.planning.longitude = 51.3, 9.5
        sun = await bus.ask(FORECAST_PREVIEW, roofs)
        assert 300 < max(sun.sun_w) < 8000
        assert sun.weather.freshness == "climatology"
        roofs.systems[0].tilt_deg = 200
        with pytest.raises(RefusedError, match="roofs-wrong"):
            await bus.ask(FORECAST_PREVIEW, roofs)

        feed = PushPricesRequest(zone="mine", currency="EUR", all_in=True)
        hour = clock.now().replace(second=0)
        feed.start.FromDatetime(hour)
        feed.slot_s.extend([3600] * 40)
        feed.per_kwh.extend([0.5] * 8 + [float("nan")] + [0.1] * 31)
        reply = await bus.ask(PRICES_PUSH, feed)
        assert reply.taken == 39
        assert reply.known_until.seconds == (hour + timedelta(hours=8)).timestamp()
        feed.currency = "EUR/MWh"
        with pytest.raises(RefusedError, match="feed-wrong"):
            await bus.ask(PRICES_PUSH, feed)
        feed.currency = "SEK"
        with pytest.raises(RefusedError, match="feed-differs"):
            await bus.ask(PRICES_PUSH, feed)

        own = Tariff(source="push", zone="mine", currency="EUR")
        site = await follower(bus, clock, tariff=own)
        plan = await site.until_planned()
        assert next(i for i in plan.inputs if i.input == "price").freshness == "fresh"
        assert plan.import_price[0] == 0.5
