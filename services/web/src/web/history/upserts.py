"""Rows written many at a time, on SQLite and PostgreSQL alike."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, and_, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from web.history.facts import Row


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of a model."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def put(connection: Connection, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Write rows; those that are there take the new values."""
    _insert(connection, model, rows, is_newer_only=False)


def put_newer(connection: Connection, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Write rows; one that is there stays where its (epoch, revision) is not lower."""
    _insert(connection, model, rows, is_newer_only=True)


def add(connection: Connection, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Write rows; those that are there stay as they are."""
    if rows:
        connection.execute(insert_of(connection, model).on_conflict_do_nothing(), rows)


def _insert(
    connection: Connection, model: type[SQLModel], rows: Sequence[Row], *, is_newer_only: bool
) -> None:
    if not rows:
        return
    table, insert = table_of(model), insert_of(connection, model)
    keys = [column.name for column in table.primary_key]
    new = insert.excluded
    is_newer = None
    if is_newer_only:
        is_newer = or_(
            new.epoch > table.c.epoch,
            and_(new.epoch == table.c.epoch, new.revision > table.c.revision),
        )
    values = {name: new[name] for name in rows[0] if name not in keys}
    connection.execute(
        insert.on_conflict_do_update(index_elements=keys, set_=values, where=is_newer), rows
    )


def insert_of(connection: Connection, model: type[SQLModel]) -> "sqlite.Insert | postgresql.Insert":
    """Return an insert in the words of the database, which both know what to do on conflict."""
    is_sqlite = connection.dialect.name == "sqlite"
    return (sqlite.insert if is_sqlite else postgresql.insert)(table_of(model))
