import sqlite3

import pytest
from sqlmodel import Field, Session, SQLModel, select

from volthus_kit.database import DatabaseUrlError, open_database, open_sqlite, written
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


@pytest.mark.parametrize("url", ["", "file.db", "mysql://user:secret@host/x", "sqlite://", "a b"])
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url):
    with pytest.raises(DatabaseUrlError) as refused:
        open_database(url)
    assert "secret" not in str(refused.value)


def test_a_sqlite_url_opens_the_file(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path}/store.db")
    SQLModel.metadata.create_all(engine, tables=[Thing.__table__])
    assert (tmp_path / "store.db").exists()
    engine.dispose()


def test_a_postgres_that_was_restarted_is_used_again_without_a_word(postgres, postgres_url):
    engine = open_database(postgres_url)
    SQLModel.metadata.create_all(engine, tables=[Thing.__table__])
    written(engine, lambda session: session.add(Thing(id=1)))
    postgres.stop()
    try:
        with pytest.raises(RefusedError, match="store-failing") as refused:
            written(engine, lambda session: session.add(Thing(id=2)))
        assert "INSERT" not in refused.value.detail
    finally:
        postgres.start()
    written(engine, lambda session: session.add(Thing(id=3)))
    with Session(engine) as session:
        assert session.exec(select(Thing.id)).all() == [1, 3]
    engine.dispose()
