import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_profiles.catalogue import profile, profiles
from meter_profiles.decode import decode, value_of
from meter_profiles.errors import DecodeError
from meter_profiles.profile import Datatype, Point, Sign
from meter_profiles.quantity import Quantity

F = Quantity.FREQUENCY
P = Quantity.POWER_L1


def point(datatype, **more):
    return Point(P, 0, Datatype(datatype), **more)


@pytest.mark.parametrize(
    ("datatype", "words", "value"),
    [
        ("int16", [0xFFFE], -2),
        ("uint16", [0xFFFE], 65534),
        ("int32", [0xFFFF, 0xFFFE], -2),
        ("uint32", [0x0001, 0x0000], 65536),
        ("int64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2),
        ("uint64", [0, 0, 1, 2], 65538),
        ("float32", [0x4366, 0x3333], 230.2),
        ("float64", [0x406C, 0xC666, 0x6666, 0x6666], 230.2),
    ],
)
def test_words_become_numbers_high_word_first_and_low_word_first(datatype, words, value):
    big = dict(enumerate(words))
    little = dict(enumerate(words[::-1]))
    assert value_of(point(datatype), big) == pytest.approx(value, rel=1e-7)
    assert value_of(point(datatype, word_order="little"), little) == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize(
    ("model", "registers", "value"),
    [
        # Carlo Gavazzi, low word first, 0.1 V
        ("cg_em340", {0: 2301, 1: 0}, 230.1),
        # Eastron, float, high word first
        ("eastron_sdm630_v2", {0: 0x4366, 1: 0x199A}, 230.1),
        # SunSpec with its scale factor
        ("sunspec_20x", {40078: 23010, 40085: 0xFFFE}, 230.1),
    ],
)
def test_a_voltage_reads_the_same_from_every_family(model, registers, value):
    points = profile(model).points_at()
    volts = next(p for p in points if p.quantity is Quantity.VOLTAGE_L1)
    assert value_of(volts, registers) == pytest.approx(value, rel=1e-6)
    if volts.datatype is not Datatype.FLOAT32:
        assert value_of(volts, registers) == value  # no 230.10000000000002


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (point("int16", no_value=0x7FFF), [0x7FFF]),
        (point("int16", no_value=0x8000), [0x8000]),
        (point("uint16", no_value=0xFFFF), [0xFFFF]),
        (point("int32", no_value=0x7FFFFFFF), [0x7FFF, 0xFFFF]),
        (point("uint32", no_value=0xFFFFFFFF), [0xFFFF, 0xFFFF]),
        (point("uint64", no_value=0xFFFFFFFFFFFFFFFF), [0xFFFF] * 4),
        (point("int64", no_value=0x8000000000000000), [0x8000, 0, 0, 0]),
        (point("int32", word_order="little", no_value_high_word=0x7FFF), [0x1234, 0x7FFF]),
        (point("float32"), [0x7FC0, 0]),
        (point("float32"), [0xFFC0, 0]),
        (point("float32"), [0x7F80, 0]),  # infinite
        (point("float64"), [0x7FF8, 0, 0, 0]),
        (point("uint32", no_value=0), [0, 0]),  # SunSpec accumulator that does not count
        (point("int16", scale_address=1), [5, 0x8000]),  # SunSpec "no scale factor"
        (point("int16", scale_address=1), [5, 60]),
    ],
)
def test_what_the_meter_marks_as_not_available_is_unknown(one, words):
    assert value_of(one, dict(enumerate(words))) is None


def test_import_and_export_kept_apart_become_one_signed_power():
    apart = point("uint32", scale=0.1, minus_address=2)
    assert value_of(apart, {0: 0, 1: 0, 2: 0, 3: 25000}) == -2500
    assert value_of(apart, {0: 0, 1: 25000, 2: 0, 3: 0}) == 2500


def test_a_meter_that_counts_feed_in_as_positive_is_turned_round():
    assert value_of(point("int16", sign=Sign.EXPORT_POSITIVE), {0: 500}) == -500
    feeding = {40206: 500, 40207: 500, 40208: 0, 40209: 0, 40210: 0}
    powers = [p for p in profile("solaredge_meter").points_at() if p.scale_address == 40210]
    assert list(decode(powers, feeding).values()) == [-500, -500, 0, 0]


def test_some_firmware_counts_hertz_in_finer_steps():
    hertz = next(p for p in profile("cg_em540").points if p.quantity is F)
    assert value_of(hertz, {51: 500}) == 50.0
    assert value_of(hertz, {51: 5001}) == pytest.approx(50.01)


@pytest.mark.parametrize(
    ("register", "factor"), [(0.9, 0.9), (1.2, 0.8), (-1.2, -0.8), (-0.5, -0.5)]
)
def test_a_four_quadrant_power_factor_is_folded_back(register, factor):
    folded = point("int16", scale=0.001, four_quadrants=True)
    assert value_of(folded, {0: round(register * 1000) & 0xFFFF}) == pytest.approx(factor)


def test_a_register_nobody_read_is_an_error_and_no_zero():
    with pytest.raises(DecodeError, match="power_l1 needs register 1"):
        value_of(point("int32"), {0: 1})


@given(st.sampled_from(sorted(profiles())), st.randoms(use_true_random=False))
def test_any_garbage_decodes_to_numbers_or_unknown(model, random):
    points = profile(model).points_at()
    registers = {
        address + offset: random.choice([0, 1, 0x7FFF, 0x8000, 0xFFFF, random.randrange(65536)])
        for p in points
        for address, count in p.registers
        for offset in range(count)
    }
    values = decode(points, registers)
    assert set(values) == {p.quantity for p in points}
    assert all(value is None or abs(value) < float("inf") for value in values.values())
