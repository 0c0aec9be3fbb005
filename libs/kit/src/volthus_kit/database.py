"""Opens a service's own database: SQLite file by default, anything SQLAlchemy knows by URL."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, create_engine

from volthus_kit.answer_book import marked
from volthus_kit.metrics import STORE_ERRORS
from volthus_kit.refusal import RefusedError

T = TypeVar("T")

POSTGRES = "postgresql+psycopg"
_POSTGRES_SPELLINGS = frozenset({"postgres", "postgresql", POSTGRES})
MOST_CONNECTIONS = 10  # of one program; what comes while all are busy waits POOL_WAIT_S
POOL_WAIT_S = 5.0
# Asked of the server: whoever waits longer is told `store-failing` and may try again.
_LIMITS = (
    "-c statement_timeout=10000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=30000"
)
_CONNECTING = {"connect_timeout": 3, "options": _LIMITS, "keepalives_idle": 15}


class DatabaseUrlError(ValueError):
    """A database URL that cannot be used; whoever deploys must mend it. Tells no password."""


def open_database(url: str) -> Engine:
    """Open the database of a URL: `sqlite:////path/file` or `postgresql://user:word@host/name`.

    Nothing is connected yet. A connection that died is noticed before it is used, so a database
    that was restarted is used again without a word. Raises DatabaseUrlError, OSError.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUrlError("this is no database URL") from None
    if parsed.drivername == "sqlite" and parsed.database:
        return open_sqlite(Path(parsed.database))
    if parsed.drivername not in _POSTGRES_SPELLINGS:
        raise DatabaseUrlError(f"expected sqlite or postgresql, not {parsed.drivername!r}")
    return create_engine(
        parsed.set(drivername=POSTGRES),
        connect_args=_CONNECTING,
        pool_pre_ping=True,
        pool_size=MOST_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_recycle=1800,
    )


def open_sqlite(path: Path, *, durable: bool = True, page_bytes: int = 4096) -> Engine:
    """Open (and create) a SQLite file in WAL mode.

    durable: synchronous=FULL, so that what was acknowledged survives a power loss.
    page_bytes: of a new file; one that is there keeps its own. Rows that fit a page are cheaper.
    Raises OSError when the folder cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # DBAPI object, untyped
        for pragma in (
            "busy_timeout=2000",
            f"page_size={page_bytes}",  # before the journal: it fixes the size
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
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
    except (DBAPIError, PoolTimeoutError) as error:
        reason = _reason(error)
        STORE_ERRORS.labels(_kind(reason)).inc()
        raise RefusedError(
            "store-failing",
            f"The database did not take the change ({reason}); nothing was changed.",
            reason=reason,
        ) from error


def _reason(error: DBAPIError | PoolTimeoutError) -> str:
    """Return what the database said, in one line, without the statement."""
    said = str(error.orig) if isinstance(error, DBAPIError) else "no connection is free"
    return said.strip().partition("\n")[0]


def _kind(reason: str) -> str:
    """Return a label of bounded count for a database's error text."""
    for part, label in (("full", "full"), ("locked", "locked"), ("readonly", "readonly")):
        if part in reason:
            return label
    return "other"
