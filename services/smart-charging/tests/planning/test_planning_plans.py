"""From a profile to the plan that goes out, on usual days. Real kernels, no bus."""

from pathlib import Path

import numpy as np
import pytest
from plan_making import FLAT, NOW, NOW_S, book_in, energy, home, planned
from planning_sites import on_all, profile, session

from smart_charging.planning.book import Book
from volthus_wire.v1.planning_pb2 import Plan, SiteProfile
from volthus_wire.v1.tariff_pb2 import ImportTariff, Rate, Rates, Tariff


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return book_in(tmp_path)


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
