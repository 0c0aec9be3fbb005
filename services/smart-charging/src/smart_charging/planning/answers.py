"""What people ask of smart charging: the sources, previews, and price feeds of their own."""

import asyncio
from datetime import UTC, timedelta
from decimal import Decimal

import numpy as np

from smart_charging.core.grid import QUARTER_S, Floats, Grid
from smart_charging.planning.forecasts import place_key
from smart_charging.planning.markets import PUSH, SAMPLE, SAMPLE_CO2, Markets
from smart_charging.planning.messages import input_message, series_message
from smart_charging.planning.office import Office
from smart_charging.planning.tariffs import Market, Terms, terms, zone_of
from smart_charging.prices.core.series import Interval, Scope, Series
from smart_charging.prices.core.units import CO2, price_unit
from smart_charging.prices.pushed import Pushed
from smart_charging.prices.settings import PriceSettings
from smart_charging.prices.sources import SOURCES, ZONE
from smart_charging.provider.core.errors import SourceError
from smart_charging.solar.settings import WeatherSettings
from smart_charging.solar.sources import CLIMATOLOGY, WEATHER_SOURCES
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.planning_pb2 import (
    CatalogueReply,
    PreviewForecastReply,
    PreviewForecastRequest,
    PreviewTariffReply,
    PreviewTariffRequest,
    PushPricesReply,
    PushPricesRequest,
    SiteProfile,
    SourceInfo,
)

LONGEST_S = 72 * 3600.0
FETCH_S = 6.0  # a preview waits so long for a market that nobody followed yet
MOST_PUSHED = 40_000
KNOWN_ZONES = {
    "entsoe": ("DE-LU", "AT", "NL", "FR", "SE3"),
    "energy-charts": ("DE-LU", "AT", "NL", "FR", "CH"),
    "awattar-at": ("AT",),
    "awattar-de": ("DE",),
    "nord-pool": ("SE1", "SE2", "SE3", "SE4", "FI", "EE", "DK1", "NO1"),
    "elprisetjustnu": ("SE1", "SE2", "SE3", "SE4"),
    "electricity-maps": ("DE", "SE-SE3", "NL"),
    "gb-carbon": ("GB",),
}
CO2_SOURCES = ("electricity-maps", "gb-carbon")


def with_sources(
    reply: CatalogueReply, prices: PriceSettings, weather: WeatherSettings
) -> CatalogueReply:
    """Return the catalogue with the sources this installation can ask."""
    for sources, name in ((reply.price_sources, SAMPLE), (reply.co2_sources, SAMPLE_CO2)):
        sources.add(name=name, about="made up by a formula, to try things out", available=True)
    reply.price_sources.add(name=PUSH, about="a feed of your own, pushed by API", available=True)
    reply.weather_sources.add(
        name=CLIMATOLOGY, about="the usual sun of place and season; asks nobody", available=True
    )
    for name, source in SOURCES.items():
        access = prices.access(name)
        info = SourceInfo(
            name=name, about=source.about, zones=KNOWN_ZONES.get(name, ()),
            needs_token=source.needs_token and not access.token, available=bool(access.url),
        )  # fmt: skip
        (reply.co2_sources if name in CO2_SOURCES else reply.price_sources).append(info)
    for name, sky in WEATHER_SOURCES.items():
        reply.weather_sources.add(
            name=name,
            about=sky.about,
            needs_token=sky.needs_token,
            available=weather.is_weather_open(name),
        )
    return reply


