"""A profile's revision grows with what can change a plan, and with nothing else."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smart_house import EVENING, A, SmartHouse, smart

from cem.core.driving import Car, Goal
from cem.core.events import CarSocTold, CarsSet, GoalSet, PlanningSet, PricesHeard
from cem.core.plan import Prices
from cem.core.tariff import PlanningSettings
from cem.planning.profile import profile_of
from cem.planning.publisher import _words
from cem.planning.revisions import Standing, revised
from volthus_wire.v1 import planning_pb2


class Told:
    """What a planner would be told of a house, look by look."""

    def __init__(self, house: SmartHouse) -> None:
        self.house = house
        self.standing = Standing()
        self.profile = planning_pb2.SiteProfile()

    def look(self) -> int:
        house = self.house
        self.profile = profile_of(house.state, "demo", "", "UTC", house.t)
        words = _words(house.state, house.t)
        self.standing = revised(self.standing, self.profile, words, house.state.plan, house.now_s)
        return self.standing.revision

    @property
    def session(self) -> planning_pb2.ProfileSession:
        return self.profile.sessions[0]


@pytest.fixture
def told() -> Told:
    house = SmartHouse().tell(smart(price=True)).wants(10_000, 13).play(1)
    one = Told(house)
    one.look()
    return one


def test_it_tells_what_the_planner_needs(told: Told) -> None:
    session = told.session
    assert (session.session, session.ski, session.mode) == ("session-1", A, "smart")
    assert list(session.phases) == ["L1", "L2", "L3"]
    assert (session.min_a, session.max_a) == (6.0, 16.0)
    assert 9_700 < session.needed_wh <= 10_000
    assert not session.HasField("most_wh")
    assert session.departure.ToDatetime() == (EVENING + timedelta(hours=13)).replace(tzinfo=None)
    assert told.profile.has_meter
    assert told.profile.margin_a.l1 == 0.5
    assert told.profile.planning.time_zone == "UTC"


def test_time_and_energy_by_plan_are_no_news(told: Told) -> None:
    first = told.look()
    told.house.plan([6_900.0] * 8)
    for _ in range(20):
        told.house.play(3)
        assert told.look() == first
    assert told.session.needed_wh < 5_000


def test_a_car_that_takes_less_than_planned_is_news_after_half_a_kilowatt_hour(told: Told) -> None:
    first = told.look()
    told.house.plan([11_040.0] * 8)
    told.house.takes_a = 8.0
    told.house.play(3)
    told.look()
    revision = told.standing.revision
    told.house.play(15)
    assert told.look() > revision >= first


def test_the_planner_is_told_what_a_car_was_seen_to_take_until_the_next_plug(told: Told) -> None:
    assert told.session.max_a == 16.0
    told.house.takes_a = 9.0
    told.house.plan([11_040.0] * 8).play(3)
    told.look()
    assert told.session.max_a == pytest.approx(9.0, abs=0.5)
    settled = told.standing.revision
    for _ in range(3):  # a car's draw is no ruler: what wavers below an ampere is no news
        told.house.takes_a += 0.3 if told.house.takes_a < 9.1 else -0.3
        told.house.play(1)
        told.look()
    assert told.standing.sessions["session-1"].max_a == pytest.approx(9.0, abs=0.5)
    assert told.standing.revision >= settled
    told.house.plug += 1
    told.house.energy_wh = 0.0
    told.house.takes_a = 80.0
    told.house.play(0.5)
    told.look()
    assert told.session.max_a == 16.0


@pytest.mark.parametrize(
    "event",
    [
        GoalSet(A, Goal(A, energy_wh=12_000.0, departure=EVENING + timedelta(hours=13))),
        smart(price=True, surplus=True),
        PlanningSet(PlanningSettings(52.5, 13.4)),
        CarsSet((Car("van", battery_wh=50_000, charger=A),)),
    ],
)
def test_what_people_set_is_news_at_once(told: Told, event: object) -> None:
    first = told.look()
    told.house.tell(event)
    assert told.look() > first
    assert told.look() == told.standing.revision


def test_a_word_of_the_battery_is_news_and_the_estimate_after_it_is_not(told: Told) -> None:
    told.house.tell(CarsSet((Car("van", battery_wh=50_000, charger=A),)))
    first = told.look()
    told.house.tell(CarSocTold("van", 40.0, 0.0, "push"))
    second = told.look()
    assert second > first
    assert told.session.soc_percent == 40.0
    told.house.plan([6_900.0] * 8).play(10)
    assert told.look() == second
    assert told.session.soc_percent > 40.5
    assert told.session.soc_uncertainty_percent > 2.0


def test_prices_are_no_news_of_the_site_and_an_unplugged_car_is(told: Told) -> None:
    first = told.look()
    told.house.tell(PricesHeard(Prices("t", 1, (0.0, 1.0), (0.1,))))
    assert told.look() == first
    told.house.state = told.house.state.with_charger(
        type(told.house.state.chargers[A])(A, told.house.state.chargers[A].settings)
    )
    assert told.look() > first
    assert not told.profile.sessions


def test_a_session_that_people_changed_is_marked_and_one_that_deviates_is_not(told: Told) -> None:
    first = told.look()
    mark = told.standing.sessions["session-1"]
    assert mark.revision == first
    told.house.plan([11_040.0] * 8)
    told.house.takes_a = 7.0
    told.house.play(20)
    assert told.look() > first
    assert told.standing.sessions["session-1"].revision == first
    told.house.tell(smart(forecast=True))
    assert told.standing.sessions["session-1"].revision == first
    told.look()
    assert told.standing.sessions["session-1"].revision > first


@given(st.integers(0, 2**40), st.floats(0, 2e9))
def test_a_revision_never_falls(before: int, now_s: float) -> None:
    house = SmartHouse().tell(smart(price=True))
    house.step()
    profile = profile_of(house.state, "demo", "", "UTC", house.t)
    after = revised(Standing(before, "other"), profile, {}, None, now_s)
    assert after.revision > before
    assert after.revision >= int(now_s)


def test_a_session_that_was_out_of_sight_is_the_one_that_was_planned(told: Told) -> None:
    planned_for = told.look()
    mark = told.standing.sessions["session-1"]
    nothing = planning_pb2.SiteProfile()
    nothing.CopyFrom(told.profile)
    del nothing.sessions[:]
    unseen = revised(told.standing, nothing, {}, None, told.house.now_s, {"session-1"})
    assert unseen.revision > planned_for
    again = revised(unseen, told.profile, {}, None, told.house.now_s + 3, {"session-1"})
    assert again.revision > unseen.revision  # the planner is to know of it
    assert again.sessions["session-1"] == mark  # its plan is no older than what it wants
    ended = revised(unseen, nothing, {}, None, told.house.now_s + 3, ())
    assert (ended.revision, ended.sessions) == (unseen.revision, {})
