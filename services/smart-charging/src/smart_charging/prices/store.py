"""The cache of fetched series in this service's own database. Blocking: call it in a thread."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, select

from smart_charging.prices.core.series import Series
from smart_charging.prices.readers import own
from smart_charging.provider.core.errors import SourceError
from smart_charging.provider.core.release import Record
from volthus_kit.database import open_sqlite, written

FILE = "prices.sqlite3"


class StoreError(Exception):
    """The database could not be read."""


class FeedRow(SQLModel, table=True):
    """What is known of one feed. Times as text: SQLite forgets the offset of a time."""

    __tablename__ = "price_feed"

    feed: str = Field(primary_key=True)
    document: str  # price-series/1, or empty
    known_until: str = ""
    tried_at: str = ""
    succeeded_at: str = ""
    failures: int = 0
    not_before: str = ""
    problem: str = ""


class Store:
    """Keeps series over restarts. One writer: this service."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._engine: Engine | None = None

    def load(self) -> dict[str, tuple[Series | None, Record]]:
        """Open the file, create what is missing and return all feeds.

        A row that cannot be understood is left out, so that it is fetched anew.
        Raises StoreError; it may be tried again.
        """
        try:
            engine = self._opened()
            with Session(engine) as session:
                rows = list(session.exec(select(FeedRow)).all())
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        known = {}
        for row in rows:
            try:
                known[row.feed] = _series(row), _record(row)
            except (SourceError, ValueError):
                continue
        return known

    def save(self, feed: str, series: Series | None, record: Record) -> None:
        """Write a feed. Raises RefusedError `store-failing`, and StoreError when it cannot open."""
        try:
            engine = self._opened()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be opened: {error}") from error
        written(engine, lambda session: session.merge(_row(feed, series, record)))

    def close(self) -> None:
        """Close the file; harmless when closed."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            engine = open_sqlite(self._path, durable=False)  # it can all be fetched again
            SQLModel.metadata.create_all(engine, [SQLModel.metadata.tables["price_feed"]])
            self._engine = engine
        return self._engine


def _row(feed: str, series: Series | None, record: Record) -> FeedRow:
    return FeedRow(
        feed=feed,
        document=own.written(series).decode() if series is not None else "",
        known_until=_text(record.known_until),
        tried_at=_text(record.tried_at),
        succeeded_at=_text(record.succeeded_at),
        failures=record.failures,
        not_before=_text(record.not_before),
        problem=record.problem,
    )


def _series(row: FeedRow) -> Series | None:
    return own.read(row.document.encode()) if row.document else None


def _record(row: FeedRow) -> Record:
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
