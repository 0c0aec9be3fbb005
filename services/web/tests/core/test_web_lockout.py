"""Guessing passwords gets slow, honest users are not held up."""

from hypothesis import given
from hypothesis import strategies as st

from web.core.lockout import (
    FIRST_WAIT_S,
    FORGOTTEN_AFTER_S,
    FREE_BY_ADDRESS,
    FREE_BY_USER,
    MOST_REMEMBERED,
    MOST_WAIT_S,
    Lockout,
)


def fail(lockout: Lockout, times: int, now_s: float = 0.0, user: str = "ann") -> list[int]:
    return [lockout.enter(user, "10.0.0.1", now_s) for _ in range(times)]


def test_a_few_slips_cost_nothing():
    lockout = Lockout()
    assert fail(lockout, FREE_BY_USER) == [0] * FREE_BY_USER


def test_then_it_waits_twice_as_long_each_time():
    lockout = Lockout()
    fail(lockout, FREE_BY_USER)
    waits, now_s = [], 0.0
    for _ in range(4):
        waits.append(lockout.enter("ann", "10.0.0.1", now_s))
        now_s += waits[-1]
        assert lockout.enter("ann", "10.0.0.1", now_s) == 0
    assert waits == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S, 8 * FIRST_WAIT_S]


def test_the_name_counts_in_any_case_of_letters():
    lockout = Lockout()
    fail(lockout, FREE_BY_USER)
    assert lockout.enter("ANN", "10.0.0.1", 0.0) > 0


def test_another_address_is_not_held_up():
    lockout = Lockout()
    fail(lockout, FREE_BY_USER)
    assert lockout.enter("ann", "10.0.0.2", 0.0) == 0


def test_trying_many_names_from_one_address_is_slowed_too():
    lockout = Lockout()
    for number in range(FREE_BY_ADDRESS):
        assert lockout.enter(f"user{number}", "10.0.0.1", 0.0) == 0
    assert lockout.enter("one-more", "10.0.0.1", 0.0) > 0


def test_the_right_password_forgets_the_slips():
    lockout = Lockout()
    fail(lockout, FREE_BY_USER - 1)
    lockout.enter("ann", "10.0.0.1", 0.0)
    lockout.succeeded("ann", "10.0.0.1")
    assert fail(lockout, FREE_BY_USER) == [0] * FREE_BY_USER


def test_time_forgets_them_too():
    lockout = Lockout()
    fail(lockout, FREE_BY_USER)
    assert lockout.enter("ann", "10.0.0.1", FORGOTTEN_AFTER_S + 1) == 0
    assert lockout.enter("ann", "10.0.0.1", FORGOTTEN_AFTER_S + 1) == 0


@given(st.lists(st.floats(0, 2000), max_size=60))
def test_no_wait_is_longer_than_the_longest(pauses):
    lockout, now_s = Lockout(), 0.0
    for pause_s in pauses:
        assert lockout.enter("ann", "10.0.0.1", now_s) <= MOST_WAIT_S
        now_s += pause_s


def test_memory_is_bounded():
    lockout = Lockout()
    for number in range(MOST_REMEMBERED):
        lockout.enter(f"user{number}", f"10.{number >> 8}.{number & 255}.1", 0.0)
    assert len(lockout._attempts) <= MOST_REMEMBERED
