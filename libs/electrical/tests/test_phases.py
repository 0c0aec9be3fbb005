from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrical.phases import (
    UNKNOWN,
    ZERO,
    Phase,
    PhaseReadings,
    Phases,
    from_mapping,
    fully_known,
    known_phases,
    minus,
    on_every_phase,
    on_phases,
    plus,
    total,
    with_phase,
)

AMPS = st.floats(-1000, 1000)
THREE = st.builds(Phases, AMPS, AMPS, AMPS)


def test_a_value_is_found_by_its_phase():
    currents = Phases(1.0, 2.0, 3.0)
    assert [currents[phase] for phase in Phase] == [1.0, 2.0, 3.0]
    assert currents.items() == ((Phase.L1, 1.0), (Phase.L2, 2.0), (Phase.L3, 3.0))


def test_phases_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        ZERO.l1 = 5.0  # type: ignore[misc]  # that it is refused is the test


@given(THREE, THREE)
def test_adding_and_taking_away_the_same_gives_the_first_back(first, second):
    back = first + second - second
    assert back.values() == pytest.approx(first.values(), abs=1e-9)


def test_sign_and_factor_reach_every_phase():
    assert -Phases(1.0, -2.0, 0.5) == Phases(-1.0, 2.0, -0.5)
    assert Phases(1.0, -2.0, 0.5) * 2 == Phases(2.0, -4.0, 1.0)


def test_unknown_stays_unknown_in_sums_and_differences():
    readings: PhaseReadings = Phases(1.0, None, 3.0)
    assert plus(readings, on_every_phase(1.0)) == Phases(2.0, None, 4.0)
    assert minus(on_every_phase(1.0), readings) == Phases(0.0, None, -2.0)
    assert total(readings) is None
    assert fully_known(readings) is None
    assert known_phases(readings) == {Phase.L1, Phase.L3}


def test_known_readings_have_a_total():
    assert total(Phases(1.0, 2.0, 3.0)) == 6.0
    assert known_phases(UNKNOWN) == frozenset()


def test_a_mask_of_phases_carries_its_value_only_there():
    assert on_phases({Phase.L2}, 16.0, 0.0) == Phases(0.0, 16.0, 0.0)
    assert from_mapping({Phase.L3: 7.0}, None) == Phases(None, None, 7.0)
    assert with_phase(ZERO, Phase.L3, 9.0) == Phases(0.0, 0.0, 9.0)
