"""One fetch per cell, kept over restarts; its age named; what was told ahead is remembered."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from price_provider import Provider

from smart_charging.core.grid import Grid
from smart_charging.provider.core.release import Freshness
from smart_charging.solar.core.forecast import solar_forecasts
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Quantity
from smart_charging.solar.core.weather import Basis
from smart_charging.solar.desk import FILE, HISTORY, WeatherDesk, WeatherStore
from smart_charging.solar.settings import WeatherSettings
from smart_charging.solar.watching import SunWatch, SunWish
from volthus_kit.ports import free_port
from volthus_kit.testing import FakeClock

NOW = datetime(2026, 6, 20, 7, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
MUNICH = Place(48.137, 11.575)
ROOFS = (PvSystem("east", 4000, 30, 90), PvSystem("west", 4000, 30, 270))
KEY = "open-meteo/48.1,11.6"


def told(begin: datetime, hours: int = 96, ghi: float = 100.0) -> Any:
    midnight = begin.replace(hour=0, minute=0, second=0)
    ends = [midnight + timedelta(minutes=15) * (n + 1) for n in range(hours * 4)]
    return {
        "latitude": 48.1,
        "longitude": 11.6,
        "minutely_15": {
            "time": [int(at.timestamp()) for at in ends],
            "shortwave_radiation": [ghi] * len(ends),
        },
    }


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def settings(provider: Provider) -> WeatherSettings:
    return WeatherSettings(
        weather_source="open-meteo",
        weather_open_meteo_url=provider.url,
        weather_forecast_solar_url=provider.url,
        weather_solcast_url=provider.url,
        weather_solcast_token="t",
    )


@pytest.fixture
async def desk(
    http: httpx.AsyncClient, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[WeatherDesk]:
    store = WeatherStore(tmp_path)
    yield WeatherDesk(http, store, clock, spread="here")
    store.close()


@pytest.fixture
def watch(desk: WeatherDesk, settings: WeatherSettings) -> SunWatch:
    return SunWatch(desk, settings)


def wish(source: str = "", site: str = "s", place: Place = MUNICH) -> SunWish:
    return SunWish(site, place, ROOFS, source)


async def live(desk: WeatherDesk, clock: FakeClock, until: datetime) -> None:
    for _ in range(500):
        due = await desk.step()
        assert due is not None
        if due > until:
            clock.go_on((until - clock.now()).total_seconds())
            return
        clock.go_on(max(1.0, (due - clock.now()).total_seconds()))  # as `run` does
    raise AssertionError("asked five hundred times")


async def test_a_thousand_sites_of_a_cell_cost_one_fetch(
    desk: WeatherDesk, watch: SunWatch, provider: Provider
) -> None:
    provider.says(told(NOW))
    wishes = [wish(site=str(n), place=Place(48.10 + n / 1e5, 11.6)) for n in range(1000)]
    watch.want(wishes)
    for _ in range(5):
        await desk.step()
    assert len(provider.asked) == 1
    sites = [watch.site(each) for each in wishes]
    assert len({site.sky for site in sites}) == 1, "and one reckoning of the sky"
    assert watch.trust(wishes[7]).freshness == "fresh"
    assert watch.trust(wishes[7]).known_until == NOW.replace(hour=0, minute=0) + 96 * HOUR


async def test_it_is_asked_about_every_hour(
    desk: WeatherDesk, watch: SunWatch, provider: Provider, clock: FakeClock
) -> None:
    provider.says(told(NOW))
    watch.want([wish()])
    await live(desk, clock, NOW + 10 * HOUR)
    assert 8 <= len(provider.asked) <= 13


async def test_a_silent_source_is_stale_and_then_the_usual_weather(
    desk: WeatherDesk, watch: SunWatch, provider: Provider, clock: FakeClock
) -> None:
    provider.says(told(NOW, 24))
    watch.want([wish()])
    await desk.step()
    provider.replies.clear()
    provider.says(b"<html>busy</html>")
    asked = len(provider.asked)
    await live(desk, clock, NOW + 5 * HOUR)
    assert len(provider.asked) - asked < 14, "left alone longer and longer"
    trust = watch.trust(wish())
    assert trust.freshness == "stale"
    assert "web page" in trust.problem
    forecast = solar_forecasts([watch.site(wish())], Grid.at(clock.now()))[0]
    assert forecast.basis[0] == Basis.WEATHER, "stale weather is used"
    await live(desk, clock, NOW + 20 * HOUR)
    assert watch.trust(wish()).freshness == "climatology"
    assert desk.quote(KEY).freshness is Freshness.MISSING
    forecast = solar_forecasts([watch.site(wish())], Grid.at(clock.now()))[0]
    assert (forecast.basis == Basis.CLIMATOLOGY).all()
    assert forecast.middle_w.max() > 0


async def test_weather_survives_a_restart_and_nobody_is_asked_earlier(
    *, http: httpx.AsyncClient, tmp_path: Path, desk: WeatherDesk, watch: SunWatch,
    provider: Provider, clock: FakeClock, settings: WeatherSettings,
) -> None:  # fmt: skip
    provider.says(told(NOW))
    watch.want([wish()])
    await desk.step()
    again = WeatherDesk(http, store := WeatherStore(tmp_path), clock, spread="here")
    await again.load()
    other = SunWatch(again, settings)
    other.want([wish()])
    await again.step()
    assert len(provider.asked) == 1
    assert other.trust(wish()) == watch.trust(wish())
    before, after = watch.site(wish()).weather, other.site(wish()).weather
    assert before is not None
    assert after is not None
    assert (before.values[Quantity.GHI] == after.values[Quantity.GHI]).all()
    store.close()


@pytest.mark.parametrize("harm", ["", "{}", '{"newest":{}}', "no json", '{"newest":null}'])
async def test_a_spoilt_row_is_fetched_anew(
    *, http: httpx.AsyncClient, tmp_path: Path, desk: WeatherDesk, watch: SunWatch,
    provider: Provider, clock: FakeClock, settings: WeatherSettings, harm: str,
) -> None:  # fmt: skip
    provider.says(told(NOW))
    watch.want([wish()])
    await desk.step()
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("update weather_feed set document = ?", (harm,))
    file.close()
    again = WeatherDesk(http, store := WeatherStore(tmp_path), clock, spread="here")
    await again.load()
    other = SunWatch(again, settings)
    other.want([wish()])
    assert other.site(wish()).weather is None
    store.close()


async def test_without_a_database_it_goes_on_from_memory(
    *, http: httpx.AsyncClient, tmp_path: Path, clock: FakeClock, provider: Provider,
    settings: WeatherSettings,
) -> None:  # fmt: skip
    (tmp_path / "taken").write_text("a file where a folder should be")
    desk = WeatherDesk(http, WeatherStore(tmp_path / "taken"), clock)
    provider.says(told(NOW))
    await desk.load()
    watch = SunWatch(desk, settings)
    watch.want([wish()])
    await desk.step()
    assert watch.trust(wish()).freshness == "fresh"


async def test_the_outlook_is_what_was_told_six_hours_ahead(
    desk: WeatherDesk, watch: SunWatch, provider: Provider, clock: FakeClock
) -> None:
    provider.says(told(NOW, ghi=100.0))
    watch.want([wish()])
    await desk.step()
    clock.go_on(2 * 3600)
    provider.replies.clear()
    provider.says(told(clock.now(), ghi=300.0))
    await desk.step()
    site, outlook = watch.site(wish()), watch.site(wish(), is_outlook=True)
    assert site.weather is not None
    assert outlook.weather is not None
    assert (site.weather.values[Quantity.GHI] == 300).all()
    starts, values = outlook.weather.starts_s, outlook.weather.values[Quantity.GHI]
    early = starts < (NOW + 8 * HOUR).timestamp()
    assert starts[0] >= (NOW + 6 * HOUR).timestamp(), "before that nobody told in time"
    assert (values[early] == 100).all()
    assert (values[~early] == 300).all()


async def test_old_weather_is_dropped(
    desk: WeatherDesk, watch: SunWatch, provider: Provider, clock: FakeClock
) -> None:
    watch.want([wish()])
    for day in range(6):
        provider.replies.clear()
        provider.says(told(NOW + timedelta(days=day)))
        await desk.step()
        clock.go_on(86_400)
    held = desk.quote(KEY).newest
    assert held is not None
    last = NOW + timedelta(days=5)
    assert held.starts_s[0] >= (last - HISTORY).timestamp()
    assert held.starts_s[0] < (last - HISTORY + HOUR).timestamp()
    assert (np.diff(held.starts_s) == 900).all()


async def test_roofs_and_plants_have_power_of_their_own(
    desk: WeatherDesk, watch: SunWatch, provider: Provider
) -> None:
    period = {"period": "PT30M", "period_end": "2026-06-20T08:00:00Z", "pv_estimate": 4.0}
    provider.says({"forecasts": [period]})
    plant = wish("solcast:ab-12")
    watch.want([plant])
    await desk.step()
    site = watch.site(plant)
    assert set(site.shares) == {""}
    forecast = solar_forecasts([site], Grid.at(NOW, 8))[0]
    assert forecast.modelled_w[1] == pytest.approx(4000)
    roofs = wish("forecast-solar")
    provider.replies.clear()
    provider.says({"result": {"watt_hours_period": {
        "2026-06-20T07:00:00Z": 0, "2026-06-20T08:00:00Z": 500}}})  # fmt: skip
    watch.want([roofs])
    await desk.step()
    assert set(watch.site(roofs).shares) == {"east", "west"}
    assert watch.trust(roofs).freshness == "fresh"


@pytest.mark.parametrize(
    ("source", "words"),
    [("weather-frog", "no weather source"), ("bright-sky:x", ""), ("climatology", "")],
)
async def test_a_source_that_cannot_be_asked_leaves_the_usual_weather(
    watch: SunWatch, source: str, words: str
) -> None:
    watch.want([wish(source)])
    trust = watch.trust(wish(source))
    assert trust.freshness == "climatology"
    assert words in trust.problem
    assert watch.site(wish(source)).weather is None


async def test_a_source_without_its_key_is_not_asked(desk: WeatherDesk, provider: Provider) -> None:
    watch = SunWatch(desk, WeatherSettings(weather_solcast_url=provider.url))
    watch.want([wish("solcast:ab"), wish("open-meteo")])
    assert await desk.step() is None
    assert not provider.asked
    assert "no key" in watch.trust(wish("solcast:ab")).problem


async def test_a_dead_address_holds_nobody_up(
    desk: WeatherDesk, clock: FakeClock, settings: WeatherSettings
) -> None:
    dead = settings.model_copy(update={"weather_open_meteo_url": f"http://127.0.0.1:{free_port()}"})
    watch = SunWatch(desk, dead)
    watch.want([wish()])
    due = await desk.step()
    assert due is not None
    assert due > clock.now()
    assert watch.trust(wish()).problem


async def test_while_a_provider_is_down_thousands_of_cells_do_not_wait_for_it(
    desk: WeatherDesk, watch: SunWatch, provider: Provider, clock: FakeClock
) -> None:
    provider.says(b"<html>overloaded</html>", 503)
    cells = [wish(site=str(n), place=Place(40 + n / 10, 11.6)) for n in range(24)]
    watch.want(cells)
    await desk.step()
    assert 3 <= len(provider.asked) <= 7, "those side by side when the third failed"
    assert all("503" in watch.trust(each).problem for each in cells)
    await live(desk, clock, NOW + HOUR)
    assert len(provider.asked) < 40, "a few at a time, less and less often"
    provider.replies.clear()
    provider.says(b"<html>no weather</html>")
    asked = len(provider.asked)
    await live(desk, clock, NOW + 2 * HOUR)
    assert len(provider.asked) - asked >= 24, "a wrong answer to one says nothing of the others"


async def test_a_provider_that_asks_for_peace_gets_it_from_all_cells(
    desk: WeatherDesk, watch: SunWatch, provider: Provider, clock: FakeClock
) -> None:
    provider.says(b"", 429, retry_after="1800")
    watch.want([wish(site=str(n), place=Place(40 + n / 10, 11.6)) for n in range(20)])
    await live(desk, clock, NOW + HOUR / 2 - timedelta(minutes=1))
    assert len(provider.asked) <= 4
    other = wish("bright-sky")
    assert watch.trust(other).source == "bright-sky", "another provider is not its business"


async def test_a_new_cell_does_not_wait_for_thousands_that_are_due(
    desk: WeatherDesk, watch: SunWatch, provider: Provider, clock: FakeClock
) -> None:
    provider.says(b"", 204)
    old = [wish(site=str(n), place=Place(40, n / 10)) for n in range(80)]
    watch.want(old)
    while (await desk.step() or NOW) <= clock.now():
        pass
    assert len(provider.asked) == 80
    clock.go_on(3 * 3600)
    watch.want([*old, wish()])
    await desk.step()
    assert len(provider.asked) == 80 + 64
    assert any("latitude=48.1" in each.target for each in provider.asked[80:])


async def test_the_running_desk_fetches_what_is_wanted_later(
    desk: WeatherDesk, watch: SunWatch, provider: Provider
) -> None:
    provider.says(told(NOW))
    running = asyncio.create_task(desk.run())
    try:
        await asyncio.sleep(0)
        watch.want([wish()])
        async with asyncio.timeout(10):
            while watch.site(wish()).weather is None:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
