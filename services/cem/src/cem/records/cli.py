"""`cem evidence export` and `cem evidence verify FILE`: the log of operator limits, for others."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session as Db
from sqlmodel import create_engine

from cem.records.core.respelling import respelled
from cem.records.core.sealing import CHAINED, FIELDS, faults
from cem.records.journal import evidence_log
from cem.settings import Settings

INTACT, BROKEN, UNREADABLE = 0, 1, 2
COLUMNS = (*FIELDS, *CHAINED)


def main(arguments: Sequence[str]) -> int:
    """Run one of the two; returns the exit code: 0 intact or done, 1 broken, 2 unreadable."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "export":
            return _export(chosen.state or Settings().state_dir, sys.stdout, is_csv=chosen.csv)
        return _verify(chosen.file, chosen.head)
    except (OSError, ValueError, SQLAlchemyError) as error:
        print(f"cem: {error}", file=sys.stderr)
        return UNREADABLE


def read(path: Path) -> list[dict[str, str]]:
    """Return the entries of a log: CSV, or JSON, one object a line, a list, or a page of the API.

    Raises ValueError for a file that is neither.
    """
    with path.open(encoding="utf-8", newline="") as file:  # a line feed in a value stays one
        text = file.read()
    if not text.lstrip().startswith(("{", "[")):
        rows: list[dict[str, str]] = list(csv.DictReader(io.StringIO(text, newline="")))
        if rows and not {"number", "hash"} <= rows[0].keys():
            raise ValueError(f"{path} has no columns number and hash")
        return [respelled(row) for row in rows]
    return [respelled(entry) for entry in _entries(text)]


def _entries(text: str) -> list[dict[str, object]]:
    """Return the objects of a JSON text: a list, a page with `items`, or one object a line."""
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        lines = (line for line in text.split("\n") if line.strip())
        found = [json.loads(line, parse_float=str, parse_int=str) for line in lines]
    if isinstance(found, dict):
        found = found.get("items", [found])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ValueError("that is no list of entries")
    return found


def _export(folder: Path, out: TextIO, *, is_csv: bool) -> int:
    engine = create_engine(f"sqlite:///file:{folder / 'cem.sqlite'}?mode=ro&uri=true")
    try:
        with Db(engine) as db:
            _write(evidence_log(db), out, is_csv=is_csv)
    finally:
        engine.dispose()
    return INTACT


def _write(log: Iterable[Mapping[str, str]], out: TextIO, *, is_csv: bool) -> None:
    if not is_csv:
        for entry in log:
            out.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(log)


def _verify(path: Path, head: str) -> int:
    log = read(path)
    found = faults(log, head)
    for fault in found:
        print(f"entry {fault.number} {fault.what}")
    if found:
        return BROKEN
    print(f"intact: {len(log)} entries, the last hash is {log[-1]['hash'] if log else 'none'}")
    return INTACT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cem evidence")
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="write the log of this site to standard output")
    form = export.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="with a line of names first")
    form.add_argument("--json", action="store_true", help="one object a line (the default)")
    export.add_argument("--state", type=Path, help="folder of the CEM; else VOLTHUS_STATE_DIR")
    verify = commands.add_parser("verify", help="check the chain of an exported log")
    verify.add_argument("file", type=Path)
    verify.add_argument("--head", default="", help="hash that the last entry must have")
    return parser
