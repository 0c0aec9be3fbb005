"""The last test of each charger, in memory at once and in its book as soon as that can be."""

import asyncio
import logging
from typing import Generic, Protocol, TypeVar

from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.rpc_pb2 import Caller

T = TypeVar("T")

logger = logging.getLogger(__name__)

SAVE_AGAIN_AFTER_S = 5.0


class Book(Protocol[T]):
    """Where tests are kept; blocking. Both raise RefusedError `store-failing`."""

    def load(self) -> dict[str, T]:
        """Return the last test of each charger, by SKI."""

    def write(self, test: T, caller: Caller, /) -> None:
        """Keep the start or the end of a test, and in the audit whose it was."""


class EndedTests(Generic[T]):
    """Tests that ended, by charger, the latest last. what: their kind, for the log."""

    def __init__(self, book: Book[T], clock: Clock, what: str) -> None:
        self._book = book
        self._clock = clock
        self._what = what
        self._unsaved: list[tuple[T, Caller]] = []
        self._is_loaded = False
        self._tried_s = float("-inf")
        self._one = asyncio.Lock()  # who cancels a test saves beside who follows it
        self.by_charger: dict[str, T] = {}

    async def begin(self, test: T, caller: Caller) -> None:
        """Record that a test begins. Raises RefusedError: what cannot be recorded is not done."""
        await asyncio.to_thread(self._book.write, test, caller)

    def add(self, ski: str, test: T, caller: Caller) -> None:
        """Take a test that ended; `save` keeps it."""
        self.by_charger.pop(ski, None)
        self.by_charger[ski] = test
        self._unsaved.append((test, caller))

    async def save(self) -> None:
        """Keep what ended, and first of all learn what was kept before; later if it must be."""
        async with self._one:
            now = self._clock.monotonic()
            is_due = now - self._tried_s >= SAVE_AGAIN_AFTER_S
            if is_due and (not self._is_loaded or self._unsaved):
                await self._save(now)

    async def _save(self, now: float) -> None:
        try:
            if not self._is_loaded:
                known = await asyncio.to_thread(self._book.load)
                self.by_charger = known | self.by_charger
                self._is_loaded = True
            while self._unsaved:
                await asyncio.to_thread(self._book.write, *self._unsaved[0])
                del self._unsaved[0]
        except RefusedError as error:
            self._tried_s = now
            logger.warning("test not kept", extra={"test": self._what, "error": str(error)})
