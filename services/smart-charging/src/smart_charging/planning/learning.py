"""Asks sites for their own energies, a few at a time, and learns load and sun from them.

Never in the way of a plan: what was not learned yet is reckoned with by the standard profiles.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from smart_charging.learned import Learned, LearnedStore
from smart_charging.planning.core.ledger import SILENT_S, spread_s
from smart_charging.planning.forecasts import Forecasts
from smart_charging.planning.metrics import LEARNED
from smart_charging.planning.office import Office
from smart_charging.provider.store import StoreError
from volthus_kit.clock import Clock
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.v1.records_pb2 import EnergySpan

logger = logging.getLogger(__name__)

FIRST = timedelta(days=28)  # asked for once
AGAIN = timedelta(hours=1)
STEP_S = 900
MOST_DAYS = 7  # of one answer: 672 quarters are some 40 kB
AT_ONCE = 2
PAUSE_S = 1.0


class Asking(Protocol):
    """How a site is asked for its energies."""

    async def energies(self, site: str, start: datetime, end: datetime) -> list[EnergySpan]:
        """Return quarter-hours. Raises NotAnsweredError, RefusedError."""
        ...


class School:
    """Learns from one site after the other."""

    def __init__(
        self,
        office: Office,
        forecasts: Forecasts,
        asking: Asking,
        store: LearnedStore,
        clock: Clock,
    ) -> None:
        self._office, self._forecasts, self._asking = office, forecasts, asking
        self._store, self._clock = store, clock
        self._next: dict[str, datetime] = {}
        self._fresh: dict[str, Learned] = {}

    async def load(self) -> None:
        """Take up what was learned before the restart."""
        try:
            known = await asyncio.to_thread(self._store.load)
        except StoreError:
            return  # it is learned again
        self._forecasts.learned = known | self._forecasts.learned

    async def run(self) -> None:
        """Ask who is due, for ever."""
        await self.load()
        while True:
            taught = await self.step()
            await asyncio.sleep(PAUSE_S if taught else 5 * PAUSE_S)

    async def step(self) -> int:
        """Ask the next few sites; return how many."""
        now = self._clock.now()
        rows = self._office.rows
        for site in self._next.keys() - rows.keys():
            del self._next[site]
        due = []
        for site, row in rows.items():
            first = now + timedelta(seconds=spread_s(site) / 2)
            is_here = now.timestamp() - row.heard_s < SILENT_S
            if self._next.setdefault(site, first) <= now and is_here and self._office.is_own(site):
                due.append(site)
            if len(due) >= AT_ONCE:
                break
        async with asyncio.TaskGroup() as tasks:
            for site in due:
                self._next[site] = now + AGAIN
                tasks.create_task(self._learn(site, rows[site].place, now), name="learn")
        await self._keep()
        return len(due)

    async def _learn(self, site: str, place: bytes, now: datetime) -> None:
        known = self._forecasts.learned.get(site)
        end = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
        start = end - FIRST
        if known is not None and known.load.learned_until_s:
            start = max(start, datetime.fromtimestamp(known.load.learned_until_s, UTC))
        try:
            while start < end:
                upto = min(end, start + timedelta(days=MOST_DAYS))
                spans = sound(await self._asking.energies(site, start, upto), start, upto)
                learned = await asyncio.to_thread(self._forecasts.teach, site, place, spans)
                self._fresh[site] = learned
                start = upto
        except (NotAnsweredError, RefusedError) as error:
            LEARNED.labels("not-answered").inc()
            logger.debug("site told no energies", extra={"site": site, "error": str(error)})
            return
        LEARNED.labels("learned").inc()

    async def _keep(self) -> None:
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, {}
        try:
            await asyncio.to_thread(self._store.save, fresh)
        except (RefusedError, StoreError):
            return  # it is learned again; volthus_store_errors_total has counted it


def sound(spans: Iterable[EnergySpan], start: datetime, end: datetime) -> list[EnergySpan]:
    """Return the quarter-hours that were asked for, whatever a site answers besides."""
    first_s, last_s = int(start.timestamp()), int(end.timestamp())
    kept = {
        span.start.seconds: span
        for span in spans
        if first_s <= span.start.seconds
        and span.end.seconds <= last_s
        and span.end.seconds - span.start.seconds == STEP_S
    }
    return [kept[start_s] for start_s in sorted(kept)]
