"""Who a secret belongs to, remembered for some seconds: a busy client is not looked up each time.

What ends or changes a log-in is asked for over a few addresses; whoever answered such a request
forgets everything at once and tells the other replicas. A replica that did not hear it forgets by
the clock.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_wire.subjects import WEB_FORGET
from volthus_wire.v1.rpc_pb2 import Nothing
from web.accounts import Account

FOR_S = 5.0
MOST = 10_000
# Requests that may end or change a log-in.
CHANGING = ("/api/v1/auth", "/api/v1/me", "/api/v1/tokens", "/api/v1/users")

K = TypeVar("K")
V = TypeVar("V")


class Answers(Generic[K, V]):
    """What was looked up lately, by what it was looked up for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[K, tuple[float, V]] = {}
        self._asking: dict[K, asyncio.Future[V]] = {}

    async def get(
        self, key: K, look_up: Callable[[], Awaitable[V]], is_good: Callable[[V], bool]
    ) -> V:
        """Return what is remembered and good still, or look it up: once for all who ask now."""
        known = self._found.get(key)
        if known is not None and self._clock.monotonic() < known[0] and is_good(known[1]):
            return known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.ensure_future(self._ask(key, look_up, is_good))
            asking.add_done_callback(_looked_at)
        # Shielded: that one of them hangs up takes the answer from nobody else.
        return await asyncio.shield(asking)

    async def _ask(
        self, key: K, look_up: Callable[[], Awaitable[V]], is_good: Callable[[V], bool]
    ) -> V:
        now_s, own = self._clock.monotonic(), asyncio.current_task()
        try:
            found = await look_up()
            # Not there any more: all was forgotten meanwhile, and this may be of before.
            if self._asking.get(key) is own and is_good(found):
                if len(self._found) >= MOST:
                    self._found.clear()
                self._found[key] = now_s + FOR_S, found
            return found
        finally:
            if self._asking.get(key) is own:
                del self._asking[key]

    def forget(self) -> None:
        """Forget everything; who asks from now on is not told what is being looked up already."""
        self._found.clear()
        self._asking.clear()


def _looked_at(asking: asyncio.Future[V]) -> None:
    """Take note of how a look-up ended, also when nobody waits for it any more."""
    if not asking.cancelled():
        asking.exception()


class Known:
    """The accounts of secrets seen lately. All calls on the event loop."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._accounts = Answers[bytes, Account | None](clock)
        self._valid = Answers[Account, bool](clock)

    async def hear(self) -> None:
        """Hear when other replicas forget; works before the first connection."""
        await self._bus.subscribe(WEB_FORGET, lambda _, __: self._forget())

    async def account(
        self, secret: str, look_up: Callable[[], Awaitable[Account | None]]
    ) -> Account | None:
        """Return whose a secret is, as looked up FOR_S ago at most; None is never remembered."""
        key = hashlib.sha256(secret.encode()).digest()
        return await self._accounts.get(key, look_up, self._holds)

    async def is_valid(self, account: Account, look_up: Callable[[], Awaitable[bool]]) -> bool:
        """Whether a log-in still holds, as looked up FOR_S ago at most; no is never remembered.

        Streams ask this: somebody may have opened hundreds, at the same time.
        """
        return await self._valid.get(account, look_up, bool)

    def _holds(self, account: Account | None) -> bool:
        return account is not None and self._clock.now() < account.expires_at

    async def forget_after(self, method: str, path: str) -> None:
        """Forget where such a request may have changed a log-in, here and on every replica."""
        is_reading = method in {"GET", "HEAD", "OPTIONS"} and not path.startswith(
            "/api/v1/auth/oidc"
        )
        if not is_reading and path.startswith(CHANGING):
            self._forget()
            await self._bus.publish(WEB_FORGET, Nothing())

    def _forget(self) -> None:
        self._accounts.forget()
        self._valid.forget()
