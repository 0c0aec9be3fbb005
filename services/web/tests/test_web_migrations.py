"""Tables go forward and back with what is in them, on both databases."""

import asyncio
import sqlite3

import pytest
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from volthus_kit.database import open_database, open_sqlite
from web import migrating
from web.store import open_store

USER = "INSERT INTO users VALUES ('anna', '$argon2', 'service', '*', 1.5)"
BEFORE = (
    USER,
    "INSERT INTO tokens VALUES ('d1', 'anna', 'bearer', 1.5, 9e9)",
    "INSERT INTO program_tokens VALUES"
    " ('5f', 'd2', 'Car', 'anna', 'standard', 'demo', 'read', 1, 9e9, NULL)",
    "INSERT INTO audit VALUES"
    " (7, 1.5, 'anna', 'service', '', 'demo', 'cem.put', 'x', '{}', 'done', 2)",
    "INSERT INTO sites VALUES ('demo', 'Green Street 4', 1795341600.25)",
)
LOOKS = {
    "users": "SELECT username, password_hash, role, sites, created_s FROM users",
    "tokens": "SELECT digest, username, kind, created_s, expires_s FROM tokens",
    "program_tokens": "SELECT id, digest, name, scopes, used_s FROM program_tokens",
    "audit": "SELECT id, actor, site, action, details, outcome, ended_s FROM audit",
    "sites": "SELECT site, name, last_seen_s FROM sites",
}


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request, tmp_path):
    if request.param == "sqlite":
        opened = open_sqlite(tmp_path / "web.sqlite")
    else:
        opened = open_database(request.getfixturevalue("postgres_url"))
    yield opened
    opened.dispose()


def run(engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def data(engine) -> dict[str, list[tuple]]:
    with engine.connect() as connection:
        return {
            table: [tuple(row) for row in connection.execute(text(look))]
            for table, look in LOOKS.items()
        }


def at(engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def test_the_migrations_make_the_tables_that_the_program_wants(engine):
    migrating.walk(engine, "heads")
    assert migrating.differences(engine) == []
    assert at(engine) == migrating.heads()


def test_an_empty_database_gets_the_same_tables_at_once(engine):
    migrating.bring_up(engine)
    assert migrating.differences(engine) == []
    assert at(engine) == migrating.heads()


def test_data_survives_the_way_forward_and_back_and_forward(engine):
    migrating.walk(engine, migrating.BASE)
    run(engine, *BEFORE)
    there = data(engine)
    assert all(there.values())
    migrating.bring_up(engine)
    assert data(engine) == there
    migrating.bring_down(engine, migrating.BASE)
    assert data(engine) == there
    assert set(inspect(engine).get_table_names()) == {*migrating.BASE_TABLES, "alembic_version"}
    migrating.bring_up(engine)
    assert data(engine) == there
    assert migrating.differences(engine) == []


def test_each_migration_goes_back_and_forward_alone(engine):
    migrating.walk(engine, "heads")
    run(engine, *(one.replace("VALUES", f"({columns(engine, one)}) VALUES", 1) for one in BEFORE))
    there = data(engine)
    for head in sorted(migrating.heads()):
        one = head
        while one != migrating.BASE:
            (below,) = migrating.known()[one]
            migrating.bring_down(engine, f"{one}@-1" if below == migrating.BASE else below)
            assert data(engine) == there
            one = below
    migrating.walk(engine, "heads")
    assert migrating.differences(engine) == []
    assert data(engine) == there


def columns(engine, insert: str) -> str:
    """Return the columns that the table of an INSERT had at first."""
    return ", ".join(FIRST_COLUMNS[insert.split()[2]])


FIRST_COLUMNS = {
    "users": ("username", "password_hash", "role", "sites", "created_s"),
    "tokens": ("digest", "username", "kind", "created_s", "expires_s"),
    "program_tokens": (
        "id", "digest", "name", "username", "role", "sites", "scopes", "created_s", "expires_s",
        "used_s",
    ),
    "audit": (
        "id", "at_s", "actor", "role", "address", "site", "action", "about", "details", "outcome",
        "ended_s",
    ),
    "sites": ("site", "name", "last_seen_s"),
}  # fmt: skip


def test_a_program_of_before_can_still_write_after_a_migration(engine):
    """What is added is nullable or has a default of the database's own."""
    migrating.walk(engine, "heads")
    run(engine, *(one.replace("VALUES", f"({columns(engine, one)}) VALUES", 1) for one in BEFORE))
    assert all(data(engine).values())


def test_a_database_from_before_migrations_is_taken_over_with_its_data(engine):
    base = [table for table in migrating.tables() if table.name in migrating.BASE_TABLES]
    migrating.walk(engine, migrating.BASE)
    run(engine, *BEFORE, "DROP TABLE alembic_version", "DROP TABLE program_tokens")
    assert len(base) == len(migrating.BASE_TABLES)
    there = data_without_programs(engine)
    migrating.bring_up(engine)
    assert data_without_programs(engine) == there
    assert at(engine) == migrating.heads()
    assert migrating.differences(engine) == []


def data_without_programs(engine) -> dict[str, list[tuple]]:
    with engine.connect() as connection:
        return {
            table: [tuple(row) for row in connection.execute(text(look))]
            for table, look in LOOKS.items()
            if table != "program_tokens"
        }


def test_a_database_of_a_newer_program_is_used_as_it_is(engine):
    migrating.bring_up(engine)
    run(engine, "INSERT INTO alembic_version VALUES ('door_9999')", USER_NOW)
    migrating.bring_up(engine)
    assert "door_9999" in at(engine)


USER_NOW = (
    "INSERT INTO users (username, password_hash, role, sites, created_s)"
    " VALUES ('anna', '$argon2', 'service', '*', 1.5)"
)


async def test_replicas_that_start_at_once_make_the_tables_once(engine):
    migrating.walk(engine, migrating.BASE)
    run(engine, *BEFORE)
    await asyncio.gather(*(asyncio.to_thread(migrating.bring_up, engine) for _ in range(3)))
    assert migrating.differences(engine) == []


def test_a_migration_that_fails_changes_nothing(engine, monkeypatch):
    migrating.walk(engine, migrating.BASE)
    run(engine, *BEFORE, "CREATE VIEW in_the_way AS SELECT username FROM users")
    there, was_at = data(engine), at(engine)

    def fails(connection, revision, **_):
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        connection.execute(text("INSERT INTO users VALUES ('bo')"))

    monkeypatch.setattr(migrating, "_walk", fails)
    with pytest.raises(Exception, match="bo"):
        migrating.bring_up(engine)
    assert (data(engine), at(engine)) == (there, was_at)
    assert "half" not in inspect(engine).get_table_names()


def test_a_store_in_a_folder_is_for_its_owner_only(tmp_path):
    engine = open_store(tmp_path)
    assert (tmp_path / "web.sqlite").stat().st_mode & 0o777 == 0o600
    engine.dispose()
    again = open_store(tmp_path)
    assert migrating.differences(again) == []
    again.dispose()
    with sqlite3.connect(tmp_path / "web.sqlite") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


def test_every_table_of_the_front_door_is_known_to_the_store():
    assert {"users", "leases"} <= {table.name for table in migrating.tables()}
    assert set(migrating.tables()) <= set(SQLModel.metadata.tables.values())
