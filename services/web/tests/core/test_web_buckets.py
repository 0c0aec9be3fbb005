import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.core.buckets import MOST_REMEMBERED, Buckets


@given(
    st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
    st.sampled_from([0.5, 10.0, 50.0]),
    st.integers(1, 20),
)
def test_never_more_than_the_burst_and_what_the_rate_gave_back(gaps, rate, burst):
    buckets, now_s, taken = Buckets(rate, burst), 0.0, 0
    for gap_s in gaps:
        now_s += gap_s
        taken += buckets.take("a", now_s) == 0
        assert taken <= burst + rate * now_s + 1e-6


def test_who_waits_as_told_may_go_on():
    buckets, now_s = Buckets(2, 4), 100.0
    for _ in range(4):
        assert buckets.take("a", now_s) == 0
    wait_s = buckets.take("a", now_s)
    assert wait_s == 1
    assert buckets.take("b", now_s) == 0
    assert buckets.take("a", now_s + wait_s) == 0


def test_only_heavy_users_are_told_of_and_once():
    buckets = Buckets(10, 100)
    buckets.take("light", 0.0)
    for _ in range(50):
        buckets.take("heavy", 0.0)
    assert buckets.to_tell(0.0) == {"heavy": pytest.approx(5.0)}
    assert buckets.to_tell(0.0) == {"heavy": 0.0}
    assert buckets.to_tell(4.0) == {}


def test_what_others_used_counts_here():
    buckets = Buckets(10, 100)
    for _ in range(50):
        buckets.take("a", 0.0)
    buckets.learn("a", 10.0, 0.0)
    assert buckets.take("a", 0.0) == 1
    assert buckets.take("a", 1.0) == 0


def test_memory_is_bounded():
    buckets = Buckets(1, 10)
    for number in range(MOST_REMEMBERED + 10):
        buckets.take(str(number), 0.0)
    assert len(buckets._empty_at) == len(buckets._untold) == MOST_REMEMBERED
