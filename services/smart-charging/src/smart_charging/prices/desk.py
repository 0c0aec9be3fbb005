"""Keeps every wanted feed of prices and CO2 new, and says how far it may be trusted."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx

from smart_charging.prices.core.errors import SeriesError
from smart_charging.prices.core.series import Series, Trust, clipped, overlaid
from smart_charging.prices.gathering import gathered
from smart_charging.prices.sources import Feed
from smart_charging.prices.store import Store
from smart_charging.provider.core.release import Freshness, Record, freshness, span
from smart_charging.provider.desk import FeedDesk
from volthus_kit.clock import Clock

HISTORY = timedelta(days=35)  # last week's shape for a plan, last month's cost for a session


@dataclass(frozen=True, slots=True)
class Quote:
    """What is held of a feed, and how far it may be trusted. series None = never fetched."""

    series: Series | None
    freshness: Freshness
    record: Record


class Desk(FeedDesk[Feed, Series]):
    """Fetches, caches and answers. One per program; `run` it, then ask for `quote`."""

    def __init__(
        self, http: httpx.AsyncClient, store: Store, clock: Clock, *, spread: str = ""
    ) -> None:
        super().__init__(store, clock, spread=spread)
        self._http = http

    def quote(self, key: str) -> Quote:
        """Return what is held of a feed now. Never waits."""
        series, record = self._held.get(key, (None, Record()))
        feed = self._feeds.get(key)
        if series is None or feed is None:
            return Quote(series, Freshness.MISSING, record)
        now = self._clock.now()
        if series.trust is Trust.SAMPLE:
            return Quote(series, Freshness.SAMPLE, record)
        record = replace(record, known_until=series.known_until(now))
        return Quote(series, freshness(feed.release, record, now), record)

    async def _asked(self, feed: Feed, now: datetime) -> Series:
        return await gathered(self._http, feed, span(feed.release, now))

    def _merged(self, old: Series | None, new: Series, now: datetime) -> tuple[Series, datetime]:
        series = new
        if old is not None and old.trust is new.trust:
            with suppress(SeriesError):  # the zone changed its currency: not to be compared
                series = overlaid(old, new)
        series = clipped(series, now - HISTORY, datetime.max.replace(tzinfo=UTC))
        return series, series.known_until(now)
