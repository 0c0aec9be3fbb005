from dataclasses import replace

import pytest

from electrical.rotation import Rotation
from meter_profiles.quantity import Quantity
from meter_reader.core.configuration import Line, MeterConfig, Role, TransportKind
from meter_reader.core.findings import Verdict, findings_about
from meter_reader.core.reading import reading_of

GRID = MeterConfig(
    "grid-1", "House", "cg_em340", Role.GRID, Line(TransportKind.TCP, "h", 502), unit_id=1
)


def suspect(values, config=GRID, charging_w=None):
    found = findings_about(config, reading_of(values), charging_w)
    return [(one.check, one.phase) for one in found if one.verdict is Verdict.SUSPECT]


def test_a_house_that_draws_on_every_phase_is_fine(partner):
    found = findings_about(GRID, reading_of(partner.values()), 5000.0)
    assert {one.verdict for one in found} == {Verdict.FINE}
    assert {one.check for one in found} == {"voltage", "frequency", "direction"}
    assert all(one.detail.endswith(".") for one in found)


def test_one_phase_against_the_others_may_be_one_clamp(partner):
    values = partner.values(5.0, -6.0, 7.0)
    assert suspect(values) == [("direction", "L2")]
    detail = next(
        f.detail
        for f in findings_about(GRID, reading_of(values), None)
        if f.phase and "clamp" in f.detail
    )
    assert "L2 feeds in 1380 W" in detail


def test_feed_in_while_chargers_run_hints_at_the_wrong_direction(partner):
    values = partner.values(-8.0, -8.0, -8.0)
    assert ("direction", "") in suspect(values, charging_w=11_000.0)
    assert ("direction", "") not in suspect(values, charging_w=500.0)
    assert ("direction", "") not in suspect(values, charging_w=None)


def test_a_pv_meter_may_feed_in(partner):
    assert suspect(partner.values(-8.0, -8.0, -8.0), replace(GRID, role=Role.PV)) == []


def test_voltage_and_frequency_are_named_by_phase(partner):
    values = partner.values() | {Quantity.VOLTAGE_L3: 23.0, Quantity.FREQUENCY: 500.0}
    assert suspect(values) == [("voltage", "L3"), ("frequency", "")]
    unknown = findings_about(GRID, reading_of({}), None)
    assert {one.verdict for one in unknown} == {Verdict.UNKNOWN}


@pytest.mark.parametrize("rotation", Rotation)
def test_a_left_hand_field_deserves_a_look(partner, rotation):
    left = rotation in {Rotation.RTS, Rotation.SRT, Rotation.TSR}
    assert (("rotation", "") in suspect(partner.values(), replace(GRID, rotation=rotation))) is left
