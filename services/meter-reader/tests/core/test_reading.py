import pytest

from electrical.phases import Phases
from meter_profiles.quantity import Quantity
from meter_reader.core.reading import reading_of, strange


def test_currents_take_the_sign_of_their_power(partner):
    values = partner.values(5.0, -6.0, 7.0) | {
        Quantity.CURRENT_L2: 6.0,  # a magnitude, as most meters report
        Quantity.POWER_L3: None,
    }
    reading = reading_of(values)
    assert reading.current_a == Phases(5.0, -6.0, None)
    assert strange(reading) is None


def test_a_missing_total_is_the_sum_of_known_phases(partner):
    values = partner.values(1.0, 2.0, 3.0) | {Quantity.POWER_TOTAL: None}
    assert reading_of(values).power_total_w == 1380.0
    assert reading_of(values | {Quantity.POWER_L1: None}).power_total_w is None


def test_the_finer_counter_is_preferred_while_it_runs(partner):
    values = partner.values() | {
        Quantity.ENERGY_IMPORT_WH64: 1_234_567.0,
        Quantity.ENERGY_EXPORT_WH64: 0.0,
    }
    reading = reading_of(values)
    assert reading.energy_import_wh == 1_234_567.0
    assert reading.energy_export_wh == 67_800.0


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({Quantity.VOLTAGE_L2: 0.0}, "voltage"),
        ({Quantity.VOLTAGE_L2: 1.1e-38}, "voltage"),
        ({Quantity.FREQUENCY: 500.0}, "frequency"),
        ({Quantity.CURRENT_L3: 1e7}, "current"),
    ],
)
def test_what_cannot_be_is_named(partner, change, kind):
    assert strange(reading_of(partner.values() | change)).kind == kind


def test_what_is_not_known_is_not_strange():
    assert strange(reading_of({})) is None
