"""Keeps the trust store in step: commands wait for the disk, facts learned follow by themselves."""

import asyncio
import logging

from eebus_gateway.core.trust import Paired
from eebus_gateway.metrics import UNSAVED
from eebus_gateway.store import Store
from volthus_kit.backoff import backoff
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)


class Keeper:
    """One writer to the store, so that a fact learned late cannot bring back a forgotten trust."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._unsaved: dict[str, Paired] = {}
        self._facts: dict[str, str] = {}
        self._noted = asyncio.Event()

    @property
    def has_saved_all(self) -> bool:
        """Whether the disk took everything."""
        return not self._unsaved and not self._facts

    async def keep(self, paired: Paired) -> None:
        """Have the device on disk when this returns. Raises RefusedError `store-failing`."""
        async with self._lock:
            await asyncio.to_thread(self._store.keep, paired)
            self._unsaved.pop(paired.ski, None)

    async def forget(self, ski: str) -> None:
        """Have the device off the disk when this returns. Raises RefusedError."""
        async with self._lock:
            await asyncio.to_thread(self._store.forget, ski)
            self._unsaved.pop(ski, None)

    async def remember(self, name: str, value: str) -> None:
        """Keep a fact about ourselves; a disk that does not take it is no reason to stop."""
        try:
            async with self._lock:
                await asyncio.to_thread(self._store.remember, name, value)
        except RefusedError as error:
            logger.warning("fact not kept", extra={"fact": name, "error": error.detail})

    def note(self, paired: Paired) -> None:
        """Save a known device soon; control does not wait for the disk."""
        self._unsaved[paired.ski] = paired
        self._noted.set()

    def note_fact(self, name: str, value: str) -> None:
        """Save a fact about ourselves soon, and until the disk took it."""
        self._facts[name] = value
        self._noted.set()

    async def run(self) -> None:
        """Save what was noted until cancelled, patiently while the disk is full; then the rest."""
        try:
            await self._run()
        finally:
            self._save_rest()

    async def _run(self) -> None:
        waits = backoff(first_s=1.0, most_s=30.0)
        while True:
            UNSAVED.set(len(self._unsaved) + len(self._facts))
            await self._noted.wait()
            self._noted.clear()
            try:
                for ski in list(self._unsaved):
                    await self._save(ski)
                for name in list(self._facts):
                    await self._save_fact(name)
                waits = backoff(first_s=1.0, most_s=30.0)
            except RefusedError as error:
                logger.warning("trust store failing", extra={"error": error.detail})
                UNSAVED.set(len(self._unsaved) + len(self._facts))
                await asyncio.sleep(next(waits))
                self._noted.set()

    def _save_rest(self) -> None:
        """Save what came in the last moments before a stop; blocking, and only what is known."""
        try:
            for paired in self._unsaved.values():
                self._store.keep(paired)
            for name, value in self._facts.items():
                self._store.remember(name, value)
        except RefusedError as error:
            logger.warning("trust store failing", extra={"error": error.detail})

    async def _save(self, ski: str) -> None:
        async with self._lock:
            paired = self._unsaved.get(ski)
            if paired is None:
                return
            await asyncio.to_thread(self._store.keep, paired)
            if self._unsaved.get(ski) == paired:
                del self._unsaved[ski]

    async def _save_fact(self, name: str) -> None:
        async with self._lock:
            value = self._facts[name]
            await asyncio.to_thread(self._store.remember, name, value)
            if self._facts[name] == value:
                del self._facts[name]
