import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrical.phases import Phase, Phases
from electrical.rotation import (
    RotaryField,
    Rotation,
    conductor_on,
    house_phase,
    inverse,
    to_device,
    to_house,
)

METER = Phases("a", "b", "c")
HOUSE_FROM_METER = {
    Rotation.RST: ("abc", RotaryField.RIGHT),
    Rotation.STR: ("cab", RotaryField.RIGHT),
    Rotation.TRS: ("bca", RotaryField.RIGHT),
    Rotation.RTS: ("acb", RotaryField.LEFT),
    Rotation.SRT: ("bac", RotaryField.LEFT),
    Rotation.TSR: ("cba", RotaryField.LEFT),
}


@pytest.mark.parametrize("rotation", Rotation)
def test_each_rotation_moves_the_meters_values_to_the_right_house_phases(rotation):
    letters, field = HOUSE_FROM_METER[rotation]
    assert to_house(rotation, METER) == Phases(*letters)
    assert rotation.field is field


def test_str_is_not_confused_with_its_inverse():
    assert to_house(Rotation.STR, Phases(10, 20, 30)) == Phases(30, 10, 20)
    assert to_house(Rotation.TRS, Phases(10, 20, 30)) == Phases(20, 30, 10)
    assert inverse(Rotation.STR) is Rotation.TRS


def test_a_charger_wired_str_loads_l2_with_its_first_conductor():
    assert house_phase(Rotation.STR, Phase.L1) is Phase.L2
    assert conductor_on(Rotation.STR, Phase.L2) is Phase.L1
    assert to_house(Rotation.STR, Phases(16, 0, 0)) == Phases(0, 16, 0)


@given(st.sampled_from(Rotation), st.permutations([1.0, 2.0, 3.0]))
def test_there_and_back_is_where_it_was(rotation, values):
    device = Phases(*values)
    assert to_device(rotation, to_house(rotation, device)) == device
    assert to_house(inverse(rotation), to_house(rotation, device)) == device
