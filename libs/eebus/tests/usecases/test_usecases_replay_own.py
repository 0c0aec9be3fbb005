"""Our own recordings, made with peers of the reference Go stack: replayed in every run.

How they were made is told in docs/interop.md; tests/interop/test_interop_recordings.py makes
them anew.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eebus_replay import Puppet, Said, asked_by, learn, recorded, verdicts

from eebus.controlbox import ControlBoxSide
from eebus.spine.datagram import Classifier, read_datagram, write_datagram
from eebus.spine.discovery import Change, read_tree
from eebus.spine.local import DISCOVERY
from eebus.usecases import names
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.evse.profile import EvProfile
from eebus.usecases.evse.station import Station
from eebus.usecases.limitation.system import SystemProfile
from eebus.usecases.owner import Owner

FOLDER = Path(__file__).parents[1] / "transcripts"
FILES = sorted(FOLDER.glob("*.jsonl"))
NOBODY = Owner(lambda _: None, lambda _: None)
OURS = {"CEM", "Charger", "ControlBox"}


def said_in(name: str) -> list[Said]:
    """Return what was said; the peer is called `theirs`, us `ours`."""
    return [
        Said("ours" if each.sender in OURS else "theirs", each.datagram)
        for each in recorded(FOLDER / f"{name}.jsonl")
    ]


def hub(**options) -> CemHub:
    """Return what `eebus cem` is."""
    return CemHub("d:_n:Ours_CEM-1", {}, NOBODY, **{"guards": True, **options})


def charger() -> Station:
    """Return what `eebus charger` is."""
    return Station("d:_n:Ours_EVSE-1", {}, NOBODY, metered=True)


def plugging(station: Station, who: str, ev: EvProfile):
    """Return what plugs and unplugs the car when the recorded charger did."""

    def at(said: Said) -> None:
        command = said.datagram.cmds[0]
        if said.sender != who or command.name != DISCOVERY:
            return
        for entity in read_tree(command.content).entities:
            if entity.address != (1, 1):
                continue
            if entity.change is Change.REMOVED:
                station.unplug()
            elif station.ev is None:  # the tree may be read twice
                station.plug(ev)

    return at


def test_there_are_recordings():
    assert len(FILES) == 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_data_message_is_written_back_byte_for_byte(file):
    for line in map(json.loads, file.read_text().splitlines()):
        if line["type"] == 2:
            written = write_datagram(read_datagram(json.loads(line["raw"])["data"][1]["payload"]))
            head = '{"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":'
            assert f"{head}{written}}}]}}" == line["raw"], line["seq"]


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("go-charger-iec61851", hub),
        ("go-charger-iso15118", hub),
        ("go-charger-refuses", hub),
        ("go-charger-reconnect", hub),
        ("go-meter", hub),
        ("go-system", lambda: ControlBoxSide("d:_n:Ours_Box-1", {}, NOBODY)),
        (
            "go-controlbox",
            lambda: hub(controllable=SystemProfile({"lpc": 32000.0, "lpp": 10000.0})),
        ),
        ("go-cem", charger),
    ],
)
def test_out_of_the_tree_of_the_peer_we_still_ask_what_we_asked(name, side):
    said = said_in(name)
    puppet = Puppet(learn(said, "theirs"), side())
    asked = {each for each in puppet.asked() if each[0] != "write"}
    assert asked == {each for each in asked_by(said, "ours") if each[0] != "write"}


# What ours asks beyond the reference: failures of the station (EVSECC 2) and its heartbeat.
BEYOND = {
    ("call", "nodeManagementSubscriptionRequestCall", (0,), 0, "(1,)/2 DeviceDiagnosis"),
    ("read", "deviceDiagnosisHeartbeatData", (1,), 2, ""),
}


def test_of_our_charger_our_cem_asks_what_the_reference_asked():
    said = said_in("go-cem")
    puppet = Puppet(learn(said, "ours"), hub(guards=False))  # theirs is none
    theirs = {each for each in asked_by(said, "theirs") if each[0] != "write"}
    assert puppet.asked() == theirs | BEYOND


def test_of_our_energy_manager_our_box_asks_what_the_reference_asked():
    said = said_in("go-controlbox")
    puppet = Puppet(learn(said, "ours"), ControlBoxSide("d:_n:Ours_Box-1", {}, NOBODY))
    theirs = {each for each in asked_by(said, "theirs") if each[0] != "write"}
    # The reference listens to every entity of the type CEM, ours to the one that can be limited;
    # and it is told when the nominal maximum changes, which ours reads once.
    other = {
        ("call", "nodeManagementSubscriptionRequestCall", (0,), 0, "(2,)/5 ElectricalConnection"),
        ("call", "nodeManagementSubscriptionRequestCall", (0,), 0, "(1,)/8 DeviceDiagnosis"),
        ("read", "deviceDiagnosisHeartbeatData", (1,), 8, ""),
    }
    assert puppet.asked() == theirs - other


def wrong(said: list[Said], server: str, side, at=lambda _: None) -> tuple[list, int]:
    found = list(verdicts(said, server, side, at))
    return [each for each in found if each[1] != each[2]], len(found)


def system() -> CemHub:
    made = hub(controllable=SystemProfile({"lpc": 32000.0, "lpp": 10000.0}))
    del made.local.entities[(1,)]  # their one CEM entity is our second one
    return made


OUR_LIMIT_IDS = {11: 0, 12: 1, 13: 2, 21: 3, 22: 4, 23: 5}  # their obligations, recommendations


def with_our_limit_ids(said: list[Said]) -> list[Said]:
    """Return it with limits written to our ids: a charger's ids are its own."""

    def ours(item):
        return {**item, "limitId": OUR_LIMIT_IDS.get(item["limitId"], item["limitId"])}

    changed = []
    for each in said:
        command = each.datagram.cmds[0]
        if each.datagram.classifier is Classifier.WRITE and command.name == names.LIMITS:
            items = [ours(item) for item in command.content["loadControlLimitData"]]
            command = replace(command, content={"loadControlLimitData": items})
            each = Said(each.sender, replace(each.datagram, cmds=(command,)))  # noqa: PLW2901
        changed.append(each)
    return changed


