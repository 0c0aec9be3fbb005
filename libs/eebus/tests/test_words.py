"""Each event as the JSON object people and scripts get: names, fields, nulls, order of phases."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from eebus import events as told
from eebus.console.words import of_event, of_qr, of_result, stamped
from eebus.events import WriteResult
from eebus.ship.qr import QrCode

README = Path(__file__).parents[1] / "README.md"
SKI = "ab" * 20
PEER = told.Peer(SKI, "Id", "Demo", "Box", "ChargingStation", "192.0.2.7", 4712)
CAR = told.Ev("iec61851", False, 3, 6.0, 16.0, 0.1, "standby", 40.0, ("id",), True, False)
SLOTS = (told.PowerSlot(0.0, 60.0, 7000.0),)
NOTHING = {
    "communication": None,
    "asymmetric": None,
    "phases": None,
    "min_a": None,
    "max_a": None,
    "pause_a": None,
    "state": None,
    "soc_percent": None,
    "ids": [],
}
EXAMPLES = [
    (
        told.PeerFound(PEER),
        {
            "event": "peer",
            "ski": SKI,
            "ship_id": "Id",
            "brand": "Demo",
            "model": "Box",
            "type": "ChargingStation",
            "host": "192.0.2.7",
            "port": 4712,
        },
    ),
    (told.PeerLost(SKI), {"event": "peer_lost", "ski": SKI}),
    (
        told.ConnectionChanged(SKI, told.ConnectionState.WAITING_FOR_PEER, "why"),
        {"event": "connection", "ski": SKI, "state": "waiting_for_peer", "detail": "why"},
    ),
    (
        told.PairingWindowChanged("", is_open=True, remaining_s=60.0),
        {"event": "pairing", "ski": None, "open": True, "remaining_s": 60.0},
    ),
    (told.ShipIdLearned(SKI, "Id"), {"event": "ship_id", "ski": SKI, "ship_id": "Id"}),
    (
        told.DeviceDescribed(SKI, "Demo", quirks=("odd",)),
        {
            "event": "device",
            "ski": SKI,
            "brand": "Demo",
            "model": None,
            "serial": None,
            "software": None,
            "type": None,
            "quirks": ["odd"],
        },
    ),
    (
        told.DeviceState(SKI, "failure", "E1"),
        {"event": "state", "ski": SKI, "value": "failure", "error_code": "E1"},
    ),
    (
        told.EntityChanged(SKI, (1, 1), "EV", True),
        {"event": "entity", "ski": SKI, "entity": [1, 1], "type": "EV", "change": "added"},
    ),
    (
        told.EntityChanged(SKI, (1, 1), "EV", False),
        {"event": "entity", "ski": SKI, "entity": [1, 1], "type": "EV", "change": "removed"},
    ),
    (
        told.UseCasesChanged(
            SKI,
            (1,),
            "EVSE",
            (told.UseCaseSupport("a", (1, 2)), told.UseCaseSupport("b", (1,), available=False)),
        ),
        {
            "event": "use_cases",
            "ski": SKI,
            "entity": [1],
            "actor": "EVSE",
            "items": [{"name": "a", "scenarios": [1, 2]}],
        },
    ),
    (
        told.EvChanged(SKI, CAR),
        {
            "event": "ev",
            "ski": SKI,
            "plugged": True,
            "communication": "iec61851",
            "asymmetric": False,
            "phases": 3,
            "min_a": 6.0,
            "max_a": 16.0,
            "pause_a": 0.1,
            "state": "standby",
            "soc_percent": 40.0,
            "ids": ["id"],
        },
    ),
    (told.EvChanged(SKI, None), {"event": "ev", "ski": SKI, "plugged": False, **NOTHING}),
    (
        told.Measured(SKI, (1.0, None, 3.0), (230.0, None, None), None),
        {
            "event": "measurement",
            "ski": SKI,
            "current_a": [1.0, None, 3.0],
            "power_w": [230.0, None, None],
            "energy_wh": None,
            "soc_percent": None,
        },
    ),
    (
        told.Metered(SKI, (2,), "mgcp", told.MeterValues(power_w=-5.0)),
        {
            "event": "meter",
            "ski": SKI,
            "entity": [2],
            "use_case": "mgcp",
            "power_w": -5.0,
            "power_per_phase_w": [None] * 3,
            "current_a": [None] * 3,
            "voltage_v": [None] * 3,
            "energy_consumed_wh": None,
            "energy_produced_wh": None,
            "frequency_hz": None,
            "curtailment_factor": None,
        },
    ),
    (
        told.LimitsChanged(SKI, "opev", (10.0, None, 10.0)),
        {"event": "limits", "ski": SKI, "kind": "opev", "active": True}
        | {"values": [10.0, None, 10.0]},
    ),
    (
        told.LimitsChanged("", "oscev", (None, None, None)),
        {"event": "limits", "ski": None, "kind": "oscev", "active": False, "values": [None] * 3},
    ),
    (
        told.DemandChanged(SKI, told.ChargingDemand("timed", None, 5.0, 9.0, 60.0, True, False)),
        {
            "event": "demand",
            "ski": SKI,
            "strategy": "timed",
            "min_wh": None,
            "optimal_wh": 5.0,
            "max_wh": 9.0,
            "departure_s": 60.0,
            "curve_due": True,
            "prices_due": False,
        },
    ),
    (
        told.DemandChanged(SKI, None),
        {
            "event": "demand",
            "ski": SKI,
            "strategy": None,
            "min_wh": None,
            "optimal_wh": None,
            "max_wh": None,
            "departure_s": None,
            "curve_due": False,
            "prices_due": False,
        },
    ),
    (
        told.ChargingPlanChanged(SKI, SLOTS),
        {"event": "plan", "ski": SKI, "slots": [[0.0, 60.0, 7000.0]]},
    ),
    (
        told.PowerCurveChanged(SKI, SLOTS),
        {"event": "curve", "ski": SKI, "slots": [[0.0, 60.0, 7000.0]]},
    ),
    (
        told.PricesChanged(SKI, "EUR", (told.PriceSlot(0.0, 60.0, 0.3),)),
        {"event": "prices", "ski": SKI, "currency": "EUR", "slots": [[0.0, 60.0, 0.3]]},
    ),
    (told.PlanningOverdue("", "curve"), {"event": "overdue", "ski": None, "what": "curve"}),
    (
        told.PowerLimitChanged(SKI, "lpp", True, 4200.0, 60.0),
        {"event": "limits", "ski": SKI, "kind": "lpp", "active": True, "values": [4200.0]}
        | {"duration_s": 60.0},
    ),
    (
        told.PowerControlChanged("", "lpc", "init", 4200.0),
        {"event": "limits", "ski": None, "kind": "lpc", "active": True, "values": [4200.0]}
        | {"state": "init", "remaining_s": None},
    ),
    (
        told.FailsafeChanged(SKI, 4200.0, None, 7200.0),
        {"event": "failsafe", "ski": SKI, "w": 4200.0, "production_w": None, "duration_s": 7200.0},
    ),
    (
        told.NominalPowerChanged(SKI, 9000.0, None),
        {"event": "nominal", "ski": SKI, "w": 9000.0, "production_w": None},
    ),
    (told.HeartbeatChanged(SKI, ok=False), {"event": "heartbeat", "ski": SKI, "ok": False}),
]


@pytest.mark.parametrize(("event", "line"), EXAMPLES)
def test_an_event_has_exactly_its_fields(event, line):
    assert of_event(event) == line
    assert json.loads(json.dumps(of_event(event), allow_nan=False)) == line


def test_every_event_of_the_library_stands_above():
    assert {type(event) for event, _ in EXAMPLES} == set(get_args(told.Event))


def test_the_readme_names_every_event():
    table = README.read_text().partition("| event | fields |")[2].partition("\n\n")[0]
    named = {
        word.strip("`, ")
        for line in table.splitlines()[2:]
        for word in line.split(" | ")[0].strip("| ").split(", ")
    }
    assert named == {line["event"] for _, line in EXAMPLES} | {"listening", "result"}


def test_a_result_has_exactly_its_fields():
    assert of_result(7, "limit", WriteResult(True, 0, "", 1.23456)) == {
        "event": "result",
        "id": 7,
        "cmd": "limit",
        "ok": True,
        "error_number": 0,
        "text": "",
        "ms": 1.235,
    }


def test_a_scanned_code_has_exactly_its_fields():
    assert of_qr(QrCode(SKI, brand="Demo", categories=(3,))) == {
        "event": "qr",
        "ski": SKI,
        "ship_id": None,
        "brand": "Demo",
        "model": None,
        "type": None,
        "serial": None,
        "categories": [3],
    }


def test_the_time_is_rfc_3339_and_stands_first():
    line = stamped({"event": "x"}, datetime(2026, 11, 22, 8, 0, 0, 5000, tzinfo=UTC))
    assert list(line.items()) == [("t", "2026-11-22T08:00:00.005Z"), ("event", "x")]
