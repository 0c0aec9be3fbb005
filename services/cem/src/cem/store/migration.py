"""Brings a database of an older release to today's form, with all that is in it."""

from collections.abc import Iterable

from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import CreateColumn
from sqlmodel import SQLModel

from cem.store.tables import TABLES


def migrate(connection: Connection, names: Iterable[str] = TABLES) -> tuple[str, ...]:
    """Make the tables that are missing and add the columns that are; returns what was added.

    Nothing is ever taken away, so that the release before can still read the file. Every step
    is whole by itself: after a power cut in the middle the next start goes on.
    """
    tables = [SQLModel.metadata.tables[name] for name in names]
    SQLModel.metadata.create_all(connection, tables=tables)
    inspector = inspect(connection)
    added = []
    for table in tables:
        here = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name in here:
                continue
            form = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f'ALTER TABLE "{table.name}" ADD COLUMN {form}'))
            added.append(f"{table.name}.{column.name}")
    return tuple(added)
