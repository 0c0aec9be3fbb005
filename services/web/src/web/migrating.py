"""Brings the tables of a database to what this program knows, forward and back, with their data.

A database that is up to date costs two queries, and Alembic is not even imported: it would stay in
memory for good. Each part has a branch of its own (`door`, `alerts`, ...), so that two people
who add tables do not meet. Rule: until the release after next a migration only adds, so that the
program of before can still work with the tables of after.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, Table, inspect, text
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from alembic.config import Config

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "migrations"
BASE = "door_0001"  # the tables of the time before migrations
_LOCK = 0x766F6C74687573  # "volthus"; of PostgreSQL's advisory locks
_REVISION = re.compile(r"^(revision|down_revision)\b[^=]*= (.+)$", re.MULTILINE)
_NAME = re.compile(r"[\"'](\w+)[\"']")
_MAKE_VERSIONS = "CREATE TABLE alembic_version (version_num VARCHAR(64) NOT NULL PRIMARY KEY)"


def tables() -> list[Table]:
    """Return our tables: in one process with other services (in tests) theirs are not ours."""
    mappers = SQLModel._sa_registry.mappers
    found = {m.local_table for m in mappers if m.class_.__module__.partition(".")[0] == "web"}
    return sorted((t for t in found if isinstance(t, Table)), key=lambda table: table.name)


def is_ours(
    thing: object,
    name: str | None,
    _kind: str,
    reflected: bool,  # noqa: FBT001 - Alembic's `include_object`
    _other: object,
) -> bool:
    """Whether a table, or the table of a column or index, is the front door's."""
    table = thing if isinstance(thing, Table) else getattr(thing, "table", None)
    if not isinstance(table, Table) or reflected:
        return name not in {"volthus_answer", "alembic_version"}
    return table.name in {one.name for one in tables()}


@cache
def known() -> dict[str, tuple[str, ...]]:
    """Return each migration and what it builds on, read from the files without running them."""
    found = {}
    for path in FOLDER.glob("versions/*.py"):
        said = {word: _NAME.findall(value) for word, value in _REVISION.findall(path.read_text())}
        found[said["revision"][0]] = tuple(said["down_revision"])
    return found


def heads() -> frozenset[str]:
    """Return the last migration of each branch."""
    return frozenset(known()) - {below for belows in known().values() for below in belows}


def bring_up(engine: Engine) -> None:
    """Make or change the tables as needed; blocking. Of many replicas one does it, others wait.

    An empty database gets all tables at once; one from before migrations keeps its data.
    """
    with _alone(engine) as connection:
        there = set(inspect(connection).get_table_names())
        if not there & {table.name for table in tables()}:
            SQLModel.metadata.create_all(connection, tables=tables())
            _stamp(connection, heads())
            return
        if "alembic_version" not in there:
            logger.info("tables of before are taken over")
            base = [table for table in tables() if table.name in BASE_TABLES]
            SQLModel.metadata.create_all(
                connection, tables=[t for t in base if t.name not in there]
            )
            _stamp(connection, frozenset({BASE}))
        at = _at(connection)
        if unknown := at - set(known()):
            logger.warning("database is newer than this program", extra={"at": sorted(unknown)})
            return
        if at != heads():
            _walk(connection, "heads")
            logger.info("tables changed", extra={"from": sorted(at), "to": sorted(heads())})


BASE_TABLES = frozenset({"users", "tokens", "program_tokens", "audit", "sites"})


def bring_down(engine: Engine, revision: str) -> None:
    """Take back every migration behind `revision`, with the columns and tables they added."""
    with _alone(engine) as connection:
        _walk(connection, revision, forward=False)


def walk(engine: Engine, revision: str) -> None:
    """Go forward to a revision, migration by migration, from an empty database too."""
    with _alone(engine) as connection:
        _walk(connection, revision)


def differences(engine: Engine) -> list[str]:
    """Return what the tables would need to become what the program says; [] = they agree."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - heavy, and rarely needed
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with engine.connect() as connection:
        options = {"include_object": is_ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        return [repr(one) for one in compare_metadata(context, SQLModel.metadata)]


def write_new(engine: Engine, part: str, what: str) -> Path:
    """Write the next migration of a part from what changed in its tables. Returns its file."""
    from alembic import command  # noqa: PLC0415 - heavy, and rarely needed

    own = sorted(one for one in known() if one.rpartition("_")[0] == part)
    name = f"{part}_{int(own[-1].rpartition('_')[2]) + 1 if own else 1:04}"
    with _alone(engine) as connection:
        command.revision(
            _config(connection),
            message=what,
            autogenerate=True,
            rev_id=name,
            head=own[-1] if own else BASE,
            splice=not own,
            branch_label=None if own else part,
        )
    path = FOLDER / "versions" / f"{name}.py"
    written = path.read_text()
    path.write_text(re.sub(r"^ +# ### .*\n", "", written, flags=re.MULTILINE))
    return path


# --- inside --------------------------------------------------------------------------------------


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other migration is in; all of it or nothing."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - it was connected this moment
            driver.isolation_level = None  # or the driver would begin where it thinks fit
            # A table is changed by copying it: a reference to it must not stand in the way.
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute("PRAGMA busy_timeout=30000")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            yield connection
            _check_references(connection)
            connection.commit()
        finally:
            connection.rollback()
            connection.invalidate()  # its settings are not for others


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"a migration broke references: {broken[:3]}")


def _stamp(connection: Connection, revisions: frozenset[str]) -> None:
    if not inspect(connection).has_table("alembic_version"):
        connection.execute(text(_MAKE_VERSIONS))
    for revision in revisions:
        connection.execute(text("INSERT INTO alembic_version VALUES (:one)"), {"one": revision})


def _at(connection: Connection) -> frozenset[str]:
    rows = connection.execute(text("SELECT version_num FROM alembic_version"))
    return frozenset(row[0] for row in rows)


def _walk(connection: Connection, revision: str, *, forward: bool = True) -> None:
    from alembic import command  # noqa: PLC0415 - heavy, and needed only now

    if not inspect(connection).has_table("alembic_version"):
        connection.execute(text(_MAKE_VERSIONS))
    (command.upgrade if forward else command.downgrade)(_config(connection), revision)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    return config
