"""CEVC between our CEM and our charger, in memory: what is asked, written, overdue and refused."""

from contextlib import suppress
from datetime import UTC, datetime
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.events import (
    ChargingPlanChanged,
    DemandChanged,
    PlanningOverdue,
    PowerCurveChanged,
    PowerSlot,
    PricesChanged,
    PriceSlot,
    UseCasesChanged,
)
from eebus.spine.datagram import PARTIAL, cmd
from eebus.usecases import names
from eebus.usecases.cem import cevc
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.evse import plans
from eebus.usecases.evse.profile import CarDemand, EvProfile
from eebus.usecases.evse.station import Station
from eebus.usecases.owner import Owner

HOUR_S = 3600.0
START_AT = datetime(2026, 1, 1, tzinfo=UTC)
CAR = EvProfile("iso15118-2ed1", min_a=2.2, plans=True)
DEMAND = CarDemand(20000.0, min_wh=4000.0, max_wh=40000.0, departure_s=8 * HOUR_S)
CURVE = (PowerSlot(0.0, 4 * HOUR_S, 11000.0), PowerSlot(4 * HOUR_S, 8 * HOUR_S, 7000.0))
PRICES = (PriceSlot(0.0, 4 * HOUR_S, 0.3), PriceSlot(4 * HOUR_S, 8 * HOUR_S, -0.02))
CEM, EVSE = "aa" * 20, "bb" * 20


class Plug:
    """An energy manager that plans, left, and a charger, right."""

    def __init__(self, wire) -> None:
        self.wire = wire
        self.cem = CemHub("d:_n:Test_CEM-1", {}, wire.owner("left"), plans=True)
        self.evse = Station("d:_n:Test_EVSE-2", {}, wire.owner("right"))
        wire.connect(self.cem, self.evse)

    def plug(self, car: EvProfile = CAR) -> None:
        self.evse.plug(car)
        self.wire.settle()

    def ask(self, demand: CarDemand = DEMAND) -> None:
        self.evse.planning.ask(demand, self.wire.now)
        self.wire.settle()

    @property
    def follower(self):
        return self.cem.broker.followers[EVSE]

    def write(self, curve=None, prices=None):
        done: list = []
        if curve is not None:
            self.follower.write_curve(curve, self.wire.now, done.append)
        if prices is not None:
            self.follower.write_prices(prices, "SEK", self.wire.now, done.append)
        self.wire.settle()
        return done

    def write_raw(self, type_: str, function: str, content: dict, *filters: dict) -> int | None:
        """Write past our own checks, as another energy manager would; return the error number."""
        done: list = []
        talk = self.cem.talks[EVSE]
        car = talk.session.remote.entities[(1, 1)]
        own = self.cem.local.entities[(1,)]
        talk.session.write(
            own.client(type_),
            car.server(type_),
            cmd(function, content, *filters),
            self.wire.now,
            done.append,
        )
        self.wire.settle()
        return done[0].error_number

    def told(self, side: str, kind):
        return self.wire.told(side, kind)


@pytest.fixture
def plug(wire) -> Plug:
    return Plug(wire)


@pytest.fixture
def asked(plug) -> Plug:
    plug.plug()
    plug.ask()
    return plug


def test_a_demand_arrives_with_its_strategy_and_with_what_it_waits_for(asked):
    demand = asked.told("left", DemandChanged)[-1].demand
    assert (demand.strategy, demand.optimal_wh, demand.min_wh) == ("minimum", 20000.0, 4000.0)
    assert (demand.max_wh, demand.departure_s) == (40000.0, 8 * HOUR_S)
    assert (demand.curve_due, demand.prices_due) == (True, True)


def test_a_curve_and_prices_reach_the_car_and_end_its_waits(asked):
    assert [each.ok for each in asked.write(CURVE, PRICES)] == [True, True]
    assert asked.told("right", PowerCurveChanged) == [PowerCurveChanged(CEM, CURVE)]
    assert asked.told("right", PricesChanged) == [PricesChanged(CEM, "SEK", PRICES)]
    demand = asked.follower.demand
    assert (demand.curve_due, demand.prices_due, demand.optimal_wh) == (False, False, 20000.0)
    asked.wire.wait(30)
    assert asked.told("right", PlanningOverdue) == []


