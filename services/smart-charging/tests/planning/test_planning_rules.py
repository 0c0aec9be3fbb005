"""The rules of the planning service, by value and by property; no kernel, no bus."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_charging.planning.core.ledger import (
    InForce,
    Row,
    Sent,
    Step,
    heard_in_force,
    next_hour,
    spread_s,
)
from smart_charging.planning.core.needs import Role, Short, wishes
from smart_charging.planning.core.pricing import (
    Quotes,
    Tariffs,
    is_other,
    prices_on,
    tabled,
)
from smart_charging.planning.core.queue import Queue, Urgency
from smart_charging.planning.core.sharing import Replicas, owner
from smart_charging.planning.core.site import Session, Site, Trusted
from smart_charging.planning.core.slots import slots_at
from smart_charging.prices.core.retail import FeedInTariff, ImportTariff
from smart_charging.prices.core.series import Interval, Series

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOON_S = NOON.timestamp()
QUARTER = timedelta(minutes=15)


def car(**changed: object) -> Session:
    values: dict[str, object] = {
        "id": "s", "ski": "k", "mode": "smart", "phases": 7, "least_kw": 4.14, "most_kw": 11.04,
        "looks_at_forecast": True, "looks_at_price": True, "needed_kwh": 10.0, "most_kwh": 30.0,
        "departure_s": NOON_S + 10 * 3600,
    }  # fmt: skip
    return Session(**(values | changed))  # type: ignore[arg-type]  # a table of a test


def site(*cars: Session, **changed: object) -> Site:
    room = (8.0, 8.0, 8.0)
    return Site("house", 1, room, (0.7, 0.7, 0.7), sessions=cars, **changed)  # type: ignore[arg-type]


def role_of(session: Session, **changed: object) -> tuple[Role, Short]:
    place = site(session, **changed)
    (wish,) = wishes(place, slots_at(NOON_S, place.last_departure_s), NOON_S)
    return wish.role, wish.short


# --- slots ---------------------------------------------------------------------------------------


def test_the_first_slot_is_the_rest_of_the_running_quarter() -> None:
    slots = slots_at(NOON_S + 7 * 60)
    assert slots.lengths_s[:2] == (600, 900)
    assert slots.start == NOON + timedelta(minutes=5)
    assert float(slots.hours.sum()) >= 36


@given(st.floats(0, 2e9), st.floats(-1e5, 3e5))
def test_slots_cover_36_or_72_hours_without_a_gap(now_s: float, ahead_s: float) -> None:
    slots = slots_at(now_s, now_s + ahead_s)
    assert slots.start_s <= now_s < slots.start_s + 300
    assert sum(slots.lengths_s) == slots.end_s - slots.start_s == round(3600 * slots.hours.sum())
    assert slots.end_s % 900 == 0
    assert slots.whole_slots_before(slots.end_s) == slots.count
    assert slots.end_s - slots.start_s >= (72 if ahead_s > 36 * 3600 + 300 else 36) * 3600


# --- who is planned as what ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "role"),
    [
        (car(), Role.PLANNED),
        (car(must_charge=True), Role.AT_ONCE),
        (car(departure_s=None, needed_kwh=None), Role.SUN_ONLY),
        (car(departure_s=None, looks_at_forecast=False), Role.RESERVED),
        (car(looks_at_forecast=False, looks_at_price=False), Role.RESERVED),
        (car(mode="fast"), Role.RESERVED),
        (car(mode="min-solar"), Role.RESERVED),
        (car(mode="solar-only"), Role.LEFT_ALONE),
        (car(mode="off"), Role.LEFT_ALONE),
        (car(needed_kwh=200.0), Role.AT_ONCE),  # latest start: nothing is left to choose
        (car(needed_kwh=None), Role.RESERVED),  # local rules charge it: nobody knows what it needs
        (car(needed_kwh=0.0), Role.PLANNED),
        (car(departure_s=None, must_charge=True), Role.RESERVED),
    ],
)
def test_a_mode_and_a_goal_say_what_a_car_is_to_the_planner(session: Session, role: Role) -> None:
    assert role_of(session)[0] is role


def test_a_departure_in_the_past_charges_at_once_and_says_so() -> None:
    late = car(departure_s=NOON_S - 60)
    assert role_of(late) == (Role.AT_ONCE, Short.DEPARTURE_PAST)


def test_a_target_below_the_state_of_charge_needs_nothing() -> None:
    full = car(needed_kwh=0.0, most_kwh=0.0, soc_percent=80.0, target_percent=60.0)
    assert role_of(full) == (Role.PLANNED, Short.NOTHING)


def test_a_charger_without_power_says_that_it_cannot_charge() -> None:
    assert role_of(car(most_kw=0.0, least_kw=0.0)) == (Role.LEFT_ALONE, Short.CANNOT_CHARGE)
    assert role_of(car(phases=0)) == (Role.LEFT_ALONE, Short.CANNOT_CHARGE)


def test_a_goal_without_a_departure_is_named() -> None:
    assert role_of(car(departure_s=None))[1] is Short.NO_DEPARTURE


@pytest.mark.parametrize("ahead_s", [600.0, -600.0])
def test_a_clock_that_is_off_makes_the_car_ready_earlier(ahead_s: float) -> None:
    true, off = site(car()), site(car(), clock_ahead_s=ahead_s)
    slots = slots_at(NOON_S, true.last_departure_s)
    (right,), (early,) = wishes(true, slots, NOON_S), wishes(off, slots, NOON_S)
    assert right.until - early.until == 1


def test_a_target_of_95_percent_is_met_a_quarter_early() -> None:
    place = site(car(), car(target_percent=97.0))
    slots = slots_at(NOON_S, place.last_departure_s)
    usual, high = wishes(place, slots, NOON_S)
    assert usual.until - high.until == 1


# --- whose turn it is ----------------------------------------------------------------------------


def test_who_plugs_in_goes_before_ten_thousand_others() -> None:
    queue = Queue()
    for number in range(10_000):
        queue.push(f"fleet-{number}", Urgency.FLEET, 0.0)
    queue.push("person", Urgency.PERSON, 1.0)
    queue.push("fleet-9999", Urgency.PERSON, 2.0)
    assert [name for name, _ in queue.take(3)] == ["person", "fleet-9999", "fleet-0"]
    assert len(queue) == 9_998


def test_a_fleet_is_planned_in_larger_batches_while_nobody_waits():
    queue = Queue()
    for number in range(100):
        queue.push(f"fleet-{number}", Urgency.FLEET, 0.0)
    assert len(queue.take(8, 40)) == 40
    queue.push("person", Urgency.PERSON, 1.0)
    assert [name for name, _ in queue.take(8, 40)] == ["person", "fleet-40"]


def test_a_flood_of_people_does_not_stop_the_fleet() -> None:
    queue = Queue()
    for number in range(100):
        queue.push(f"person-{number}", Urgency.PERSON, 0.0)
    queue.push("fleet", Urgency.FLEET, 0.0)
    assert "fleet" in [name for name, _ in queue.take(16)]


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60))
def test_nobody_waits_twice_and_nobody_is_lost(words: list[tuple[int, bool]]) -> None:
    queue = Queue()
    for number, is_person in words:
        queue.push(str(number), Urgency.PERSON if is_person else Urgency.FLEET, 0.0)
    served = []
    while len(queue):
        served += [name for name, _ in queue.take(3)]
    assert sorted(served) == sorted({str(number) for number, _ in words})


# --- whose site it is ----------------------------------------------------------------------------


def test_all_replicas_agree_and_a_death_moves_only_the_dead_ones_sites() -> None:
    sites = [f"site-{number}" for number in range(600)]
    before = {name: owner(name, ("a", "b", "c")) for name in sites}
    after = {name: owner(name, ("c", "a")) for name in sites}
    assert all(after[name] == before[name] for name in sites if before[name] != "b")
    counts = [list(before.values()).count(replica) for replica in "abc"]
    assert min(counts) > 140


def test_a_silent_replica_is_buried_and_one_that_leaves_goes_at_once() -> None:
    replicas = Replicas("a", 0.0)
    assert not replicas.is_settled(1.0)
    assert replicas.hear("b", 1.0)
    assert not replicas.hear("b", 2.0)
    assert not replicas.bury(5.0)
    assert replicas.bury(5.6)
    assert replicas.hear("b", 6.0)
    assert replicas.hear("b", 6.5, is_leaving=True)
    assert replicas.is_own("any")


def test_a_replica_that_cannot_plan_yet_owns_nothing_beside_others() -> None:
    replicas = Replicas("a", 0.0, is_ready=False)
    sites = [f"site-{number}" for number in range(50)]
    assert all(map(replicas.is_own, sites))  # alone: somebody must send prices
    replicas.hear("b", 1.0)
    assert not any(map(replicas.is_own, sites))
    replicas.is_ready = True
    assert 0 < sum(map(replicas.is_own, sites)) < 50


# --- the acknowledge rule ------------------------------------------------------------------------


def row(**changed: object) -> Row:
    values: dict[str, object] = {
        "site": site(car()), "tariff": b"t", "place": b"", "heard_s": NOON_S, "plan": "p2",
        "plan_revision": 1, "made_s": NOON_S,
    }  # fmt: skip
    made = Row(**(values | changed))  # type: ignore[arg-type]  # a table of a test
    made.plan_sent.start(b"body", NOON_S)
    return made


def test_a_plan_is_sent_at_growing_intervals_until_the_site_names_it() -> None:
    sent = Sent()
    sent.start(b"x", 0.0)
    times, now_s = [], 0.0
    while len(times) < 8:
        if sent.is_due(now_s):
            times.append(now_s)
            sent.went(now_s)
        now_s += 1.0
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == [5, 10, 20, 40, 80, 160, 300]
    held = row()
    assert heard_in_force(held, InForce("p2", 1, NOON_S, NOON_S + 9), NOON_S) is Step.NOTHING
    assert held.plan_sent.body is None


def test_a_newer_plan_of_another_replica_is_taken_over_not_fought() -> None:
    held = row()
    other = InForce("p3", 1, NOON_S + 5, NOON_S + 9000)
    assert heard_in_force(held, other, NOON_S + 6) is Step.NOTHING
    assert (held.plan, held.plan_sent.body) == ("p3", None)


@pytest.mark.parametrize(
    "other",
    [
        InForce("p1", 1, NOON_S - 50, NOON_S + 9000),  # older
        InForce("p3", 0, NOON_S + 5, NOON_S + 9000),  # of an older profile
        InForce("p3", 1, NOON_S + 5, NOON_S + 5),  # over
        InForce(),
    ],
)
def test_any_other_plan_is_answered_by_sending_ours_again(other: InForce) -> None:
    held = row()
    assert heard_in_force(held, other, NOON_S + 6) is Step.NOTHING
    assert held.plan_sent.is_due(NOON_S + 6)


def test_a_refused_plan_is_made_anew_once() -> None:
    held = row()
    no = InForce(refused="p2", refused_code="other-session")
    assert heard_in_force(held, no, NOON_S) is Step.LATER
    assert heard_in_force(held, no, NOON_S) is Step.NOTHING


def test_a_site_that_refuses_every_plan_gets_one_more_an_hour() -> None:
    held, asked = row(), []
    for second in range(0, 7200, 30):
        now_s = NOON_S + second
        held.plan = f"p{second}"  # whatever it refused was made anew
        if (
            heard_in_force(held, InForce(refused=held.plan, refused_code="over"), now_s)
            is Step.LATER
        ):
            asked.append(second)
    assert asked == [0, 3600]


def test_a_plan_for_an_older_profile_waits_for_the_newer_one() -> None:
    held = row()
    no = InForce(refused="p2", refused_code="older-profile")
    assert heard_in_force(held, no, NOON_S) is Step.NOTHING
    assert held.plan_sent.body is None


def test_a_site_that_lost_its_plan_gets_another() -> None:
    held = row()
    held.plan_sent.settle()
    assert heard_in_force(held, InForce(), NOON_S + 61) is Step.LATER


@given(st.text(st.characters(codec="ascii"), max_size=20), st.floats(1e9, 2e9))
def test_every_site_has_its_second_of_the_hour(name: str, made_s: float) -> None:
    due_s = next_hour(name, made_s)
    assert 0 < due_s - made_s <= 3600
    assert next_hour(name, due_s) == due_s + 3600
    assert 0 <= spread_s(name) < 60


# --- prices --------------------------------------------------------------------------------------


def market(start: datetime, values: list[float | None], length: timedelta = QUARTER) -> Series:
    intervals = tuple(
        Interval(start + n * length, start + (n + 1) * length, Decimal(str(value)))
        for n, value in enumerate(values)
        if value is not None
    )
    return Series("test", "XX", "EUR/kWh", intervals)


FRESH = Trusted("price", "test", "fresh")
NO_CO2 = Trusted("co2", "", "missing")
PLAIN = Tariffs(
    ImportTariff("EUR", tax=Decimal("0.5")), FeedInTariff("EUR", Decimal("0.08")), "EUR"
)


def table(series: Series | None, now: datetime = NOON, tariffs: Tariffs = PLAIN):  # type: ignore[no-untyped-def]
    return tabled(tariffs, Quotes(series, None, FRESH, NO_CO2), now)


def test_a_hole_is_never_a_price_of_zero() -> None:
    made = table(market(NOON, [0.1, None, 0.2]))
    slots = slots_at(NOON_S)
    prices = prices_on(made, slots)
    assert prices.shown[0, :3] == pytest.approx([0.15, np.nan, 0.3], nan_ok=True)
    assert np.isfinite(prices.bought).all()
    assert prices.bought[1] > 0.15


def test_beyond_the_last_price_last_weeks_shape_counts_and_a_tenth_more() -> None:
    week = [0.1 + 0.001 * (n % 96) for n in range(7 * 96 + 8)]
    made = table(market(NOON - timedelta(days=7), week))
    prices = prices_on(made, slots_at(NOON_S))
    assert prices.bought[:8] == pytest.approx([1.5 * value for value in week[-8:]])
    assert prices.bought[8:20] == pytest.approx([1.65 * value for value in week[8:20]])
    assert np.isnan(prices.shown[0, 8:]).all()
    assert "week" in prices.inputs[0].problem
    assert prices.inputs[0].known_until_s == NOON_S + 2 * 3600


def test_without_any_price_all_hours_cost_the_same_and_the_input_says_missing() -> None:
    prices = prices_on(table(None, tariffs=Tariffs(None, None, "EUR")), slots_at(NOON_S))
    assert prices.is_flat
    assert len(set(prices.bought)) == 1
    assert prices.inputs[0].freshness == "missing"


def test_hourly_and_quarterly_prices_mix() -> None:
    early = market(NOON, [0.4], timedelta(hours=1)).intervals
    late = market(NOON + timedelta(hours=1), [0.1, 0.2]).intervals
    prices = prices_on(table(Series("test", "XX", "EUR/kWh", early + late)), slots_at(NOON_S))
    assert prices.shown[0, :6] == pytest.approx([0.6] * 4 + [0.15, 0.3])


def test_a_tariff_in_another_currency_than_the_market_has_no_price_and_says_why() -> None:
    crowns = Tariffs(ImportTariff("SEK"), FeedInTariff("SEK"), "SEK")
    made = table(market(NOON, [0.1] * 8), tariffs=crowns)
    assert np.isnan(made.bought).all()
    assert "SEK" in made.problem


def test_a_table_is_another_one_only_when_a_value_is() -> None:
    values: list[float | None] = [0.1 + 0.01 * (n % 7) for n in range(60)]
    old = table(market(NOON, values))
    assert not is_other(old, table(market(NOON, values), NOON + timedelta(hours=2)))
    assert is_other(old, table(market(NOON, [0.2, *values[1:]])))
    assert is_other(old, table(market(NOON, [*values, 0.3])))
    assert not is_other(old, table(market(NOON, values[:-5])))
