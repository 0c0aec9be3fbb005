"""Every market series that a tariff can follow: fetched, pushed to us, or made up as a sample."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from smart_charging.planning.core.site import Trusted
from smart_charging.planning.tariffs import Market
from smart_charging.prices.core import sample
from smart_charging.prices.core.series import Series
from smart_charging.prices.desk import Desk
from smart_charging.prices.pushed import Pushed
from smart_charging.prices.settings import PriceSettings
from smart_charging.prices.sources import SOURCES, Access, Feed, in_currency
from smart_charging.provider.core.release import Freshness
from volthus_kit.clock import Clock

SAMPLE, SAMPLE_CO2, PUSH = "sample", "sample-co2", "push"
SAMPLE_BACK, SAMPLE_AHEAD = timedelta(days=9), timedelta(days=5)
SAMPLE_RENEWED = timedelta(hours=6)
LOOK_S = 0.1
LOOKED_UP = timedelta(hours=1)  # a market of a preview is kept new for so long


@dataclass(frozen=True, slots=True)
class Quoted:
    """What is held of a market now."""

    series: Series | None
    trusted: Trusted


class Markets:
    """Answers what is known of a market; never waits. `want` says what is to be kept new."""

    def __init__(self, settings: PriceSettings, desk: Desk, pushed: Pushed, clock: Clock) -> None:
        self._settings, self._desk, self._pushed, self._clock = settings, desk, pushed, clock
        self._samples: dict[str, tuple[datetime, Series]] = {}
        self._feeds: dict[Market, Feed] = {}
        self._followed: set[Market] = set()
        self._looked_up: dict[Market, datetime] = {}

    def want(self, markets: Iterable[Market]) -> None:
        """Say which markets are followed from now on."""
        self._followed = set(markets)
        self._want_all()

    async def look_up(self, markets: Collection[Market], within_s: float) -> None:
        """Ask markets that nobody follows yet, and wait a little for their answer."""
        now = self._clock.now()
        self._looked_up = {
            market: at for market, at in self._looked_up.items() if now - at < LOOKED_UP
        } | dict.fromkeys(markets, now)
        self._want_all()
        for _ in range(int(within_s / LOOK_S)):
            if not any(map(self._is_awaited, markets)):
                return
            await asyncio.sleep(LOOK_S)

    def _is_awaited(self, market: Market) -> bool:
        feed = self._feeds.get(market)
        return feed is not None and self._desk.quote(feed.key).record.tried_at is None

    def _want_all(self) -> None:
        wanted = (*self._followed, *self._looked_up)
        feeds = {market: self._feed(market) for market in wanted if market.source in SOURCES}
        self._feeds = {market: feed for market, feed in feeds.items() if feed is not None}
        self._desk.want(self._feeds.values())

    def can_be_asked(self, market: Market) -> bool:
        """Return whether there is such a source, and a token where it wants one."""
        if market.source in (SAMPLE, SAMPLE_CO2, PUSH):
            return True
        source = SOURCES.get(market.source)
        if source is None:
            return False
        return (
            bool(market.token or self._settings.access(source.name).token) or not source.needs_token
        )

    def quote(self, market: Market | None, what: str) -> Quoted:
        """Return what is held. what: price or co2, as the plan names it."""
        if market is None:
            return Quoted(None, Trusted(what, "", "missing"))
        if market.source in (SAMPLE, SAMPLE_CO2):
            return Quoted(self._sample(market.source), Trusted(what, market.source, "sample"))
        if market.source == PUSH:
            series, freshness = self._pushed.quote(market.zone)
            return Quoted(series, Trusted(what, PUSH, freshness))
        feed = self._feeds.get(market)
        if feed is None:
            known = market.source in SOURCES
            problem = "not asked yet" if known else f"{market.source[:40]!r} is no source"
            return Quoted(None, Trusted(what, market.source, "missing", None, problem))
        quote = self._desk.quote(feed.key)
        is_usable = quote.series is not None and quote.series.start is not None
        freshness = quote.freshness if is_usable else Freshness.MISSING
        return Quoted(
            quote.series if is_usable else None,
            Trusted(what, market.source, freshness, None, quote.record.problem),
        )

    def _feed(self, market: Market) -> Feed | None:
        source = SOURCES[market.source]
        access = self._settings.access(source.name)
        if source.needs_token and market.token:
            access = Access(access.url, market.token)
        variant = market.currency if source.name == "nord-pool" else ""
        variant = market.owner if source.needs_token and market.token else variant
        if not access.url:
            return None
        return Feed(in_currency(source, market.currency or "EUR"), access, market.zone, variant)

    def _sample(self, name: str) -> Series:
        now = self._clock.now()
        made = self._samples.get(name)
        if made is None or not timedelta() <= now - made[0] < SAMPLE_RENEWED:
            make = sample.prices if name == SAMPLE else sample.intensity
            hour = now.replace(minute=0, second=0, microsecond=0)
            made = hour, make(hour - SAMPLE_BACK, hour + SAMPLE_AHEAD)
            self._samples[name] = made
        return made[1]


def with_problem(trusted: Trusted, problem: str) -> Trusted:
    """Return a trust with a problem named, unless one is already."""
    return replace(trusted, problem=trusted.problem or problem)
