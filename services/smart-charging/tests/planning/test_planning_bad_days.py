"""Plans on bad days: no prices, departures gone by, cars and zones that cannot be."""

import math
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_making import FLAT, NOW, NOW_S, book_in, energy, home, outlook, planned
from planning_sites import TARIFF, profile, session

from smart_charging.planning.book import Book
from smart_charging.planning.core.slots import slots_at
from smart_charging.planning.hearing import row_of
from smart_charging.planning.making import Job, made
from smart_charging.planning.markets import Markets
from smart_charging.planning.tariffs import key_of
from smart_charging.prices.desk import Desk
from smart_charging.prices.pushed import Pushed
from smart_charging.prices.settings import PriceSettings
from smart_charging.prices.store import Store
from volthus_kit.testing import FakeClock
from volthus_wire.v1.tariff_pb2 import FeedInTariff, ImportTariff, Rate, Rates, Tariff


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return book_in(tmp_path)


def test_no_prices_at_all_is_planned_by_sun_and_time_and_named(book: Book) -> None:
    plan = planned(book, home(tariff=None), sun_kw=9.0)
    told = plan.sessions[0]
    assert told.sun_wh > 11_500
    assert not told.HasField("cost")
    assert next(i for i in plan.inputs if i.input == "price").freshness == "missing"
    assert all(math.isnan(price) for price in plan.import_price)


def test_an_unknown_source_is_named_and_planned_without(book: Book) -> None:
    told = home(tariff=Tariff(source="no-such", currency="EUR"))
    plan = planned(book, told)
    assert plan.sessions[0].shortfall_wh == 0
    price = next(i for i in plan.inputs if i.input == "price")
    assert (price.freshness, "no-such" in price.problem) == ("missing", True)


def test_a_price_far_below_zero_fills_the_battery_not_the_goal(book: Book) -> None:
    local = (NOW + timedelta(hours=2)).astimezone(ZoneInfo("Europe/Berlin"))
    window = Rate(per_kwh=-0.5, from_minute=local.hour * 60, until_minute=local.hour * 60 + 180)
    rates = Rates(windows=[window], otherwise=0.3)
    told = home(tariff=Tariff(currency="EUR", bought=ImportTariff(energy=rates)))
    plan = planned(book, told)
    assert plan.sessions[0].energy_wh == pytest.approx(30_000, rel=0.02)
    assert plan.sessions[0].cost < -10


def test_the_sign_of_the_all_in_price_counts_not_the_markets(book: Book) -> None:
    rates = Rates(otherwise=-0.05)
    bought = ImportTariff(energy=rates, levies_per_kwh=0.15)
    plan = planned(book, home(tariff=Tariff(currency="EUR", bought=bought)))
    assert plan.sessions[0].energy_wh == pytest.approx(12_000, rel=0.02)


def test_feed_in_above_import_is_planned(book: Book) -> None:
    tariff = Tariff(
        currency="EUR", bought=ImportTariff(energy=Rates(otherwise=0.1)),
        fed_in=FeedInTariff(fixed_per_kwh=0.4),
    )  # fmt: skip
    plan = planned(book, home(tariff=tariff), sun_kw=9.0)
    assert plan.sessions[0].grid_wh == pytest.approx(12_000, rel=0.02)


def test_a_departure_in_the_past_charges_at_once_and_says_what_is_missing(book: Book) -> None:
    plan = planned(book, home(hours=-1))
    told = plan.sessions[0]
    assert (told.shortfall_code, told.shortfall_wh) == ("departure-past", 12_000)
    assert sum(energy(plan)[:5]) == pytest.approx(12, abs=0.3)


def test_a_departure_too_early_says_how_much_and_how_long(book: Book) -> None:
    plan = planned(book, home(hours=0.5))
    told = plan.sessions[0]
    assert told.shortfall_code == "departure-too-early"
    assert told.shortfall_wh == pytest.approx(12_000 - 11_040 / 2, abs=50)
    assert told.shortfall_s == pytest.approx(told.shortfall_wh / 11_040 * 3600, abs=2)


@pytest.mark.parametrize("changed", [{"needed_wh": 0.0, "most_wh": 0.0}, {"battery_wh": 0.0}])
def test_a_car_of_0_kwh_is_no_fault(book: Book, changed: dict[str, float]) -> None:
    plan = planned(book, home(**changed))
    assert plan.sessions[0].shortfall_wh == 0
    assert not plan.sessions[0].HasField("soc_at_departure_percent")


def test_a_target_below_the_state_of_charge_plans_nothing(book: Book) -> None:
    told = home(needed_wh=0.0, soc_percent=80.0, target_soc_percent=50.0, battery_wh=60_000.0)
    plan = planned(book, told)
    assert plan.sessions[0].energy_wh == 0
    assert plan.sessions[0].soc_at_departure_percent == 80


def test_a_clock_ten_minutes_off_is_named_and_the_car_is_ready_earlier(book: Book) -> None:
    told = home(hours=1.25)
    told.at.FromDatetime(NOW + timedelta(minutes=10))
    plan = planned(book, told)
    assert sum(energy(plan)[:4]) * 1000 == pytest.approx(11_040, abs=50)
    assert "ahead" in next(i for i in plan.inputs if i.input == "clock").problem


def test_a_site_with_100_cars_is_planned_in_time(book: Book) -> None:
    plan = planned(book, profile("hotel", NOW, cars=100, fuse_a=400.0))
    assert len(plan.sessions) == 100
    total = np.array([list(each.power_w) for each in plan.sessions]).sum(axis=0)
    assert total.max() <= 399 * 3 * 230 * 0.95 - 500 + 1


