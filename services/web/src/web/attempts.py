"""Log-ins that did not succeed, as all replicas together saw them.

Counted twice: in memory on the monotonic clock, so that a lock-out holds while the database is
away, and in the database, so that it holds at every replica and over a restart.
"""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, col, delete

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.core.lockout import (
    FORGOTTEN_AFTER_S,
    Attempts,
    Key,
    Lockout,
    closed_s,
    keys_of,
    one_less,
    one_more,
)
from web.store import AttemptsRow

logger = logging.getLogger(__name__)


class SharedAttempts:
    """Slows down guessing of passwords at all replicas together."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._own = Lockout()

    async def enter(self, username: str, address: str) -> int:
        """Begin an attempt. Returns 0, or the whole seconds to wait when it may not begin."""
        wait_s = self._own.enter(username, address, self._clock.monotonic())
        if wait_s:
            return wait_s
        return await asyncio.to_thread(self._enter, username, address)

    async def succeeded(self, username: str, address: str) -> None:
        """Forget the user's failed attempts; the address takes back only this one."""
        self._own.succeeded(username, address)
        await asyncio.to_thread(self._succeeded, username, address)

    # --- in threads ------------------------------------------------------------------------------

    def _enter(self, username: str, address: str) -> int:
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> int:
            keys = keys_of(username, address)
            known = {key: _read(session, key) for key, _ in keys}
            wait_s = max(closed_s(one, now_s) for one in known.values())
            if not wait_s:
                for key, free in keys:
                    _put(session, key, one_more(known[key], free, now_s))
                old = now_s - FORGOTTEN_AFTER_S
                session.exec(delete(AttemptsRow).where(col(AttemptsRow.last_s) < old))
            return wait_s

        return self._tried(write)

    def _succeeded(self, username: str, address: str) -> None:
        by_user, by_address = (key for key, _ in keys_of(username, address))

        def write(session: Session) -> int:
            session.exec(delete(AttemptsRow).where(col(AttemptsRow.key) == _spelled(by_user)))
            if (counted := _read(session, by_address)) is not None:
                _put(session, by_address, one_less(counted))
            return 0

        self._tried(write)

    def _tried(self, write: Callable[[Session], int]) -> int:
        for is_last in (False, True):
            try:
                return written(self._engine, write)
            except RefusedError as error:
                # Two replicas may add the same key at once: the second finds it the next time.
                if is_last or not isinstance(error.__cause__, IntegrityError):
                    logger.warning("attempts not shared", extra={"error": error.detail})
                    return 0
            except DBAPIError as error:
                logger.warning("attempts not shared", extra={"error": str(error.orig)})
                return 0
        return 0


def _read(session: Session, key: Key) -> Attempts | None:
    row = session.get(AttemptsRow, _spelled(key), with_for_update=True)
    return None if row is None else Attempts(row.failed, row.last_s, row.closed_until_s)


def _put(session: Session, key: Key, attempts: Attempts) -> None:
    session.merge(
        AttemptsRow(
            key=_spelled(key),
            failed=attempts.failed,
            last_s=attempts.last_s,
            closed_until_s=attempts.closed_until_s,
        )
    )


def _spelled(key: Key) -> str:
    return "\n".join(key)
