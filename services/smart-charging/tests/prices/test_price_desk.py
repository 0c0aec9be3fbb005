"""One fetch per feed, at the right times, kept over restarts, and its age always named."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from price_provider import Provider

from smart_charging.prices.core.series import Interval, Series, Trust
from smart_charging.prices.desk import Desk
from smart_charging.prices.readers import own
from smart_charging.prices.sources import DAY_AHEAD, ROLLING, SOURCES, Access, Feed
from smart_charging.prices.store import FILE, Store
from smart_charging.provider.core.days import day
from smart_charging.provider.core.release import (
    LONGEST_RETRY,
    LONGEST_WAIT,
    RELEASE_SPREAD,
    Freshness,
    Record,
    Release,
    freshness,
    next_attempt,
    wanted_until,
)
from volthus_kit.testing import FakeClock

CET = ZoneInfo("Europe/Brussels")
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
TODAY, TOMORROW = date(2026, 2, 3), date(2026, 2, 4)
MORNING = datetime(2026, 2, 3, 8, tzinfo=UTC)
RELEASE = datetime(2026, 2, 3, 11, 45, tzinfo=UTC)  # 12:45 local
KEY = "energy-charts/DE-LU"


def answer(*days: date, value: float = 80.0) -> dict[str, object]:
    starts = [
        day(local, CET)[0] + n * QUARTER
        for local in days
        for n in range(int((day(local, CET)[1] - day(local, CET)[0]) / QUARTER))
    ]
    return {
        "unix_seconds": [int(at.timestamp()) for at in starts],
        "price": [value] * len(starts),
        "unit": "EUR/MWh",
    }


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(MORNING)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
async def desk(
    http: httpx.AsyncClient, folder: Path, clock: FakeClock, provider: Provider
) -> AsyncIterator[Desk]:
    store = Store(folder)
    running = Desk(http, store, clock, spread="here")
    running.want([provider.feed("energy-charts", "DE-LU")])
    yield running
    store.close()


async def until(desk: Desk, clock: FakeClock, moment: datetime) -> None:
    """Live up to a moment, waking when the desk wants to."""
    for _ in range(500):
        due = await desk.step()
        assert due is not None
        if due > moment:
            clock.go_on((moment - clock.now()).total_seconds())
            return
        assert due > clock.now(), "it must never ask twice at once"
        clock.go_on((due - clock.now()).total_seconds())
    raise AssertionError("asked five hundred times")


# --- the desk ------------------------------------------------------------------------------------


async def test_many_sites_of_one_zone_cost_one_fetch(desk: Desk, provider: Provider) -> None:
    provider.says(answer(TODAY))
    desk.want([provider.feed("energy-charts", "DE-LU") for _ in range(1000)])
    for _ in range(5):
        await desk.step()
    assert len(provider.asked) == 1
    assert desk.quote(KEY).freshness is Freshness.FRESH


async def test_tomorrow_is_looked_for_around_the_release_and_found(
    desk: Desk, provider: Provider, clock: FakeClock
) -> None:
    provider.says(answer(TODAY))
    await until(desk, clock, RELEASE)
    before = len(provider.asked)
    assert before <= 2
    await until(desk, clock, RELEASE + HOUR)
    assert desk.quote(KEY).freshness is Freshness.AWAITED
    assert 8 <= len(provider.asked) - before <= 17, "about every five minutes"
    provider.replies.clear()
    provider.says(answer(TODAY, TOMORROW))
    await until(desk, clock, RELEASE + HOUR + timedelta(minutes=7))
    assert desk.quote(KEY).freshness is Freshness.FRESH
    series = desk.quote(KEY).series
    assert series is not None
    assert series.end == day(TOMORROW, CET)[1]
    found = len(provider.asked)
    await until(desk, clock, RELEASE + 4 * HOUR)
    assert len(provider.asked) == found, "what is known is not asked for again"


async def test_a_failing_provider_is_left_alone_longer_and_longer_and_the_age_is_named(
    desk: Desk, provider: Provider, clock: FakeClock
) -> None:
    provider.says(answer(TODAY))
    await desk.step()
    provider.replies.clear()
    provider.says(b"<html>oops</html>")
    asked = len(provider.asked)
    await until(desk, clock, MORNING + 13 * HOUR)
    assert len(provider.asked) - asked < 20
    quote = desk.quote(KEY)
    assert quote.freshness is Freshness.STALE
    assert quote.series is not None, "stale prices are used"
    assert quote.record.failures > 3
    assert "web page" in quote.record.problem
    await until(desk, clock, MORNING + 16 * HOUR)
    assert desk.quote(KEY).freshness is Freshness.MISSING, "they end at midnight"


async def test_a_provider_that_asks_for_peace_gets_it(
    desk: Desk, provider: Provider, clock: FakeClock
) -> None:
    provider.says(b"", 429, retry_after="7200")
    await desk.step()
    await until(desk, clock, MORNING + 2 * HOUR - QUARTER)
    assert len(provider.asked) == 1
    await until(desk, clock, MORNING + 2 * HOUR + QUARTER)
    assert len(provider.asked) == 2


async def test_a_restart_asks_nobody_and_knows_all(
    desk: Desk, provider: Provider, clock: FakeClock, folder: Path, http: httpx.AsyncClient
) -> None:
    provider.says(answer(TODAY))
    await desk.step()
    store = Store(folder)
    again = Desk(http, store, clock, spread="here")
    again.want([provider.feed("energy-charts", "DE-LU")])
    await again.load()
    assert await again.step() == await desk.step()
    assert len(provider.asked) == 1
    assert again.quote(KEY) == desk.quote(KEY)
    store.close()


async def test_a_restart_after_the_release_was_slept_through_asks_at_once(
    desk: Desk, provider: Provider, clock: FakeClock, folder: Path, http: httpx.AsyncClient
) -> None:
    provider.says(answer(TODAY))
    await desk.step()
    clock.go_on(timedelta(hours=14, minutes=58).total_seconds())  # 23:58 local
    provider.says(answer(TODAY, TOMORROW))
    again = Desk(http, store := Store(folder), clock, spread="here")
    again.want([provider.feed("energy-charts", "DE-LU")])
    await again.load()
    assert again.quote(KEY).freshness is Freshness.STALE
    await again.step()
    assert again.quote(KEY).freshness is Freshness.FRESH
    store.close()


async def test_a_corrected_price_replaces_the_old_one_and_yesterday_stays(
    desk: Desk, provider: Provider, clock: FakeClock
) -> None:
    provider.says(answer(TODAY - timedelta(days=1), TODAY))
    await desk.step()
    first = desk.quote(KEY).series
    provider.says(answer(TODAY, value=90.0))
    clock.go_on(8 * 3600)
    await desk.step()
    second = desk.quote(KEY).series
    assert first is not None
    assert second is not None
    assert second.start == first.start
    assert second.intervals[-1].value == Decimal("0.09")
    assert second.intervals[0].value == Decimal("0.08")
    assert second.revision != first.revision


async def test_one_provider_that_hangs_holds_up_no_other(
    http: httpx.AsyncClient, folder: Path, clock: FakeClock, provider: Provider
) -> None:
    provider.says(answer(TODAY))
    good = provider.feed("energy-charts", "DE-LU")
    bad = Feed(SOURCES["gb-carbon"], Access("http://127.0.0.1:1"), "GB")
    store = Store(folder)
    desk = Desk(http, store, clock)
    desk.want([bad, good])
    await desk.step()
    assert desk.quote(good.key).freshness is Freshness.FRESH
    assert desk.quote(bad.key).freshness is Freshness.MISSING
    assert "127.0.0.1" in desk.quote(bad.key).record.problem
    store.close()


async def test_a_pushed_series_is_held_like_a_fetched_one(
    desk: Desk, provider: Provider, clock: FakeClock
) -> None:
    document = {
        "format": "price-series/1", "unit": "ct/kWh", "zone": "DE-LU",
        "intervals": [{"start": "2026-02-03T08:00:00Z", "end": "2026-02-03T20:00:00+01:00",
                       "value": 31.5}],
    }  # fmt: skip
    feed = provider.feed("web-file", "DE-LU")
    desk.want([feed])
    await desk.take(feed, own.read(json.dumps(document).encode(), "DE-LU"))
    series = desk.quote(feed.key).series
    assert series is not None
    assert series.intervals[0].value == Decimal("0.315")
    assert provider.asked == []


async def test_a_sample_is_called_a_sample(desk: Desk, provider: Provider) -> None:
    feed = provider.feed("web-file", "DE-LU")
    desk.want([feed])
    whole = (Interval(MORNING, MORNING + HOUR, Decimal("0.1")),)
    await desk.take(feed, Series("sample", "DE-LU", "EUR/kWh", whole, trust=Trust.SAMPLE))
    assert desk.quote(feed.key).freshness is Freshness.SAMPLE


async def test_what_nobody_asked_for_is_missing(desk: Desk) -> None:
    assert desk.quote("nord-pool/SE3").freshness is Freshness.MISSING


async def test_a_clock_that_was_far_ahead_does_not_silence_the_desk(
    desk: Desk, provider: Provider, clock: FakeClock
) -> None:
    provider.says(answer(TODAY))
    await desk.step()
    clock.jump(-30 * 24 * 3600)
    await desk.step()
    assert len(provider.asked) == 2


async def test_the_loop_fetches_by_itself(desk: Desk, provider: Provider) -> None:
    provider.says(answer(TODAY))
    task = asyncio.create_task(desk.run())
    async with asyncio.timeout(20):
        while desk.quote(KEY).series is None:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- the cache -----------------------------------------------------------------------------------


async def test_a_damaged_row_is_fetched_anew(
    desk: Desk, provider: Provider, clock: FakeClock, folder: Path, http: httpx.AsyncClient
) -> None:
    provider.says(answer(TODAY))
    await desk.step()
    with sqlite3.connect(folder / FILE) as file:
        file.execute("UPDATE price_feed SET document = '{'")
    file.close()
    again = Desk(http, store := Store(folder), clock)
    again.want([provider.feed("energy-charts", "DE-LU")])
    await again.load()
    await again.step()
    assert again.quote(KEY).freshness is Freshness.FRESH
    store.close()


async def test_without_a_database_it_goes_on_from_memory(
    provider: Provider, clock: FakeClock, folder: Path, http: httpx.AsyncClient
) -> None:
    (folder / "state").write_text("a file where the folder should be")
    provider.says(answer(TODAY))
    desk = Desk(http, Store(folder / "state"), clock)
    desk.want([provider.feed("energy-charts", "DE-LU")])
    await desk.load()
    await desk.step()
    assert desk.quote(KEY).freshness is Freshness.FRESH


async def test_a_file_that_is_no_database_stops_nobody(
    provider: Provider, clock: FakeClock, folder: Path, http: httpx.AsyncClient
) -> None:
    (folder / FILE).write_bytes(b"no database" * 1000)
    provider.says(answer(TODAY))
    desk = Desk(http, store := Store(folder), clock)
    desk.want([provider.feed("energy-charts", "DE-LU")])
    await desk.load()
    await desk.step()
    assert desk.quote(KEY).freshness is Freshness.FRESH
    store.close()


# --- the times -----------------------------------------------------------------------------------

moments = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis wants its bounds so
    datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
releases = st.sampled_from(sorted({s.release for s in SOURCES.values()}, key=repr))


@given(releases, moments, st.integers(-48, 48), st.integers(0, 30), st.text(max_size=5))
def test_the_next_attempt_is_never_at_once_and_never_far(
    release: Release, now: datetime, hours: int, failures: int, key: str
) -> None:
    record = Record(now + hours * HOUR, now, now, failures, now + 100 * HOUR if failures else None)
    wait = next_attempt(release, record, key) - now
    assert wait >= timedelta(seconds=48)
    assert wait <= max(LONGEST_WAIT, release.every) * 1.2


@given(releases, moments, st.text(max_size=5))
def test_nobody_sleeps_through_a_release(release: Release, now: datetime, key: str) -> None:
    if release.first is None:
        return
    begin = datetime.combine(now.astimezone(release.zone).date(), release.first, release.zone)
    start = begin.astimezone(UTC)
    if not start - timedelta(hours=3) <= now < start:
        return
    record = Record(wanted_until(release, now), now, now)
    assert next_attempt(release, record, key) < start + RELEASE_SPREAD


def test_installations_do_not_ask_in_step() -> None:
    record = Record(day(TODAY, CET)[1], MORNING + 2 * HOUR, MORNING + 2 * HOUR)
    times = {next_attempt(DAY_AHEAD, record, f"site {n}") for n in range(1000)}
    assert len(times) > 990
    assert max(times) - min(times) > timedelta(minutes=9)
    per_minute = [
        sum(1 for t in times if (t - RELEASE) // timedelta(minutes=1) == m) for m in range(10)
    ]
    assert max(per_minute) < 150


def test_failures_double_the_wait_up_to_an_hour() -> None:
    waits = [
        next_attempt(DAY_AHEAD, Record(tried_at=MORNING, failures=n), "k") - MORNING
        for n in range(1, 12)
    ]
    assert waits[0] < timedelta(seconds=75)
    assert LONGEST_RETRY * 0.8 <= waits[-1] <= LONGEST_RETRY * 1.2
    assert all(b > a for a, b in pairwise(waits[:6]))


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        (day(TODAY, CET)[1], MORNING, Freshness.FRESH),
        (day(TODAY, CET)[1], RELEASE + QUARTER, Freshness.AWAITED),
        (day(TODAY, CET)[1], RELEASE + 2 * HOUR, Freshness.STALE),
        (day(TOMORROW, CET)[1], RELEASE + QUARTER, Freshness.FRESH),
        (MORNING + HOUR, MORNING, Freshness.STALE),
        (MORNING, MORNING, Freshness.MISSING),
        (None, MORNING, Freshness.MISSING),
    ],
)
def test_freshness_tells_waiting_from_being_late(
    known: datetime | None, now: datetime, expected: Freshness
) -> None:
    assert freshness(DAY_AHEAD, Record(known, now, now), now) is expected


def test_a_rolling_forecast_is_stale_when_it_was_not_renewed() -> None:
    record = Record(MORNING + 48 * HOUR, MORNING, MORNING)
    assert freshness(ROLLING, record, MORNING + HOUR) is Freshness.FRESH
    assert freshness(ROLLING, record, MORNING + 3 * HOUR) is Freshness.STALE


@pytest.mark.parametrize("local", [date(2026, 3, 28), date(2026, 10, 24)])
def test_the_release_before_a_clock_change_wants_the_whole_short_or_long_day(local: date) -> None:
    noon = datetime(local.year, local.month, local.day, 13, tzinfo=UTC)
    wanted = wanted_until(DAY_AHEAD, noon) - day(local, CET)[1]
    assert wanted == (23 if local.month == 3 else 25) * HOUR
