import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrical.phases import Phase
from electrical.rotation import Rotation
from meter_profiles.catalogue import profile, profiles
from meter_profiles.quantity import CURRENTS, Quantity
from meter_reader.core.house import Mounting, seen_from_house

METER = dict(zip(CURRENTS, (10.0, 20.0, 30.0), strict=True))


def amps(values):
    return tuple(values[q] for q in CURRENTS)


@pytest.mark.parametrize(
    ("rotation", "house"),
    [
        ("RST", (10, 20, 30)),
        ("STR", (30, 10, 20)),
        ("TRS", (20, 30, 10)),
        ("RTS", (10, 30, 20)),
        ("SRT", (20, 10, 30)),
        ("TSR", (30, 20, 10)),
    ],
)
def test_a_rotated_meter_is_turned_back_to_the_house(rotation, house):
    assert amps(seen_from_house(METER, Mounting(3, Rotation(rotation)))) == house


def test_totals_do_not_turn():
    values = {
        Quantity.POWER_TOTAL: 5.0,
        Quantity.POWER_L1: 1.0,
        Quantity.POWER_L2: 4.0,
        Quantity.POWER_L3: 0.0,
    }
    seen = seen_from_house(values, Mounting(3, Rotation.SRT))
    assert seen[Quantity.POWER_TOTAL] == 5.0
    assert seen[Quantity.POWER_L1] == 4.0


def test_an_inverted_meter_swaps_its_counters_with_the_sign():
    values = {
        Quantity.POWER_L1: 500.0,
        Quantity.CURRENT_L1: 2.2,
        Quantity.ENERGY_IMPORT: 10.0,
        Quantity.ENERGY_EXPORT: 99.0,
    }
    seen = seen_from_house(values, Mounting(3, invert=True))
    assert seen[Quantity.POWER_L1] == -500.0
    assert seen[Quantity.CURRENT_L1] == 2.2  # what the meter reports
    assert (seen[Quantity.ENERGY_IMPORT], seen[Quantity.ENERGY_EXPORT]) == (99.0, 10.0)


def test_an_inverted_meter_turns_its_power_factor_where_it_has_a_direction():
    values = {Quantity.POWER_FACTOR: 0.9, Quantity.POWER_FACTOR_L2: -0.8}
    seen = seen_from_house(values, Mounting(3, invert=True))
    assert seen == {Quantity.POWER_FACTOR: -0.9, Quantity.POWER_FACTOR_L2: 0.8}
    assert seen_from_house(values, Mounting(3, invert=True, signs_power_factor=False)) == values
    assert not profile("orno_we514").signs_power_factor


def test_one_way_powers_change_places_when_inverted():
    values = {Quantity.POWER_TOTAL_IMPORT: 700.0, Quantity.POWER_TOTAL_EXPORT: 0.0}
    seen = seen_from_house(values, Mounting(3, invert=True))
    assert seen == {Quantity.POWER_TOTAL_IMPORT: 0.0, Quantity.POWER_TOTAL_EXPORT: 700.0}


def test_a_counter_without_its_counterpart_is_unknown_when_inverted():
    seen = seen_from_house({Quantity.ENERGY_IMPORT_WH64_L1: 5.0}, Mounting(3, invert=True))
    assert seen == {Quantity.ENERGY_IMPORT_WH64_L1: None}


def test_a_one_phase_meter_knows_nothing_of_the_other_phases():
    seen = seen_from_house({Quantity.CURRENT_L1: 7.0}, Mounting(1, phase=Phase.L2))
    assert amps(seen) == (None, 7.0, None)
    assert amps(seen_from_house({Quantity.CURRENT_L1: 7.0}, Mounting(1))) == (7.0, None, None)


def test_in_a_one_phase_house_one_input_of_a_three_phase_meter_counts():
    values = METER | {Quantity.POWER_L2: 460.0, Quantity.POWER_TOTAL: 999.0}
    seen = seen_from_house(values, Mounting(3, phase=Phase.L2))
    assert amps(seen) == (20.0, None, None)
    assert seen[Quantity.POWER_TOTAL] == 460.0


@given(
    st.sampled_from(sorted(profiles())),
    st.sampled_from(Rotation),
    st.booleans(),
    st.sampled_from([None, *Phase]),
)
def test_every_listed_quantity_stays_listed(model, rotation, invert, phase):
    quantities = profile(model).quantities
    mounting = Mounting(max(profile(model).phases), rotation, invert, phase)
    seen = seen_from_house({q: float(i) for i, q in enumerate(quantities)}, mounting)
    assert set(seen) >= set(quantities)
