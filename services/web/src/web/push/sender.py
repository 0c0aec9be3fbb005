"""Sends what waits for browsers, on the one replica that holds the lease.

201 and 202: taken. 404 and 410: the browser is gone, and forgotten. Everything else is tried
again with growing pauses, for as long as the message is worth it.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.calling import Caller, CallError
from web.core.retrying import retry_after_s, wait_s
from web.metrics import PUSHES
from web.push import store
from web.push.sealing import VapidKey, authorization, sealed
from web.push.store import DueMessage

T = TypeVar("T")

EVERY_S = 1.0
MOST_AT_ONCE = 8
WORTH_S = 24 * 3600.0  # of a message, counted from the alert
FORGET_EVERY_S = 60.0
GONE = frozenset({404, 410})

logger = logging.getLogger(__name__)


class PushSender:
    """Delivers what the table of push messages holds. contact: see `sealing.authorization`."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        caller: Caller,
        contact: str,
        every_s: float = EVERY_S,
    ) -> None:
        """Look for what waits every `every_s` seconds."""
        self._every_s = every_s
        self._engine = engine
        self._clock = clock
        self._caller = caller
        self._contact = contact
        self._busy: set[str] = set()
        self._is_failing = False
        self._key: VapidKey | None = None
        self._forgot_at = -FORGET_EVERY_S

    async def work(self) -> None:
        """Send until cancelled."""
        self._busy.clear()
        async with asyncio.TaskGroup() as calls:
            while True:
                try:
                    await self._forget()
                    for one in await self._next():
                        self._busy.add(one.subscription)
                        calls.create_task(self._deliver(one))
                    self._is_failing = False
                except RefusedError as error:
                    self._say_failing(error)
                await asyncio.sleep(self._every_s)

    async def _forget(self) -> None:
        now = self._clock.monotonic()
        if now - self._forgot_at >= FORGET_EVERY_S:
            self._forgot_at = now
            await self._in_session(store.forget_leavers)

    async def _next(self) -> list[DueMessage]:
        room = MOST_AT_ONCE - len(self._busy)
        if room <= 0:
            return []
        now_s, busy = self._clock.now().timestamp(), tuple(self._busy)
        return await self._in_session(lambda session: store.due(session, now_s, busy, room))

    async def _deliver(self, one: DueMessage) -> None:
        try:
            status, asked_s = await self._tried(one)
            now_s = self._clock.now().timestamp()
            if 200 <= status < 300:
                PUSHES.labels("delivered").inc()
                await self._in_session(lambda session: store.delivered(session, one, now_s))
            elif status in GONE:
                PUSHES.labels("gone").inc()
                await self._in_session(lambda session: store.forget(session, one.subscription))
            else:
                PUSHES.labels("failed").inc()
                share = random.random()  # noqa: S311 - spreads retries, guards nothing
                next_s = now_s + wait_s(one.attempts + 1, share, asked_s)
                retry_s = next_s if next_s < one.created_s + WORTH_S else None
                await self._in_session(lambda session: store.failed(session, one, now_s, retry_s))
        except RefusedError as error:
            self._say_failing(error)
            await asyncio.sleep(EVERY_S)
        finally:
            self._busy.discard(one.subscription)

    async def _tried(self, one: DueMessage) -> tuple[int, float | None]:
        """Return the answer's status (0: none) and the wait it asks for."""
        now_s = self._clock.now().timestamp()
        if self._key is None:
            self._key = await asyncio.to_thread(store.vapid_key, self._engine, now_s)
        try:
            body = await asyncio.to_thread(sealed, one.body.encode(), one.p256dh, one.auth)
            headers = {
                "content-type": "application/octet-stream",
                "content-encoding": "aes128gcm",
                "ttl": str(int(max(60.0, one.created_s + WORTH_S - now_s))),
                "urgency": "high" if one.is_urgent else "normal",
                "topic": one.topic,
                "authorization": authorization(self._key, one.endpoint, self._contact, int(now_s)),
            }
            answer = await self._caller.post(one.endpoint, headers, body)
        except CallError:
            return 0, None
        return answer.status, retry_after_s(answer.retry_after)

    def _say_failing(self, error: RefusedError) -> None:
        if not self._is_failing:  # once a spell
            self._is_failing = True
            logger.warning("push messages not stored", extra={"error": error.detail})

    async def _in_session(self, act: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(written, self._engine, act)
