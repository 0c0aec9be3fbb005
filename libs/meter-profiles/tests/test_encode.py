import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrical.phases import Phase
from meter_profiles.blocks import plan
from meter_profiles.catalogue import profile, profiles
from meter_profiles.decode import decode
from meter_profiles.encode import encode
from meter_profiles.errors import EncodeError
from meter_profiles.profile import Datatype, Sign
from meter_profiles.quantity import CURRENTS, Quantity

RANGES = {
    "W": st.floats(-40_000, 40_000),
    "A": st.floats(-63, 63),
    "V": st.floats(180, 280),
    "Hz": st.floats(45, 65),
    "1": st.floats(-1, 1),
    "Wh": st.floats(1_000, 40_000_000),
}


@st.composite
def measured(draw):
    model = profile(draw(st.sampled_from(sorted(profiles()))))
    values = {quantity: draw(RANGES[quantity.unit]) for quantity in model.quantities}
    # Some types show one register under two names.
    if model.phases == (1,) and Quantity.POWER_L1 in values:
        values[Quantity.POWER_L1] = values[Quantity.POWER_TOTAL]
    return model, values


@given(measured())
@settings(max_examples=300, deadline=None)
def test_what_a_virtual_meter_encodes_the_reader_decodes(measurement):
    model, values = measurement
    registers = encode(model, values)
    points = {p.quantity: p for p in model.points_at()}
    for quantity, value in decode(points.values(), registers).items():
        point = points[quantity]
        wanted = abs(values[quantity]) if _loses_sign(point) else values[quantity]
        assert value == pytest.approx(wanted, rel=1e-6, abs=_half_step(point, registers)), quantity


def _loses_sign(point):
    if point.quantity in CURRENTS and point.sign is not Sign.IMPORT_POSITIVE:
        return True
    unsigned = point.datatype.value.startswith("uint") and point.minus_address is None
    return point.sign is Sign.NONE or unsigned


def _half_step(point, registers):
    if point.datatype.is_float:
        return 1e-9
    exponent = 0
    if point.scale_address is not None:
        word = registers[point.scale_address]
        exponent = word - 0x10000 if word > 0x7FFF else word
    return 0.5001 * point.scale * 10.0**exponent


@given(st.sampled_from(sorted(profiles())), st.data())
def test_unknown_goes_through_a_meter_as_unknown_where_it_has_a_pattern(model, data):
    points = profile(model).points_at()
    quantity = data.draw(st.sampled_from(profile(model).quantities))
    point = next(p for p in points if p.quantity is quantity)
    has_pattern = point.datatype.is_float or (point.no_value, point.no_value_high_word) != (
        None,
        None,
    )
    value = decode([point], encode(profile(model), {}))[quantity]
    assert value is None if has_pattern else value == 0


def test_a_power_too_large_for_thousandths_takes_a_coarser_scale_factor():
    registers = encode(profile("sunspec_20x"), {Quantity.POWER_TOTAL: 60_000.0})
    assert registers[40070 + 22] == 1
    assert registers[40070 + 18] == 6000


def test_a_value_beyond_its_register_is_refused():
    with pytest.raises(EncodeError, match="frequency"):
        encode(profile("cg_em340"), {Quantity.FREQUENCY: 1e6})


def test_a_phase_of_a_quantity_can_be_exchanged():
    assert Quantity.ENERGY_IMPORT_WH64_L2.on(Phase.L3) is Quantity.ENERGY_IMPORT_WH64_L3
    assert Quantity.POWER_TOTAL.on(Phase.L3) is Quantity.POWER_TOTAL
    assert Quantity.POWER_FACTOR_L1.unit == "1"


@pytest.mark.parametrize("model", sorted(profiles()))
def test_requests_stay_within_what_the_meter_allows_and_cut_no_value(model):
    chosen = profile(model)
    points = chosen.points_at()
    blocks = plan(points, chosen.max_read, chosen.max_gap)
    assert sum(len(block.points) for block in blocks) == len(points)
    for block in blocks:
        assert block.count <= chosen.max_read
        for address, count in (span for p in block.points for span in p.registers):
            assert block.address <= address
            assert address + count <= block.end


def test_datatypes_know_their_width():
    assert [Datatype(d).words for d in ("int16", "float32", "uint64")] == [1, 2, 4]
