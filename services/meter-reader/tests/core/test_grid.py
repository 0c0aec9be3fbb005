from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_reader.core.grid import first_slot, next_slot


def test_the_grid_does_not_drift_and_skips_what_was_missed():
    assert next_slot(100.0, 1.0, 100.3) == 101.0
    assert next_slot(100.0, 1.0, 103.7) == 104.0


@given(st.floats(0, 1e6), st.sampled_from([0.1, 0.5, 1.0]), st.floats(0, 100))
def test_the_next_slot_is_ahead_by_at_most_a_period(slot, period, late):
    coming = next_slot(slot, period, slot + late)
    assert slot + late - 1e-6 <= coming <= slot + late + period + 1e-6


def test_meters_are_spread_over_a_period():
    starts = sorted(first_slot(0.0, 1.0, n) for n in range(10))
    assert starts[0] >= 0
    assert starts[-1] < 1
    assert max(b - a for a, b in pairwise(starts)) < 0.2
    assert first_slot(5.0, 1.0, 0) == pytest.approx(5.0)
