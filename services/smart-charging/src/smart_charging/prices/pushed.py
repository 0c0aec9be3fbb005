"""Price feeds of one's own, pushed over the bus: kept, and added to, by the name of the feed."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from smart_charging.prices.core.errors import SeriesError
from smart_charging.prices.core.series import Series, clipped, overlaid
from smart_charging.prices.desk import HISTORY
from smart_charging.prices.store import Store, StoreError
from smart_charging.provider.core.errors import AnswerError
from smart_charging.provider.core.release import Freshness, Record
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

NAME = "push"
SOON = timedelta(hours=6)  # less than this ahead: a feed that should be filled again
MOST_FEEDS = 1000
AHEAD = timedelta(days=14)  # what is pushed for later is not kept: plans reach three days


class Pushed:
    """Feeds by name. Kept in the cache of prices, so that they survive a restart."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._held: dict[str, Series] = {}

    async def load(self) -> None:
        """Take up what was pushed before the restart."""
        try:
            known = await asyncio.to_thread(self._store.load)
        except StoreError:
            return
        for key, (series, _) in known.items():
            source, _, zone = key.partition("/")
            if source == NAME and series is not None:
                self._held.setdefault(zone, series)

    async def take(self, zone: str, series: Series) -> Series:
        """Add a series to a feed; newer values win. Returns the whole feed.

        Raises RefusedError for values of another currency or kind than the feed holds, and for
        more feeds than can be kept.
        """
        old = self._held.get(zone)
        if old is None and len(self._held) >= MOST_FEEDS:
            raise RefusedError("too-many-feeds", f"There are {MOST_FEEDS} price feeds already.")
        now = self._clock.now()
        try:
            whole = await asyncio.to_thread(_merged, old, series, now)
        except SeriesError as error:
            raise RefusedError("feed-differs", f"The feed {zone!r}: {error}") from error
        except AnswerError as error:
            raise RefusedError("feed-wrong", f"The feed {zone!r}: {error}") from error
        self._held[zone] = whole
        record = Record(whole.known_until(now), tried_at=now, succeeded_at=now)
        with suppress(RefusedError, StoreError):  # goes on from memory; it has been counted
            await asyncio.to_thread(self._store.save, f"{NAME}/{zone}", whole, record)
        return whole

    def quote(self, zone: str) -> tuple[Series | None, Freshness]:
        """Return what is held of a feed, and how far it may be trusted."""
        series = self._held.get(zone)
        if series is None:
            return None, Freshness.MISSING
        now = self._clock.now()
        ahead = series.known_until(now) - now
        if ahead <= timedelta():
            return series, Freshness.MISSING
        return series, Freshness.STALE if ahead < SOON else Freshness.FRESH


def _merged(old: Series | None, new: Series, now: datetime) -> Series:
    """Return both as one, new values first, from a month ago to two weeks ahead.

    Raises SeriesError for a series of another kind, AnswerError for more than can be kept.
    """
    first, last = now - HISTORY, now + AHEAD
    new = clipped(new, first, last)
    return new if old is None else overlaid(clipped(old, first, last), new)
