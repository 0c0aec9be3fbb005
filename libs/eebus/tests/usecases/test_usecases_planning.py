"""CEVC: what a car asks for, and what curves and prices it can take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.events import PowerSlot, PriceSlot
from eebus.spine.scaled import from_float
from eebus.spine.tree import READ, READ_WRITE, Entity
from eebus.usecases import names
from eebus.usecases.cem import cevc
from eebus.usecases.device import entity_of, server

HOUR_S = 3600.0


def _car(slot: dict | None = None, **bounds) -> Entity:
    series = server((1, 1), 1, names.TIME_SERIES, {names.SERIES: READ_WRITE})
    series.contents = {
        names.SERIES_DESCRIPTIONS: {
            "timeSeriesDescriptionData": [
                {"timeSeriesId": 7, "timeSeriesType": "constraints", "timeSeriesWriteable": True},
                {"timeSeriesId": 9, "timeSeriesType": "singleDemand"},
            ]
        },
        names.SERIES_CONSTRAINTS: {"timeSeriesConstraintsData": [{"timeSeriesId": 7, **bounds}]},
        names.SERIES: {
            "timeSeriesData": [
                {"timeSeriesId": 9, "timeSeriesSlot": [] if slot is None else [slot]}
            ]
        },
    }
    table = server((1, 1), 2, names.INCENTIVE_TABLE, {names.PRICES: READ})
    table.contents[names.PRICE_DESCRIPTIONS] = {
        "incentiveTableDescription": [{"tariffDescription": {"tariffId": 3}}]
    }
    return entity_of((1, 1), names.EV, series, table)


@pytest.mark.parametrize(
    ("duration", "minimum", "optimal", "strategy"),
    [
        (None, None, 5000.0, "direct"),
        (None, None, 0.0, "none"),
        ("PT8H", 1000.0, 5000.0, "minimum"),
        ("PT8H", 0.0, 5000.0, "timed"),
        ("PT8H", None, 5000.0, "timed"),
        ("PT8H", None, 0.0, "none"),
    ],
)
def test_the_first_slot_of_the_demand_says_the_strategy(duration, minimum, optimal, strategy):
    slot = {"timeSeriesSlotId": 0, "value": from_float(optimal)}
    if duration is not None:
        slot["duration"] = duration
    if minimum is not None:
        slot["minValue"] = from_float(minimum)
    demand = cevc.read_demand(_car(slot))
    assert demand.strategy == strategy
    assert demand.departure_s == (8 * HOUR_S if duration else None)


def test_a_car_without_a_demand_asks_for_nothing():
    assert cevc.read_demand(_car()) is None
    assert cevc.read_demand(_car({"timeSeriesSlotId": 0})) is None


@pytest.mark.parametrize(
    ("slots", "bounds", "reason"),
    [
        ([], {}, "0 slots"),
        ([(0, 1), (1, 2)], {"slotCountMax": 1}, "2 slots"),
        ([(0, 1)], {"slotCountMin": 2}, "1 slots"),
        ([(1, 2)], {}, "begin now"),
        ([(0, 1), (2, 3)], {}, "without a gap"),
        ([(0, 1)], {"slotDurationMin": "PT2H"}, "too short"),
        ([(0, 3)], {"slotDurationMax": "PT2H"}, "too long"),
        ([(0, 3)], {"slotDurationStepSize": "PT2H"}, "no multiple"),
        ([(0, 0)], {}, "too short"),
    ],
)
def test_a_curve_the_car_cannot_take_is_refused_with_a_reason(slots, bounds, reason):
    curve = [PowerSlot(a * HOUR_S, b * HOUR_S, 7000.0) for a, b in slots]
    said = cevc.curve_command(_car(**bounds), curve)
    assert isinstance(said, str)
    assert reason in said


@pytest.mark.parametrize(("duration", "hours"), [(None, 48), ("PT8H", 8)])
def test_a_curve_must_reach_as_far_as_the_car_needs(duration, hours):
    slot = {"timeSeriesSlotId": 0, "value": from_float(5000.0)}
    car = _car(slot if duration is None else {**slot, "duration": duration})
    short = cevc.curve_command(car, [PowerSlot(0.0, (hours - 1) * HOUR_S, 1.0)])
    assert isinstance(short, str)
    assert "ends before" in short
    assert not isinstance(cevc.curve_command(car, [PowerSlot(0.0, hours * HOUR_S, 1.0)]), str)


@pytest.mark.parametrize("power_w", [-1.0, float("nan"), 1e9])
def test_a_power_nobody_can_mean_is_not_written(power_w):
    assert isinstance(cevc.curve_command(_car(), [PowerSlot(0.0, HOUR_S, power_w)]), str)


def test_prices_may_be_negative_but_not_absurd():
    assert not isinstance(cevc.price_commands(_car(), [PriceSlot(0, HOUR_S, -0.05)], "EUR"), str)
    assert isinstance(cevc.price_commands(_car(), [PriceSlot(0, HOUR_S, 1e9)], "EUR"), str)


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(["PT1H", "plan", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["timeSeriesId", "timeSeriesSlot", "duration", "value", "number"]),
            inner,
            max_size=4,
        )
    ),
)


@given(_JUNK, _JUNK)
def test_no_series_of_a_car_can_make_the_reader_fail(series, described):
    car = _car()
    car.features[1].contents[names.SERIES] = {"timeSeriesData": series}
    cevc.read_demand(car)
    car.features[1].contents[names.SERIES_DESCRIPTIONS] = {"timeSeriesDescriptionData": described}
    cevc.read_demand(car)
    cevc.read_plan(car)
    cevc.curve_command(car, [PowerSlot(0.0, HOUR_S, 1.0)])
