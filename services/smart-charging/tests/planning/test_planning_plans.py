"""From a profile to the plan that goes out: usual days and bad ones. Real kernels, no bus."""

import math
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_sites import TARIFF, on_all, profile, session

from smart_charging.planning.book import Book
from smart_charging.planning.core.ledger import Row
from smart_charging.planning.core.site import Outlook, Trusted
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
from volthus_wire.v1.planning_pb2 import Plan, SiteProfile
from volthus_wire.v1.tariff_pb2 import FeedInTariff, ImportTariff, Rate, Rates, Tariff

CLOCK = FakeClock()
NOW = CLOCK.now()
NOW_S = NOW.timestamp()
FLAT = Tariff(currency="EUR", bought=ImportTariff(energy=Rates(otherwise=0.3)))


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return book_in(tmp_path)


def book_in(folder: Path) -> Book:
    store = Store(folder)
    desk = Desk(httpx.AsyncClient(), store, CLOCK)
    return Book(Markets(PriceSettings(), desk, Pushed(store, CLOCK), CLOCK), CLOCK, {})


def outlook(row: Row, sun_kw: float = 0.0, load_kw: float = 0.5) -> Outlook:
    """Return a sun that shines from 4 h to 9 h ahead."""
    slots = slots_at(NOW_S, row.site.last_departure_s)
    hours = np.cumsum(slots.hours)
    sun = np.where((hours > 4) & (hours <= 9), sun_kw, 0.0)
    load = np.full(slots.count, load_kw)
    return Outlook(sun, 0.5 * sun, load, load, (Trusted("load", "site", "standard"),))


def planned(book: Book, told: SiteProfile, sun_kw: float = 0.0, load_kw: float = 0.5) -> Plan:
    row = row_of(told, NOW_S)
    (plan,) = made(book, [Job(row.site, row.tariff, outlook(row, sun_kw, load_kw))], NOW_S)
    return Plan.FromString(plan.body)


def home(*, tariff: Tariff | None = TARIFF, hours: float = 10.0, **changed: object) -> SiteProfile:
    told = profile("house", NOW, cars=0, tariff=tariff)
    wanted = session(NOW, hours=hours)
    for name, value in changed.items():
        if name == "phases":
            wanted.phases[:] = value
        else:
            setattr(wanted, name, value)
    told.sessions.append(wanted)
    return told


def energy(plan: Plan) -> list[float]:
    """Return the energy of the only car by slot, kWh."""
    powers = plan.sessions[0].power_w
    return [p * s / 3.6e6 for p, s in zip(powers, plan.slot_s, strict=True)]


def test_a_plan_holds_all_that_a_timeline_draws(book: Book) -> None:
    plan = planned(book, home(), sun_kw=6.0)
    count = len(plan.slot_s)
    assert len(plan.import_price) == len(plan.export_price) == len(plan.co2_g_per_kwh) == count
    assert len(plan.sun_w) == len(plan.sun_low_w) == len(plan.load_w) == count
    assert len(plan.surplus_w) == len(plan.sessions[0].power_w) == count
    assert plan.start.seconds == NOW_S
    assert sum(plan.slot_s) >= 36 * 3600
    assert plan.valid_until.seconds - plan.start.seconds == 24 * 3600
    assert plan.currency == "EUR"
    assert {each.input for each in plan.inputs} == {"price", "co2", "load"}
    assert plan.bound <= plan.value + 1e-9
    assert plan.gap <= 0.05
    assert len(plan.inputs_hash) == 24


def test_the_goal_is_met_before_departure_and_costs_less_than_at_once(book: Book) -> None:
    plan = planned(book, home(hours=16))
    told, by_slot = plan.sessions[0], energy(plan)
    assert sum(by_slot[: 16 * 4]) == pytest.approx(12, abs=0.2)
    assert sum(by_slot[16 * 4 :]) == 0
    assert told.energy_wh == pytest.approx(sum(by_slot) * 1000, rel=1e-5)
    assert told.cost < told.at_once_cost
    assert NOW_S < told.reached_at.seconds <= NOW_S + 16 * 3600
    assert told.shortfall_wh == 0
    assert told.shortfall_code == ""


