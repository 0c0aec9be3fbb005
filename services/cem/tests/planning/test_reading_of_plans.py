"""Whatever bytes come as a plan or prices: they are read into sane values, or refused."""

from itertools import pairwise
from math import isfinite, isnan, nan

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from cem.core.local_prices import cheapest
from cem.planning.reading import UnreadableError, plan_of, prices_of
from cem.planning.timeline import Axis, means, pieces_of, powers
from volthus_wire.v1 import planning_pb2

START = 1_795_000_000
numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)
slots = st.lists(st.integers(0, 2**32 - 1), max_size=5)
stamps = st.fixed_dictionaries(
    {"seconds": st.integers(-(2**62), 2**62), "nanos": st.integers(-(2**31), 2**31 - 1)}
)
courses = st.builds(
    planning_pb2.SessionPlan,
    session=st.text(max_size=5), ski=st.text(max_size=5), power_w=st.lists(numbers, max_size=5),
    energy_wh=numbers, shortfall_wh=numbers,
)  # fmt: skip
plans = st.builds(
    planning_pb2.Plan,
    plan=st.text(max_size=5), profile_revision=st.integers(0, 2**64 - 1), start=stamps,
    made_at=stamps, valid_until=stamps, slot_s=slots, sessions=st.lists(courses, max_size=3),
    import_price=st.lists(numbers, max_size=5), surplus_w=st.lists(numbers, max_size=5),
)  # fmt: skip


@given(plans)
def test_any_plan_is_sane_or_refused(message: planning_pb2.Plan) -> None:
    try:
        plan = plan_of(message)
    except UnreadableError:
        return
    assert all(before < after for before, after in pairwise(plan.edges_s))
    assert plan.edges_s[0] < plan.valid_until_s
    for course in plan.courses:
        assert len(course.power_w) == len(plan.edges_s) - 1
        assert all(isfinite(power_w) and power_w >= 0 for power_w in course.power_w)


@given(st.binary(max_size=300))
def test_any_bytes_are_no_danger(content: bytes) -> None:
    for kind, read in ((planning_pb2.Plan, plan_of), (planning_pb2.PriceSeries, prices_of)):
        try:
            read(kind.FromString(content))
        except (DecodeError, UnreadableError):
            continue


def series(**more: object) -> planning_pb2.PriceSeries:
    usual = {
        "series": "t", "revision": 1, "start": {"seconds": START}, "slot_s": [900, 900],
        "import_price": [0.1, nan],
    }  # fmt: skip
    return planning_pb2.PriceSeries(**usual | more)


def test_a_hole_in_prices_stays_a_hole() -> None:
    prices = prices_of(series())
    assert prices.import_price[1] is None
    assert prices.known_until_s == START + 900


def test_a_series_without_any_price_yet_is_no_price_and_no_mistake() -> None:
    prices = prices_of(series(slot_s=[], import_price=[], start={}))
    assert (prices.series, prices.known_until_s, prices.by_price()) == ("t", None, ())
    assert cheapest(prices, START, START + 3600, 1.0) is None


@pytest.mark.parametrize(
    "more",
    [
        {"series": ""}, {"slot_s": []}, {"slot_s": [900]}, {"slot_s": [900, 0]},
        {"import_price": [0.1]}, {"import_price": [0.1, float("inf")]},
        {"export_price": [0.1]}, {"start": {"seconds": 0}}, {"series": "x" * 300},
    ],
)  # fmt: skip
def test_prices_that_cannot_be_are_refused(more: dict[str, object]) -> None:
    with pytest.raises(UnreadableError):
        prices_of(series(**more))


def test_means_weigh_by_time_and_know_what_is_not_known() -> None:
    axis = Axis(START, 900, 3)
    found = means(axis, [(START - 300, START + 450, 1.0), (START + 450, START + 900, 3.0),
                         (START + 900, START + 1800, None)])  # fmt: skip
    assert found[0] == 2.0
    assert isnan(found[1])
    assert isnan(found[2])
    assert pieces_of((0.0, 10.0, 20.0), (1.0, 2.0), 5.0) == [(5.0, 10.0, 1.0), (10.0, 20.0, 2.0)]


def test_a_step_counts_as_far_as_it_was_measured() -> None:
    energies = {START: 250.0, START + 900: 100.0}
    found = powers(Axis(START, 900, 3), energies, {START: 900.0, START + 900: 450.0})
    assert found[:2] == [1000.0, 800.0]
    assert isnan(found[2])
