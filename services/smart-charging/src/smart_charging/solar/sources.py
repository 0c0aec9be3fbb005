"""The weather sources by name: what to ask each, how often, and who reads the answer."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from smart_charging.prices.sources import Access
from smart_charging.provider.core.errors import SetUpError
from smart_charging.provider.core.release import Release
from smart_charging.provider.fetching import Question
from smart_charging.solar.core.place import Cell, Place, PvSystem
from smart_charging.solar.core.series import Series
from smart_charging.solar.readers import bright_sky, forecast_solar, open_meteo, solcast

UTC_ZONE = ZoneInfo("UTC")
CLIMATOLOGY = "climatology"  # asks nobody
ROOF_STEP_DEG = 5  # roofs of nearly the same direction share one answer
ASKED_PEAK_W = 1000.0
RESOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
PAID_OPEN_METEO = "https://customer-"


class Scope(StrEnum):
    """What one answer of a source is about."""

    CELL = "cell"  # the weather of 0.1 degrees
    ROOF = "roof"  # the power of a roof of some direction in a cell
    PLANT = "plant"  # the power of one plant that is registered there


@dataclass(frozen=True, slots=True)
class Spot:
    """What a source is asked about. Roof: tilt, azimuth (0 = north). Plant: resource, peak_w."""

    cell: Cell
    tilt_deg: int = 0
    azimuth_deg: int = 0
    resource: str = ""
    peak_w: float = ASKED_PEAK_W


Ask = Callable[[Access, Spot, datetime], Question]
Read = Callable[[bytes, Spot], Series]


@dataclass(frozen=True, slots=True)
class WeatherSource:
    """One provider. every: how often it has something new."""

    name: str
    about: str
    scope: Scope
    ask: Ask
    read: Read
    release: Release
    needs_token: bool = False

    def question(self, access: Access, spot: Spot, now: datetime) -> Question:
        """Return the request. Raises SetUpError for a missing token, address or plant."""
        is_paid = access.url.startswith(PAID_OPEN_METEO)
        if (self.needs_token or is_paid) and not access.token:
            raise SetUpError(f"{self.name} needs a key at {access.url}")
        if self.scope is Scope.PLANT and not RESOURCE.fullmatch(spot.resource):
            raise SetUpError(f"{self.name} needs the id of a plant, as {self.name}:1a2b-3c4d")
        return self.ask(access, spot, now)


@dataclass(frozen=True, slots=True)
class WeatherFeed:
    """A source asked about one spot."""

    source: WeatherSource
    access: Access = field(repr=False)
    spot: Spot

    @property
    def key(self) -> str:
        """Return the name it is cached under."""
        spot = self.spot
        match self.source.scope:
            case Scope.CELL:
                return f"{self.source.name}/{spot.cell}"
            case Scope.ROOF:
                return f"{self.source.name}/{spot.cell}/{spot.tilt_deg}/{spot.azimuth_deg}"
            case Scope.PLANT:
                return f"{self.source.name}/{spot.resource}/{spot.peak_w:.0f}"

    @property
    def is_weather(self) -> bool:
        """Return whether it tells weather, and not the power of roofs."""
        return self.source.scope is Scope.CELL

    @property
    def release(self) -> Release:
        """Return how its source publishes."""
        return self.source.release

    @property
    def origin(self) -> str:
        """Return who is asked."""
        return self.source.name


def feeds(
    source: WeatherSource, access: Access, place: Place, systems: Sequence[PvSystem], plant: str
) -> dict[str, WeatherFeed]:
    """Return the feeds a site needs: by the roof's id, or under "" one for the whole site.

    plant: id of the plant at the source, where it knows plants.
    """
    cell = place.cell
    match source.scope:
        case Scope.CELL:
            return {"": WeatherFeed(source, access, Spot(cell))}
        case Scope.ROOF:
            return {s.id: WeatherFeed(source, access, _roof(cell, s)) for s in systems}
        case Scope.PLANT:
            peak_w = sum(system.peak_w for system in systems)
            spot = Spot(cell, resource=plant, peak_w=max(peak_w, 1.0))
            return {"": WeatherFeed(source, access, spot)}


def named(text: str) -> tuple[str, str]:
    """Return source and plant of a setting as `open-meteo` or `solcast:1a2b-3c4d`.

    An empty text is climatology. Raises SetUpError for a source nobody knows.
    """
    name, _, plant = text.partition(":")
    if name not in WEATHER_SOURCES and name not in ("", CLIMATOLOGY):
        raise SetUpError(f"{name[:40]!r} is no weather source; one of {', '.join(WEATHER_SOURCES)}")
    return name or CLIMATOLOGY, plant


def _roof(cell: Cell, system: PvSystem) -> Spot:
    tilt = round(system.tilt_deg / ROOF_STEP_DEG) * ROOF_STEP_DEG
    azimuth = round(system.azimuth_deg / ROOF_STEP_DEG) * ROOF_STEP_DEG % 360
    return Spot(cell, tilt, azimuth)


def _open_meteo(access: Access, spot: Spot, _: datetime) -> Question:
    parameters = {
        "latitude": f"{spot.cell.latitude_deg:.1f}",
        "longitude": f"{spot.cell.longitude_deg:.1f}",
        "minutely_15": ",".join(open_meteo.FIELDS),
        "past_days": "1",
        "forecast_days": "5",
        "timezone": "GMT",
        "timeformat": "unixtime",
        "wind_speed_unit": "ms",
    }
    if access.token:
        parameters["apikey"] = access.token
    return Question(f"{access.url}/v1/forecast", parameters)


def _bright_sky(access: Access, spot: Spot, now: datetime) -> Question:
    parameters = {
        "lat": f"{spot.cell.latitude_deg:.1f}",
        "lon": f"{spot.cell.longitude_deg:.1f}",
        "date": f"{now - timedelta(days=1):%Y-%m-%d}",
        "last_date": f"{now + timedelta(days=5):%Y-%m-%d}",
        "tz": "UTC",
    }
    return Question(f"{access.url}/weather", parameters)


def _forecast_solar(access: Access, spot: Spot, _: datetime) -> Question:
    key = f"{access.token}/" if access.token else ""
    from_south = (spot.azimuth_deg - 180 + 180) % 360 - 180
    cell = spot.cell
    path = f"{cell.latitude_deg:.1f}/{cell.longitude_deg:.1f}/{spot.tilt_deg}/{from_south}"
    kwp = ASKED_PEAK_W / 1000
    return Question(f"{access.url}/{key}estimate/{path}/{kwp:g}", {"time": "utc", "full": "1"})


def _solcast(access: Access, spot: Spot, _: datetime) -> Question:
    parameters = {"format": "json", "hours": "96", "period": "PT30M"}
    url = f"{access.url}/rooftop_sites/{spot.resource}/forecasts"
    return Question(url, parameters, {"Authorization": f"Bearer {access.token}"})


def _every(hours: float) -> Release:
    return Release(UTC_ZONE, None, every=timedelta(hours=hours), days=3)


WEATHER_SOURCES: Mapping[str, WeatherSource] = MappingProxyType(
    {
        source.name: source
        for source in (
            WeatherSource(
                open_meteo.NAME, "weather anywhere, by quarter-hours; free for private use only",
                Scope.CELL, _open_meteo, lambda body, spot: open_meteo.read(body, spot.cell),
                _every(1),
            ),
            WeatherSource(
                bright_sky.NAME, "the DWD's forecast, hourly; Germany and around",
                Scope.CELL, _bright_sky, lambda body, spot: bright_sky.read(body, spot.cell),
                _every(1),
            ),
            WeatherSource(
                forecast_solar.NAME, "power of a roof; about 12 questions an hour without a key",
                Scope.ROOF, _forecast_solar,
                lambda body, _: forecast_solar.read(body, ASKED_PEAK_W), _every(2),
            ),
            WeatherSource(
                solcast.NAME, "power of a plant registered there; 10 questions a day for homes",
                Scope.PLANT, _solcast, lambda body, spot: solcast.read(body, spot.peak_w),
                _every(3), needs_token=True,
            ),
        )
    }
)  # fmt: skip
