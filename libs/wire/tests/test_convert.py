from datetime import UTC, datetime

import pytest

from electrical.phases import Phases
from volthus_wire.convert import (
    from_conductors,
    from_phases,
    from_timestamp,
    to_conductors,
    to_phases,
    to_timestamp,
)


def test_unknown_stays_unknown_and_zero_stays_zero():
    values = Phases(0.0, None, -3.5)
    assert from_phases(to_phases(values)) == values
    assert from_conductors(to_conductors(values)) == values


def test_an_instant_comes_back_in_utc():
    instant = datetime(2026, 11, 22, 8, 16, 1, 123000, tzinfo=UTC)
    assert from_timestamp(to_timestamp(instant)) == instant


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        to_timestamp(datetime(2026, 11, 22))  # noqa: DTZ001
