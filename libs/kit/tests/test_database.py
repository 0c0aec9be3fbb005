import sqlite3

import pytest
from sqlmodel import Field, Session, SQLModel, select

from volthus_kit.database import open_sqlite, written
from volthus_kit.refusal import RefusedError


class Thing(SQLModel, table=True):
    id: int = Field(primary_key=True)


def test_what_was_written_is_there_after_a_restart(tmp_path):
    path = tmp_path / "deep" / "store.db"
    engine = open_sqlite(path)
    SQLModel.metadata.create_all(engine, tables=[Thing.__table__])
    written(engine, lambda session: session.add(Thing(id=7)))
    engine.dispose()
    again = open_sqlite(path)
    with Session(again) as session:
        assert session.exec(select(Thing.id)).all() == [7]
    again.dispose()


def test_a_locked_database_refuses_and_changes_nothing(tmp_path):
    path = tmp_path / "store.db"
    engine = open_sqlite(path)
    SQLModel.metadata.create_all(engine, tables=[Thing.__table__])
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RefusedError, match="store-failing"):
        written(engine, lambda session: session.add(Thing(id=7)))
    other.rollback()
    other.close()
    written(engine, lambda session: session.add(Thing(id=8)))
    with Session(engine) as session:
        assert session.exec(select(Thing.id)).all() == [8]
    engine.dispose()
