"""Keeps the answers to commands with an idempotency key in the owner's own database, for 24 h.

A command that is at work marks its key in the very transaction that changes the database
(`marked`, called by `database.written`), so that not even a kill between the change and its answer
lets a repetition do it twice. Blocking: call it in a thread.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from volthus_kit.clock import Clock, SystemClock
from volthus_wire.v1.rpc_pb2 import RpcReply

Key = tuple[str, ...]

KEPT_FOR = timedelta(hours=24)
MOST = 10_000  # a program gone wild must not fill the disk; the oldest go first

_MAKE = text(
    "CREATE TABLE IF NOT EXISTS volthus_answer"
    " (key TEXT PRIMARY KEY, digest TEXT NOT NULL, reply BLOB, at_ms BIGINT NOT NULL)"
)
_READ = text("SELECT digest, reply FROM volthus_answer WHERE key = :key AND at_ms > :since_ms")
_MARK = text(
    "INSERT INTO volthus_answer (key, digest, reply, at_ms) VALUES (:key, :digest, NULL, :at_ms)"
    " ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, reply = NULL,"
    " at_ms = excluded.at_ms"
)
_KEEP = text(
    "INSERT INTO volthus_answer (key, digest, reply, at_ms) VALUES (:key, :digest, :reply, :at_ms)"
    " ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, reply = excluded.reply,"
    " at_ms = excluded.at_ms"
)
_DROP = text("DELETE FROM volthus_answer WHERE key = :key")
_FORGET = text(
    "DELETE FROM volthus_answer WHERE at_ms <= :since_ms OR key IN"
    " (SELECT key FROM volthus_answer ORDER BY at_ms DESC LIMIT -1 OFFSET :most)"
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of a key. reply: None = its command was at work when the program ended."""

    digest: str
    reply: RpcReply | None


@dataclass(slots=True)
class _AtWork:
    """A command that is being done. is_open: False once it is, whatever it left running."""

    key: str
    digest: str
    clock: Clock
    engine: Engine
    is_open: bool = field(default=True)


_at_work: ContextVar[_AtWork | None] = ContextVar("command at work", default=None)


class AnswerBook:
    """The answers in one database. Raises SQLAlchemyError or OSError where that fails."""

    def __init__(self, engine: Callable[[], Engine], clock: Clock | None = None) -> None:
        """Keep answers in the database that `engine` opens."""
        self._engine = engine
        self._clock = clock or SystemClock()

    def find(self, key: Key) -> Earlier | None:
        """Return what is known of a key that is younger than 24 h."""
        with self._engine().begin() as db:
            db.execute(_MAKE)
            values = {"key": _spelled(key), "since_ms": self._since_ms()}
            row = db.execute(_READ, values).one_or_none()
        if row is None:
            return None
        return Earlier(str(row[0]), None if row[1] is None else RpcReply.FromString(row[1]))

    def keep(self, key: Key, digest: str, reply: RpcReply) -> None:
        """Keep an answer, and forget what is too old."""
        with self._engine().begin() as db:
            db.execute(_MAKE)
            at_ms, body = _ms(self._clock.now()), reply.SerializeToString()
            values = {"key": _spelled(key), "digest": digest, "reply": body, "at_ms": at_ms}
            db.execute(_KEEP, values)
            db.execute(_FORGET, {"since_ms": self._since_ms(), "most": MOST})

    def drop(self, key: Key) -> None:
        """Forget a key whose command was refused after all."""
        with self._engine().begin() as db:
            db.execute(_MAKE)
            db.execute(_DROP, {"key": _spelled(key)})

    @contextmanager
    def working_on(self, key: Key, digest: str) -> Iterator[None]:
        """Mark the key in every transaction that the command in this block writes."""
        work = _AtWork(_spelled(key), digest, self._clock, self._engine())
        token = _at_work.set(work)
        try:
            yield
        finally:
            work.is_open = False
            _at_work.reset(token)

    def _since_ms(self) -> int:
        return _ms(self._clock.now() - KEPT_FOR)


def marked(db: Connection) -> None:
    """Mark the key of the command at work, if there is one and this is its database."""
    work = _at_work.get()
    if work is None or not work.is_open or db.engine is not work.engine:
        return
    db.execute(_MAKE)
    at_ms = _ms(work.clock.now())
    db.execute(_MARK, {"key": work.key, "digest": work.digest, "at_ms": at_ms})


def _spelled(key: Key) -> str:
    return "\n".join(key)  # no part has a line feed: subject, origin, actor, a printable key


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
