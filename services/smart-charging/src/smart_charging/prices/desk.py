"""Keeps every wanted feed as new as its source allows: one fetch per feed, whoever reads it."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx

from smart_charging.prices.core.errors import SeriesError
from smart_charging.prices.core.series import Series, Trust, clipped, overlaid
from smart_charging.prices.gathering import gathered
from smart_charging.prices.sources import Feed
from smart_charging.prices.store import Store, StoreError
from smart_charging.provider.core.errors import (
    NotPublishedError,
    RefusedByProviderError,
    SourceError,
)
from smart_charging.provider.core.release import Freshness, Record, freshness, next_attempt, span
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

HISTORY = timedelta(days=35)  # last week's shape for a plan, last month's cost for a session
AT_ONCE = 4  # fetches side by side
LONGEST_SLEEP_S = 60.0  # so that a clock that was set is noticed


@dataclass(frozen=True, slots=True)
class Quote:
    """What is held of a feed, and how far it may be trusted. series None = never fetched."""

    series: Series | None
    freshness: Freshness
    record: Record


class Desk:
    """Fetches, caches and answers. One per program; `run` it, then ask for `quote`.

    spread: what tells this installation from others, so that not all ask at once.
    """

    def __init__(
        self, http: httpx.AsyncClient, store: Store, clock: Clock, *, spread: str = ""
    ) -> None:
        self._http, self._store, self._clock, self._spread = http, store, clock, spread
        self._feeds: dict[str, Feed] = {}
        self._held: dict[str, tuple[Series | None, Record]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._wanted = asyncio.Event()

    async def load(self) -> None:
        """Take up what was held before the restart; without a database begin with nothing."""
        try:
            known = await asyncio.to_thread(self._store.load)
        except StoreError:
            return  # a cache that cannot be read is fetched again
        self._held = known | self._held

    def want(self, feeds: Iterable[Feed]) -> None:
        """Say which feeds are wanted from now on; the same feed of many sites is one."""
        self._feeds = {feed.key: feed for feed in feeds}
        self._wanted.set()

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
        return Quote(series, freshness(feed.source.release, record, now), record)

    async def run(self) -> None:
        """Fetch what is due, for ever."""
        await self.load()
        while True:
            self._wanted.clear()
            due = await self.step()
            sleep_s = (due - self._clock.now()).total_seconds() if due else LONGEST_SLEEP_S
            try:
                async with asyncio.timeout(max(1.0, min(sleep_s, LONGEST_SLEEP_S))):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def step(self) -> datetime | None:
        """Fetch the feeds that are due, side by side; return when the next is, None = none."""
        now = self._clock.now()
        due = [feed for feed in self._feeds.values() if self._next(feed) <= now]
        async with asyncio.TaskGroup() as tasks:
            for feed in due:
                tasks.create_task(self._fetch(feed, now), name=f"prices {feed.key}")
        return min(map(self._next, self._feeds.values()), default=None)

    async def take(self, feed: Feed, series: Series) -> None:
        """Take a series that was pushed to us instead of fetched."""
        await self._keep(feed, series, self._clock.now())

    def _next(self, feed: Feed) -> datetime:
        _, record = self._held.get(feed.key, (None, Record()))
        if record.tried_at is not None and record.tried_at > self._clock.now() + timedelta(hours=1):
            return datetime.min.replace(tzinfo=UTC)  # the clock was wrong then, or is now
        return next_attempt(feed.source.release, record, f"{self._spread} {feed.key}")

    async def _fetch(self, feed: Feed, now: datetime) -> None:
        wanted = span(feed.source.release, now)
        try:
            async with self._slots:
                series = await gathered(self._http, feed, wanted)
            await self._keep(feed, series, now)
        except SourceError as error:
            await self._failed(feed, error, now)

    async def _keep(self, feed: Feed, series: Series, now: datetime) -> None:
        old, _ = self._held.get(feed.key, (None, Record()))
        if old is not None and old.trust is series.trust:
            with suppress(SeriesError):  # the zone changed its currency: not to be compared
                series = overlaid(old, series)
        series = clipped(series, now - HISTORY, datetime.max.replace(tzinfo=UTC))
        record = Record(series.known_until(now), tried_at=now, succeeded_at=now)
        await self._hold(feed, series, record)

    async def _failed(self, feed: Feed, error: SourceError, now: datetime) -> None:
        """Keep what was held, and remember what was wrong and when to come back."""
        series, record = self._held.get(feed.key, (None, Record()))
        wait = error.wait if isinstance(error, RefusedByProviderError) else None
        if isinstance(error, NotPublishedError) and record.succeeded_at is not None:
            record = replace(record, tried_at=now, failures=0, problem=str(error))
        else:
            record = replace(
                record,
                tried_at=now,
                failures=record.failures + 1,
                not_before=now + wait if wait else None,
                problem=str(error),
            )
        await self._hold(feed, series, record)

    async def _hold(self, feed: Feed, series: Series | None, record: Record) -> None:
        self._held[feed.key] = series, record
        try:
            await asyncio.to_thread(self._store.save, feed.key, series, record)
        except (RefusedError, StoreError):
            return  # goes on from memory; volthus_store_errors_total has counted it
