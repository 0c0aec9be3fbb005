"""Keeps the weather of every wanted cell new, and says how far it may be trusted."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError
from smart_charging.provider.core.release import Freshness, Record, freshness
from smart_charging.provider.desk import FeedDesk
from smart_charging.provider.fetching import WHOLE_S, answered
from smart_charging.provider.store import FeedColumns, FeedStore
from smart_charging.solar.core.series import Series, overlaid
from smart_charging.solar.readers import own
from smart_charging.solar.sources import WeatherFeed
from volthus_kit.clock import Clock

FILE = "weather.sqlite3"
HISTORY = timedelta(days=3)  # what sites are taught with
AHEAD = timedelta(hours=6)  # an outlook is at least so old when its time comes


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """newest: the last word on every hour. outlook: the last word six hours before it."""

    newest: Series
    outlook: Series | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WeatherQuote:
    """What is held of a feed. newest None = never fetched; freshness MISSING: it has run out."""

    newest: Series | None
    outlook: Series | None
    freshness: Freshness
    record: Record


class WeatherRow(FeedColumns, table=True):
    """One feed of weather; document: weather-pair/1."""

    __tablename__ = "weather_feed"


class WeatherStore(FeedStore[Held]):
    """Keeps weather over restarts. One writer: this service."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FILE, WeatherRow, _read, _written)


class WeatherDesk(FeedDesk[WeatherFeed, Held]):
    """Fetches, caches and answers. One per program; `want` feeds, `run` it, ask for `quote`."""

    def __init__(
        self, http: httpx.AsyncClient, store: WeatherStore, clock: Clock, *, spread: str = ""
    ) -> None:
        super().__init__(store, clock, spread=spread)
        self._http = http

    def quote(self, key: str) -> WeatherQuote:
        """Return what is held of a feed now. Never waits."""
        held, record = self._held.get(key, (None, Record()))
        feed = self._feeds.get(key)
        if held is None or feed is None:
            newest, outlook = (held.newest, held.outlook) if held else (None, None)
            return WeatherQuote(newest, outlook, Freshness.MISSING, record)
        record = replace(record, known_until=_moment(held.newest.end_s))
        trust = freshness(feed.release, record, self._clock.now())
        return WeatherQuote(held.newest, held.outlook, trust, record)

    async def _asked(self, feed: WeatherFeed, now: datetime) -> Held:
        return Held(await asked(self._http, feed, now))

    def _merged(self, old: Held | None, new: Held, now: datetime) -> tuple[Held, datetime]:
        begin = (now - HISTORY).timestamp()
        later = new.newest.part((now + AHEAD).timestamp(), float("inf"))
        newest = overlaid(old.newest if old else None, new.newest) or new.newest
        outlook = overlaid(old.outlook if old else None, later)
        held = Held(
            newest.part(begin, float("inf")) or newest,
            outlook.part(begin, float("inf")) if outlook is not None else None,
        )
        return held, _moment(held.newest.end_s)


async def asked(
    http: httpx.AsyncClient, feed: WeatherFeed, now: datetime, *, within_s: float = WHOLE_S
) -> Series:
    """Ask a feed's source. Raises SourceError; AnswerError when the answer ends before now."""
    question = feed.source.question(feed.access, feed.spot, now)
    body = await answered(http, question, within_s=within_s)
    series = await asyncio.to_thread(feed.source.read, body, feed.spot)
    if series.end_s <= now.timestamp():
        end = _moment(series.end_s)
        raise AnswerError(f"{feed.source.name} answered about a time that ends at {end:%F %R}Z")
    return series


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _written(held: Held) -> bytes:
    outlook = own.document(held.outlook) if held.outlook is not None else None
    return json.dumps({"newest": own.document(held.newest), "outlook": outlook}).encode()


def _read(body: bytes) -> Held:
    answer = decoding.mapping(decoding.parsed(body), "the document")
    outlook = answer.get("outlook")
    return Held(own.taken(answer.get("newest")), own.taken(outlook) if outlook else None)
