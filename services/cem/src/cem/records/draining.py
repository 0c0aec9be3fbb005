"""Lets the facts of the outbox leave for the cloud, in order; each until it is acknowledged."""

import asyncio
import contextlib
import logging

from cem.records import metrics, restoring
from cem.records.fitting import fitted
from cem.records.journal import Journal
from cem.records.outbox import Parcel
from volthus_kit import parcels as kit
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import FACT, FACT_KINDS, OTHER_FACTS

logger = logging.getLogger(__name__)

WINDOW = 200
LOOK_EVERY_S = 5.0
FIRST_WAIT_S = 1.0
MOST_WAIT_S = 60.0


class Drain:
    """One site's way to the cloud. domain: the JetStream domain whose word counts."""

    def __init__(self, journal: Journal, bus: Bus, clock: Clock, *, site: str, domain: str) -> None:
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._site = site
        self._domain = domain
        self._told_long: set[tuple[int, int]] = set()  # facts too long to leave whole, told once
        self._is_through = False  # the last delivery came through: a whole window may follow

    async def run(self, written: asyncio.Event) -> None:
        """Deliver until cancelled. written: set when new facts may wait."""
        wait_s = FIRST_WAIT_S
        while True:
            written.clear()
            try:
                is_empty = await self.once()
            except (RefusedError, OSError) as error:
                logger.warning("outbox not read", extra={"error": str(error)})
                is_empty, self._is_through = False, False
            if is_empty:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await written.wait()
            if is_empty or self._is_through:
                wait_s = FIRST_WAIT_S
                continue
            await asyncio.sleep(wait_s)
            wait_s = min(MOST_WAIT_S, 2 * wait_s)

    async def once(self) -> bool:
        """Deliver one window, or one fact while the way is not known to be open.

        Returns whether nothing waits. Raises RefusedError, OSError.
        """
        parcels = await asyncio.to_thread(self._next, WINDOW if self._is_through else 1)
        if not parcels:
            return True
        kept = await self._bus.deliver(
            [self._packed(parcel) for parcel in parcels], site=self._site, domain=self._domain
        )
        self._is_through = kept == len(parcels)
        if kept:
            await asyncio.to_thread(self._journal.sent, parcels[:kept], self._clock.now())
            metrics.OUTBOX_SENT.inc(kept)
        return False

    def _next(self, most: int) -> list[Parcel]:
        backlog = self._journal.backlog()
        metrics.show_backlog(backlog, int(self._clock.now().timestamp() * 1000))
        parcels = self._journal.waiting(most)
        if parcels:
            restoring.leaving(self._journal.folder, backlog.generation, *parcels[-1].key)
        return parcels

    def _packed(self, parcel: Parcel) -> kit.Parcel:
        epoch, sequence = parcel.key
        parcel.fact.site = self._site
        fact, long_bytes = fitted(parcel.fact, parcel.kind)
        kind = "audit" if long_bytes else parcel.kind
        if long_bytes and parcel.key not in self._told_long:
            self._told_long.add(parcel.key)
            metrics.OUTBOX_TOO_LONG.inc()
            logger.warning(
                "fact too long for the cloud",
                extra={"kind": parcel.kind, "sequence": sequence, "bytes": long_bytes},
            )
        subject = FACT.at(site=self._site, kind=kind if kind in FACT_KINDS else OTHER_FACTS)
        key = f"{self._site}-{epoch}-{sequence}"
        if parcel.resent:  # else the stream takes it for one that it has
            key += f"-{parcel.resent}"
        return kit.Parcel(subject, fact.SerializeToString(), key)
