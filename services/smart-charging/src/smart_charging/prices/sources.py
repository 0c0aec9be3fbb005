"""The sources by name: what to ask each for a zone and a time, and who reads the answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

from smart_charging.prices.core.series import Series
from smart_charging.prices.readers import (
    awattar,
    electricity_maps,
    elprisetjustnu,
    energy_charts,
    entsoe,
    gb_carbon,
    nord_pool,
    octopus,
    own,
    tibber,
)
from smart_charging.provider.core.errors import SetUpError
from smart_charging.provider.core.release import Release
from smart_charging.provider.fetching import Question

CET = ZoneInfo("Europe/Brussels")  # the delivery day of the coupled auction, whoever takes part
LONDON, UTC_ZONE = ZoneInfo("Europe/London"), ZoneInfo("UTC")
DAY_AHEAD = Release(CET, time(12, 45))
ROLLING = Release(UTC_ZONE, None, every=timedelta(hours=1), days=3)
ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Access:
    """Where a source is (no slash at the end) and what opens it."""

    url: str
    token: str = field(default="", repr=False)


Ask = Callable[[Access, str, datetime, datetime], tuple[Question, ...]]
Read = Callable[[bytes, str], Series]


@dataclass(frozen=True, slots=True)
class Source:
    """One provider. ask: the requests for a zone from start to end, one or one per day."""

    name: str
    about: str
    ask: Ask
    read: Read
    release: Release = DAY_AHEAD
    needs_token: bool = False

    def questions(
        self, access: Access, zone: str, start: datetime, end: datetime
    ) -> tuple[Question, ...]:
        """Return the requests. Raises SetUpError for a zone or a missing token."""
        if not ZONE.fullmatch(zone):
            raise SetUpError(f"{zone[:70]!r} is no zone of {self.name}")
        if self.needs_token and not access.token:
            raise SetUpError(f"{self.name} needs a token")
        return self.ask(access, zone, start, end)


@dataclass(frozen=True, slots=True)
class Feed:
    """A source asked for one zone. variant: what else tells two feeds apart, as a currency."""

    source: Source
    access: Access
    zone: str
    variant: str = ""

    @property
    def key(self) -> str:
        """Return the name it is cached under."""
        return "/".join(filter(None, (self.source.name, self.zone, self.variant)))

    @property
    def release(self) -> Release:
        """Return how its source publishes."""
        return self.source.release

    @property
    def origin(self) -> str:
        """Return who is asked."""
        return self.source.name


def _entsoe(access: Access, zone: str, start: datetime, end: datetime) -> tuple[Question, ...]:
    area = entsoe.AREAS.get(zone, zone)
    if not re.fullmatch(r"10[A-Z0-9-]{14}", area):
        raise SetUpError(f"{zone!r} is neither a zone we know nor an area code of 16 characters")
    parameters = {
        "documentType": "A44",
        "in_Domain": area,
        "out_Domain": area,
        "periodStart": f"{start:%Y%m%d%H%M}",
        "periodEnd": f"{end:%Y%m%d%H%M}",
        "securityToken": access.token,
    }
    return (Question(access.url, parameters, statuses=frozenset({200, 400})),)


def _energy_charts(
    access: Access, zone: str, start: datetime, end: datetime
) -> tuple[Question, ...]:
    parameters = {"bzn": zone, "start": own.stamp(start), "end": own.stamp(end)}
    return (Question(f"{access.url}/price", parameters),)


def _awattar(access: Access, _: str, start: datetime, end: datetime) -> tuple[Question, ...]:
    parameters = {"start": _milliseconds(start), "end": _milliseconds(end)}
    return (Question(f"{access.url}/v1/marketdata", parameters),)


def _nord_pool(
    access: Access, zone: str, start: datetime, end: datetime, currency: str = "EUR"
) -> tuple[Question, ...]:
    fixed = {"market": "DayAhead", "deliveryArea": zone, "currency": currency}
    url = f"{access.url}/api/DayAheadPrices"
    return tuple(Question(url, {"date": str(day), **fixed}) for day in _days(start, end, CET))


def _elpriset(access: Access, zone: str, start: datetime, end: datetime) -> tuple[Question, ...]:
    if zone not in elprisetjustnu.ZONES:
        raise SetUpError(f"{zone!r} is none of {', '.join(elprisetjustnu.ZONES)}")
    return tuple(
        Question(
            f"{access.url}/api/v1/prices/{day:%Y}/{day:%m-%d}_{zone}.json",
            is_absence_not_found=True,
        )
        for day in _days(start, end, CET)
    )


def _tibber(access: Access, zone: str, _start: datetime, _end: datetime) -> tuple[Question, ...]:
    question = {"query": tibber.QUERY, "variables": {"home": zone}}
    return (Question(access.url, headers=_bearer(access), json=question),)


def _octopus(access: Access, zone: str, start: datetime, end: datetime) -> tuple[Question, ...]:
    try:
        product = octopus.product(zone)
    except ValueError as error:
        raise SetUpError(str(error)) from error
    path = f"v1/products/{product}/electricity-tariffs/{zone}/standard-unit-rates/"
    parameters = {"period_from": own.stamp(start), "period_to": own.stamp(end), "page_size": "1500"}
    return (Question(f"{access.url}/{path}", parameters),)


def _electricity_maps(
    access: Access, zone: str, _start: datetime, _end: datetime
) -> tuple[Question, ...]:
    headers = {"auth-token": access.token}
    return (Question(f"{access.url}/carbon-intensity/forecast", {"zone": zone}, headers),)


def _gb_carbon(access: Access, _: str, start: datetime, end: datetime) -> tuple[Question, ...]:
    window = f"{start:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}"
    return (Question(f"{access.url}/intensity/{window}", headers={"Accept": "application/json"}),)


def _web_file(access: Access, _: str, _start: datetime, _end: datetime) -> tuple[Question, ...]:
    headers = _bearer(access) if access.token else {}
    return (Question(access.url, headers=headers),)


def _bearer(access: Access) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {access.token}"}


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> list[date]:
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


AFTERNOON = Release(CET, time(14), time(15))
SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source("entsoe", "Europe, by zone (DE-LU) or code", _entsoe, entsoe.read,
                   needs_token=True),
            Source("energy-charts", "Europe, by zone (DE-LU)", _energy_charts, energy_charts.read),
            Source("awattar-at", "Austria, hourly", _awattar, awattar.read, AFTERNOON),
            Source("awattar-de", "Germany, hourly", _awattar, awattar.read, AFTERNOON),
            Source("nord-pool", "Nordics and Baltics, by area (SE3)", _nord_pool, nord_pool.read,
                   Release(CET, time(12, 45))),
            Source("elprisetjustnu", "Sweden, SE1 to SE4", _elpriset, elprisetjustnu.read,
                   Release(CET, time(13))),
            Source("tibber", "a home's all-in price, by the home's id", _tibber, tibber.read,
                   Release(CET, time(13)), needs_token=True),
            Source("octopus", "Great Britain, by tariff code", _octopus, octopus.read,
                   Release(LONDON, time(16), time(17, 30))),
            Source("electricity-maps", "CO2 forecast, by zone (DE)", _electricity_maps,
                   electricity_maps.read, ROLLING, needs_token=True),
            Source("gb-carbon", "CO2 forecast of Great Britain", _gb_carbon, gb_carbon.read,
                   ROLLING),
            Source("web-file", "a price-series/1 document at an address", _web_file, own.read,
                   Release(CET, time(12, 45), every=timedelta(hours=1))),
        )
    }
)  # fmt: skip


def in_currency(source: Source, currency: str) -> Source:
    """Return Nord Pool's source asking for another currency; any other source unchanged."""
    if source.name != nord_pool.NAME:
        return source
    return Source(
        source.name, source.about, partial(_nord_pool, currency=currency), source.read,
        source.release,
    )  # fmt: skip
