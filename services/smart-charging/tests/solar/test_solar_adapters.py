"""Every weather adapter against answers of its provider's shape, over real HTTP.

The shapes follow the providers' documentation; all numbers are made up.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import pytest
from price_provider import Provider

from smart_charging.prices.sources import Access
from smart_charging.provider.core.errors import (
    AnswerError,
    NotPublishedError,
    RefusedByProviderError,
    SetUpError,
    SourceError,
    UnreachableError,
)
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.desk import asked
from smart_charging.solar.settings import WeatherSettings
from smart_charging.solar.sources import WEATHER_SOURCES, WeatherFeed, feeds, named

NOW = datetime(2026, 6, 20, 7, 20, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0, minute=0)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
MUNICH = Place(48.137, 11.575)
EAST = PvSystem("east", 4000, 32, 88)
WEST = PvSystem("west", 4000, 33, 272)
WEB_PAGE = b"<!DOCTYPE html><html><body>Just a moment...</body></html>"
Json = Any


def open_meteo(hours: int = 48) -> Json:
    ends = [MIDNIGHT + QUARTER * (n + 1) for n in range(hours * 4)]
    return {
        "latitude": 48.14, "longitude": 11.58, "elevation": 520.0, "utc_offset_seconds": 0,
        "minutely_15_units": {"time": "unixtime", "temperature_2m": "°C", "wind_speed_10m": "m/s"},
        "minutely_15": {
            "time": [int(at.timestamp()) for at in ends],
            "shortwave_radiation": [at.hour * 10 for at in ends],
            "direct_normal_irradiance": [None if at.hour == 3 else 100.5 for at in ends],
            "diffuse_radiation": [-0.3 for _ in ends],
            "temperature_2m": [-4.5 for _ in ends],
            "wind_speed_10m": [3.25 for _ in ends],
        },
    }  # fmt: skip


def bright_sky(hours: int = 48) -> Json:
    return {
        "weather": [
            {
                "timestamp": f"{MIDNIGHT + HOUR * n:%Y-%m-%dT%H:%M:%S+00:00}",
                "source_id": 7, "solar": None if n > 40 else 0.4, "cloud_cover": 50,
                "temperature": 12.5, "wind_speed": 18.0, "condition": "dry",
            }
            for n in range(hours)
        ],
        "sources": [{"id": 7, "lat": 48.2, "lon": 11.5, "station_name": "made up"}],
    }  # fmt: skip


def forecast_solar(hours: int = 48) -> Json:
    energies = {}
    for at in (MIDNIGHT + HOUR * n for n in range(hours) if 5 <= n % 24 <= 20):
        is_sunrise = at.hour == 5
        shown = at + timedelta(minutes=13) if is_sunrise else at
        energies[f"{shown:%Y-%m-%dT%H:%M:%S+00:00}"] = 0 if is_sunrise else 300
    return {
        "result": {"watts": {}, "watt_hours_period": energies, "watt_hours": {}},
        "message": {"code": 0, "type": "success", "text": "", "ratelimit": {"remaining": 3}},
    }


def solcast(hours: int = 48) -> Json:
    half = timedelta(minutes=30)
    return {
        "forecasts": [
            {
                "pv_estimate": 2.0, "pv_estimate10": 1.0, "pv_estimate90": 3.0,
                "period_end": f"{MIDNIGHT + half * (n + 1):%Y-%m-%dT%H:%M:%S}.0000000Z",
                "period": "PT30M",
            }
            for n in range(hours * 2)
        ]
    }  # fmt: skip


@dataclass(frozen=True)
class Shape:
    source: str
    answer: Callable[..., Json]
    quantity: Quantity
    value: float  # from 10:00 to 10:15
    path: str
    asked: dict[str, str]


SHAPES = [
    Shape("open-meteo", open_meteo, Quantity.GHI, 100.0, "/v1/forecast",
          {"latitude": "48.1", "longitude": "11.6", "apikey": "secret-token", "timezone": "GMT",
           "timeformat": "unixtime", "wind_speed_unit": "ms"}),
    Shape("bright-sky", bright_sky, Quantity.GHI, 400.0, "/weather",
          {"lat": "48.1", "lon": "11.6", "tz": "UTC", "date": "2026-06-19",
           "last_date": "2026-06-25"}),
    Shape("forecast-solar", forecast_solar, Quantity.SHARE, 0.3,
          "/secret-token/estimate/48.1/11.6/30/-90/1", {"time": "utc", "full": "1"}),
    Shape("solcast", solcast, Quantity.SHARE, 0.25, "/rooftop_sites/ab-12/forecasts",
          {"format": "json", "hours": "96", "period": "PT30M"}),
]  # fmt: skip
every_source = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.source)


def feed_of(provider: Provider, source: str) -> WeatherFeed:
    found = feeds(
        WEATHER_SOURCES[source], Access(provider.url, "secret-token"), MUNICH, (EAST, WEST), "ab-12"
    )
    return next(iter(found.values()))


async def ask(http: httpx.AsyncClient, provider: Provider, source: str, **kw: float) -> Series:
    return await asked(http, feed_of(provider, source), NOW, **kw)


def at(series: Series, moment: datetime, quantity: Quantity) -> float:
    row = int(np.searchsorted(series.starts_s, moment.timestamp(), side="right")) - 1
    assert series.ends_s[row] > moment.timestamp()
    return float(series.values[quantity][row])


@every_source
async def test_an_answer_becomes_a_series_and_the_question_is_right(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    provider.says(shape.answer())
    series = await ask(http, provider, shape.source)
    assert at(series, MIDNIGHT + 10 * HOUR, shape.quantity) == pytest.approx(shape.value)
    target = urlsplit(provider.asked[0].target)
    assert target.path == shape.path
    told = {name: values[0] for name, values in parse_qs(target.query).items()}
    assert shape.asked.items() <= told.items()


@every_source
async def test_a_packed_answer_is_unpacked(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    provider.says_packed(json.dumps(shape.answer()).encode())
    assert (await ask(http, provider, shape.source)).end_s > NOW.timestamp()


@every_source
@pytest.mark.parametrize(
    "body",
    [WEB_PAGE, b"", b"[]", b"null", b"{}", b'{"a":', b"\xff\xfe", b"[" * 5000, b"NaN",
     b'{"error":true,"reason":"no"}', b'{"weather":[],"forecasts":[],"result":[]}'],
)  # fmt: skip
async def test_what_is_no_answer_is_named(
    http: httpx.AsyncClient, provider: Provider, shape: Shape, body: bytes
) -> None:
    provider.says(body)
    with pytest.raises(SourceError):
        await ask(http, provider, shape.source)


@every_source
async def test_an_answer_about_yesterday_is_refused(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    provider.says(shape.answer(6))
    with pytest.raises(AnswerError, match=r"ends at|within an hour"):
        await ask(http, provider, shape.source)


@every_source
async def test_a_partial_answer_is_used_as_far_as_it_goes(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    provider.says(shape.answer(12))
    series = await ask(http, provider, shape.source)
    assert NOW.timestamp() < series.end_s <= (MIDNIGHT + 12 * HOUR).timestamp()


@every_source
async def test_a_slow_answer_is_given_up(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    provider.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", then_waits=True)
    with pytest.raises(UnreachableError):
        await ask(http, provider, shape.source, within_s=0.2)


@every_source
@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_refusal_is_named(
    http: httpx.AsyncClient, provider: Provider, shape: Shape, status: int
) -> None:
    provider.says(WEB_PAGE, status)
    with pytest.raises(RefusedByProviderError, match=str(status)):
        await ask(http, provider, shape.source)


@every_source
async def test_absurd_numbers_are_refused(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    text = json.dumps(shape.answer())
    for mark in ("100.5", "0.4", ": 300", "2.0"):
        text = text.replace(mark, ": 9e9" if mark.startswith(":") else "9e9")
    provider.says(text.encode())
    with pytest.raises(AnswerError, match="units"):
        await ask(http, provider, shape.source)


async def test_a_bomb_is_not_unpacked(http: httpx.AsyncClient, provider: Provider) -> None:
    provider.says(gzip.compress(b" " * 50_000_000), content_encoding="gzip")
    with pytest.raises(AnswerError, match="more than"):
        await ask(http, provider, "open-meteo")


async def test_nothing_yet_is_no_refusal(http: httpx.AsyncClient, provider: Provider) -> None:
    provider.says(b"", 204)
    with pytest.raises(NotPublishedError):
        await ask(http, provider, "open-meteo")


# --- what each provider means --------------------------------------------------------------------


async def test_open_meteo_tells_the_quarter_before_its_time(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.says(open_meteo())
    series = await ask(http, provider, "open-meteo")
    assert series.starts_s[0] == MIDNIGHT.timestamp()
    assert series.ends_s[0] - series.starts_s[0] == 900
    assert np.isnan(at(series, MIDNIGHT + 3 * HOUR, Quantity.DNI)), "null is a hole, not 0"
    assert at(series, NOW, Quantity.DHI) == 0, "a negative is noise"
    assert at(series, NOW, Quantity.AIR) == -4.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"latitude": 52.5}, "asked was 48.1"),
        ({"longitude": None}, "nan"),
        ({"minutely_15_units": {"temperature_2m": "°F"}}, "asked was"),
        ({"minutely_15": {"time": [1], "shortwave_radiation": []}}, "lengths"),
        ({"minutely_15": {"time": [1]}}, "shortwave"),
    ],
)
async def test_open_meteo_about_something_else_is_refused(
    http: httpx.AsyncClient, provider: Provider, change: dict[str, Json], words: str
) -> None:
    provider.says(open_meteo() | change)
    with pytest.raises(AnswerError, match=words):
        await ask(http, provider, "open-meteo")


async def test_two_values_for_one_time_are_refused(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    answer = open_meteo()
    answer["minutely_15"]["time"][5] = answer["minutely_15"]["time"][30]
    provider.says(answer)
    with pytest.raises(AnswerError, match="two values"):
        await ask(http, provider, "open-meteo")


async def test_bright_sky_tells_the_hour_before_and_far_hours_by_clouds(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.says(bright_sky())
    series = await ask(http, provider, "bright-sky")
    assert series.ends_s[0] == MIDNIGHT.timestamp()
    assert at(series, NOW, Quantity.WIND) == 5.0, "km/h"
    assert np.isnan(series.values[Quantity.GHI][-1])
    assert series.values[Quantity.CLOUD][-1] == 0.5
    assert series.end_s == (MIDNIGHT + 47 * HOUR).timestamp(), "clouds tell as far as they go"


async def test_forecast_solar_begins_at_sunrise_with_a_short_period(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.says(forecast_solar())
    series = await ask(http, provider, "forecast-solar")
    assert series.starts_s[0] == (MIDNIGHT + 5 * HOUR).timestamp() + 13 * 60
    assert series.values[Quantity.SHARE][0] == pytest.approx(300 / 47 * 60 / 1000)
    assert (series.ends_s - series.starts_s).max() == 3600, "the night is not stretched over"


async def test_forecast_solar_that_is_full_says_so(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.says({"result": None, "message": {"code": 429, "text": "Rate limit exceeded"}})
    with pytest.raises(AnswerError, match="Rate limit"):
        await ask(http, provider, "forecast-solar")


async def test_solcast_names_the_end_and_is_asked_with_a_bearer(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.says(solcast())
    series = await ask(http, provider, "solcast")
    assert series.starts_s[0] == MIDNIGHT.timestamp()
    assert provider.asked[0].headers["authorization"] == "Bearer secret-token"
    provider.replies.clear()
    provider.says({"forecasts": [solcast()["forecasts"][0] | {"period": "PT1D"}]})
    with pytest.raises(AnswerError, match="none of minutes"):
        await ask(http, provider, "solcast")


# --- feeds ---------------------------------------------------------------------------------------


def test_sites_of_one_cell_share_a_feed_and_roofs_of_one_direction_too() -> None:
    access = Access("http://x")
    near = Place(48.13, 11.61)
    one, other = (
        feeds(WEATHER_SOURCES["open-meteo"], access, place, (EAST,), "")[""].key
        for place in (MUNICH, near)
    )
    assert one == other == "open-meteo/48.1,11.6"
    roofs = feeds(WEATHER_SOURCES["forecast-solar"], access, MUNICH, (EAST, WEST), "")
    assert roofs["east"].key == "forecast-solar/48.1,11.6/30/90"
    assert roofs["west"].key == "forecast-solar/48.1,11.6/35/270"
    again = feeds(WEATHER_SOURCES["forecast-solar"], access, near, (PvSystem("e", 9, 29, 91),), "")
    assert again["e"].key == roofs["east"].key


@pytest.mark.parametrize(
    ("azimuth", "told"), [(0, -180), (90, -90), (180, 0), (270, 90), (-90, 90)]
)
def test_forecast_solar_counts_from_the_south(azimuth: float, told: int) -> None:
    source = WEATHER_SOURCES["forecast-solar"]
    roof = PvSystem("r", 5000, 30, azimuth)
    feed = feeds(source, Access("http://x"), MUNICH, (roof,), "")["r"]
    assert source.question(feed.access, feed.spot, NOW).url.endswith(f"/30/{told}/1")


@pytest.mark.parametrize(
    ("source", "access", "plant"),
    [
        ("solcast", Access("http://x"), "ab-12"),
        ("solcast", Access("http://x", "t"), ""),
        ("solcast", Access("http://x", "t"), "../../etc"),
        ("open-meteo", Access("https://customer-api.open-meteo.com"), ""),
    ],
)
def test_a_missing_key_or_plant_is_a_mistake_of_set_up(
    source: str, access: Access, plant: str
) -> None:
    feed = feeds(WEATHER_SOURCES[source], access, MUNICH, (EAST,), plant)[""]
    with pytest.raises(SetUpError, match="needs"):
        feed.source.question(feed.access, feed.spot, NOW)


def test_the_free_address_of_open_meteo_is_nobodys_default() -> None:
    assert not WeatherSettings().is_weather_open("open-meteo"), "it is for private use only"
    free = WeatherSettings(weather_open_meteo_url="https://api.open-meteo.com/")
    assert free.is_weather_open("open-meteo")
    assert free.weather_access("open-meteo").url == "https://api.open-meteo.com"
    assert not free.is_weather_open("solcast")


def test_a_source_is_named_with_its_plant() -> None:
    assert named("") == named("climatology") == ("climatology", "")
    assert named("solcast:ab-12") == ("solcast", "ab-12")
    with pytest.raises(SetUpError, match="no weather source"):
        named("weather-frog")


def test_keys_stand_in_no_text() -> None:
    feed = WeatherFeed(WEATHER_SOURCES["solcast"], Access("http://x", "secret"), None)  # type: ignore[arg-type]
    assert "secret" not in repr(feed) + repr(WeatherSettings(weather_solcast_token="secret"))
