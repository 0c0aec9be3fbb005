"""Opens a service's own database: SQLite file by default, anything SQLAlchemy knows by URL."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, create_engine

from volthus_kit.answer_book import marked
from volthus_kit.metrics import STORE_ERRORS
from volthus_kit.refusal import RefusedError

T = TypeVar("T")


def open_sqlite(path: Path, *, durable: bool = True) -> Engine:
    """Open (and create) a SQLite file in WAL mode.

    durable: synchronous=FULL, so that what was acknowledged survives a power loss.
    Raises OSError when the folder cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # DBAPI object, untyped
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "busy_timeout=2000",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def written(engine: Engine, write: Callable[[Session], T]) -> T:
    """Run `write` in one transaction and commit it; blocking, so call it in a thread.

    Raises RefusedError `store-failing` when the database cannot take it (disk full, locked).
    """
    try:
        with Session(engine, expire_on_commit=False) as session:
            result = write(session)
            marked(session.connection())
            session.commit()
            return result
    except (OperationalError, DBAPIError) as error:
        reason = str(error.orig)
        STORE_ERRORS.labels(_kind(reason)).inc()
        raise RefusedError(
            "store-failing",
            f"The database did not take the change ({reason}); nothing was changed.",
            reason=reason,
        ) from error


def _kind(reason: str) -> str:
    """Return a label of bounded count for a database's error text."""
    for part, label in (("full", "full"), ("locked", "locked"), ("readonly", "readonly")):
        if part in reason:
            return label
    return "other"
