"""Commands of the front door itself with an idempotency key: done once, at whichever replica.

A key is taken in the database before the command begins, so of two replicas one does it. Its answer
is kept for 24 h, sealed with the key itself: the database knows only a digest of that, so whoever
reads the database reads no token and no password out of an answer.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Response
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.store import OnceRow

logger = logging.getLogger(__name__)

KEPT_S = 24 * 3600.0
AT_WORK_S = 5.0  # how long a repetition waits for the first to end
LOOK_S = 0.1
KEPT_HEADERS = ("content-type", "etag", "location")
_FAILED = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks what with which key."""

    username: str
    key: str
    request: bytes  # method, address and body: what has to be the same the next time

    @property
    def id(self) -> str:
        """What the answer is found by; it opens nothing."""
        return _mixed("found", self).hex()

    @property
    def digest(self) -> str:
        """What tells one request from another."""
        return hashlib.sha256(self.request).hexdigest()


class Once:
    """The answers of 24 h."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def answer(self, asked: Asked, work: Callable[[], Awaitable[Response]]) -> Response:
        """Return the answer of the first time, else do the work.

        A refusal is not kept: nothing was done. Raises RefusedError `idempotency-key-reused`,
        `idempotency-answer-lost`, `store-failing`.
        """
        if not await asyncio.to_thread(self._taken, asked):
            return await self._earlier(asked)
        try:
            response = await work()
        except Exception:
            await asyncio.to_thread(self._drop, asked)
            raise
        if response.status_code >= _FAILED:
            await asyncio.to_thread(self._drop, asked)
        else:
            await asyncio.to_thread(self._keep, asked, response)
        return response

    async def _earlier(self, asked: Asked) -> Response:
        for _ in range(round(AT_WORK_S / LOOK_S)):
            row = await asyncio.to_thread(self._row, asked.id)
            if row is None:  # it was refused meanwhile: nothing was done
                raise _lost()
            if row.digest != asked.digest:
                raise RefusedError(
                    "idempotency-key-reused",
                    "This idempotency key was used for another request.",
                )
            if row.status is not None:
                body = await asyncio.to_thread(_opened, asked, row.body)
                return Response(body, row.status, json.loads(row.headers))
            await asyncio.sleep(LOOK_S)
        raise _lost()

    # --- in threads ------------------------------------------------------------------------------

    def _taken(self, asked: Asked) -> bool:
        """Take the key. Returns False when somebody has it."""
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> bool:
            session.exec(delete(OnceRow).where(col(OnceRow.at_s) < now_s - KEPT_S))
            if session.get(OnceRow, asked.id) is not None:
                return False
            session.add(OnceRow(key=asked.id, digest=asked.digest, at_s=now_s))
            return True

        try:
            return written(self._engine, write)
        except RefusedError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False  # another replica was quicker
            raise

    def _row(self, key: str) -> OnceRow | None:
        with Session(self._engine) as session:
            return session.get(OnceRow, key)

    def _keep(self, asked: Asked, response: Response) -> None:
        headers = {
            name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
        }

        def write(session: Session) -> None:
            if (row := session.get(OnceRow, asked.id)) is not None:
                row.status, row.headers = response.status_code, json.dumps(headers)
                row.body = _sealed(asked, bytes(response.body))
                session.add(row)

        try:
            written(self._engine, write)
        except RefusedError as error:
            # It was done, and says so; a repetition will hear that its answer is lost.
            logger.warning("answer not kept", extra={"error": error.detail})

    def _drop(self, asked: Asked) -> None:
        def write(session: Session) -> None:
            session.exec(delete(OnceRow).where(col(OnceRow.key) == asked.id))

        try:
            written(self._engine, write)
        except RefusedError as error:
            logger.warning("answer not kept", extra={"error": error.detail})


def _lost() -> RefusedError:
    return RefusedError(
        "idempotency-answer-lost",
        "This command was at work and its answer is not known; "
        "look at what it was to change, and use a new key to try again.",
    )


def _mixed(purpose: str, asked: Asked) -> bytes:
    return hmac.digest(asked.key.encode(), f"{purpose}\n{asked.username}".encode(), "sha256")


def _sealed(asked: Asked, body: bytes) -> bytes:
    from cryptography.fernet import Fernet  # noqa: PLC0415 - heavy, and rarely needed

    return Fernet(base64.urlsafe_b64encode(_mixed("sealed", asked))).encrypt(body)


def _opened(asked: Asked, sealed: bytes) -> bytes:
    from cryptography.fernet import Fernet  # noqa: PLC0415 - heavy, and rarely needed

    return Fernet(base64.urlsafe_b64encode(_mixed("sealed", asked))).decrypt(sealed)
