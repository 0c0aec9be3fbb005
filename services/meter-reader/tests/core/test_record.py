from datetime import UTC, datetime, timedelta

import pytest

from meter_profiles.quantity import Quantity
from meter_reader.core.reading import reading_of
from meter_reader.core.record import (
    Problem,
    Quality,
    Record,
    age_s,
    answered,
    failed,
    problem_now,
    quality,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def polled(partner):
    def poll(amperes, every_s=1.0, **change):
        record = Record()
        for number, l1 in enumerate(amperes):
            values = partner.values(l1) | change
            at = NOON + timedelta(seconds=number * every_s)
            record = answered(record, reading_of(values), number * every_s, at)
        return record

    return poll


@pytest.mark.parametrize(
    ("age", "label"),
    [(0.0, Quality.GOOD), (2.0, Quality.GOOD), (2.1, Quality.STALE), (5.1, Quality.BAD)],
)
def test_a_reading_ages_from_good_to_stale_to_bad(polled, age, label):
    record = polled([1.0])
    assert quality(record, age, period_s=1.0) is label
    assert age_s(record, age) == age


def test_a_meter_that_never_answered_is_bad_and_has_no_age():
    assert quality(Record(), 0.0, 1.0) is Quality.BAD
    assert age_s(Record(), 0.0) is None


def test_five_identical_samples_mean_frozen(polled):
    assert quality(polled([7.0] * 4), 3.0, 1.0) is Quality.GOOD
    frozen = polled([7.0] * 5)
    assert quality(frozen, 4.0, 1.0) is Quality.FROZEN
    assert problem_now(frozen).code == "frozen"
    assert quality(polled([7.0] * 5 + [7.01]), 5.0, 1.0) is Quality.GOOD


def test_a_meter_polled_faster_than_it_measures_is_not_frozen(polled):
    assert quality(polled([7.0] * 9, every_s=0.1), 0.8, 0.1) is Quality.GOOD
    assert quality(polled([7.0] * 40, every_s=0.1), 3.9, 0.1) is Quality.FROZEN


def test_an_inverter_asleep_that_answers_zeros_is_implausible():
    volts = dict.fromkeys((q for q in Quantity if q.startswith("voltage")), 0.0)
    record = answered(Record(), reading_of(volts), 0.0, NOON)
    assert quality(record, 0.0, 1.0) is Quality.IMPLAUSIBLE
    assert problem_now(record).code == "implausible-voltage"


def test_a_failure_keeps_the_last_answer_and_an_answer_ends_the_problem(polled):
    record = failed(polled([1.0]), Problem("no-answer", "Silence."))
    assert record.last is not None
    assert problem_now(record) == Problem("no-answer", "Silence.")
    again = answered(record, record.last.reading, 1.0, NOON)
    assert problem_now(again) is None
    assert again.sequence == 2


def test_how_many_samples_mean_frozen_is_a_setting(polled):
    assert quality(polled([7.0] * 5), 4.0, 1.0, 20) is Quality.GOOD
    assert quality(polled([7.0] * 20), 19.0, 1.0, 20) is Quality.FROZEN
    assert problem_now(polled([7.0] * 5), 20) is None
