"""The site file as text: what YAML makes of it, what it may say, what it changes."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cem.core.circuits import CircuitSettings
from cem.core.driving import Car, ChargingMode, Goal, Mode, SmartSwitches, WeeklyDeparture
from cem.core.installation import Installation, object_to_all
from cem.core.operating import ApplianceChoice, OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, PhaseSwitching
from cem.site_file import shape, yaml_text
from cem.site_file.errors import SiteFileError
from cem.site_file.merging import managed, merged
from cem.site_file.plain import leaves, of_installation
from electrical.phases import Phases, on_every_phase
from electrical.rotation import Rotation

ONES = "1" * 40
SET = Installation(
    grid=GridConnection(
        Phases(35.0, 35.0, 32.0), 3, None, on_every_phase(4.0), Phases(12.0, None, 12.0), 7,
        unbalance_a=20.0,
    ),
    energy_management=EnergyManagement(True, True, 2),
    circuits=(
        CircuitSettings("garage", on_every_phase(20.0), "Garage: left & right", "main", 1.5),
        CircuitSettings("row", Phases(16.0, 0.0, 0.0), "no", "garage", None, "sub-1", 3),
    ),
    chargers={
        ONES: ChargerSettings(
            ONES, 6.0, 16.0, 3, Rotation.STR, 6.0, 1, 2.5, "garage", 10.0, 4,
            PhaseSwitching.LOCAL_API, "http://10.0.0.7/phases", True, 8.0,
        )
    },
    modes={ONES: ChargingMode(Mode.SMART, SmartSwitches(True, False, True), 3)},
    goals={
        ONES: Goal(
            ONES, 80.0, None, datetime(2026, 11, 23, 6, tzinfo=UTC),
            (WeeklyDeparture(1, 450),), "van", 2,
        )
    },
    cars=(Car("van", "Van", 58000.0, 16.0, 3, 20.0, "02:00:5e:10:00:07", ONES, 1),),
    operator=OperatorSettings(
        True, (4200.0, 6000.0), 30000.0, 4300.0, 7300.0, 5, (ApplianceChoice(ONES, True),)
    ),
)  # fmt: skip


def read(text: str) -> shape.SiteFile:
    return shape.read(yaml_text.parse(text))


def test_what_is_written_reads_back_as_the_same_settings_without_any_change() -> None:
    text = yaml_text.write(of_installation(SET))
    assert merged(read(text), SET) == SET


def test_a_written_file_makes_an_empty_site_the_same_but_for_revisions() -> None:
    text = yaml_text.write(of_installation(SET))
    there = merged(read(text), Installation())
    assert of_installation(there) == of_installation(SET)


def test_what_a_file_leaves_out_stays_and_one_number_counts_for_each_phase() -> None:
    wanted = merged(
        read(
            f"""
            version: 1
            grid_connection: {{fuse_a: 25}}
            chargers:
              {ONES}: {{priority: 3}}
            """
        ),
        SET,
    )
    assert wanted.grid is not None
    assert wanted.grid.fuse_a == on_every_phase(25.0)
    assert (wanted.grid.unbalance_a, wanted.grid.revision) == (20.0, 8)
    assert wanted.chargers[ONES].priority == 3
    assert wanted.chargers[ONES].circuit == "garage"
    assert (wanted.circuits, wanted.cars, wanted.goals) == (SET.circuits, SET.cars, SET.goals)


def test_circuits_and_cars_that_a_section_does_not_name_are_gone() -> None:
    wanted = merged(read("{version: 1, circuits: {row: {parent: main}}, cars: {}}"), SET)
    assert [circuit.id for circuit in wanted.circuits] == ["row"]
    assert wanted.circuits[0].fuse_a == Phases(16.0, 0.0, 0.0)
    assert wanted.cars == ()


def test_null_takes_a_goal_and_a_margin_away() -> None:
    gone = f"chargers: {{{ONES}: {{goal: null}}}}"
    text = f"{{version: 1, circuits: {{garage: {{margin_a: ~}}}}, {gone}}}"
    wanted = merged(read(text), SET)
    assert wanted.goals == {}
    assert wanted.circuits[0].margin_a is None


def test_a_file_manages_exactly_what_it_says() -> None:
    text = f"""
version: 1
grid_connection:
  fuse_a: 25
  margin_a: null
circuits:
  garage: {{fuse_a: {{l1: 16}}}}
chargers:
  {ONES}:
    goal: {{energy_wh: 9000}}
