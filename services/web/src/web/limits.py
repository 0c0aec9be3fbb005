"""How often somebody may ask, over all replicas together.

Decided in memory, so that a request costs nothing. What heavy users used is told to the database
once a second, and what they used elsewhere is learned there: light ones it never hears of. Time is
the database's, so no two clocks are compared. At a site (SQLite) there are no others to tell.
"""

import asyncio
import logging
from collections.abc import Mapping

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from volthus_kit.clock import Clock
from web.core.buckets import Buckets
from web.core.knocks import Knocks

logger = logging.getLogger(__name__)

TELL_EVERY_S = 1.0
FORGET_EVERY = 60  # tellings
_NOW = text("SELECT EXTRACT(EPOCH FROM clock_timestamp())::double precision")
_TELL = text(
    "INSERT INTO buckets (key, empty_at_s) VALUES (:key, :now_s + :used_s)"
    " ON CONFLICT (key) DO UPDATE SET"
    " empty_at_s = GREATEST(buckets.empty_at_s, :now_s) + :used_s"
    " RETURNING empty_at_s - :now_s"
)
_FORGET = text("DELETE FROM buckets WHERE empty_at_s < :now_s")


class Limits:
    """Rates of requests by account and address, and of tokens that open nothing by address.

    rate_per_s: 0 = no limit on requests.
    """

    def __init__(self, engine: Engine, clock: Clock, rate_per_s: float, burst: float) -> None:
        self._engine = engine
        self._clock = clock
        self._requests = Buckets(rate_per_s, burst) if rate_per_s > 0 else None
        self._knocks = Knocks()

    def asked(self, actor: str, address: str) -> int:
        """Count a request. Returns 0, or the whole seconds to wait when it is too many."""
        if self._requests is None:
            return 0
        return self._requests.take(f"{actor}\n{address}", self._clock.monotonic())

    def knocked(self, address: str) -> int:
        """Count a token that opened nothing. Returns as `asked`."""
        return self._knocks.failed(address, self._clock.monotonic())

    async def share(self) -> None:
        """Tell and learn, once a second; runs until cancelled."""
        if self._engine.dialect.name != "postgresql":
            return
        tellings = 0
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            tellings += 1
            await self.share_once(is_forgetting=tellings % FORGET_EVERY == 0)

    async def share_once(self, *, is_forgetting: bool = False) -> None:
        """Tell what was used, and learn what all together used."""
        for kind, buckets in (("r", self._requests), ("k", self._knocks)):
            if buckets is None:
                continue
            now_s = self._clock.monotonic()
            used = buckets.to_tell(now_s)
            if not used and not is_forgetting:
                continue
            try:
                left = await asyncio.to_thread(self._told, kind, used, is_forgetting)
            except (DBAPIError, PoolTimeoutError) as error:
                logger.warning("rates not shared", extra={"error": str(error)})
                continue
            for key, left_s in left.items():
                buckets.learn(key, left_s, self._clock.monotonic())

    def _told(
        self,
        kind: str,
        used: Mapping[str, float],
        is_forgetting: bool,  # noqa: FBT001
    ) -> dict[str, float]:
        with self._engine.begin() as connection:
            now_s = float(connection.execute(_NOW).scalar_one())
            if is_forgetting:
                connection.execute(_FORGET, {"now_s": now_s})
            # In one order at every replica: two that tell the same keys must not lock each other.
            return {
                key: _tell(connection, kind + key, used_s, now_s)
                for key, used_s in sorted(used.items())
            }


def _tell(connection: Connection, key: str, used_s: float, now_s: float) -> float:
    values = {"key": key, "used_s": used_s, "now_s": now_s}
    return float(connection.execute(_TELL, values).scalar_one())
