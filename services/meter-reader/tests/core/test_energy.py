from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_profiles.quantity import Quantity
from meter_reader.core.energy import Counters, counted
from meter_reader.core.reading import reading_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FUSE_A = 25.0
MOST_W = FUSE_A * 3 * 253


def run(steps, fuse_a=FUSE_A):
    """steps: (seconds, Wh) pairs; returns the segment after each."""
    counters, segments = Counters(), []
    for at_s, value in steps:
        reading = reading_of({Quantity.ENERGY_IMPORT: value})
        wall = NOON + timedelta(seconds=at_s)
        counters = counted(counters, reading, at_s, wall, fuse_a)
        segments.append(counters.imported and counters.imported.segment)
    return segments


def test_a_counter_that_runs_stays_in_its_segment():
    assert len(set(run([(0, 1000.0), (10, 1040.0), (3600, 19_000.0)]))) == 1


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (0.0, "a reset"),
        (999.0, "a step back"),
        (4_294_967.0, "another meter"),
        (1000.0 + 100 + MOST_W * 10 / 3600 + 1, "more than the fuse carries"),
    ],
)
def test_a_jump_begins_a_new_segment(after, why):
    first, second = run([(0, 1000.0), (10, after)])
    assert second > first, why


def test_an_overflow_of_thirty_two_bits_begins_a_new_segment():
    first, second = run([(0, 4_294_967_290.0), (10, 4.0)])
    assert second > first


def test_a_coarse_counter_may_jump_by_its_resolution_after_a_long_rest():
    assert len(set(run([(0, 1000.0), (1, 1100.0)]))) == 1
    rested = [(float(second), 1000.0) for second in range(0, 600, 10)]
    assert len(set(run([*rested, (600, 1100.0), (601, 1200.0)]))) == 1


def test_a_gap_is_bridged_when_the_fuse_could_have_carried_it():
    assert len(set(run([(0, 1000.0), (10, None), (86_400, 300_000.0)]))) == 1
    assert len(set(run([(0, 1000.0), (10, None), (86_400, 900_000.0)]))) == 2


def test_an_unknown_counter_has_no_segment():
    assert run([(0, None)]) == [None]


def test_without_a_known_fuse_only_the_impossible_is_caught():
    assert len(set(run([(0, 1000.0), (10, 1500.0)], fuse_a=None))) == 1
    assert len(set(run([(0, 1000.0), (10, 500.0)], fuse_a=None))) == 2


@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=30))
def test_segments_only_grow_and_steps_within_one_are_possible(values):
    steps = [(10.0 * number, value) for number, value in enumerate(values)]
    segments = run(steps)
    assert segments == sorted(segments)
    for (_, before), (_, after), old, new in zip(
        steps, steps[1:], segments, segments[1:], strict=False
    ):
        if old == new:
            assert after - before >= 0