def test_each_wait_that_is_not_answered_in_twenty_seconds_is_told_once(asked):
    asked.write(prices=PRICES)
    asked.wire.wait(19.5)
    assert asked.told("right", PlanningOverdue) == []
    asked.wire.wait(30)
    assert asked.told("right", PlanningOverdue) == [PlanningOverdue(CEM, "curve")]


def test_a_late_curve_counts_all_the_same(asked):
    asked.wire.wait(40)
    assert {each.what for each in asked.told("right", PlanningOverdue)} == {"curve", "prices"}
    assert asked.follower.demand.curve_due
    assert asked.write(CURVE)[0].ok
    assert asked.evse.planning.curve == CURVE
    assert not asked.follower.demand.curve_due


def test_a_new_demand_waits_anew(asked):
    asked.write(CURVE, PRICES)
    asked.ask(CarDemand(5000.0, departure_s=HOUR_S))
    assert asked.follower.demand.strategy == "timed"
    assert asked.follower.demand.curve_due
    asked.wire.wait(21)
    assert len(asked.told("right", PlanningOverdue)) == 2


def test_a_plan_is_told_to_the_energy_manager(asked):
    slots = (PowerSlot(0.0, HOUR_S, 0.0), PowerSlot(HOUR_S, 3 * HOUR_S, 11000.0))
    asked.evse.planning.tell_plan(slots)
    asked.wire.settle()
    assert asked.told("left", ChargingPlanChanged)[-1] == ChargingPlanChanged(EVSE, slots)
    with pytest.raises(ValueError, match="one another"):
        asked.evse.planning.tell_plan([PowerSlot(1.0e4, 2.0e4, 1.0)])


def test_the_use_case_comes_with_iso_15118_and_goes_with_the_car(plug):
    plug.plug(EvProfile(plans=True))
    with pytest.raises(ValueError, match="plans"):
        plug.ask()
    plug.evse.update_ev(CAR)
    plug.ask()
    plug.evse.unplug()
    plug.wire.settle()
    offered = [
        any(item.name == names.CEVC for item in each.items)
        for each in plug.told("left", UseCasesChanged)
        if each.entity == (1, 1)
    ]
    assert offered == [False, True, False]
    assert plug.told("left", DemandChanged)[-1] == DemandChanged(EVSE, None)


def test_unplugging_forgets_curve_prices_and_waits(asked):
    asked.write(CURVE, PRICES)
    asked.ask()
    asked.evse.unplug()
    asked.wire.wait(30)
    assert asked.told("right", PowerCurveChanged)[-1].slots == ()
    assert asked.told("right", PricesChanged)[-1].slots == ()
    assert asked.told("right", PlanningOverdue) == []


def test_a_reconnect_in_the_middle_of_a_wait_is_answered(asked):
    asked.wire.cut()
    asked.wire.connect(asked.cem, asked.evse)
    assert asked.follower.demand.curve_due
    assert [each.ok for each in asked.write(CURVE, PRICES)] == [True, True]


def test_a_demand_told_before_any_connection_is_read(wire):
    cem = CemHub("d:_n:Test_CEM-1", {}, wire.owner("left"), plans=True)
    evse = Station("d:_n:Test_EVSE-2", {}, wire.owner("right"))
    evse.plug(CAR)
    evse.planning.ask(DEMAND, wire.now)
    wire.connect(cem, evse)
    assert cem.broker.followers[EVSE].demand.curve_due


def _curve(*slots: dict, series_id: int = plans.CURVE_ID, **more) -> dict:
    return {"timeSeriesData": [{"timeSeriesId": series_id, "timeSeriesSlot": [*slots], **more}]}


