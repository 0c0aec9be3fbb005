from dataclasses import replace

import pytest

from electrical.phases import Phase
from meter_profiles.catalogue import profile
from meter_profiles.quantity import Quantity
from meter_reader.core.configuration import Line, MeterConfig, Role, TransportKind
from meter_reader.core.reading import reading_of
from meter_reader.core.setup import (
    completed,
    objection_to,
    objection_to_values,
    warnings_about,
)

EM24 = profile("cg_em24_e1")
GRID = MeterConfig(
    meter="grid-1",
    name="House",
    model=EM24.model,
    role=Role.GRID,
    line=Line(TransportKind.TCP, host="10.0.0.5", port=502),
    unit_id=1,
)
SERIAL = Line(
    TransportKind.RTU, device="/dev/ttyS0", baud=9600, parity="N", stop_bits=1, data_bits=8
)


def code(config, model=EM24, others=(), site_phases=3):
    objection = objection_to(config, model, others, site_phases)
    return objection and (objection.code, objection.field)


def test_the_model_fills_in_what_was_not_said():
    plain = replace(GRID, name="", unit_id=None, line=Line(TransportKind.TCP, host="h"))
    full = completed(replace(plain, model="kostal_ksem"), profile("kostal_ksem"))
    assert (full.line.port, full.unit_id) == (502, 71)
    assert full.name == "KOSTAL Smart Energy Meter (G1/G2)"
    bus = replace(plain, line=Line(TransportKind.RTU, device="/dev/ttyUSB0"))
    line = completed(bus, profile("eastron_sdm120")).line
    assert (line.baud, line.parity, line.stop_bits, line.data_bits) == (2400, "N", 1, 8)
    gateway = completed(replace(plain, model="eastron_sdm630_v2"), profile("eastron_sdm630_v2"))
    assert (gateway.line.port, gateway.unit_id) == (502, 1)


def test_a_unit_id_of_zero_is_a_real_one():
    assert completed(replace(GRID, unit_id=0), EM24).unit_id == 0


def test_settings_that_cannot_be_name_the_field():
    assert code(GRID) is None
    assert code(replace(GRID, line=replace(GRID.line, host=""))) == (
        "host-missing",
        "/transport/host",
    )
    assert code(replace(GRID, line=replace(GRID.line, port=70000)))[0] == "port-invalid"
    assert code(replace(GRID, unit_id=256)) == ("unit-id-invalid", "/transport/unit_id")
    assert code(replace(GRID, line=SERIAL))[0] == "transport-not-of-model"
    sdm = profile("eastron_sdm630_v2")
    assert code(replace(GRID, line=SERIAL), sdm) is None
    assert code(replace(GRID, line=replace(SERIAL, device="")), sdm)[0] == "device-missing"
    assert (
        code(replace(GRID, line=replace(SERIAL, parity="X")), sdm)[0] == "serial-parameters-invalid"
    )


def test_a_one_phase_meter_cannot_guard_a_three_phase_connection():
    sdm120 = profile("eastron_sdm120")
    assert code(GRID, sdm120, site_phases=3) == ("one-phase-meter", "/model")
    assert code(replace(GRID, phase=Phase.L1), sdm120, site_phases=3)[0] == "one-phase-meter"
    assert code(GRID, sdm120, site_phases=1) is None
    assert code(replace(GRID, role=Role.PV), sdm120, site_phases=3) == ("phase-needed", "/phase")
    assert code(replace(GRID, role=Role.PV, phase=Phase.L2), sdm120, site_phases=3) is None


def test_a_three_phase_meter_in_a_one_phase_house_asks_which_phase():
    assert code(GRID, site_phases=1) == ("phase-needed", "/phase")
    assert code(replace(GRID, phase=Phase.L1), site_phases=1) is None


def test_a_site_has_one_grid_meter_and_each_meter_once():
    other = replace(GRID, meter="x")
    assert code(GRID, others=[other])[0] == "grid-meter-exists"
    assert code(replace(GRID, role=Role.PV), others=[other])[0] == "meter-exists"
    assert code(replace(GRID, role=Role.PV, unit_id=2), others=[other]) is None
    pv = replace(
        GRID, role=Role.PV, unit_id=2, line=replace(GRID.line, kind=TransportKind.RTU_OVER_TCP)
    )
    assert code(pv, profile("eastron_sdm630_v2"), others=[other])[0] == "line-in-use"
    many = [replace(other, role=Role.SUB, meter=str(n), unit_id=n) for n in range(50)]
    assert code(GRID, others=many)[0] == "too-many-meters"


def values_code(values, config=GRID, model=EM24, site_phases=3):
    objection = objection_to_values(config, model, reading_of(values), site_phases)
    return objection and objection.code


def test_only_values_that_can_be_true_go_into_service(partner):
    good = partner.values()
    assert values_code(good) is None
    assert values_code(good | {Quantity.VOLTAGE_L1: 2.3e-7}) == "implausible-voltage"
    assert values_code(good | {Quantity.FREQUENCY: 5000.0}) == "implausible-frequency"
    assert values_code({}) == "no-values"


def test_a_sunspec_meter_that_turns_out_to_have_one_phase_is_refused(partner):
    one = {q: v for q, v in partner.values().items() if q.phase in {None, Phase.L1}}
    assert values_code(one, model=profile("sunspec_20x")) == "one-phase-meter"
    assert values_code(one, model=profile("sunspec_20x"), site_phases=1) is None


@pytest.mark.parametrize(
    ("model", "amps", "role", "expected"),
    [
        ("cg_em24_e1", (1, 2, 3), Role.GRID, []),
        ("cg_em24_e1", (1, -2, 3), Role.GRID, ["reversed-clamps-suspected"]),
        ("cg_em24_e1", (1, 2, 3), Role.PV, ["reversed-clamps-suspected"]),
        ("eastron_sdm72d_m", (1, 2, 3), Role.GRID, ["no-phase-currents"]),
        ("dzg_dvh4013", (1, 2, 3), Role.GRID, ["no-phase-directions"]),
        ("orno_we514", (1, 2, 3), Role.GRID, ["no-direction"]),
    ],
)
def test_what_deserves_a_look_is_a_warning(partner, model, amps, role, expected):
    config = replace(GRID, role=role)
    assert warnings_about(config, profile(model), reading_of(partner.values(*amps))) == expected
