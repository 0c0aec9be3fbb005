"""The cache of fetched series in this service's own database. Blocking: call it in a thread."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, select

from smart_charging.provider.core.errors import SourceError
from smart_charging.provider.core.release import Record
from volthus_kit.database import open_sqlite, written

S = TypeVar("S")


class StoreError(Exception):
    """The database could not be read."""


class FeedColumns(SQLModel):
    """What is known of one feed. Times as text: SQLite forgets the offset of a time."""

    feed: str = Field(primary_key=True)
    document: str  # the series, or empty
    known_until: str = ""
    tried_at: str = ""
    succeeded_at: str = ""
    failures: int = 0
    not_before: str = ""
    problem: str = ""


class FeedStore(Generic[S]):
    """Keeps series over restarts. One writer: this service.

    table: where. read, write: a series as text; `read` raises SourceError or ValueError.
    """

    def __init__(
        self,
        path: Path,
        table: type[FeedColumns],
        read: Callable[[bytes], S],
        write: Callable[[S], bytes],
    ) -> None:
        self._path, self._table, self._read, self._write = path, table, read, write
        self._engine: Engine | None = None

    def load(self) -> dict[str, tuple[S | None, Record]]:
        """Open the file, create what is missing and return all feeds.

        A row that cannot be understood is left out, so that it is fetched anew.
        Raises StoreError; it may be tried again.
        """
        try:
            engine = self._opened()
            with Session(engine) as session:
                rows = list(session.exec(select(self._table)).all())
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        known: dict[str, tuple[S | None, Record]] = {}
        for row in rows:
            try:
                series = self._read(row.document.encode()) if row.document else None
                known[row.feed] = series, _record(row)
            except (SourceError, ValueError):
                continue
        return known

    def save(self, feed: str, series: S | None, record: Record) -> None:
        """Write a feed. Raises RefusedError `store-failing`, and StoreError when it cannot open."""
        try:
            engine = self._opened()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be opened: {error}") from error
        row = self._table(
            feed=feed,
            document=self._write(series).decode() if series is not None else "",
            known_until=_text(record.known_until),
            tried_at=_text(record.tried_at),
            succeeded_at=_text(record.succeeded_at),
            failures=record.failures,
            not_before=_text(record.not_before),
            problem=record.problem,
        )
        written(engine, lambda session: session.merge(row))

    def close(self) -> None:
        """Close the file; harmless when closed."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            engine = open_sqlite(self._path, durable=False)  # it can all be fetched again
            table = SQLModel.metadata.tables[str(self._table.__tablename__)]
            SQLModel.metadata.create_all(engine, [table])
            self._engine = engine
        return self._engine


def _record(row: FeedColumns) -> Record:
    return Record(
        known_until=_moment(row.known_until),
        tried_at=_moment(row.tried_at),
        succeeded_at=_moment(row.succeeded_at),
        failures=row.failures,
        not_before=_moment(row.not_before),
        problem=row.problem,
    )


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