def _slot(power, start="PT0S", end="PT8H") -> dict:
    return {
        "timePeriod": {"startTime": start, "endTime": end},
        "maxValue": {"number": power},
    }


@pytest.mark.parametrize(
    ("content", "is_accepted"),
    [
        (_curve(_slot(7000)), True),
        (_curve(_slot(7000), series_id=plans.DEMAND_ID), False),
        (_curve(_slot(7000), series_id=9), False),
        (_curve(), False),
        (_curve(*[_slot(1)] * 31), False),
        (_curve(_slot(-1)), False),
        (_curve({"timePeriod": {"startTime": "PT0S"}, "maxValue": {"number": 1}}), False),
        (_curve({"duration": "PT8H", "maxValue": {"number": 1}}), True),
        (_curve(_slot(1, end="PT7H")), False),  # the car needs eight
        (_curve(_slot(1, end="PT4H"), _slot(1, "PT5H", "PT8H")), False),
        (_curve({"timePeriod": {"endTime": "PT8H"}}), False),
        (_curve(_slot(1, end="no time")), False),
    ],
)
def test_a_curve_a_car_could_not_follow_is_refused_with_error_7(asked, content, is_accepted):
    error = asked.write_raw(names.TIME_SERIES, names.SERIES, content)
    assert error == (0 if is_accepted else 7)
    demand = asked.follower.demand
    assert (demand.optimal_wh, demand.curve_due) == (20000.0, not is_accepted)


def test_a_partial_write_and_one_of_the_whole_list_are_fine_too(asked):
    content = _curve(_slot(7000))
    assert asked.write_raw(names.TIME_SERIES, names.SERIES, content, PARTIAL) == 0
    car = asked.evse.local.entities[(1, 1)].server(names.TIME_SERIES)
    whole = car.content(names.SERIES)
    assert asked.write_raw(names.TIME_SERIES, names.SERIES, whole) == 0
    wrong = {"timeSeriesData": [*whole["timeSeriesData"][:-1], _curve(series_id=3)]}
    wrong["timeSeriesData"][-1] = {"timeSeriesId": plans.DEMAND_ID, "timeSeriesSlot": []}
    assert asked.write_raw(names.TIME_SERIES, names.SERIES, wrong) == 7
    delete = {"cmdControl": {"delete": {}}, "timeSeriesListDataSelectors": {"timeSeriesId": 3}}
    assert asked.write_raw(names.TIME_SERIES, names.SERIES, {}, delete) == 7
    assert asked.follower.demand.optimal_wh == 20000.0


def _table(*slots: dict, tariff: int = 0) -> dict:
    return {"incentiveTable": [{"tariff": {"tariffId": tariff}, "incentiveSlot": [*slots]}]}


def _priced(value, **interval) -> dict:
    tier = {"tier": {"tierId": 0}, "incentive": [{"incentiveId": 0, "value": {"number": value}}]}
    return {"timeInterval": interval, "tier": [tier]}


START, END = {"startTime": {"relative": "PT0S"}}, {"endTime": {"relative": "PT8H"}}


@pytest.mark.parametrize(
    ("function", "content", "is_accepted"),
    [
        (names.PRICES, _table(_priced(1, **START, **END)), True),
        (names.PRICES, _table(_priced(1, **START, **END), tariff=4), False),
        (names.PRICES, _table(), False),
        (names.PRICES, _table(_priced(1, **START)), False),
        (names.PRICES, _table({"timeInterval": {**START, **END}}), False),
        (names.PRICE_DESCRIPTIONS, {"incentiveTableDescription": []}, False),
        (
            names.PRICE_DESCRIPTIONS,
            {
                "incentiveTableDescription": [
                    {"tariffDescription": {"tariffId": 4}, "tier": [{"tierDescription": {}}]}
                ]
            },
            False,
        ),
    ],
)
def test_prices_a_car_could_not_read_are_refused_with_error_7(
    asked, function, content, is_accepted
):
    error = asked.write_raw(names.INCENTIVE_TABLE, function, content)
    assert error == (0 if is_accepted else 7)


