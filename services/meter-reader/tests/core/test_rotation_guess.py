import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrical.phases import ZERO, Phases
from electrical.rotation import Rotation, to_device
from meter_reader.core.rotation_guess import Pulse, guess

ONE = Phases(10.0, 0.0, 0.0)
TWO = Phases(0.0, 10.0, 0.0)


def pulse(rotation, house, noise=ZERO):
    return Pulse(house, to_device(rotation, house + noise))


@pytest.mark.parametrize("rotation", Rotation)
def test_pulses_on_two_phases_tell_the_rotation(rotation):
    assert guess([pulse(rotation, ONE), pulse(rotation, TWO)]).rotation is rotation


@pytest.mark.parametrize("rotation", Rotation)
def test_one_pulse_on_one_phase_leaves_two(rotation):
    left = guess([pulse(rotation, ONE)])
    assert rotation in left.fitting
    assert len(left.fitting) == 2
    assert left.rotation is None


def test_a_pulse_that_loads_all_phases_alike_tells_nothing():
    assert len(guess([pulse(Rotation.STR, Phases(10.0, 10.0, 10.0))]).fitting) == 6
    assert guess([]).rotation is None


def test_a_busy_house_gives_no_answer():
    busy = pulse(Rotation.RST, ONE, Phases(9.0, -7.0, 8.0))
    assert guess([busy]).fitting == ()


@given(
    st.sampled_from(Rotation),
    st.lists(st.tuples(*[st.floats(-0.5, 0.5)] * 3), min_size=2, max_size=2),
)
def test_a_little_noise_does_not_mislead(rotation, noises):
    pulses = [
        pulse(rotation, house, Phases(*noise))
        for house, noise in zip((ONE, TWO), noises, strict=True)
    ]
    assert guess(pulses).rotation is rotation
