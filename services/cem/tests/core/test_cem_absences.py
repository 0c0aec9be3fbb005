"""A car that was away may have been driven: its goal reckons with the least it can hold."""

from datetime import timedelta

import pytest
from smart_house import EVENING, A, SmartHouse, smart

from cem.core import driving, goals, soc
from cem.core.conduct import KeptSoc
from cem.core.driving import Goal
from cem.core.events import Accepted, Car, CarSocTold, CarsSet, ChargerHeard, GoalSet, Report
from cem.core.folding import apply
from cem.core.state import Remembered, State, restored
from electrical.phases import ZERO, on_every_phase

ID4 = driving.Car("id", battery_wh=60_000, charger=A)
MORNING = GoalSet(A, Goal(A, soc_percent=80.0, departure=EVENING + timedelta(hours=13)))


def away(minutes: float) -> SmartHouse:
    """Return a house whose car left at 80 % for some minutes."""
    house = SmartHouse(step_s=10).tell(CarsSet((ID4,)), smart(price=True), MORNING).play(1)
    house.tell(CarSocTold("id", 80.0, 0.0, "push")).play(1)
    assert house.why == "goal-reached"
    house.tell(ChargerHeard(Report(A, measured_age_s=0.0)))
    house.t += minutes * 60
    house.plug, house.energy_wh = house.plug + 1, 0.0
    return house.play(1)


def test_what_may_have_been_driven_is_missing_to_the_goal() -> None:
    house = away(minutes=55)
    missing_wh = goals.remaining_wh(house.state.chargers[A], house.state, house.t)
    assert missing_wh == pytest.approx(0.23 * 60_000 / 0.9, rel=0.05)
    assert house.why == "waiting-for-price"
    house.play(12 * 60)
    assert house.energy_wh >= 0.22 * 60_000 / 0.9


def test_a_car_that_only_turned_round_misses_next_to_nothing() -> None:
    house = away(minutes=2)
    missing_wh = goals.remaining_wh(house.state.chargers[A], house.state, house.t)
    assert missing_wh == pytest.approx(0.01 * 60_000 / 0.9, rel=0.5)


def test_a_car_below_its_minimum_at_worst_charges_at_once() -> None:
    house = away(minutes=55)
    house.tell(CarsSet((driving.Car("id", "", 60_000, min_soc_percent=70.0, charger=A),))).play(1)
    assert house.why == "minimum-soc"


def restarted(down: timedelta, kept: KeptSoc) -> State:
    """Return a site that starts again beside a car that is plugged."""
    remembered = Remembered(cars=(ID4,), paired=(A,), goals={A: MORNING.goal}, socs={"id": kept})
    state = restored(remembered, 0.0, EVENING + down)
    car = Car("", 3, None, 16.0, "", None, 7)
    accepted = Accepted(on_every_phase(0.0))
    report = Report(
        A, car=car, current_a=ZERO, measured_age_s=0.0, energy_wh=9_000.0, accepted=accepted
    )
    return apply(state, ChargerHeard(report), 1.0)


@pytest.mark.parametrize(("hours", "is_known"), [(5.0, False), (0.2, True)])
def test_a_car_that_came_while_we_were_down_was_away_for_as_long(
    hours: float, is_known: bool
) -> None:
    left = KeptSoc(60.0, EVENING, "push", 0.0, None, EVENING)
    state = restarted(timedelta(hours=hours), left)
    known = soc.plugged_soc(state.chargers[A], state, 2.0)
    assert (known is not None) is is_known
    if known is not None:
        assert known.percent == pytest.approx(60 + 9_000 * 0.9 / 600)
        assert known.least_percent < known.percent - 4


def test_a_car_that_stayed_plugged_while_we_were_down_holds_what_it_did() -> None:
    state = restarted(timedelta(hours=5), KeptSoc(60.0, EVENING, "push", 0.0, 3_000.0))
    known = soc.plugged_soc(state.chargers[A], state, 2.0)
    assert known is not None
    assert known.percent == known.least_percent == pytest.approx(60 + 6_000 * 0.9 / 600)


@pytest.mark.parametrize(("age_s", "percent"), [(5 * 3600.0, None), (600.0, 70.0)])
def test_a_word_from_before_our_start_counts_only_where_it_is_young(
    age_s: float, percent: float | None
) -> None:
    state = restarted(timedelta(hours=5), KeptSoc(20.0, EVENING - timedelta(hours=9), "user"))
    state = apply(state, CarSocTold("id", 70.0, age_s, "push"), 20.0)
    known = soc.plugged_soc(state.chargers[A], state, 20.0)
    assert (None if known is None else known.percent) == percent
