"""The three symptoms of a car that does ISO 15118 badly (A15)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from web.core.car_talk import Seen, Symptom, symptom

NOW = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


WAITS = Seen("iso15118-2ed1", "waiting", "car-not-asking", ago(3))
FOLLOWS = Seen("iso15118-2ed1", "charging", "car-not-asking", ago(6), taken_a=6.0, allowed_a=16.0)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(1, None), (2, Symptom.LATE_START), (9, Symptom.LATE_START), (10, Symptom.NO_START)],
)
def test_a_car_that_may_and_does_not_starts_late_and_then_not_at_all(minutes, expected):
    assert symptom(replace(WAITS, since=ago(minutes)), NOW) is expected


@pytest.mark.parametrize(
    "change",
    [
        {"communication": "iec61851"},
        {"communication": ""},
        {"reason": "waiting-for-price"},
        {"since": None},
        {"state": "finished"},
        {"energy_wh": 4000.0},  # it has charged already and had enough
    ],
    ids=str,
)
def test_a_car_that_waits_for_a_good_reason_has_no_symptom(change):
    assert symptom(replace(WAITS, **change), NOW) is None


def test_a_car_that_takes_much_less_than_it_may_for_long_follows_poorly():
    assert symptom(FOLLOWS, NOW) is Symptom.POOR_FOLLOWING
    assert symptom(replace(FOLLOWS, soc_percent=40.0), NOW) is Symptom.POOR_FOLLOWING


@pytest.mark.parametrize(
    "change",
    [
        {"since": ago(4)},  # a ramp
        {"soc_percent": 92.0},  # a battery that is nearly full
        {"taken_a": 13.0},
        {"taken_a": None},
        {"allowed_a": None},
        {"reason": "fuse"},
    ],
    ids=str,
)
def test_a_car_that_follows_has_no_symptom(change):
    assert symptom(replace(FOLLOWS, **change), NOW) is None


def test_a_car_that_stays_above_its_limit_follows_poorly_whatever_else_is_said():
    assert symptom(replace(FOLLOWS, reason="fuse", disobeys=True), NOW) is Symptom.POOR_FOLLOWING
    pwm = replace(FOLLOWS, communication="iec61851", disobeys=True)
    assert symptom(pwm, NOW) is None, "that is no matter of ISO 15118"