def test_times_may_be_told_as_dates(asked):
    asked.evse.planning._wall = lambda: asked.wire.at
    end = asked.wire.at.replace(day=23)
    content = _curve(_slot(7000, end=end.isoformat()))
    assert asked.write_raw(names.TIME_SERIES, names.SERIES, content) == 0
    assert asked.evse.planning.curve == (PowerSlot(0.0, 24 * HOUR_S, 7000.0),)


def test_a_car_without_departure_needs_two_days(plug):
    plug.plug()
    plug.ask(CarDemand(20000.0))
    assert plug.follower.demand.strategy == "direct"
    short, whole = [PowerSlot(0.0, h * HOUR_S, 1.0) for h in (47, 48)]
    error = plug.write_raw(names.TIME_SERIES, names.SERIES, _curve(_slot(1, end="PT47H")))
    assert error == 7
    assert not plug.write([short])[0].ok
    assert plug.write([whole])[0].ok


@pytest.mark.parametrize("wrong", [{"optimal_wh": -1.0}, {"optimal_wh": float("nan")}])
def test_a_demand_no_car_can_have_is_refused(wrong):
    with pytest.raises(ValueError, match="energies"):
        CarDemand(**wrong)
    with pytest.raises(ValueError, match="departure"):
        CarDemand(1.0, departure_s=0.0)


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(["PT1H", "2026-01-01", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["timeSeriesSlot", "timePeriod", "startTime", "endTime", "maxValue", "tier"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(_JUNK)
def test_no_curve_or_table_can_do_more_than_be_refused(junk):
    with suppress(ValueError):
        plans.read_prices({"incentiveSlot": junk}, START_AT)
    with suppress(ValueError):
        plans.read_curve({"timeSeriesSlot": junk}, START_AT, None)


_LENGTHS = st.lists(st.integers(1, 6 * 3600), min_size=1, max_size=24)


def _stretches(lengths: list[int]) -> list[tuple[float, float]]:
    ends = list(accumulate(map(float, lengths)))
    return list(zip([0.0, *ends[:-1]], ends, strict=True))


def _asking_car(demand: CarDemand):
    station = Station("d:_n:Test_EVSE-2", {}, Owner(lambda _: None, lambda _: None))
    station.plug(CAR)
    station.planning.ask(demand, 0.0)
    return station.local.entities[(1, 1)]


@given(_LENGTHS, st.data())
def test_every_curve_our_energy_manager_writes_is_what_our_car_reads(lengths, data):
    demand = CarDemand(9000.0, departure_s=float(data.draw(st.integers(1, 7 * 86400))))
    powers = data.draw(
        st.lists(st.integers(0, 22000), min_size=len(lengths), max_size=len(lengths))
    )
    stretches = _stretches(lengths)
    slots = tuple(PowerSlot(a, b, float(w)) for (a, b), w in zip(stretches, powers, strict=True))
    command = cevc.curve_command(_asking_car(demand), slots)
    if isinstance(command, str):
        assert "ends before" in command
        assert slots[-1].end_s < demand.departure_s
        return
    assert plans.read_curve(command.content["timeSeriesData"][0], START_AT, demand) == slots


@given(_LENGTHS, st.data())
def test_all_prices_our_energy_manager_writes_are_what_our_car_reads(lengths, data):
    cents = data.draw(
        st.lists(st.integers(-500, 9999), min_size=len(lengths), max_size=len(lengths))
    )
    slots = tuple(
        PriceSlot(a, b, cent / 100) for (a, b), cent in zip(_stretches(lengths), cents, strict=True)
    )
    described, table = cevc.price_commands(_asking_car(CarDemand(1.0)), slots, "SEK")
    assert plans.read_prices(table.content["incentiveTable"][0], START_AT) == slots
    tiers = described.content["incentiveTableDescription"][0]["tier"]
    assert plans.read_currency(tiers) == "SEK"
