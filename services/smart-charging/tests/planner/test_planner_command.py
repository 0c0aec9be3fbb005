"""`smart-charging plan` with files that are none: a line on standard error, and nothing else."""

import json
import os
import subprocess
import sys

import hard_sites
import pytest

from smart_charging import commands

EV = {
    "id": "ev1", "arrival_slot": 0, "departure_slot": 2, "energy_needed_kwh": 11,
    "energy_max_kwh": 20, "p_min_kw": 4.14, "p_max_kw": 11,
}  # fmt: skip
INSTANCE = {
    "id": "one", "slot_minutes": 60, "import_price": [0.3, 0.1], "export_price": [0, 0],
    "pv_kw": [0, 0], "base_load_kw": [1, 1], "grid_limit_kw": [12, 12], "evs": [EV],
}  # fmt: skip
WHOLE = {"format": "site-plan-instances/1", "instances": [INSTANCE]}


def given(**changes: object) -> dict[str, object]:
    return WHOLE | {"instances": [INSTANCE | changes]}


def with_ev(**changes: object) -> dict[str, object]:
    return given(evs=[EV | changes])


HOSTILE = {
    "no object": [],
    "another format": {"format": "site-plan/1"},
    "no instances": {"format": "site-plan-instances/1"},
    "an instance that is none": WHOLE | {"instances": [7]},
    "two of one name": WHOLE | {"instances": [INSTANCE, INSTANCE]},
    "no slots": given(
        import_price=[], export_price=[], pv_kw=[], base_load_kw=[], grid_limit_kw=[], evs=[]
    ),
    "NaN": given(import_price=[float("nan"), 0.1]),
    "infinity": given(pv_kw=[float("inf"), 0]),
    "a huge number": given(pv_kw=[10**400, 0]),
    "a text among numbers": given(pv_kw=["1", 0]),
    "a bool among numbers": given(pv_kw=[True, 0]),
    "too few values": given(grid_limit_kw=[12]),
    "another n_slots": given(n_slots=3),
    "no minutes": given(slot_minutes=0),
    "a missing field": {**WHOLE, "instances": [{"id": "one"}]},
    "departure before arrival": with_ev(arrival_slot=2, departure_slot=1),
    "departure outside": with_ev(departure_slot=3),
    "arrival outside": with_ev(arrival_slot=-1),
    "half a slot": with_ev(arrival_slot=0.5),
    "least above most": with_ev(p_min_kw=12),
    "below zero": with_ev(p_min_kw=-1),
    "two evs of one name": given(evs=[EV, EV]),
    "three hundred cars": given(evs=[EV | {"id": str(n)} for n in range(300)]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name, tmp_path, capsys):
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(HOSTILE[name]))
    assert commands.main([str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip().count("\n") == 0
    assert len(said.err) > 40


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"<html>"])
def test_what_is_no_json_is_refused_in_one_line(text, tmp_path, capsys):
    path = tmp_path / "hostile.json"
    path.write_bytes(text)
    assert commands.main([str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip().count("\n") == 0


def test_a_hundred_cars_that_can_never_be_full_have_a_plan_all_the_same(tmp_path, capsys):
    path = tmp_path / "hundred.json"
    evs = [EV | {"id": f"ev{n}"} for n in range(100)]
    path.write_text(json.dumps(given(evs=evs)))
    assert commands.main([str(path)]) == 0
    (found,) = json.loads(capsys.readouterr().out)["plans"]
    assert len(found["ev_power_kw"]) == 100
    assert found["shortfall_kwh"] == pytest.approx(1100 - 22)


def test_numba_changes_nothing_and_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    path = tmp_path / "hard.json"
    made = [*hard_sites.instances("few", 3), *hard_sites.instances("single", 3)]
    path.write_text(json.dumps({"format": "site-plan-instances/1", "instances": made}))
    program = [sys.executable, "-c", "from smart_charging.main import main; main()", "plan"]
    plain = subprocess.run(
        [*program, str(path)], capture_output=True, text=True, check=True, timeout=100,
        env=os.environ | {"VOLTHUS_PLANNER": "plain", "VOLTHUS_PLANNER_CACHE": "/dev/null/no"},
    )  # fmt: skip
    assert "numba is off" in plain.stderr
    compiled = subprocess.run(
        [*program, str(path)], capture_output=True, text=True, check=True, timeout=100
    )
    ours, theirs = json.loads(plain.stdout)["plans"], json.loads(compiled.stdout)["plans"]
    for one, other in zip(ours, theirs, strict=True):
        assert one["cost_eur"] == pytest.approx(other["cost_eur"], abs=1e-6)
        assert one["shortfall_kwh"] == pytest.approx(other["shortfall_kwh"], abs=1e-6)


def test_a_cache_that_cannot_be_written_to_is_copied(tmp_path, monkeypatch):
    from smart_charging.planner.kernels import compiled  # noqa: PLC0415 - its private parts

    monkeypatch.setenv("VOLTHUS_PLANNER_CACHE", str(tmp_path / "file" / "inner"))
    (tmp_path / "file").write_text("no folder")
    copy = compiled._writable()
    assert copy is not None
    assert tmp_path not in copy.parents
