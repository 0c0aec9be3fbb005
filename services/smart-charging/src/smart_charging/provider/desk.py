"""Keeps every wanted feed as new as its source allows: one fetch per feed, whoever reads it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

from smart_charging.provider.core.errors import (
    NotPublishedError,
    RefusedByProviderError,
    SourceError,
    SparedError,
)
from smart_charging.provider.core.outage import Outage, after, spare
from smart_charging.provider.core.release import Record, Release, next_attempt
from smart_charging.provider.store import FeedStore, StoreError
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

AT_ONCE, A_ROUND = 4, 64  # fetches side by side, and one after another without looking around
LONGEST_SLEEP_S = 60.0  # so that a clock that was set is noticed


class Wanted(Protocol):
    """A source asked for one thing."""

    @property
    def key(self) -> str:
        """Return the name it is cached under."""
        ...

    @property
    def release(self) -> Release:
        """Return how its source publishes."""
        ...

    @property
    def origin(self) -> str:
        """Return who is asked: when one is down, so are all of its feeds."""
        ...


F = TypeVar("F", bound=Wanted)
S = TypeVar("S")


class FeedDesk(ABC, Generic[F, S]):
    """Fetches and caches; what a series is and how a newer one is laid over it is the child's.

    spread: what tells this installation from others, so that not all ask at once.
    """

    def __init__(self, store: FeedStore[S], clock: Clock, *, spread: str = "") -> None:
        self._store, self._clock, self._spread = store, clock, spread
        self._feeds: dict[str, F] = {}
        self._held: dict[str, tuple[S | None, Record]] = {}
        self._outages: dict[str, Outage | None] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._wanted = asyncio.Event()

    @abstractmethod
    async def _asked(self, feed: F, now: datetime) -> S:
        """Return what the source has. Raises SourceError."""

    @abstractmethod
    def _merged(self, old: S | None, new: S, now: datetime) -> tuple[S, datetime]:
        """Return what is to be held from now on, and how far it is known."""

    async def load(self) -> None:
        """Take up what was held before the restart; without a database begin with nothing."""
        try:
            known = await asyncio.to_thread(self._store.load)
        except StoreError:
            return  # a cache that cannot be read is fetched again
        self._held = known | self._held

    def want(self, feeds: Iterable[F]) -> None:
        """Say which feeds are wanted from now on; the same feed of many sites is one."""
        self._feeds = {feed.key: feed for feed in feeds}
        self._wanted.set()

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
        """Fetch feeds that are due, side by side; return when the next is, None = none.

        At most A_ROUND of them, the longest due first: a new one does not wait for thousands.
        """
        now = self._clock.now()
        due = [feed for feed in self._feeds.values() if self._next(feed) <= now]
        due = sorted(due, key=self._next)[:A_ROUND]
        async with asyncio.TaskGroup() as tasks:
            for feed in due:
                tasks.create_task(self._fetch(feed, now), name=f"feed {feed.key}")
        return min(map(self._next, self._feeds.values()), default=None)

    async def take(self, feed: F, series: S) -> None:
        """Take a series that was pushed to us instead of fetched."""
        await self._keep(feed, series, self._clock.now())

    def _next(self, feed: F) -> datetime:
        _, record = self._held.get(feed.key, (None, Record()))
        if record.tried_at is not None and record.tried_at > self._clock.now() + timedelta(hours=1):
            return datetime.min.replace(tzinfo=UTC)  # the clock was wrong then, or is now
        return next_attempt(feed.release, record, f"{self._spread} {feed.key}")

    async def _fetch(self, feed: F, now: datetime) -> None:
        try:
            async with self._slots:
                series = await self._answer(feed, now)
            await self._keep(feed, series, now)
        except SourceError as error:
            await self._failed(feed, error, now)

    async def _answer(self, feed: F, now: datetime) -> S:
        """Ask, unless others found just now that the provider is down."""
        spare(self._outages.get(feed.origin), self._clock.now())
        try:
            series = await self._asked(feed, now)
        except SourceError as error:
            known = self._outages.get(feed.origin)
            self._outages[feed.origin] = after(known, error, self._clock.now())
            raise
        self._outages[feed.origin] = None
        return series

    async def _keep(self, feed: F, series: S, now: datetime) -> None:
        old, _ = self._held.get(feed.key, (None, Record()))
        held, known_until = self._merged(old, series, now)
        await self._hold(feed, held, Record(known_until, tried_at=now, succeeded_at=now))

    async def _failed(self, feed: F, error: SourceError, now: datetime) -> None:
        """Keep what was held, and remember what was wrong and when to come back."""
        series, record = self._held.get(feed.key, (None, Record()))
        wait = error.wait if isinstance(error, RefusedByProviderError) else None
        if isinstance(error, NotPublishedError) and record.succeeded_at is not None:
            record = replace(record, tried_at=now, failures=0, problem=str(error))
        else:
            record = replace(
                record,
                tried_at=now,
                failures=max(1, record.failures + (not isinstance(error, SparedError))),
                not_before=now + wait if wait else None,
                problem=str(error),
            )
        await self._hold(feed, series, record)

    async def _hold(self, feed: F, series: S | None, record: Record) -> None:
        self._held[feed.key] = series, record
        try:
            await asyncio.to_thread(self._store.save, feed.key, series, record)
        except (RefusedError, StoreError):
            return  # goes on from memory; volthus_store_errors_total has counted it
