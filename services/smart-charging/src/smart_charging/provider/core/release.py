"""When to ask a source again, and how fresh an answer is. Pure: the time comes in."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from smart_charging.provider.core.days import day

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=6)  # however long a provider asks us to stay away
RELEASE_SPREAD = timedelta(minutes=10)
MOST_DOUBLINGS = 10


class Freshness(StrEnum):
    """What a person and the planner must know of a series before they trust it."""

    FRESH = "fresh"
    AWAITED = "awaited"  # tomorrow is being released these minutes
    STALE = "stale"  # the source should have more, or has not been reached for long
    SAMPLE = "sample"
    MISSING = "missing"  # nothing is known for now


@dataclass(frozen=True, slots=True)
class Release:
    """How a source publishes.

    first: local time from which the next day may be there, usual: by when it normally is; None for
    a rolling forecast without days. every: how often corrections are looked for. days: how many
    days after today are asked for.
    """

    zone: ZoneInfo
    first: time | None
    usual: time = time(14)
    every: timedelta = timedelta(hours=6)
    days: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What came of asking. failures: in a row. not_before: as the provider asked of us."""

    known_until: datetime | None = None
    tried_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    not_before: datetime | None = None
    problem: str = ""


def span(release: Release, now: datetime) -> tuple[datetime, datetime]:
    """Return what to ask for: from the local day's midnight to the end of the last day."""
    today = now.astimezone(release.zone).date()
    return day(today, release.zone)[0], day(today + timedelta(days=release.days), release.zone)[1]


def wanted_until(release: Release, now: datetime) -> datetime:
    """Return how far a source's prices can be expected to reach now."""
    if release.first is None:
        return now
    local = now.astimezone(release.zone)
    ahead = 1 if local.time() >= release.first else 0
    return day(local.date() + timedelta(days=ahead), release.zone)[1]


def next_attempt(release: Release, record: Record, key: str) -> datetime:
    """Return when to ask again; the past = now.

    key: what the spread comes from; programs with different keys never ask in step. At the release
    time everybody is spread over ten minutes, then looks every five minutes, later less often.
    """
    if record.tried_at is None:
        return datetime.min.replace(tzinfo=UTC)
    if record.failures:
        not_before = min(record.not_before or record.tried_at, record.tried_at + LONGEST_WAIT)
        return max(_after_failure(record, key), not_before)
    due = [record.tried_at + release.every * _about(key, record.tried_at)]
    if release.first is not None:
        due.append(_next_release(release, record.tried_at, key))
        if (record.known_until or record.tried_at) < wanted_until(release, record.tried_at):
            patience = _patience(release, record.tried_at)
            due.append(record.tried_at + patience * _about(key, record.tried_at))
    return min(due)


def freshness(release: Release, record: Record, now: datetime) -> Freshness:
    """Return how fresh what we hold is now; a sample is for the caller to tell."""
    if record.known_until is None or record.known_until <= now:
        return Freshness.MISSING
    if record.succeeded_at is None or now - record.succeeded_at > 2 * release.every:
        return Freshness.STALE
    if record.known_until >= wanted_until(release, now):
        return Freshness.FRESH
    local = now.astimezone(release.zone)
    today_ends = day(local.date(), release.zone)[1]
    is_tomorrow_late = local.time() >= release.usual
    if record.known_until < today_ends or is_tomorrow_late:
        return Freshness.STALE
    return Freshness.AWAITED


def _after_failure(record: Record, key: str) -> datetime:
    doublings = min(record.failures - 1, MOST_DOUBLINGS)
    wait = min(LONGEST_RETRY, FIRST_RETRY * (1 << doublings))
    tried_at = record.tried_at or datetime.min.replace(tzinfo=UTC)
    return tried_at + wait * _about(f"{key} {record.failures}", tried_at)


def _next_release(release: Release, after: datetime, key: str) -> datetime:
    """Return the first release after an instant, plus this program's share of the spread."""
    first = release.first or time()
    local = after.astimezone(release.zone).date()
    for ahead in (0, 1):
        begin = datetime.combine(local + timedelta(days=ahead), first, release.zone)
        moment = begin.astimezone(UTC) + RELEASE_SPREAD * _share(f"{key} {begin.date()}")
        if moment > after:
            return moment
    return after + timedelta(days=1)


def _patience(release: Release, now: datetime) -> timedelta:
    local = now.astimezone(release.zone).time()
    if local < release.usual:
        return timedelta(minutes=5)
    return timedelta(minutes=15) if local < time(20) else timedelta(hours=1)


def _about(key: str, moment: datetime) -> float:
    """Return 0.8..1.2."""
    return 0.8 + 0.4 * _share(f"{key} {moment.isoformat()}")


def _share(text: str) -> float:
    """Return 0..1 from a text: spread without a dice, so that a replay is the same."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