"""
    goal = f"/chargers/{ONES}/goal"
    assert managed(read(text)) == {
        "/grid_connection/fuse_a/l1",
        "/grid_connection/fuse_a/l2",
        "/grid_connection/fuse_a/l3",
        "/grid_connection/margin_a",
        "/circuits",
        "/circuits/garage/fuse_a/l1",
        goal,
        *(f"{goal}/{name}" for name in ("soc_percent", "energy_wh", "departure", "weekly", "car")),
    }


@pytest.mark.parametrize(
    ("text", "pointer", "code"),
    [
        ("", "", "site-file-invalid"),
        ("- 1", "", "site-file-invalid"),
        ("version: 2", "/version", "site-file-invalid"),
        ("version: true", "/version", "site-file-invalid"),
        ("circuits: {}", "/version", "site-file-invalid"),
        ("version: 1\nfuse: 25", "/fuse", "unknown-setting"),
        (
            "version: 1\ngrid_connection: {fuse: 25}",
            "/grid_connection/fuse",
            "unknown-setting",
        ),
        (
            "version: 1\ngrid_connection: {fuse_a: {l4: 25}}",
            "/grid_connection/fuse_a/l4",
            "unknown-setting",
        ),
        (
            "version: 1\ngrid_connection: {fuse_a: {l1: '25'}}",
            "/grid_connection/fuse_a/l1",
            "site-file-invalid",
        ),
        ("version: 1\ngrid_connection: {phases: yes}", "/grid_connection/phases",
         "site-file-invalid"),
        ("version: 1\ngrid_connection: {fuse_a: .inf}", "/grid_connection/fuse_a",
         "site-file-invalid"),
        ("version: 1\nchargers: {abc: {}}", "/chargers/abc", "site-file-invalid"),
        (
            f"version: 1\nchargers: {{{ONES}: {{mode: {{mode: sport}}}}}}",
            f"/chargers/{ONES}/mode/mode",
            "site-file-invalid",
        ),
        ("version: 1\ncars: {van: {name: A}, van: {name: B}}", "/cars/van", "site-file-invalid"),
        ("version: 1\ncars: &a {}\ncircuits: *a", "", "site-file-invalid"),
        ("version: 1\ncars: {van: !!python/object/apply:os.system ['true']}", "/cars/van",
         "site-file-invalid"),
        ("version: [", "", "site-file-invalid"),
        ("[" * 3000, "", "site-file-invalid"),
        ("version: 1\ncars: " + "{a: " * 20 + "1" + "}" * 20, None, "site-file-invalid"),
        ("#" * 300_000, "", "site-file-invalid"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_pointer(text: str, pointer: str, code: str) -> None:
    with pytest.raises(SiteFileError) as refused:
        read(text)
    assert refused.value.code == code
    assert pointer is None or refused.value.pointer == pointer
    assert refused.value.detail


def test_yaml_keeps_its_surprises_to_itself() -> None:
    found = yaml_text.parse(
        f"{{on: no, at: 07:30, '{ONES}': 1, {ONES}2: 0x10, n: 1e3, d: 2026-01-01}}"
    )
    assert found == {
        "on": "no", "at": "07:30", ONES: 1, f"{ONES}2": "0x10", "n": 1000.0, "d": "2026-01-01",
    }  # fmt: skip


def test_the_example_of_the_documentation_is_a_site_file() -> None:
    page = Path(__file__).parents[3] / "docs" / "operate" / "site-file.md"
    example = page.read_text().split("```yaml")[1].split("```")[0]
    there = merged(read(example), Installation())
    assert object_to_all(there, Installation(), there.chargers, datetime.now(UTC)) is None
    keys = leaves(of_installation(there))
    named = leaves(yaml_text.parse(example))
    left_out = {key for key in keys if not any(key == n or key.startswith(n + "/") for n in named)}
    assert left_out == set()  # the example says everything that can be said


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SiteFileError):
        assert read("version: 1\n" + text).version == 1


def test_appliances_that_a_file_does_not_name_stay_as_chosen() -> None:
    other = "f" * 40
    file = read(f"version: 1\noperator:\n  appliances:\n    {other}: false\n")
    chosen = merged(file, SET).operator
    assert chosen.appliances == (ApplianceChoice(ONES, True), ApplianceChoice(other, False))
    assert chosen.revision == SET.operator.revision + 1
    assert f"/operator/appliances/{other}" in managed(file)


def test_brackets_without_end_are_refused_by_their_depth() -> None:
    # Read to the end, 200,000 of them took five minutes.
    with pytest.raises(SiteFileError, match="nested too deeply"):
        yaml_text.parse("a: " + "[" * 3000)
