"""The core of a series, by value and by property."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_charging.prices.core import sample
from smart_charging.prices.core.errors import SeriesError
from smart_charging.prices.core.series import (
    Interval,
    Scope,
    Series,
    averaged,
    clipped,
    edges,
    onto,
    ordered,
    overlaid,
)
from smart_charging.prices.core.units import inner
from smart_charging.prices.readers import own
from smart_charging.provider.core.days import day
from smart_charging.provider.core.errors import AnswerError, SourceError

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, QUARTER, HOUR = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)

values = st.decimals(-15, 15, places=5, allow_nan=False)


def series(*intervals: Interval, unit: str = "EUR/kWh", scope: Scope = Scope.MARKET) -> Series:
    return Series("test", "DE-LU", unit, intervals, scope)


def at(minutes: int, length: int, value: str | Decimal) -> Interval:
    start = NOON + minutes * MINUTE
    return Interval(start, start + length * MINUTE, Decimal(value))


@st.composite
def any_series(draw: st.DrawFn) -> Series:
    """Mixed lengths, holes, any price the market allows."""
    minute, intervals = 5 * draw(st.integers(0, 12)), []
    for _ in range(draw(st.integers(0, 12))):
        length = draw(st.sampled_from([5, 15, 30, 60]))
        intervals.append(at(minute, length, draw(values)))
        minute += length + draw(st.sampled_from([0, 0, 0, 5, 15, 60]))
    return series(*intervals)


def value_at(given_series: Series, moment: datetime) -> Decimal | None:
    for interval in given_series.intervals:
        if interval.start <= moment < interval.end:
            return interval.value
    return None


MOMENTS = [NOON + n * 5 * MINUTE for n in range(-2, 200)]


@given(any_series(), any_series())
def test_newer_values_win_and_older_ones_fill(old: Series, new: Series) -> None:
    both = overlaid(old, new)
    for moment in MOMENTS:
        newer = value_at(new, moment)
        assert value_at(both, moment) == (newer if newer is not None else value_at(old, moment))


@given(any_series(), st.integers(0, 100), st.sampled_from([5, 15, 30, 60]))
def test_a_slot_is_the_time_weighted_mean_and_unknown_where_a_part_is(
    some: Series, first: int, length: int
) -> None:
    cuts = edges(NOON + first * 5 * MINUTE, NOON + first * 5 * MINUTE + 6 * HOUR, length * MINUTE)
    for start, slot in zip(cuts, onto(some, cuts), strict=False):
        parts = [value_at(some, start + n * 5 * MINUTE) for n in range(length // 5)]
        if None in parts:
            assert slot is None
        else:
            assert slot is not None
            mean = sum((p for p in parts if p is not None), Decimal(0)) / len(parts)
            assert abs(slot - mean) < Decimal("1e-20")


@given(any_series(), st.integers(0, 60), st.integers(1, 60))
def test_a_clipped_series_knows_the_same_inside_and_nothing_outside(
    some: Series, first: int, count: int
) -> None:
    start, end = NOON + first * 5 * MINUTE, NOON + (first + count) * 5 * MINUTE
    part = clipped(some, start, end)
    for moment in MOMENTS:
        inside = start <= moment < end
        assert value_at(part, moment) == (value_at(some, moment) if inside else None)


@given(any_series())
def test_a_written_series_is_read_back_the_same(some: Series) -> None:
    again = own.read(own.written(some))
    assert again == some
    assert again.revision == some.revision


@given(any_series(), st.integers(0, 11), values)
def test_a_changed_value_changes_the_revision(some: Series, which: int, value: Decimal) -> None:
    if which >= len(some.intervals) or some.intervals[which].value == value:
        return
    was = some.intervals[which]
    changed = list(some.intervals)
    changed[which] = Interval(was.start, was.end, value)
    assert series(*changed).revision != some.revision


def test_the_revision_does_not_depend_on_how_an_equal_stretch_is_cut() -> None:
    hour = series(at(0, 60, "0.10"))
    quarters = series(*(at(n * 15, 15, "0.1") for n in range(4)))
    assert hour.revision == quarters.revision


@pytest.mark.parametrize(
    ("local", "quarters"),
    [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)],
)
def test_local_days_have_92_96_or_100_quarters(local: date, quarters: int) -> None:
    start, end = day(local, BERLIN)
    cuts = edges(start, end, QUARTER)
    assert len(cuts) - 1 == quarters
    means = onto(sample.prices(start, end, BERLIN), cuts)
    assert len(means) == quarters
    assert None not in means


@given(st.dates(date(2001, 1, 1), date(2090, 1, 1)))
def test_days_follow_one_another_without_gap_and_overlap(local: date) -> None:
    assert day(local, BERLIN)[1] == day(local + timedelta(days=1), BERLIN)[0]


def test_the_lowest_price_of_the_market_stays_negative() -> None:
    unit, factor = inner("EUR/MWh")
    lowest = series(at(0, 60, Decimal(-500) * factor), unit=unit)
    assert onto(lowest, edges(NOON, NOON + HOUR, QUARTER)) == (Decimal("-0.5"),) * 4


def test_a_hole_is_unknown_and_never_free() -> None:
    holed = series(at(0, 15, "0.1"), at(30, 30, "0.1"))
    assert onto(holed, edges(NOON, NOON + HOUR, HOUR)) == (None,)
    assert onto(holed, edges(NOON, NOON + HOUR, QUARTER))[1] is None
    assert holed.known_until(NOON) == NOON + QUARTER
    assert averaged(holed, HOUR).intervals == ()


def test_an_hourly_contract_pays_the_mean_of_four_quarters() -> None:
    quarters = series(*(at(n * 15, 15, f"0.{n + 1}") for n in range(4)), at(60, 15, "0.9"))
    assert averaged(quarters, HOUR).intervals == (at(0, 60, "0.25"),)


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("EUR/MWh", "100", "0.1"), ("Eur/MWh", "-500", "-0.5"), ("EUR / MWh", "1", "0.001"),
        ("ct/kWh", "30", "0.3"), ("pence/kWh", "12", "0.12"), ("SEK/kWh", "2", "2"),
        ("g/kWh", "400", "400"), ("kg/kWh", "0.4", "400"), ("gCO2eq/kWh", "1", "1"),
    ],
)  # fmt: skip
def test_units_come_in_as_currency_or_grams_per_kwh(unit: str, value: str, expected: str) -> None:
    _, factor = inner(unit)
    assert Decimal(value) * factor == Decimal(expected)


@pytest.mark.parametrize("unit", ["XXX/MWh", "EUR", "EUR/h", "", "€/MWh", "EUR/MWh/h", "a" * 900])
def test_any_other_unit_is_refused(unit: str) -> None:
    with pytest.raises(AnswerError):
        inner(unit)


def test_a_price_a_thousand_times_too_high_is_a_mistake_of_units() -> None:
    with pytest.raises(AnswerError, match="mistake of units"):
        series(at(0, 60, "85.3"))


def test_what_makes_no_series_is_refused() -> None:
    with pytest.raises(SeriesError):
        series(at(0, 60, "0.1"), at(30, 60, "0.1"))
    with pytest.raises(SeriesError):
        at(0, 0, "0.1")
    with pytest.raises(SeriesError):
        Interval(datetime(2026, 1, 1, tzinfo=BERLIN), NOON, Decimal(0))
    with pytest.raises(SourceError):
        at(0, 15, "NaN")
    with pytest.raises(AnswerError):
        ordered([at(0, 60, "0.1"), at(0, 60, "0.2")])
    with pytest.raises(SeriesError):
        edges(NOON, NOON + HOUR, timedelta(0))
    with pytest.raises(SeriesError):
        overlaid(series(at(0, 60, "0.1")), series(at(0, 60, "0.1"), unit="SEK/kWh"))


def test_the_sample_is_named_as_one_and_always_the_same() -> None:
    start, end = day(date(2026, 6, 14), BERLIN)
    first, second = sample.prices(start, end), sample.prices(start, end)
    assert first == second
    assert first.trust == "sample"
    assert own.read(own.written(first)).trust == "sample"
    later = sample.prices(start + HOUR, end)
    assert clipped(first, start + HOUR, end) == later


def test_a_year_of_samples_has_cheap_noons_dear_evenings_and_negative_hours() -> None:
    start, end = day(date(2026, 1, 1), BERLIN)[0], day(date(2026, 12, 31), BERLIN)[1]
    prices = [i.value for i in sample.prices(start, end).intervals]
    assert Decimal("0.06") < sum(prices) / len(prices) < Decimal("0.13")
    assert 0.005 < sum(p < 0 for p in prices) / len(prices) < 0.1
    grams = [i.value for i in sample.intensity(start, end).intervals]
    assert 0 < min(grams) < max(grams) < 700
