"""Recorded exchanges of the reference played against our two sides."""

import json
import os
from pathlib import Path

import pytest

from eebus.events import EvChanged, LimitsChanged, Measured
from eebus.spine.datagram import Classifier, Datagram, read_datagram
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.device import manufacturer
from eebus.usecases.owner import Owner

TRANSCRIPTS = (
    Path(os.environ.get("VOLTHUS_SHARED", Path(__file__).parents[5] / "shared"))
    / "eebus"
    / "transcripts"
)
pytestmark = pytest.mark.skipif(
    not TRANSCRIPTS.is_dir(),
    reason=f"REPLAY OF RECORDINGS NOT PROVEN HERE: {TRANSCRIPTS} is absent (set VOLTHUS_SHARED)",
)
PEER = "aa" * 20


def _recorded(name: str) -> list[tuple[str, object]]:
    lines = (TRANSCRIPTS / f"{name}.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [
        (each["from"], json.loads(each["raw"])["data"][1]["payload"])
        for each in entries
        if each["type"] == 2
    ]


def _request(datagram: Datagram) -> tuple[str, str, tuple[int, ...], int | None]:
    to = datagram.destination
    return datagram.classifier.value, datagram.cmds[0].name, to.entity, to.feature


def _replay_charger(*names: str) -> tuple[list, set]:
    events: list = []
    sent: list[Datagram] = []
    hub = CemHub("d:_n:CEM-1", manufacturer("a", "b", "c"), Owner(events.append, lambda _: None))
    hub.opened(PEER, lambda text: sent.append(read_datagram(json.loads(text))), 0.0)
    for name in names:
        for sender, payload in _recorded(name):
            if sender == "EVSE":
                hub.received(PEER, payload, 1.0)
    return events, {_request(each) for each in sent}


def test_our_cem_understands_the_recorded_charger_and_its_iec_61851_car():
    events, _ = _replay_charger("cem-evse-iec61851")
    cars = [each.ev for each in events if isinstance(each, EvChanged)]
    assert cars[0] is None
    assert cars[-1] is None
    best = cars[-2]
    assert (best.communication, best.phases, best.asymmetric) == ("iec61851", 3, False)
    assert (best.min_a, best.max_a, best.pause_a) == (6.0, 16.0, 0.1)
    assert (best.operating_state, best.has_opev, best.has_oscev) == ("standby", True, True)
    limits = [each.values for each in events if isinstance(each, LimitsChanged)]
    assert limits[2:4] == [(10.0, 10.0, 10.0), (0.1, 0.1, 0.1)]
    currents = [each.current_a for each in events if isinstance(each, Measured)]
    assert (10.0, 10.1, 9.9) in currents


def test_our_cem_understands_the_second_car_of_the_recording_which_speaks_iso_15118():
    events, _ = _replay_charger("cem-evse-iec61851", "cem-evse-iso15118-unpair")
    cars = [each.ev for each in events if isinstance(each, EvChanged)]
    assert cars[-1] is None
    assert (cars[-2].communication, cars[-2].phases) == ("iso15118-2ed1", 1)
    assert cars[-2].soc_percent is not None
    assert len(cars[-2].ids) == 1
    measured = [each for each in events if isinstance(each, Measured)][-1]
    assert measured.current_a == (5.0, None, None)
    assert measured.power_w == (1150.0, None, None)


def test_our_cem_asks_the_recorded_charger_what_the_reference_asked_of_the_car():
    _, ours = _replay_charger("cem-evse-iec61851")
    theirs = {
        _request(datagram)
        for sender, payload in _recorded("cem-evse-iec61851")
        if sender == "CEM"
        and (datagram := read_datagram(payload)).classifier in {Classifier.READ, Classifier.CALL}
        and datagram.destination.entity in {(0,), (1, 1)}
    }
    assert theirs <= ours
