"""Each command: what it does, what it refuses and why; always one result, never an exception."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eebus.cem import Cem
from eebus.charger import Charger
from eebus.console import help as told
from eebus.console.commands import Command, CommandError
from eebus.console.desks import CemDesk, ChargerDesk, ControlBoxDesk, MeterDesk
from eebus.console.trust import TrustBook
from eebus.controlbox import ControlBox
from eebus.events import LimitsChanged, TrustedPeer
from eebus.identity import Identity
from eebus.meter import GridMeter
from eebus.ship.announcement import Announcement
from eebus.ship.qr import qr_text
from eebus.transport.node import Network
from eebus.usecases.limitation.system import SystemProfile

README = Path(__file__).parents[1] / "README.md"
SKI = "ab" * 20
US = Identity.create("us")
OURS = Announcement("us", "Demo", "Box", "ChargingStation")
ROLES = {
    "cem": (Cem, CemDesk, {"guards": True, "plans": True}, told.OF_CEM),
    "charger": (
        Charger,
        ChargerDesk,
        {"controllable": SystemProfile({"lpc": 22000.0}), "metered": True},
        told.OF_CHARGER,
    ),
    "controlbox": (ControlBox, ControlBoxDesk, {}, told.OF_CONTROLBOX),
    "meter": (GridMeter, MeterDesk, {}, told.OF_METER),
}


class Counter:
    """A desk with its participant, which listens to nobody, and a state folder."""

    def __init__(self, role: str, folder) -> None:
        self.events: list = []
        make, desk, more, self.help = ROLES[role]
        self.book = TrustBook(folder)
        self.participant = make(
            US, OURS, Network(mdns=False), trusted=(), on_event=self.events.append, **more
        )
        self.desk = desk(self.participant, self.book)

    async def ask(self, **body):
        return await self.desk.obey(Command.read(json.dumps(body)))


@pytest.fixture
def counter(tmp_path):
    return lambda role: Counter(role, tmp_path)


@pytest.mark.parametrize("role", ROLES)
def test_the_help_names_every_command_and_no_other(counter, role):
    desk = counter(role)
    named = {
        word.strip(",")
        for line in desk.help.splitlines()
        if line.startswith("  ") and line[2].isalpha()
        for word in line.split("  ")[1].split()
    }
    assert named == desk.desk.actions.keys()


def test_the_readme_names_every_command(counter):
    table = README.read_text().partition("| command | of | fields |")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    for role in ROLES:
        named = {
            word.strip("`, ")
            for names, of, _ in rows
            if of == "all" or role in of.split(", ")
            for word in names.strip("| ").split(", ")
        }
        assert named == counter(role).desk.actions.keys(), role


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "text", [SKI, SKI.upper(), " ".join([SKI[:8], SKI[8:]]), qr_text(OURS, SKI)]
)
async def test_trust_is_kept_however_the_ski_is_given(counter, role, text):
    desk = counter(role)
    assert (await desk.ask(cmd="trust", ski=text, host="192.0.2.7", port=4712)).ok
    assert desk.book.peers == (TrustedPeer(SKI, None, "192.0.2.7", 4712),)
    for name in ("disconnect", "deny", "untrust"):
        assert (await desk.ask(cmd=name, ski=text)).ok
    assert desk.book.peers == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"cmd": "dance"}, "unknown command, known are:"),
        ({"cmd": None}, "unknown command"),
        ({}, "unknown command"),
        ({"cmd": "trust"}, "'ski'"),
        ({"cmd": "trust", "ski": "12"}, "no SKI"),
        ({"cmd": "trust", "ski": SKI, "port": 70000}, "65535"),
        ({"cmd": "trust", "ski": SKI, "port": 0.5}, "whole"),
        ({"cmd": "trust", "ski": US.ski}, "own SKI"),
        ({"cmd": "untrust", "ski": None}, "'ski'"),
        ({"cmd": "deny", "ski": 7}, "'ski'"),
        ({"cmd": "disconnect", "ski": "x" * 40}, "no SKI"),
        ({"cmd": "heartbeat"}, "'on'"),
        ({"cmd": "heartbeat", "on": 1}, "'on'"),
        ({"cmd": "accept"}, "'seconds'"),
        ({"cmd": "accept", "seconds": 301}, "300 s"),
    ],
)
async def test_what_no_participant_can_do_is_said(counter, body, said):
    result = await counter("controlbox").ask(**body)
    assert (result.ok, result.error_number) == (False, None)
    assert said in result.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"cmd": "limit", "ski": SKI, "a": [10, 10, 10]}, "not connected"),
        ({"cmd": "limit", "ski": SKI, "a": 10}, "not connected"),
        ({"cmd": "limit", "ski": SKI, "a": [10]}, "not connected"),
        ({"cmd": "limit", "ski": SKI, "a": [None, 10]}, "not connected"),
        ({"cmd": "limit", "ski": SKI, "a": "off"}, "not connected"),
        ({"cmd": "limit", "ski": SKI, "a": "on"}, "'a'"),
        ({"cmd": "limit", "ski": SKI, "a": []}, "'a'"),
        ({"cmd": "limit", "ski": SKI, "a": [1, 2, 3, 4]}, "'a'"),
        ({"cmd": "limit", "ski": SKI, "a": [True, 1, 1]}, "'a'"),
        ({"cmd": "limit", "ski": SKI, "a": [1e99, 1, 1]}, "'a'"),
        ({"cmd": "limit", "ski": SKI}, "'a' must be there"),
        ({"cmd": "limit", "ski": SKI, "a": [10, -1, 10]}, "negative"),
        ({"cmd": "limit", "a": 10}, "'ski'"),
        ({"cmd": "pause", "ski": SKI}, "not connected"),
        ({"cmd": "lpc", "ski": SKI, "w": 4200}, "not connected"),
        ({"cmd": "lpc", "ski": SKI, "w": "much"}, "'w'"),
        ({"cmd": "lpc", "ski": SKI}, "'w' must be there"),
        ({"cmd": "lpp", "ski": SKI, "w": None, "duration_s": 0}, "duration_s"),
        ({"cmd": "failsafe", "ski": SKI, "w": 1, "duration_s": 7200}, "not connected"),
        ({"cmd": "failsafe", "ski": SKI, "w": 1, "kind": "lpx"}, "nothing that could"),
        ({"cmd": "curve", "ski": SKI, "slots": [[0, 60, 7000]]}, "not connected"),
        ({"cmd": "curve", "ski": SKI, "slots": [[0, 60]]}, "'slots'"),
        ({"cmd": "curve", "ski": SKI, "slots": [[0, None, 1]]}, "'slots'"),
        ({"cmd": "prices", "ski": SKI, "slots": 7}, "'slots'"),
    ],
)
async def test_what_an_energy_manager_cannot_do_is_said(counter, body, said):
    result = await counter("cem").ask(**body)
    assert (result.ok, result.error_number) == (False, None)
    assert said in result.text


async def test_a_charger_plays_a_car_through_all_its_commands(counter):
    desk = counter("charger")
    charger = desk.participant
    car = {"standard": "iso15118-2ed1", "phases": 2, "min_a": 2.2, "max_a": 20, "plans": True}
    assert (await desk.ask(cmd="plug", **car, soc_percent=40)).ok
    assert (charger.ev.phases, charger.ev.max_a, charger.ev.soc_percent) == (2, 20.0, 40.0)
    assert (await desk.ask(cmd="update", asymmetric=True, soc_percent=None)).ok
    assert (charger.ev.asymmetric, charger.ev.soc_percent, charger.ev.phases) == (True, None, 2)
    for drawn in (9.5, [9.5, 9, 0], [9.5, 9]):
        assert (await desk.ask(cmd="draw", a=drawn, soc_percent=41)).ok
    assert "'a' must be there" in (await desk.ask(cmd="draw")).text
    assert (await desk.ask(cmd="state", value="finished")).ok
    assert "standby" in (await desk.ask(cmd="state", value="asleep")).text
    assert (await desk.ask(cmd="fault", code="E42")).ok
    assert (await desk.ask(cmd="fault", code=None)).ok
    assert (await desk.ask(cmd="demand", optimal_wh=20000, departure_s=3600)).ok
    assert (await desk.ask(cmd="plan", slots=[[0, 60, 7000]])).ok
    assert (await desk.ask(cmd="unplug")).ok
    assert charger.ev is None
    assert [each.kind for each in desk.events if isinstance(each, LimitsChanged)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"cmd": "plug", "phases": 4}, "phases"),
        ({"cmd": "plug", "phases": 1.5}, "whole"),
        ({"cmd": "plug", "min_a": 20, "max_a": 6}, "min_a"),
        ({"cmd": "plug", "min_a": "6"}, "'min_a'"),
        ({"cmd": "plug", "asymmetric": 1}, "'asymmetric'"),
        ({"cmd": "update", "phases": 1}, "no car"),
        ({"cmd": "draw", "a": 6}, "no car"),
        ({"cmd": "state", "value": "standby"}, "no car"),
        ({"cmd": "demand", "optimal_wh": 5}, "no car"),
        ({"cmd": "demand", "optimal_wh": -5}, "energies"),
        ({"cmd": "plan", "slots": []}, "'slots'"),
        ({"cmd": "fault", "code": 7}, "'code'"),
    ],
)
async def test_what_a_charger_without_a_car_cannot_do_is_said(counter, body, said):
    result = await counter("charger").ask(**body)
    assert not result.ok
    assert said in result.text


async def test_a_meter_tells_what_it_is_told(counter):
    desk = counter("meter")
    assert (await desk.ask(cmd="measure", power_w=575, current_a=[1, 2, -0.5])).ok
    assert (await desk.ask(cmd="measure", curtailment_factor=0.7)).ok
    assert not (await desk.ask(cmd="measure", power_w="much")).ok
    assert not (await desk.ask(cmd="measure", voltage_v=[1, 2, 3, 4])).ok


async def test_quit_ends_the_program_and_heartbeats_can_be_stopped(counter):
    desk = counter("cem")
    assert (await desk.ask(cmd="heartbeat", on=False)).ok
    assert (await desk.ask(cmd="quit")).ok
    assert desk.desk.quit.is_set()


@pytest.mark.parametrize("line", ["", "{", "[1]", "7", "null", '"quit"', "[" * 5000, "\ud800"])
def test_what_is_no_command_is_refused_with_a_reason(line):
    with pytest.raises(CommandError, match="JSON"):
        Command.read(line)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)
_FIELDS = st.sampled_from(
    ["a", "w", "seconds", "on", "phases", "min_a", "max_a", "slots", "value", "optimal_wh", "port"]
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(ROLES)), st.dictionaries(_FIELDS, _VALUES, max_size=4), st.data())
async def test_any_fields_get_one_result_and_no_exception(tmp_path_factory, role, fields, data):
    desk = Counter(role, tmp_path_factory.mktemp("state"))
    name = data.draw(st.sampled_from(sorted(desk.desk.actions.keys() - {"trust"})))
    command = Command(name, 1, {"cmd": name, "ski": SKI, **fields})
    result = await desk.desk.obey(command)
    assert isinstance(result.ok, bool)
    desk.participant.close_pairing()
