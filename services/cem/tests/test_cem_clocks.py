"""Monotonic instants as wall time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cem.picture.clocks import Clocks

QUARTER = datetime(2026, 11, 22, 21, 15, tzinfo=UTC)


@given(st.floats(0.0, 1e7), st.floats(0.0, 90_000.0))
def test_a_whole_second_stays_one_whatever_the_rest_of_a_float(
    monotonic_s: float, ahead_s: float
) -> None:
    clocks = Clocks(monotonic_s, QUARTER - timedelta(seconds=ahead_s))
    assert clocks.at(monotonic_s + ahead_s) == QUARTER
