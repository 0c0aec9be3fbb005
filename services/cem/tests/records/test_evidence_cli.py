"""`cem evidence`: what is exported verifies; what was tampered with does not."""

import json
import sqlite3
from pathlib import Path

import pytest
from record_sites import opened, write_step

from cem.records import cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store, journal = opened(tmp_path)
    for step in range(9):
        write_step(store, journal, step)
    store.close()
    journal.close()
    return tmp_path


def exported(folder: Path, capsys: pytest.CaptureFixture[str], form: str) -> str:
    assert cli.main(["export", form, "--state", str(folder)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_an_exported_log_verifies_and_any_changed_byte_does_not(
    folder: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    text = exported(folder, capsys, form)
    path = folder / "log"
    path.write_text(text, newline="")
    assert cli.main(["verify", str(path)]) == 0
    assert "intact: 3 entries" in capsys.readouterr().out
    values = [place for place, letter in enumerate(text) if letter.isdigit()]
    assert len(values) > 300
    for place in values[::9]:
        changed = str((int(text[place]) + 1) % 10)
        path.write_text(text[:place] + changed + text[place + 1 :], newline="")
        assert cli.main(["verify", str(path)]) in (cli.BROKEN, cli.UNREADABLE), place
    capsys.readouterr()


def test_lines_taken_out_or_moved_are_seen_and_a_cut_end_by_its_head(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = exported(folder, capsys, "--json").splitlines(keepends=True)
    head = json.loads(lines[-1])["hash"]
    path = folder / "log"
    for wrong in ([lines[0], lines[2]], [lines[1], lines[0], lines[2]], [*lines, lines[2]]):
        path.write_text("".join(wrong))
        assert cli.main(["verify", str(path)]) == 1
    path.write_text("".join(lines[:2]))
    assert cli.main(["verify", str(path)]) == 0
    assert cli.main(["verify", str(path), "--head", head]) == 1
    path.write_text("".join(lines))
    assert cli.main(["verify", str(path), "--head", head]) == 0


def test_nested_objects_with_numbers_as_an_api_gives_them_verify_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = []
    for line in exported(folder, capsys, "--json").splitlines():
        flat = json.loads(line)
        limit = {k.removeprefix("limit."): v for k, v in flat.items() if k.startswith("limit.")}
        limit["limit_w"] = float(limit["limit_w"])
        limit["connected"] = limit["connected"] == "true"
        limit["until"] = None
        entry = {k: v for k, v in flat.items() if "." not in k} | {"limit": limit}
        entry["number"] = int(entry["number"])
        entry["charging_w"] = float(entry["charging_w"])
        entries.append(entry)
    path = folder / "log.json"
    path.write_text(json.dumps(entries))
    assert cli.main(["verify", str(path)]) == 0


def test_the_log_in_the_database_shows_tampering_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(folder / "cem.sqlite") as db:
        db.execute(
            "UPDATE cem_evidence SET fields = replace(fields, '4200', '9000') WHERE number=2"
        )
    db.close()
    (folder / "log").write_text(exported(folder, capsys, "--json"))
    assert cli.main(["verify", str(folder / "log")]) == 1
    assert "entry 2 was changed" in capsys.readouterr().out


def test_a_file_that_is_no_log_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("a,b\n1,2\n")
    assert cli.main(["verify", str(tmp_path / "log")]) == 2
    assert cli.main(["verify", str(tmp_path / "none")]) == 2
    assert cli.main(["export", "--state", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("cem: ") == 3
