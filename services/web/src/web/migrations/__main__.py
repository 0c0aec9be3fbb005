"""Migrations by hand: `python -m web.migrations {up,down,check,new} ...`.

For whoever goes back to an older version (`down`), and for whoever changes a table (`new`).
"""

import argparse
import sys
import tempfile
from pathlib import Path

from volthus_kit.database import open_sqlite
from web import migrating
from web.settings import Settings
from web.store import database_of


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m web.migrations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="bring the database to this program's tables")
    down = commands.add_parser("down", help="bring it back, before an older program is started")
    down.add_argument("revision", help="the last revision to keep; `base` keeps nothing")
    commands.add_parser("check", help="say whether tables and migrations agree")
    new = commands.add_parser("new", help="write the migration for changed tables of a part")
    new.add_argument("part", help="whose tables: door, alerts, fleet, ...")
    new.add_argument("what", help="one sentence")
    asked = parser.parse_args()
    if asked.command in {"check", "new"}:
        _about_code(asked)
        return
    settings = Settings()
    engine = database_of(settings.state_dir, settings.database_url)
    if asked.command == "up":
        migrating.bring_up(engine)
    else:
        migrating.bring_down(engine, asked.revision)


def _about_code(asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_sqlite(Path(folder) / "fresh.sqlite")
        migrating.walk(engine, "heads")
        if asked.command == "new":
            sys.stdout.write(f"{migrating.write_new(engine, asked.part, asked.what)}\n")
        elif differences := migrating.differences(engine):
            sys.exit("\n".join(differences))


if __name__ == "__main__":
    main()
