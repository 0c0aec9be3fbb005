"""Tells the hub's servers who is locked out, until they have taken it."""

import asyncio
import logging
from pathlib import Path

from bus_trust import Hub
from enrolment.desk import Desk
from volthus_kit.bus_accounts import AccountsError, tell_account
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0


class Lockouts:
    """Keeps the servers' list of locked-out keys equal to the database's."""

    def __init__(self, desk: Desk, hub: Hub, clock: Clock, url: str, credentials: Path) -> None:
        self._desk = desk
        self._hub = hub
        self._clock = clock
        self._url = url
        self._credentials = credentials
        self._wanted = asyncio.Event()
        self._wanted.set()  # at the start the servers may have lost what they were told

    def hurry(self) -> None:
        """Look now: somebody was locked out."""
        self._wanted.set()

    async def keep_told(self) -> None:
        """Tell the servers at the start and after each lock-out; try again until they took it."""
        while True:
            try:
                if self._wanted.is_set() or await asyncio.to_thread(self._desk.has_untold):
                    self._wanted.clear()
                    await self._tell()
            except (AccountsError, RefusedError) as error:
                self._wanted.set()
                logger.warning("lock-outs not told to the hub", extra={"error": str(error)})
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def _tell(self) -> None:
        revoked = await asyncio.to_thread(self._desk.revoked)
        claims = self._hub.fleet_jwt(self._clock.now(), revoked)
        await tell_account(self._url, self._credentials, claims)
        await asyncio.to_thread(self._desk.note_told, tuple(revoked))
        logger.info("lock-outs told to the hub", extra={"count": len(revoked)})
