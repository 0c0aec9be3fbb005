import pytest

from electrical.phases import UNKNOWN, Phases
from electrical.power import (
    current_for_power_a,
    power_at_most_w,
    signed_current_a,
    signed_currents_a,
)


@pytest.mark.parametrize(
    ("current_a", "power_w", "signed_a"),
    [(10, 2300, 10), (10, -2300, -10), (-10, -2300, -10), (-10, 2300, 10), (0.9, 0, 0.9)],
)
def test_a_current_takes_the_direction_of_its_power(current_a, power_w, signed_a):
    assert signed_current_a(current_a, power_w) == signed_a


def test_a_current_without_its_power_has_no_known_direction():
    assert signed_current_a(10, None) is None
    assert signed_current_a(None, 2300) is None
    assert signed_currents_a(Phases(1.0, 2.0, None), Phases(-5.0, None, 5.0)) == Phases(
        -1.0, None, None
    )


def test_unknown_volts_count_as_253():
    assert current_for_power_a(2530, None) == 10
    assert current_for_power_a(2300, 230) == 10
    assert current_for_power_a(2530, 0.0) == 10
    assert power_at_most_w(Phases(10, 10, 10), UNKNOWN) == 7590
