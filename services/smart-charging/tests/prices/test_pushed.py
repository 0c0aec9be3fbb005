"""Feeds that are pushed to us: added to, bounded in number, length and reach."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from smart_charging.prices.core.series import MOST_INTERVALS, Interval, Series
from smart_charging.prices.desk import HISTORY
from smart_charging.prices.pushed import AHEAD, Pushed
from smart_charging.prices.store import Store
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock

CLOCK = FakeClock()
MINUTE = timedelta(minutes=1)


def series(first: timedelta, count: int, unit: str = "EUR/kWh", step: timedelta = MINUTE) -> Series:
    start = CLOCK.now().replace(second=0, microsecond=0) + first
    cuts = [start + n * step for n in range(count + 1)]
    values = (Decimal(n % 7) / 10 for n in range(count))
    return Series("push", "z", unit, tuple(map(Interval, cuts, cuts[1:], values)))


@pytest.fixture
def pushed(tmp_path: Path) -> Pushed:
    return Pushed(Store(tmp_path), CLOCK)


async def test_newer_values_win_and_the_rest_stays(pushed: Pushed) -> None:
    await pushed.take("z", series(timedelta(), 60))
    whole = await pushed.take("z", series(30 * MINUTE, 60))
    assert len(whole.intervals) == 90


async def test_what_is_long_over_or_far_ahead_is_not_kept(pushed: Pushed) -> None:
    decade = timedelta(days=3650)
    whole = await pushed.take("z", series(-decade, 3, step=decade))
    assert (whole.start, whole.end) == (CLOCK.now() - HISTORY, CLOCK.now() + AHEAD)


async def test_a_full_feed_says_so_and_takes_the_next_push(pushed: Pushed) -> None:
    half = MOST_INTERVALS // 2
    first = timedelta(days=-30)
    await pushed.take("z", series(first, MOST_INTERVALS))
    with pytest.raises(RefusedError, match="feed") as refused:
        await pushed.take("z", series(timedelta(days=5), half, step=timedelta(seconds=30)))
    assert refused.value.code == "feed-wrong"
    whole = await pushed.take("z", series(first, half))
    assert len(whole.intervals) == MOST_INTERVALS


async def test_another_currency_is_refused(pushed: Pushed) -> None:
    await pushed.take("z", series(timedelta(), 6))
    with pytest.raises(RefusedError) as refused:
        await pushed.take("z", series(timedelta(), 6, "SEK/kWh"))
    assert refused.value.code == "feed-differs"
