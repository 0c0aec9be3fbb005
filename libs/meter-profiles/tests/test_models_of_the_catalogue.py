import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from meter_profiles.catalogue import profile, profiles
from meter_profiles.errors import ModelFileError, UnknownModelError
from meter_profiles.modelfile import parse
from meter_profiles.profile import Sign
from meter_profiles.quantity import Quantity

SHARED = Path(os.environ.get("VOLTHUS_SHARED", Path(__file__).parents[4] / "shared"))
CATALOGUE = SHARED / "meters" / "catalogue.csv"

MINIMAL = """
model = "m"
manufacturer = "M"
name = "N"
phases = [3]
confidence = "high"
function = 3
word_order = "big"
{more}
[tcp]
port = 502
unit_id = 1
[values]
power_total = {{ at = 0, type = "int32" }}
"""


def test_every_register_map_ships():
    assert len(profiles()) == 44
    assert sum(model.tcp is not None for model in profiles().values()) == 17


def test_every_model_measures_the_total_power_and_no_quantity_twice():
    for model in profiles().values():
        assert Quantity.POWER_TOTAL in model.quantities, model.model
        assert max(Counter(model.quantities).values()) == 1, model.model


def test_a_model_without_phase_currents_is_known_as_such():
    without = {m.model for m in profiles().values() if not m.has_phase_currents}
    assert without == {"eastron_sdm72d_m"}
    assert {m.model for m in profiles().values() if not m.knows_direction} == {"orno_we514"}
    assert not profile("dzg_dvh4013").has_phase_powers


def test_an_unknown_model_is_named_in_the_refusal():
    with pytest.raises(UnknownModelError, match="no meter model 'fluxmeter'"):
        profile("fluxmeter")


@pytest.mark.parametrize("more", ["colour = 1", "max_read = 900", 'also_function = "x"', "= ="])
def test_a_file_that_says_something_else_is_refused(more):
    parse(MINIMAL.format(more=""))
    with pytest.raises(ModelFileError):
        parse(MINIMAL.format(more=more))


@pytest.fixture(scope="module")
def rows():
    if not CATALOGUE.exists():
        pytest.skip(f"NOT CHECKED against the reference: no {CATALOGUE.name} (VOLTHUS_SHARED)")
    with CATALOGUE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_fact_of_the_reference_catalogue_is_in_our_files(rows):
    assert len(rows) == sum(len(model.points) for model in profiles().values())
    for row in rows:
        model = profile(row["model_id"])
        start = 0 if row["address_base"] == "sunspec_model_start" else None
        point = next(p for p in model.points_at(start) if p.quantity == row["quantity"])
        assert point.address == int(row["address"]), row
        assert point.datatype == row["datatype"], row
        assert point.datatype.words == int(row["count"]), row
        assert _scale_of(point) == row["scale"], row
        assert point.minus_address == (
            int(row["minus_address"] or -1) if row["minus_address"] else None
        )
        assert point.confidence == row["confidence"], row
        assert model.function == int(row["function_code"]), row
        assert model.other_function == (int(row["alt_function_code"] or 0) or None), row
        assert model.max_read == int(row["max_read"] or 125), row
        assert row["word_order"] in {"n/a", point.word_order}, row
        assert (point.sign is Sign.EXPORT_POSITIVE) == (row["sign_convention"] == "export_positive")
        assert _no_value_of(point) == _pattern(row["invalid_raw"]), row
        assert (model.tcp is not None) == ("tcp" in row["transports"]), row
        assert (model.serial is not None) == ("rtu" in row["transports"]), row
        if model.serial and row["default_baud"]:
            serial = model.serial
            assert (serial.baud, serial.parity) == (int(row["default_baud"]), row["parity"]), row


def _scale_of(point):
    if point.scale_address is None:
        return f"{point.scale:g}"
    return f"10^int16@{point.scale_address}" + ("/100" if point.scale == 0.01 else "")


def _no_value_of(point):
    if point.no_value_high_word is not None:
        return f"high {point.no_value_high_word:#x}"
    return None if point.no_value is None else hex(point.no_value)


def _pattern(raw):
    if not raw or raw.startswith("NaN") or raw == "0xFFC00000":  # every NaN is "no value" for us
        return None
    if raw.startswith("msw="):
        return f"high {int(raw[4:], 16):#x}"
    return hex(int(raw.split(" ")[0], 16))
