"""Scenario files: what ships is sound, what is wrong is said."""

import json

import pytest

from electrical import Phases, Rotation
from virtual_site.core.car import Standard
from virtual_site.scenario_file import ScenarioError, load, parse, shipped

MINIMAL = {
    "format": "cem-scenario/1",
    "id": "x",
    "duration_s": 60,
    "site": {"root": {"fuse_a": [16, 20, 25]}},
    "evses": [{"id": "cp1", "wiring": [2, 3, 1]}],
    "load": {"points": [[0, [1, 2, 3]]]},
}


def text(**changes):
    return json.dumps(MINIMAL | changes)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_can_be_played(name):
    scenario = load(name)
    assert scenario.id == name
    assert scenario.title
    assert scenario.ignored == ()


def test_the_villa_has_three_cars_from_the_start_one_of_them_on_one_phase():
    villa = load("villa")
    assert villa.fuse_a == Phases(25, 25, 25)
    assert [session.arrive_s for session in villa.sessions] == [0, 0, 0]
    assert [session.car.phases for session in villa.sessions] == [3, 3, 1]


def test_unknown_fields_are_ignored_and_absent_ones_have_a_meaning():
    scenario = parse(text(future=1, title="T"))
    assert scenario.chargers[0].wiring is Rotation.STR
    assert scenario.chargers[0].name == "cp1"
    assert scenario.fuse_a == Phases(16, 20, 25)
    assert scenario.sessions == ()


def test_our_digital_car_is_read_from_the_file():
    assert load("sunny-roof").sessions[0].car.standard is Standard.ISO15118_ED1


def test_an_outage_of_the_product_is_not_played_but_named():
    faults = [{"kind": "cem_outage", "t": 1, "dur": 2}, {"kind": "meter_freeze", "t": 1, "dur": 2}]
    scenario = parse(text(faults=faults))
    assert scenario.ignored == ("cem_outage",)
    assert len(scenario.faults) == 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "Invalid JSON"),
        (text(format="cem-scenario/9"), "format is 'cem-scenario/9'"),
        (text(duration_s=-1), "duration_s"),
        (text(evses=[{"id": "a"}, {"id": "a"}]), "two chargers"),
        (text(evses=[{"id": "a", "wiring": [1, 1, 2]}]), "no wiring"),
        (text(evses=[{"id": "a", "max_a": 4}]), "below min_a"),
        (text(faults=[{"kind": "link_loss", "t": 0, "dur": 1}]), "needs the charger"),
        (text(faults=[{"kind": "link_loss", "t": 0, "dur": 1, "evse": "b"}]), "'b'"),
    ],
)
def test_a_wrong_file_is_refused_with_place_and_reason(content, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        parse(content)


def test_a_name_that_is_neither_file_nor_shipped_is_refused_with_the_choice(tmp_path):
    with pytest.raises(ScenarioError, match="villa"):
        load(str(tmp_path / "nothing.json"))
