"""A plan never makes a goal fail that local rules meet, nor one that nobody can reckon with."""

from datetime import timedelta

import pytest
from smart_house import EVENING, A, SmartHouse, smart

from cem.core.driving import Goal, WeeklyDeparture
from cem.core.events import GoalSet

MORNING = EVENING + timedelta(hours=13)
DAILY = tuple(WeeklyDeparture(day, 7 * 60) for day in range(1, 8))


@pytest.mark.parametrize(
    "goal",
    [
        Goal(A, soc_percent=80.0, departure=MORNING),
        Goal(A, soc_percent=80.0, weekly=DAILY),
        Goal(A, departure=MORNING),
    ],
    ids=["until a time", "by the week", "with nothing told but when"],
)
def test_a_goal_that_nobody_can_reckon_with_waits_for_no_plan(goal: Goal) -> None:
    house = SmartHouse(step_s=10).tell(smart(price=True), GoalSet(A, goal)).play(1)
    house.plan([0.0] * 96).play(60)
    assert house.why == "charges-now-no-plan"
    assert house.energy_wh > 10_000  # of a car whose battery nobody told us of


def test_after_a_missed_departure_the_car_goes_on_charging_whatever_the_plan_says() -> None:
    house = SmartHouse(step_s=10).tell(smart(price=True)).wants(30_000, 1).play(1)
    house.takes_a = 8.0
    house.plan([11_040.0] * 4 + [0.0] * 92).play(68)
    assert house.granted_a > 8.0
    house.takes_a = 16.0
    house.play(180)
    assert house.energy_wh == pytest.approx(30_000, rel=0.01)
    assert (house.granted_a, house.why) == (0.0, "goal-reached")


def test_without_a_departure_the_pauses_of_a_plan_are_kept() -> None:
    house = SmartHouse(step_s=10).tell(smart(forecast=True)).wants(10_000, None).play(1)
    house.plan([0.0, 11_040.0]).play(10)
    assert (house.granted_a, house.why) == (0.0, "waiting-for-forecast")
