"""`cem evidence`: what is exported verifies; what was tampered with does not."""

import csv
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


def as_the_api_gives_it(line: str) -> dict:
    flat = json.loads(line)
    limit = {k.removeprefix("limit."): v for k, v in flat.items() if k.startswith("limit.")}
    entry = {k: v for k, v in flat.items() if "." not in k} | {"limit": limit}
    entry["number"] = int(entry["number"])
    entry["charging_w"] = float(entry["charging_w"])
    entry["at"] = entry["at"].replace(".000Z", "Z")
    limit |= {
        "limit_w": float(limit["limit_w"]), "connected": limit["connected"] == "true",
        "until": None, "name": None,
    }  # fmt: skip
    return entry


def test_what_the_api_gives_verifies_too_as_page_and_as_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = exported(folder, capsys, "--json").splitlines()
    entries = [as_the_api_gives_it(line) for line in lines]
    path = folder / "log"
    path.write_text(json.dumps({"items": entries, "next": None, "intact": True}, indent=2))
    assert cli.main(["verify", str(path)]) == 0
    entries[1]["limit"]["limit_w"] = 4200.0001
    path.write_text(json.dumps({"items": entries}))
    assert cli.main(["verify", str(path)]) == 1
    entries[1]["limit"]["limit_w"] = 4200.0
    rows = [
        {k: v for k, v in entry.items() if k != "limit"}
        | {f"limit_{k}": v for k, v in entry["limit"].items()}
        for entry in entries
    ]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
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