def test_a_house_that_takes_all_leaves_nothing_and_says_so(book: Book) -> None:
    plan = planned(book, home(), load_kw=40.0)
    assert plan.sessions[0].energy_wh == 0
    assert plan.sessions[0].shortfall_code == "room-too-small"


def test_one_site_that_cannot_be_does_not_stop_the_others(book: Book) -> None:
    good, bad = row_of(home(), NOW_S), row_of(home(), NOW_S)
    broken = outlook(bad)
    broken.kw[:] = math.nan
    jobs = [
        Job(bad.site, bad.tariff, broken),
        Job(good.site, good.tariff, outlook(good)),
    ]
    found = made(book, jobs, NOW_S)
    assert [plan.job for plan in found] == [jobs[1]]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_the_days_on_which_clocks_change_have_their_true_number_of_hours(
    tmp_path: Path, day: str
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=berlin)
    clock = FakeClock(start.astimezone(ZoneInfo("UTC")))
    store = Store(tmp_path)
    desk = Desk(httpx.AsyncClient(), store, clock)
    markets = Markets(PriceSettings(), desk, Pushed(store, clock), clock)
    book = Book(markets, clock, {})
    night = Rate(per_kwh=0.1, from_minute=120, until_minute=180)  # 02:00 to 03:00 by the clock
    tariff = Tariff(
        currency="EUR", bought=ImportTariff(energy=Rates(windows=[night], otherwise=0.4))
    )
    told = profile("house", clock.now(), cars=0, tariff=tariff)
    row = row_of(told, clock.now().timestamp())
    prices, _ = book.shared(row.tariff, slots_at(clock.now().timestamp()))
    cheap = int((prices.shown[0, : 24 * 4] < 0.2).sum())
    assert cheap == {"2026-03-29": 0, "2026-10-25": 8}[day]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "hours": st.floats(-2, 80),
                "needed_wh": st.floats(0, 90_000),
                "most_wh": st.floats(0, 90_000),
                "min_a": st.floats(0, 20),
                "max_a": st.floats(0, 40),
                "mode": st.sampled_from(["smart", "fast", "min-solar", "solar-only", "off", "?"]),
                "phases": st.sampled_from([["L1"], ["L2", "L3"], ["L1", "L2", "L3"], []]),
                "switches": st.tuples(st.booleans(), st.booleans(), st.booleans()),
                "must_charge": st.booleans(),
                "is_charging": st.booleans(),
            }
        ),
        max_size=4,
    ),
    st.floats(0, 12),
    st.floats(0, 60),
)
def test_whatever_a_site_says_its_plan_keeps_room_and_bands(
    tmp_path_factory: pytest.TempPathFactory,
    cars: list[dict],
    sun_kw: float,
    fuse_a: float,  # type: ignore[type-arg]
) -> None:
    book = book_in(tmp_path_factory.getbasetemp())
    told = profile("house", NOW, cars=0, fuse_a=fuse_a)
    for number, wanted in enumerate(cars):
        one = session(NOW, hours=wanted["hours"], mode=wanted["mode"])
        one.session = f"s-{number}"
        one.ClearField("phases")
        one.phases.extend(wanted["phases"])
        one.smart.forecast, one.smart.surplus, one.smart.price = wanted["switches"]
        for name in ("needed_wh", "most_wh", "min_a", "max_a", "must_charge", "is_charging"):
            setattr(one, name, wanted[name])
        told.sessions.append(one)
    plan = planned(book, told, sun_kw=sun_kw)
    by_id = {one.session: one for one in told.sessions}
    load_a = np.zeros((3, len(plan.slot_s)))
    for each in plan.sessions:
        one, power = by_id[each.session], np.array(list(each.power_w))
        count = max(1, len(one.phases))
        on = power[power > 0]
        assert (on >= min(one.min_a, one.max_a) * 230 * count - 2).all()
        assert (on <= one.max_a * 230 * count + 2).all()
        # Powers are rounded up to 100 W: up to 25 Wh in each quarter of an hour.
        rounded_wh = 25 * np.count_nonzero((power > 0) & (power % 100 == 0))
        assert each.energy_wh <= max(one.needed_wh, one.most_wh) + rounded_wh + 1
        for phase in one.phases:
            load_a[int(phase[1]) - 1] += power / count / 230
    assert (load_a <= max(0.0, fuse_a - 1.0) + 0.01).all()


@pytest.mark.parametrize("tariff", [FLAT, TARIFF, Tariff(source="unheard-of", currency="EUR")])
def test_a_table_just_made_is_not_stale(book: Book, tariff: Tariff) -> None:
    key = key_of(tariff, "Europe/Berlin")
    book.entry(key)
    assert not book.is_stale(key)


@pytest.mark.parametrize("zone", ["UTC\0junk", "Nowhere/Town", "", "/etc/passwd"])
def test_a_time_zone_that_is_none_is_read_as_utc(book: Book, zone: str) -> None:
    key = key_of(TARIFF, zone)
    book.want([key])
    assert key == key_of(TARIFF, "UTC")


def test_a_market_of_which_nothing_is_known_has_nothing_to_tell(book: Book) -> None:
    unheard = Tariff(source="push", zone="never-filled", currency="EUR")
    assert not book.entry(key_of(unheard, "UTC")).has_prices
    assert book.entry(key_of(FLAT, "UTC")).has_prices
