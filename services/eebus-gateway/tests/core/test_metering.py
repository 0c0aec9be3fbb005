"""What a paired grid meter told, and what that is worth."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.events import MeterValues
from eebus_gateway.core.metering import (
    GridMeter,
    Quality,
    age_s,
    phases,
    problem,
    quality,
    told,
)

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALUES = MeterValues(power_w=900.0, current_a=(4.0, 3.0, 2.0), voltage_v=(230.0, 231.0, 229.0))
GONE = MeterValues()


def drawing(a: float) -> MeterValues:
    return replace(VALUES, current_a=(a, 3.0, 2.0))


def spoken(*moments: float) -> GridMeter:
    meter = GridMeter()
    for number, at in enumerate(moments):
        meter = told(meter, drawing(number), at, WALL)
    return meter


def code(meter: GridMeter, now: float, *, is_connected: bool = True) -> str:
    found = problem(meter, now, is_connected=is_connected)
    return found.code if found else ""


def test_a_meter_nobody_heard_is_bad() -> None:
    assert quality(GridMeter(), 100.0) is Quality.BAD
    assert age_s(GridMeter(), 100.0) is None
    assert code(GridMeter(), 100.0) == "no-values"
    assert code(GridMeter(), 100.0, is_connected=False) == "not-connected"


def test_a_reading_grows_old_as_one_of_the_meter_reader() -> None:
    meter = spoken(10.0, 11.0, 12.0)
    assert [quality(meter, 12 + age) for age in (0.5, 1.9, 2.1, 4.9, 5.1)] == [
        Quality.GOOD,
        Quality.GOOD,
        Quality.STALE,
        Quality.STALE,
        Quality.BAD,
    ]
    assert code(meter, 18.0) == "silent"


def test_the_pace_of_the_meter_is_learned_within_bounds() -> None:
    assert spoken(10.0).period_s == 1.0
    assert spoken(10.0, 13.0, 16.0, 19.0).period_s == pytest.approx(3.0)
    assert spoken(10.0, 10.3, 10.6).period_s == 1.0
    assert spoken(10.0, 40.0, 70.0).period_s == 5.0


def test_parts_of_one_reading_are_no_pace_and_no_repetition() -> None:
    meter = GridMeter()
    for second in range(10):
        for part in range(5):
            meter = told(meter, drawing(second), 10.0 + second + part * 0.01, WALL)
    assert meter.period_s == pytest.approx(1.0, abs=0.1)
    assert quality(meter, 19.5) is Quality.GOOD


def test_a_meter_that_only_repeats_itself_is_frozen_whatever_else_it_tells() -> None:
    meter = GridMeter()
    for second in range(6):
        values = replace(VALUES, frequency_hz=50.0 + second / 100, power_w=900.0 + second)
        meter = told(meter, values, float(second), WALL)
    assert quality(meter, 5.5) is Quality.FROZEN
    assert code(meter, 5.5) == "frozen"
    assert quality(told(meter, drawing(7.0), 6.0, WALL), 6.5) is Quality.GOOD


def test_a_meter_without_currents_is_not_frozen_for_saying_nothing_again() -> None:
    meter = GridMeter()
    for second in range(8):
        meter = told(meter, MeterValues(voltage_v=(230.0, 231.0, 229.0)), float(second), WALL)
    assert quality(meter, 7.5) is Quality.GOOD
    assert code(meter, 7.5) == "no-phase-currents"
    for second in range(8, 16):
        meter = told(meter, MeterValues(power_w=900.0), float(second), WALL)
    assert quality(meter, 15.5) is Quality.FROZEN


def test_a_meter_that_is_gone_is_bad_at_once_and_starts_anew() -> None:
    gone = told(spoken(10.0, 11.0), GONE, 12.0, WALL)
    assert quality(gone, 12.0) is Quality.BAD
    assert age_s(gone, 12.0) is None
    assert not gone.is_there
    back = told(gone, drawing(9.0), 500.0, WALL)
    assert quality(back, 500.5) is Quality.GOOD
    assert back.period_s == 1.0
    assert back.sequence == 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (replace(VALUES, voltage_v=(0.0, 230.0, 230.0)), "implausible-voltage"),
        (replace(VALUES, frequency_hz=0.0), "implausible-frequency"),
        (replace(VALUES, current_a=(4.0, 99999.0, 1.0)), "implausible-current"),
    ],
)
def test_what_cannot_be_is_not_believed(values: MeterValues, expected: str) -> None:
    meter = told(GridMeter(), values, 1.0, WALL)
    assert quality(meter, 1.5) is Quality.IMPLAUSIBLE
    assert code(meter, 1.5) == expected


def test_a_meter_of_the_sum_alone_says_what_is_missing() -> None:
    meter = told(GridMeter(), MeterValues(power_w=900.0), 1.0, WALL)
    assert quality(meter, 1.5) is Quality.GOOD
    assert code(meter, 1.5) == "no-phase-currents"


def test_a_meter_on_one_phase_has_one() -> None:
    one = MeterValues(current_a=(4.0, None, None), voltage_v=(230.0, None, None))
    assert phases(told(GridMeter(), one, 1.0, WALL)) == 1
    assert phases(GridMeter()) == 3


def test_a_counter_that_jumps_begins_a_new_segment() -> None:
    def counted(meter: GridMeter, wh: float, now: float) -> GridMeter:
        return told(meter, replace(VALUES, energy_consumed_wh=wh), now, WALL)

    meter = counted(GridMeter(), 5000.0, 0.0)
    first = meter.imported.segment
    assert first == int(WALL.timestamp())
    assert counted(meter, 5010.0, 10.0).imported.segment == first
    assert counted(meter, 10.0, 10.0).imported.segment == first + 1
    assert counted(meter, 9e9, 10.0).imported.segment == first + 1
    assert meter.exported.segment == 0


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(-100, 100)), min_size=1, max_size=30))
def test_only_a_young_reading_is_ever_good(words: list[tuple[float, float]]) -> None:
    meter, now = GridMeter(), 0.0
    for gap, current_a in words:
        now += gap
        meter = told(meter, drawing(current_a), now, WALL)
        assert 1.0 <= meter.period_s <= 5.0
        assert quality(meter, now + 10.1) in {Quality.STALE, Quality.BAD}
        assert quality(meter, now + 15.1) is Quality.BAD
