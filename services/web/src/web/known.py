"""Who a secret belongs to, remembered for some seconds: a busy client is not looked up each time.

What ends or changes a log-in is asked for over a few addresses; whoever answered such a request
forgets everything at once and tells the other replicas. A replica that did not hear it forgets by
the clock.
"""

import hashlib
from collections.abc import Awaitable, Callable

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_wire.subjects import WEB_FORGET
from volthus_wire.v1.rpc_pb2 import Nothing
from web.accounts import Account

FOR_S = 5.0
MOST = 10_000
# Requests that may end or change a log-in.
CHANGING = ("/api/v1/auth", "/api/v1/me", "/api/v1/tokens", "/api/v1/users")


class Known:
    """The accounts of secrets seen lately. All calls on the event loop."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._found: dict[bytes, tuple[float, Account]] = {}
        self._forgot = 0  # grows: a look-up that began before is not remembered

    async def hear(self) -> None:
        """Hear when other replicas forget; works before the first connection."""
        await self._bus.subscribe(WEB_FORGET, lambda _, __: self._forget())

    async def account(
        self, secret: str, look_up: Callable[[], Awaitable[Account | None]]
    ) -> Account | None:
        """Return whose a secret is, as looked up FOR_S ago at most; None is never remembered."""
        key, now_s = hashlib.sha256(secret.encode()).digest(), self._clock.monotonic()
        known = self._found.get(key)
        if known is not None and now_s < known[0] and self._clock.now() < known[1].expires_at:
            return known[1]
        began = self._forgot
        account = await look_up()
        if account is not None and began == self._forgot:
            if len(self._found) >= MOST:
                self._found.clear()
            self._found[key] = now_s + FOR_S, account
        return account

    async def forget_after(self, method: str, path: str) -> None:
        """Forget where such a request may have changed a log-in, here and on every replica."""
        is_reading = method in {"GET", "HEAD", "OPTIONS"} and not path.startswith(
            "/api/v1/auth/oidc"
        )
        if not is_reading and path.startswith(CHANGING):
            self._forget()
            await self._bus.publish(WEB_FORGET, Nothing())

    def _forget(self) -> None:
        self._forgot += 1
        self._found.clear()