class Answers:
    """Answers of the service itself."""

    def __init__(self, office: Office, markets: Markets, pushed: Pushed, clock: Clock) -> None:
        self._office, self._markets, self._pushed, self._clock = office, markets, pushed, clock
        self._book, self._forecasts = office.book, office.forecasts

    async def preview_tariff(self, asked: PreviewTariffRequest) -> PreviewTariffReply:
        """Return what a tariff comes to.

        Raises RefusedError `tariff-wrong`, `unknown-source`, `source-needs-token`.
        """
        tariff = asked.tariff
        row = self._office.rows.get(asked.site)
        if not tariff.token and tariff.has_token and row is not None and row.tariff:
            held = self._book.terms(row.tariff).market
            if held is not None and held.source == tariff.source:
                tariff.token = held.token
        wanted = terms(tariff, zone_of(asked.time_zone))
        if wanted.problem:
            raise RefusedError("tariff-wrong", wanted.problem)
        for market in (wanted.market, wanted.co2):
            self._check(market)
        await self._fetched(wanted)
        table = await asyncio.to_thread(self._book.preview, wanted)
        if table.problem:
            raise RefusedError("tariff-wrong", table.problem)
        now_s = self._clock.now().timestamp()
        since_s, until_s = _window(asked, now_s)
        part = table.part(since_s, until_s)
        prices = series_message("preview", 0, part, now_s)
        known_s = table.known_until_s(now_s)  # as far as the source goes, not the question
        if known_s is not None:
            prices.price.known_until.FromSeconds(int(known_s))
        return PreviewTariffReply(prices=prices)

    def _check(self, market: Market | None) -> None:
        if market is None or self._markets.can_be_asked(market):
            return
        if market.source not in SOURCES:
            raise RefusedError("unknown-source", f"{market.source[:40]!r} is no source of prices.")
        raise RefusedError("source-needs-token", f"{market.source} wants the customer's own token.")

    async def preview_forecast(self, asked: PreviewForecastRequest) -> PreviewForecastReply:
        """Return the sun of roofs for 72 h.

        Raises RefusedError `roofs-wrong`, `place-missing`.
        """
        if asked.systems and not asked.planning.HasField("latitude"):
            raise RefusedError("place-missing", "The place of the roofs is not set.")
        told = SiteProfile(site="preview", planning=asked.planning, pv_systems=asked.systems)
        grid = Grid.at(self._clock.now())
        found, trusted = await asyncio.to_thread(self._forecasts.preview, place_key(told), grid)
        if found is None and trusted.problem:
            raise RefusedError("roofs-wrong", trusted.problem)
        reply = PreviewForecastReply(
            slot_s=[QUARTER_S] * grid.slots,
            sun_w=_numbers(found.middle_w if found else np.zeros(grid.slots)),
            sun_low_w=_numbers(found.low_w if found else np.zeros(grid.slots)),
            weather=input_message(trusted),
        )
        reply.start.FromSeconds(grid.start_s)
        return reply

    async def push_prices(self, asked: PushPricesRequest) -> PushPricesReply:
        """Take a feed. Raises RefusedError `feed-wrong`, `feed-differs`, `too-many-feeds`."""
        try:
            series = _pushed(asked)
        except (SourceError, ArithmeticError, ValueError) as error:
            raise RefusedError("feed-wrong", f"The feed {asked.zone[:40]!r}: {error}") from error
        whole = await self._pushed.take(asked.zone, series)
        reply = PushPricesReply(taken=len(series.intervals))
        reply.known_until.FromDatetime(whole.known_until(self._clock.now()))
        return reply

    async def _fetched(self, wanted: Terms) -> None:
        """Wait a little for a market that nobody followed up to now."""
        markets = [m for m in (wanted.market, wanted.co2) if m is not None]
        if markets:
            await self._markets.look_up(markets, FETCH_S)


def _pushed(asked: PushPricesRequest) -> Series:
    if not ZONE.fullmatch(asked.zone):
        raise ValueError("a name is 1 to 64 letters, digits, points and hyphens")
    if len(asked.slot_s) != len(asked.per_kwh) or len(asked.slot_s) > MOST_PUSHED:
        raise ValueError(f"{len(asked.slot_s)} slots and {len(asked.per_kwh)} prices")
    at = asked.start.ToDatetime(tzinfo=UTC)
    intervals = []
    for seconds, value in zip(asked.slot_s, asked.per_kwh, strict=True):
        end = at + timedelta(seconds=seconds)
        if value == value:  # noqa: PLR0124 - NaN is a hole
            intervals.append(Interval(at, end, Decimal(str(value))))
        at = end
    if not intervals:
        raise ValueError("it holds no price")
    is_co2 = asked.currency == CO2
    unit = CO2 if is_co2 else price_unit(asked.currency)
    scope = Scope.CO2 if is_co2 else Scope.ALL_IN if asked.all_in else Scope.MARKET
    return Series(PUSH, asked.zone, unit, tuple(intervals), scope)


def _numbers(values: Floats) -> list[float]:
    return [float(value) for value in values]


def _window(asked: PreviewTariffRequest, now_s: float) -> tuple[float, float]:
    """Return from when to when, at most 72 h; by default from now on."""
    since = asked.HasField("from") and getattr(asked, "from").seconds
    since_s = float(since or now_s)
    until_s = float(asked.to.seconds) if asked.HasField("to") else since_s + LONGEST_S
    return since_s, min(until_s, since_s + LONGEST_S)
