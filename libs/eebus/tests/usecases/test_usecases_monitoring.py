"""MPC and MGCP: our appliance reads our meter, and the one that was recorded."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.events import Metered, MeterValues, UseCasesChanged
from eebus.meter import GridMeterSide
from eebus.spine.tree import Entity
from eebus.usecases import names
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.device import client, entity_of, manufacturer
from eebus.usecases.monitoring.meter import Meter, meter_features
from eebus.usecases.monitoring.reading import read_meter
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

VALUES = MeterValues(
    power_w=575.0,
    current_a=(1.0, 2.0, -0.5),
    voltage_v=(230.0, 231.0, 229.5),
    energy_consumed_wh=5000.0,
    energy_produced_wh=1000.0,
    frequency_hz=50.0,
)
PEER = "bb" * 20
TRANSCRIPT = (
    Path(os.environ.get("VOLTHUS_SHARED", Path(__file__).parents[5] / "shared"))
    / "eebus"
    / "transcripts"
    / "cem-evse-lpc-mgcp.jsonl"
)


def _cem(owner: Owner) -> CemHub:
    return CemHub("d:_n:Test_CEM-1", manufacturer("Test", "CEM", "1"), owner)


def _metering(wire):
    side = GridMeterSide("d:_n:Test_Meter-1", {}, wire.owner("right"))
    meter = side.meter
    wire.connect(_cem(wire.owner("left")), side)
    return side, meter


def test_a_grid_meter_tells_all_it_measures(wire):
    _, meter = _metering(wire)
    assert wire.told("left", Metered) == []
    meter.tell(VALUES, wire.at)
    wire.settle()
    assert wire.told("left", Metered)[-1] == Metered(PEER, (1,), "mgcp", VALUES)
    assert wire.cores["left"].metered(PEER) == (Metered(PEER, (1,), "mgcp", VALUES),)


def test_what_was_measured_before_the_connection_is_read(wire):
    side = GridMeterSide("d:_n:Test_Meter-1", {}, wire.owner("right"))
    meter = side.meter
    meter.tell(VALUES, wire.at)
    wire.connect(_cem(wire.owner("left")), side)
    assert wire.told("left", Metered)[-1].values == VALUES


def test_a_meter_that_says_the_same_again_is_heard_again(wire):
    _, meter = _metering(wire)
    for _ in range(3):
        meter.tell(VALUES, wire.at)
        wire.settle()
    assert [each.values for each in wire.told("left", Metered)] == [VALUES] * 3


def test_a_lost_connection_leaves_no_value_behind(wire):
    _, meter = _metering(wire)
    meter.tell(VALUES, wire.at)
    wire.settle()
    wire.cut()
    assert wire.told("left", Metered)[-1] == Metered(PEER, (1,), "mgcp", MeterValues())
    assert wire.cores["left"].metered(PEER) == ()


def test_a_value_the_meter_lost_is_unknown_and_not_the_last_one(wire):
    _, meter = _metering(wire)
    meter.tell(VALUES, wire.at)
    meter.tell(replace(VALUES, current_a=(1.0, None, -0.5)), wire.at)
    wire.settle()
    assert wire.told("left", Metered)[-1].values.current_a == (1.0, None, -0.5)


def test_the_curtailment_factor_is_announced_once_it_is_known(wire):
    side, meter = _metering(wire)
    meter.tell(replace(VALUES, curtailment_factor=0.7), wire.at)
    side.announce()
    wire.settle()
    assert wire.told("left", Metered)[-1].values.curtailment_factor == 0.7
    assert wire.told("left", UseCasesChanged)[-1].items[0].scenarios == (1, 2, 3, 4, 5, 6, 7)


def test_a_meter_that_goes_is_told_as_unknown(wire):
    side, meter = _metering(wire)
    meter.tell(VALUES, wire.at)
    wire.settle()
    side.local.remove_entity((1,))
    wire.settle()
    assert wire.told("left", Metered)[-1].values == MeterValues()
    assert wire.cores["left"].metered(PEER) == ()


def _unit(wire, use_case: str, phases: int = 3) -> tuple[Side, Meter]:
    side = Side("d:_n:Test_Unit-1", "Inverter", {}, wire.owner("right"))
    entity = entity_of((1,), "Inverter", *meter_features((1,), 5, use_case))
    side.local.add_entity(entity)
    meter = Meter(side.local, entity, use_case, phases=phases)
    side.add(meter)
    side.announce()
    wire.connect(_cem(wire.owner("left")), side)
    return side, meter


def test_a_unit_is_told_by_phase_and_a_missing_total_is_their_sum(wire):
    _, meter = _unit(wire, "mpc")
    meter.tell(MeterValues(power_per_phase_w=(1.0, 2.0, 3.5), current_a=(9.0, 8.0, 7.0)), wire.at)
    wire.settle()
    told = wire.told("left", Metered)[-1]
    assert (told.use_case, told.values.power_w) == ("mpc", 6.5)
    assert told.values.current_a == (9.0, 8.0, 7.0)


def test_a_unit_of_one_phase_has_nothing_on_the_others(wire):
    _, meter = _unit(wire, "mpc", phases=1)
    meter.tell(VALUES, wire.at)
    wire.settle()
    assert wire.told("left", Metered)[-1].values.voltage_v == (230.0, None, None)


def test_a_grid_connection_point_is_one_by_its_use_case_too(wire):
    _, meter = _unit(wire, "mgcp")
    meter.tell(VALUES, wire.at)
    wire.settle()
    assert wire.told("left", Metered)[-1].values == VALUES


def test_a_connection_that_counts_production_as_plus_is_turned_round(wire):
    side, meter = _unit(wire, "mpc")
    feature = side.local.entities[(1,)].server(names.ELECTRICAL)
    turned = {
        "electricalConnectionDescriptionData": [
            {"electricalConnectionId": 0, "positiveEnergyDirection": "produce"}
        ]
    }
    side.local.put(feature, names.CONNECTIONS, turned)
    meter.tell(VALUES, wire.at)
    wire.settle()
    values = wire.told("left", Metered)[-1].values
    assert (values.power_w, values.current_a) == (-575.0, (-1.0, -2.0, 0.5))
    assert values.energy_consumed_wh == 5000.0


def test_two_meters_of_a_device_stay_apart(wire):
    side = GridMeterSide("d:_n:Test_Meter-1", {}, wire.owner("right"))
    meter = side.meter
    unit = entity_of((2,), "Inverter", *meter_features((2,), 1, "mpc"), client((2,), 9, "Generic"))
    side.local.add_entity(unit)
    second = Meter(side.local, unit, "mpc")
    side.add(second)
    side.announce()
    wire.connect(_cem(wire.owner("left")), side)
    meter.tell(VALUES, wire.at)
    second.tell(MeterValues(power_w=-3000.0), wire.at)
    wire.settle()
    told = {each.use_case: each.values.power_w for each in wire.cores["left"].metered(PEER)}
    assert told == {"mgcp": 575.0, "mpc": -3000.0}


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "abc", "acCurrent"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["measurementData", "measurementId", "value", "number", "scale", "valueState"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(_JUNK, _JUNK, _JUNK)
def test_no_data_of_a_meter_can_make_the_reader_fail(data, described, parameters):
    entity: Entity = entity_of((1,), "SubMeter", *meter_features((1,), 1, "mgcp"))
    measurement = entity.features[1]
    for name, junk in (
        (names.MEASUREMENTS, data),
        (names.MEASUREMENT_DESCRIPTIONS, described),
    ):
        measurement.contents[name] = junk if isinstance(junk, dict) else {"measurementData": junk}
    entity.features[2].contents[names.PARAMETERS] = {
        "electricalConnectionParameterDescriptionData": parameters
    }
    read_meter(entity, "mgcp")


@pytest.mark.skipif(
    not TRANSCRIPT.is_file(), reason=f"REPLAY OF A METER NOT PROVEN HERE: no {TRANSCRIPT}"
)
def test_the_recorded_grid_meter_and_charger_are_understood():
    events: list = []
    hub = _cem(Owner(events.append, lambda _: None))
    hub.opened(PEER, lambda _: None, 0.0)
    for line in TRANSCRIPT.read_text().splitlines():
        told = json.loads(line)
        if told["type"] == 2 and told["from"] == "EVSE":
            hub.received(PEER, json.loads(told["raw"])["data"][1]["payload"], 1.0)
    grid = [each.values for each in events if isinstance(each, Metered) and each.entity == (2,)]
    assert (grid[0].power_w, grid[0].current_a) == (575.0, (1.0, 2.0, -0.5))
    assert (grid[0].energy_produced_wh, grid[0].energy_consumed_wh) == (1000.0, 5000.0)
    assert grid[-1].power_w == -115.0
    assert grid[-1].voltage_v == (230.0, 230.0, 230.0)
    box = [each for each in events if isinstance(each, Metered) and each.entity == (1,)]
    assert (box[0].use_case, box[0].values.power_w) == ("mpc", 0.0)