ISO = EvProfile("iso15118-2ed1", min_a=2.2, soc_percent=40.0)


@pytest.mark.parametrize(
    ("name", "ev", "count"),
    [
        ("go-charger-iec61851", EvProfile(), 28),
        ("go-charger-iso15118", ISO, 40),
        ("go-charger-reconnect", EvProfile(), 25),
    ],
)
def test_our_charger_answers_our_requests_as_theirs_did(name, ev, count):
    said = with_our_limit_ids(said_in(name))
    station = charger()
    mistaken, tried = wrong(said, "theirs", station, plugging(station, "theirs", ev))
    assert mistaken == []
    assert tried >= count


def test_our_charger_answers_the_requests_of_theirs_as_it_did():
    said = said_in("go-cem")
    station = charger()
    mistaken, tried = wrong(said, "ours", station, plugging(station, "ours", ISO))
    assert mistaken == []
    assert tried >= 30


@pytest.mark.parametrize(
    ("name", "server", "side"),
    [
        ("go-cem", "theirs", hub),
        ("go-charger-iec61851", "ours", hub),
        ("go-charger-iso15118", "ours", hub),
        ("go-charger-refuses", "ours", hub),
        ("go-charger-reconnect", "ours", hub),
        ("go-meter", "ours", hub),
        ("go-controlbox", "ours", system),
        ("go-controlbox", "theirs", lambda: ControlBoxSide("d:_n:Ours_Box-1", {}, NOBODY)),
        ("go-system", "ours", lambda: ControlBoxSide("d:_n:Ours_Box-1", {}, NOBODY)),
    ],
)
def test_requests_are_answered_as_they_were(name, server, side):
    mistaken, tried = wrong(said_in(name), server, side())
    assert mistaken == []
    assert tried >= 3


def test_our_system_answers_our_box_as_theirs_did_but_for_the_refusals_it_was_told_to_give():
    mistaken, tried = wrong(said_in("go-system"), "theirs", system())
    refused = [theirs for request, theirs, ours in mistaken if request.classifier == "write"]
    assert len(refused) == len(mistaken) == 1
    assert tried >= 15