def test_charging_at_once_is_reckoned_within_the_contract(book: Book) -> None:
    told = home(needed_wh=6000, phases=["L1"], hours=16)
    told.contract_w = 3500
    plan = planned(book, told, load_kw=0.5)
    at_once = 0.75 * sum(plan.import_price[:8])  # 3 kW for two hours
    assert plan.sessions[0].at_once_cost == pytest.approx(at_once, rel=0.02)


def test_where_not_all_would_be_full_at_once_nothing_is_compared(book: Book) -> None:
    told = home(needed_wh=8000, phases=["L1"], hours=6)
    other = session(NOW, hours=3)
    other.session, other.ski, other.needed_wh = "other", "ef" * 20, 8000
    other.phases[:] = ["L1"]
    told.sessions.append(other)  # at once the first would take all the room until it is too late
    told.contract_w = 3500
    first, second = planned(book, told, load_kw=0.5).sessions
    assert first.shortfall_wh == second.shortfall_wh == 0
    assert first.HasField("at_once_cost")
    assert not second.HasField("at_once_cost")


def test_the_forecast_sun_is_waited_for(book: Book) -> None:
    plan = planned(book, home(), sun_kw=9.0)
    assert plan.sessions[0].sun_wh > 11_500
    assert sum(energy(plan)[: 4 * 4]) == 0


def test_switched_off_the_forecast_is_not(book: Book) -> None:
    told = home(tariff=FLAT)
    told.sessions[0].smart.forecast = False
    assert sum(energy(planned(book, told, sun_kw=9.0))[16:36]) < 2
    told.sessions[0].smart.forecast = True
    assert sum(energy(planned(book, told, sun_kw=9.0))[16:36]) > 11.5


def test_switched_off_the_price_counts_for_nothing_and_the_car_charges_late(book: Book) -> None:
    told = home()
    told.sessions[0].smart.price = False
    by_slot = energy(planned(book, told))
    assert sum(by_slot[: 8 * 4]) == 0
    assert sum(by_slot[: 10 * 4]) == pytest.approx(12, abs=0.2)


def test_without_a_departure_only_sun_is_taken(book: Book) -> None:
    told = home()
    told.sessions[0].ClearField("departure")
    plan = planned(book, told, sun_kw=7.0)
    assert plan.sessions[0].grid_wh < 20
    assert plan.sessions[0].sun_wh > 20_000
    assert plan.sessions[0].shortfall_code == "no-departure"
    assert planned(book, told, sun_kw=0.0).sessions[0].energy_wh == 0


def with_a_fast_car(told: SiteProfile, *phases: str) -> SiteProfile:
    told.fuse_a.l1 = told.fuse_a.l2 = told.fuse_a.l3 = 25
    fast = session(NOW, mode="fast")
    fast.session, fast.ski = "fast", "cd" * 20
    fast.phases[:] = phases
    told.sessions.append(fast)
    return told


@pytest.mark.parametrize("phases", [["L1"], ["L1", "L2", "L3"]])
def test_a_fast_car_shares_the_fuse_and_does_not_push_out_who_is_planned(
    book: Book, phases: list[str]
) -> None:
    told = with_a_fast_car(home(hours=2.5), *phases)
    plan = planned(book, told)
    assert [each.session for each in plan.sessions] == ["s-1"]
    assert plan.sessions[0].shortfall_wh == 0


def test_what_a_fast_car_takes_is_not_there_for_a_plan(book: Book) -> None:
    told = with_a_fast_car(home(hours=2, needed_wh=20_000), "L1", "L2", "L3")
    short = planned(book, told).sessions[0]
    assert short.shortfall_code == "room-too-small"
    assert 3000 < short.shortfall_wh < 12_000  # half a fuse of 25 A for 2 h


def test_a_fast_car_on_another_phase_takes_nothing_away(book: Book) -> None:
    told = home(hours=4, phases=["L2"], max_a=16, needed_wh=12_000)
    alone = planned(book, told).sessions[0]
    beside = planned(book, with_a_fast_car(told, "L1")).sessions[0]
    assert beside.shortfall_wh == alone.shortfall_wh == 0
    assert beside.cost == pytest.approx(alone.cost)


