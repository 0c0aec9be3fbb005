"""Retail formula, rates by the clock, feed-in."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_charging.prices import tariff_file
from smart_charging.prices.core import sample
from smart_charging.prices.core.rates import Rates, Window
from smart_charging.prices.core.retail import (
    FeedInTariff,
    ImportTariff,
    feed_in_prices,
    import_prices,
)
from smart_charging.prices.core.series import Interval, Scope, Series, edges, onto
from smart_charging.provider.core.days import day
from smart_charging.provider.core.errors import SetUpError

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
D = Decimal
# Three levels by the clock in the first and last quarter of the year, one in between.
GRID_FEE = Rates(
    BERLIN,
    (
        Window(D("0.03"), time(23), time(5), frozenset({1, 2, 3, 10, 11, 12})),
        Window(D("0.15"), time(17), time(20, 30), frozenset({1, 2, 3, 10, 11, 12})),
    ),
    D("0.08"),
)


def market(start: datetime, *prices: str | None) -> Series:
    intervals = tuple(
        Interval(start + n * HOUR, start + (n + 1) * HOUR, D(price))
        for n, price in enumerate(prices)
        if price is not None
    )
    return Series("test", "DE-LU", "EUR/kWh", intervals)


def test_tax_is_put_on_the_sum_of_market_markup_fee_and_levies() -> None:
    start = datetime(2026, 1, 7, 16, tzinfo=UTC)  # 17:00 local
    tariff = ImportTariff(
        "EUR", markup_per_kwh=D("0.02"), grid_fee=GRID_FEE, levies_per_kwh=D("0.04"), tax=D("0.19")
    )
    paid = import_prices(tariff, market(start, "0.10", "-0.5"), start, start + 2 * HOUR)
    assert [i.value for i in paid.intervals] == [D("0.31") * D("1.19"), D("-0.29") * D("1.19")]
    assert paid.scope is Scope.ALL_IN


def test_a_negative_market_price_is_seldom_negative_for_the_customer() -> None:
    start = datetime(2026, 6, 7, 11, tzinfo=UTC)
    tariff = ImportTariff("EUR", grid_fee=GRID_FEE, levies_per_kwh=D("0.05"), tax=D("0.19"))
    paid = import_prices(tariff, market(start, "-0.05"), start, start + HOUR)
    assert paid.intervals[0].value == D("0.08") * D("1.19")


def test_a_fee_changes_within_a_market_hour() -> None:
    start = datetime(2026, 1, 7, 19, tzinfo=UTC)  # 20:00 local; the dear window ends at 20:30
    paid = import_prices(
        ImportTariff("EUR", grid_fee=GRID_FEE), market(start, "0.1"), start, start + HOUR
    )
    assert [(i.end - i.start, i.value) for i in paid.intervals] == [
        (HOUR / 2, D("0.25")),
        (HOUR / 2, D("0.18")),
    ]


def test_a_hole_of_the_market_is_a_hole_of_the_price() -> None:
    start = datetime(2026, 1, 7, 10, tzinfo=UTC)
    tariff = ImportTariff("EUR", markup_per_kwh=D("0.1"), tax=D("0.19"))
    paid = import_prices(tariff, market(start, "0.1", None, "0.1"), start, start + 3 * HOUR)
    means = onto(paid, edges(start, start + 3 * HOUR, HOUR))
    assert means[1] is None
    assert means[0] == means[2] != 0


def test_the_window_over_midnight_belongs_to_the_evening_it_starts_on() -> None:
    friday_night = Window(D(1), time(22), time(6), weekdays=frozenset({4}))
    assert friday_night.holds(datetime(2026, 1, 9, 23, tzinfo=BERLIN))
    assert friday_night.holds(datetime(2026, 1, 10, 5, 45, tzinfo=BERLIN))
    assert not friday_night.holds(datetime(2026, 1, 9, 5, tzinfo=BERLIN))
    assert not friday_night.holds(datetime(2026, 1, 10, 6, tzinfo=BERLIN))
    new_year = Window(D(1), time(23), time(5), months=frozenset({12}))
    assert new_year.holds(datetime(2026, 1, 1, 4, tzinfo=BERLIN))


@pytest.mark.parametrize(
    ("local", "hours"), [(date(2026, 3, 29), 5), (date(2026, 10, 25), 7), (date(2026, 7, 1), 6)]
)
def test_a_night_rate_lasts_an_hour_less_or_more_when_the_clock_changes(
    local: date, hours: int
) -> None:
    rates = Rates(BERLIN, (Window(D("0.1"), time(0), time(6)),), D("0.3"))
    night = [i for i in rates.between(*day(local, BERLIN)) if i.value == D("0.1")]
    assert sum((i.end - i.start for i in night), timedelta(0)) == hours * HOUR


@given(st.integers(0, 2 * 365 * 24 * 60), st.integers(1, 3000))
def test_rates_cover_every_minute_once(since: int, minutes: int) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC) + since * timedelta(minutes=1)
    end = start + minutes * timedelta(minutes=1)
    pieces = list(GRID_FEE.between(start, end))
    assert pieces[0].start == start
    assert pieces[-1].end == end
    assert all(a.end == b.start for a, b in pairwise(pieces))
    assert all(piece.value == GRID_FEE.at(piece.start) for piece in pieces)


def test_rates_without_a_rest_leave_holes() -> None:
    start, end = day(date(2026, 7, 1), BERLIN)
    rates = Rates(BERLIN, (Window(D("0.1"), time(0), time(6)),), None)
    paid = import_prices(ImportTariff("EUR", energy=rates), None, start, end)
    assert paid.end == start + 6 * HOUR


def test_an_all_in_series_is_not_charged_twice() -> None:
    start = datetime(2026, 1, 7, 10, tzinfo=UTC)
    total = Series("tibber", "h", "EUR/kWh", market(start, "0.3").intervals, Scope.ALL_IN)
    paid = import_prices(ImportTariff("EUR", tax=D("0.19")), total, start, start + HOUR)
    assert paid.intervals == total.intervals


def test_an_hourly_contract_averages_the_quarters_before_the_formula() -> None:
    start, end = day(date(2026, 7, 1), BERLIN)
    prices = sample.prices(start, end)
    paid = import_prices(ImportTariff("EUR", billed=HOUR), prices, start, end)
    assert len(paid.intervals) == 24
    assert onto(paid, edges(start, end, HOUR)) == onto(prices, edges(start, end, HOUR))


def test_feed_in_by_contract() -> None:
    start = datetime(2026, 6, 7, 11, tzinfo=UTC)
    prices, end = market(start, "0.05", "-0.5", None, "0"), start + 4 * HOUR
    fixed = feed_in_prices(FeedInTariff("EUR", D("0.08")), None, start, end)
    assert [i.value for i in fixed.intervals] == [D("0.08")]
    none_below = FeedInTariff("EUR", D("0.08"), is_nothing_when_negative=True)
    paid = onto(feed_in_prices(none_below, prices, start, end), edges(start, end, HOUR))
    assert paid == (D("0.08"), D(0), None, D("0.08"))
    by_market = FeedInTariff("EUR", market_share=D(1), deduction_per_kwh=D("0.01"))
    paid = onto(feed_in_prices(by_market, prices, start, end), edges(start, end, HOUR))
    assert paid == (D("0.04"), D("-0.51"), None, D("-0.01"))


def test_a_tariff_that_cannot_work_is_refused() -> None:
    start = datetime(2026, 6, 7, 11, tzinfo=UTC)
    prices, end = market(start, "0.05"), start + HOUR
    for make in (
        lambda: import_prices(ImportTariff("EUR"), None, start, end),
        lambda: import_prices(ImportTariff("SEK"), prices, start, end),
        lambda: ImportTariff("EUR", tax=D(19)),
        lambda: Window(D(0), time(0, 10)),
        lambda: Window(D(0), months=frozenset({13})),
        lambda: feed_in_prices(FeedInTariff("EUR", market_share=D(1)), None, start, end),
    ):
        with pytest.raises(SetUpError):
            make()


GOOD = {
    "format": "price-tariff/1",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "import": {
        "markup_per_kwh": 0.02,
        "grid_fee": {
            "windows": [
                {"per_kwh": "0.15", "from": "17:00", "to": "20:00", "weekdays": ["mon", "fri"]}
            ],
            "otherwise": 0.08,
        },
        "tax": 0.19,
        "billed_minutes": 60,
    },
    "feed_in": {"fixed_per_kwh": 0.08, "nothing_when_negative": True},
}


def test_a_tariff_file_says_the_same_as_the_rules() -> None:
    tariffs = tariff_file.read(json.dumps(GOOD).encode())
    assert tariffs.bought.tax == D("0.19")
    assert tariffs.bought.billed == HOUR
    assert tariffs.bought.grid_fee is not None
    assert tariffs.bought.grid_fee.windows[0].weekdays == frozenset({0, 4})
    assert tariffs.fed_in == FeedInTariff("EUR", D("0.08"), is_nothing_when_negative=True)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("format", "price-tariff/2"), ("currency", "XXX"), ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"), ("import", {"tax": 19}), ("import", {"taxes": 0}),
        ("import", {"markup_per_kwh": "NaN"}), ("import", None),
        ("import", {"energy": {"windows": [{"per_kwh": 1, "from": "17:10"}]}}),
    ],
)  # fmt: skip
def test_a_wrong_tariff_file_is_refused_with_the_place(place: str, value: object) -> None:
    with pytest.raises(SetUpError):
        tariff_file.read(json.dumps(GOOD | {place: value}).encode())
