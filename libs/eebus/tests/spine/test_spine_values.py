"""Scaled numbers, durations, addresses."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.spine import durations
from eebus.spine.addresses import device_address, is_below
from eebus.spine.scaled import from_float, to_float


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (10.0, {"number": 10, "scale": 0}),
        (0.1, {"number": 1, "scale": -1}),
        (10.1, {"number": 101, "scale": -1}),
        (0.0, {"number": 0, "scale": 0}),
        (11040.0, {"number": 11040, "scale": 0}),
        (13.99999, {"number": 139999, "scale": -4}),
        (-0.25, {"number": -25, "scale": -2}),
    ],
)
def test_a_value_is_written_as_the_reference_writes_it(value, written):
    assert from_float(value) == written


@given(st.floats(-1e6, 1e6))
def test_a_value_is_never_written_higher_than_it_is_and_at_most_a_ten_thousandth_lower(value):
    written = to_float(from_float(value))
    assert written is not None
    assert -1e-9 <= value - written <= 1.0001e-4


@pytest.mark.parametrize(
    "item", [{}, {"scale": 1}, {"number": 10**16}, {"number": 1, "scale": 10**9}, {"number": True}]
)
def test_a_number_without_physical_meaning_is_unknown(item):
    assert to_float(item) is None


def test_a_missing_scale_is_zero():
    assert to_float({"number": 16}) == 16.0


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("PT4S", 4),
        ("PT1M", 60),
        ("PT2H", 7200),
        ("PT1H2M3S", 3723),
        ("P1D", 86400),
        ("P0D", 0),
        ("PT0S", 0),
        ("PT0.5S", 0.5),
        ("P1DT12H", 129600),
    ],
)
def test_durations_are_read(written, seconds):
    assert durations.parse(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "P", "PT", "P1DT", "4S", "PT-4S", "P1M", "PT9999999999S"])
def test_what_is_no_duration_reads_as_unknown(written):
    assert durations.parse(written) is None


@given(st.integers(0, 10**8))
def test_a_written_duration_reads_back(seconds):
    span = timedelta(seconds=seconds)
    assert durations.parse(durations.write(span)) == span


def test_the_heartbeat_timeout_is_written_as_the_reference_writes_it():
    assert durations.write(timedelta(seconds=4)) == "PT4S"
    assert durations.timestamp(datetime(2026, 11, 22, 8, 16, 1, tzinfo=UTC)) == (
        "2026-11-22T08:16:01Z"
    )


def test_a_device_address_carries_no_blanks():
    assert device_address("Demo Inc", "Box 2", "12 3") == "d:_n:DemoInc_Box2-123"


def test_an_entity_is_below_itself_and_its_parents():
    assert is_below((1, 1), (1,))
    assert is_below((1,), (1,))
    assert not is_below((1,), (1, 1))
    assert not is_below((2, 1), (1,))