def below(told: SiteProfile, room_a: float, circuit: str = "garage", parent: str = "") -> None:
    """Add a circuit with some room on each phase."""
    told.circuits.add(circuit=circuit, parent=parent).room_a.CopyFrom(on_all(room_a))


def totals(plan: Plan, sessions: range | list[int]) -> np.ndarray:
    """Return what some cars draw together, A on each of three phases."""
    powers = np.array([list(plan.sessions[at].power_w) for at in sessions])
    return powers.sum(axis=0) / 690


def test_cars_of_one_small_circuit_are_planned_within_it_and_use_it_whole(book: Book) -> None:
    told = profile("house", NOW, cars=0)
    below(told, 20.0)
    for number, hours in enumerate((4, 20)):  # 16 A for 1.1 h each: no half of 20 A would do
        one = session(NOW, hours=hours)
        one.session, one.ski, one.circuit = f"s-{number}", f"{number:040x}", "garage"
        one.needed_wh = one.most_wh = 40_000 if number == 0 else 12_000
        told.sessions.append(one)
    plan = planned(book, told)
    assert totals(plan, range(2)).max() <= 20.001
    assert totals(plan, [0]).max() > 15  # a half would be 10 A
    assert plan.sessions[0].energy_wh > 38_000
    assert plan.sessions[1].shortfall_wh == 0


def test_a_circuit_below_a_circuit_counts_with_both(book: Book) -> None:
    told = home(needed_wh=40_000, most_wh=40_000, hours=12, circuit="left")
    below(told, 10.0)
    below(told, 32.0, "left", "garage")
    plan = planned(book, told)
    assert 9 < totals(plan, range(1)).max() <= 10.001


def test_some_of_the_cars_share_their_circuit_evenly_beside_one_on_the_main_fuse(
    book: Book,
) -> None:
    told = profile("house", NOW, cars=0, fuse_a=63.0)
    below(told, 20.0)
    for number, circuit in enumerate(("garage", "garage", "")):
        one = session(NOW, hours=20)
        one.session, one.ski, one.circuit = f"s-{number}", f"{number:040x}", circuit
        told.sessions.append(one)
    plan = planned(book, told)
    assert totals(plan, [0]).max() <= 10.001
    assert totals(plan, [1]).max() <= 10.001
    assert totals(plan, [2]).max() > 15  # no half for who stands elsewhere


def test_a_fast_car_in_the_same_circuit_takes_its_share_of_it(book: Book) -> None:
    told = home(needed_wh=40_000, most_wh=40_000, hours=5, circuit="garage")
    below(told, 20.0)
    other = session(NOW, mode="fast")
    other.session, other.ski, other.circuit = "fast", "ef" * 20, "garage"
    other.ClearField("departure")
    other.ClearField("needed_wh")
    other.most_wh = 60_000
    told.sessions.append(other)
    assert totals(planned(book, told), [0]).max() <= 10.001


def test_the_same_inputs_give_the_same_plan_and_another_site_another_jitter(book: Book) -> None:
    first, second = planned(book, home()), planned(book, home())
    assert first == second
    other = home()
    other.site = "elsewhere"
    assert planned(book, other).inputs_hash != first.inputs_hash


def test_co2_can_be_the_goal(book: Book) -> None:
    evening = Rate(per_kwh=0.1, from_minute=18 * 60, until_minute=21 * 60)  # and dirty
    bought = ImportTariff(energy=Rates(windows=[evening], otherwise=0.3))
    told = home(hours=16, tariff=Tariff(currency="EUR", bought=bought, co2_source="sample-co2"))
    cheap = planned(book, told).sessions[0]
    told.planning.objective = "co2"
    clean = planned(book, told).sessions[0]
    assert clean.co2_g < cheap.co2_g
    assert clean.cost > cheap.cost


# --- bad days ------------------------------------------------------------------------------------


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
    broken.load_kw[:] = math.nan
    jobs = [
        Job(bad.site, bad.tariff, Outlook(*(4 * (broken.load_kw,)), ())),
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
        assert each.energy_wh <= max(one.needed_wh, one.most_wh) + 200
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
