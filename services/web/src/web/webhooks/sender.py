"""Sends what waits for webhooks, on the one replica that holds the lease.

At least once: a delivery is marked only after its answer, so a crash between sends it again, with
the same `webhook-id`. A receiver that is slow or silent holds up only itself: one call at a time
to each webhook, few to each tenant, each bounded in time.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.calling import Caller, CallError
from web.core.retrying import GIVEN_UP_AFTER_S, retry_after_s, wait_s
from web.core.signing import signature
from web.metrics import DELIVERIES
from web.webhooks import store
from web.webhooks.store import Due, Outcome

T = TypeVar("T")

EVERY_S = 1.0
MOST_AT_ONCE = 16
MOST_OF_A_TENANT = 4
FORGET_EVERY_S = 3600.0
LAST_TRY_S = (
    60.0  # after the three days, so that a webhook that failed all the time is known as such
)
GONE = 410  # Standard Webhooks: the receiver wants no more

logger = logging.getLogger(__name__)


class Sender:
    """Delivers what the table of deliveries holds."""

    def __init__(
        self, engine: Engine, clock: Clock, caller: Caller, every_s: float = EVERY_S
    ) -> None:
        """Look for what waits every `every_s` seconds."""
        self._every_s = every_s
        self._engine = engine
        self._clock = clock
        self._caller = caller
        self._busy: dict[str, str] = {}  # webhook -> tenant
        self._is_failing = False
        self._forgot_at = -FORGET_EVERY_S
        self._freed = asyncio.Event()

    async def work(self) -> None:
        """Send until cancelled. A call that is cut off is made again by whoever goes on."""
        self._busy.clear()
        async with asyncio.TaskGroup() as calls:
            while True:
                self._freed.clear()
                try:
                    await self._forget()
                    for one in await self._next():
                        self._busy[one.webhook] = one.tenant
                        calls.create_task(self._deliver(one))
                    self._is_failing = False
                except RefusedError as error:
                    self._say_failing(error)
                await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._every_s):
                await self._freed.wait()
        except TimeoutError:
            return

    async def _next(self) -> list[Due]:
        room = MOST_AT_ONCE - len(self._busy)
        if room <= 0:
            return []
        now_s, busy = self._clock.now().timestamp(), tuple(self._busy)
        found = await self._in_session(lambda session: store.due(session, now_s, busy, 4 * room))
        of_tenant = Counter(self._busy.values())
        chosen: list[Due] = []
        for one in found:
            if len(chosen) < room and of_tenant[one.tenant] < MOST_OF_A_TENANT:
                of_tenant[one.tenant] += 1
                chosen.append(one)
        return chosen

    async def _deliver(self, one: Due) -> None:
        started_s = time.monotonic()
        try:
            outcome = await self._tried(one, started_s)
            DELIVERIES.labels("delivered" if outcome.is_delivered else "failed").inc()
            if outcome.disable:
                logger.warning(
                    "webhook switched off",
                    extra={"webhook": one.webhook, "reason": outcome.disable},
                )
            await self._in_session(lambda session: store.finish(session, one, outcome))
        except RefusedError as error:
            self._say_failing(error)  # it stays waiting and is sent again
            await asyncio.sleep(EVERY_S)
        finally:
            self._busy.pop(one.webhook, None)
            self._freed.set()

    async def _tried(self, one: Due, started_s: float) -> Outcome:
        at_s = int(self._clock.now().timestamp())
        body = one.body.encode()
        headers = {
            "content-type": "application/json",
            "user-agent": "Volthus-Webhooks/1",
            "webhook-id": one.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(one.secrets, one.id, at_s, body),
        }
        asked_s: float | None = None
        status: int | None = None
        error = ""
        try:
            answer = await self._caller.post(one.url, headers, body)
            status, asked_s = answer.status, retry_after_s(answer.retry_after)
        except CallError as failure:
            error = failure.kind
        now_s = self._clock.now().timestamp()
        took_ms = (time.monotonic() - started_s) * 1000
        if status is not None and 200 <= status < 300:
            return Outcome(True, now_s, took_ms, status)  # noqa: FBT003
        return _failed(one, now_s, took_ms, status, error, asked_s)

    async def _forget(self) -> None:
        now = self._clock.monotonic()
        if now - self._forgot_at >= FORGET_EVERY_S:
            self._forgot_at = now
            now_s = self._clock.now().timestamp()
            await self._in_session(lambda session: store.forget_old(session, now_s))

    def _say_failing(self, error: RefusedError) -> None:
        if not self._is_failing:  # once a spell
            self._is_failing = True
            logger.warning("webhooks not stored", extra={"error": error.detail})

    async def _in_session(self, act: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(written, self._engine, act)


def _failed(  # noqa: PLR0913, PLR0917 - what an attempt is
    one: Due,
    now_s: float,
    took_ms: float,
    status: int | None,
    error: str,
    asked_s: float | None,
) -> Outcome:
    """Return what becomes of a delivery that was not taken."""
    chance = random.random()  # noqa: S311 - spreads retries, guards nothing
    last_s = one.created_s + GIVEN_UP_AFTER_S + LAST_TRY_S
    next_s = min(now_s + wait_s(one.attempts + 1, chance, asked_s), last_s)
    since_s = one.failing_since_s if one.failing_since_s is not None else now_s
    disable = ""
    if status == GONE:
        disable = "gone"
    elif now_s - since_s >= GIVEN_UP_AFTER_S:
        disable = "gave-up"
    is_last = bool(disable) or now_s >= last_s
    return Outcome(
        is_delivered=False,
        at_s=now_s,
        duration_ms=took_ms,
        status=status,
        error=error or f"status-{status}",
        retry_s=None if is_last else next_s,
        disable=disable,
    )
