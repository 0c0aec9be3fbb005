"""Keeps the history of all sites: facts into tables, sums of energy, what is missing asked again.

One replica does it at a time (the lease `history`): so the facts of a site stay in order.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from volthus_kit.backoff import backoff
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.streams import ForeignDomainError, StreamError, WorkStream
from volthus_wire.subjects import FACTS_RESEND
from volthus_wire.v1.records_pb2 import ResendFactsRequest
from volthus_wire.v1.rpc_pb2 import Caller
from web.history import gaps, metrics, rolling
from web.history.gaps import Missing
from web.history.rolling import Kept
from web.history.writing import Written, recover, write
from web.leases import Leases

logger = logging.getLogger(__name__)

LEASE = "history"
BATCH = 500
WITHIN_S = 1.0
LOOK_EVERY_S = 10.0
FORGET_EVERY_S = 3600.0
ANSWER_S = 10.0
ASKED_TOGETHER = 20  # sites at once: a cloud that was restored misses something of each
FIRST_WAIT_S, MOST_WAIT_S = 0.5, 30.0
CALLER = Caller(actor="history", role="service", origin="cloud")


@dataclass(frozen=True, slots=True)
class Stores:
    """Where facts come from and where they go."""

    stream: WorkStream
    engine: Engine
    kept: Kept


class Historian:
    """One replica's part in keeping the history."""

    def __init__(self, bus: Bus, stores: Stores, leases: Leases, clock: Clock) -> None:
        self._bus = bus
        self._stream = stores.stream
        self._engine = stores.engine
        self._kept = stores.kept
        self._leases = leases
        self._clock = clock
        self._writing = asyncio.Lock()  # between taking facts in and letting go of what is old
        self._taken = 0

    async def run(self) -> None:
        """Keep the history whenever it is ours to do; until cancelled."""
        while True:
            try:
                await self._leases.while_mine(LEASE, self.work)
            except Exception:  # a fault in here must not close the front door
                logger.exception("history failed")
                await asyncio.sleep(MOST_WAIT_S)

    async def work(self) -> None:
        """Keep the history until cancelled; another must not do so at the same time."""
        metrics.IS_MINE.set(1)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take_in(), name="facts")
                tasks.create_task(self._sum_up(), name="sums of energy")
                tasks.create_task(self._look(), name="missing facts")
                tasks.create_task(self._forget(), name="old energy")
        finally:
            metrics.IS_MINE.set(0)
            await self._stream.leave()

    # --- facts into tables -----------------------------------------------------------------------

    async def _take_in(self) -> None:
        """Write facts batch by batch; after a failure begin with the first that is not in."""
        waits = backoff(first_s=FIRST_WAIT_S, most_s=MOST_WAIT_S)
        has_recovered = False
        while True:
            try:
                if not has_recovered:  # before all that is newer
                    await self.recover()
                    has_recovered = True
                await self._stream.begin()
                while True:
                    await self._take_batch()
                    waits = backoff(first_s=FIRST_WAIT_S, most_s=MOST_WAIT_S)
            except ForeignDomainError as error:
                logger.error(
                    "facts not taken: not the cloud's streams", extra={"error": str(error)}
                )
                await asyncio.sleep(MOST_WAIT_S)
            except (StreamError, RefusedError) as error:
                logger.warning("facts not taken", extra={"error": str(error)})
                await asyncio.sleep(next(waits))

    async def recover(self) -> None:
        """Take in what was set aside and can be read since an upgrade. Raises RefusedError."""
        now = self._clock.now()
        async with self._writing:
            done = await asyncio.to_thread(
                recover, self._engine, int(now.timestamp() * 1000), self._kept.since(now)
            )
        if done:
            metrics.FACTS.labels("recovered").inc(done.total())
            logger.info("facts recovered", extra={"facts": done.total()})

    async def _take_batch(self) -> None:
        """Write the next facts and then acknowledge them. Raises StreamError, RefusedError."""
        batch = await self._stream.take(BATCH, WITHIN_S)
        if not batch:
            return
        now = self._clock.now()
        began_s = time.perf_counter()
        async with self._writing:
            done = await asyncio.to_thread(
                write, self._engine, batch, int(now.timestamp() * 1000), self._kept.since(now)
            )
        metrics.WRITE_DURATION.observe(time.perf_counter() - began_s)
        await self._stream.done()
        self._taken += len(batch)
        self._count(done)

    def _count(self, done: Written) -> None:
        for kind, count in done.new.items():
            metrics.ROWS.labels(kind).inc(count)
        for outcome, count in (
            ("new", done.new.total() - done.late),
            ("again", done.again),
            ("late", done.late),
            ("set-aside", sum(not error.is_unknown for error in done.set_aside)),
            ("unknown", sum(error.is_unknown for error in done.set_aside)),
            ("refused", len(done.refused)),
        ):
            metrics.FACTS.labels(outcome).inc(count)
        if done.oldest_ms is not None:
            now_ms = self._clock.now().timestamp() * 1000
            metrics.LAG.set(max(0.0, now_ms - done.oldest_ms) / 1000)
        for error in done.set_aside[:5]:  # the others are in the table too
            logger.error("fact set aside", extra={"site": error.site, "reason": error.reason})
        for site in sorted({error.site for error in done.refused})[:5]:
            logger.error("no room to set facts aside", extra={"site": site})

    # --- sums and what is old --------------------------------------------------------------------

    async def _sum_up(self) -> None:
        while True:
            count = 0
            try:
                count = await asyncio.to_thread(rolling.sum_up, self._engine, self._clock.now())
                metrics.ROLLED_UP.inc(count)
            except (RefusedError, SQLAlchemyError) as error:
                logger.warning("energy not added up", extra={"error": str(error)})
            await asyncio.sleep(0.1 if count else LOOK_EVERY_S)

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            try:
                now = self._clock.now()
                await asyncio.to_thread(rolling.tidy, self._engine, self._kept, now)
                for site in await asyncio.to_thread(rolling.sites, self._engine):
                    async with self._writing:
                        await asyncio.to_thread(rolling.forget, self._engine, site, self._kept, now)
            except (RefusedError, SQLAlchemyError) as error:
                logger.warning("old energy not let go", extra={"error": str(error)})

    # --- what is missing -------------------------------------------------------------------------

    async def _look(self) -> None:
        """Ask for what is missing, count what waits, and see that the stream still gives."""
        taken = self._taken
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.ask_again()
                tally = await asyncio.to_thread(gaps.tally, self._engine)
            except (RefusedError, SQLAlchemyError) as error:
                logger.warning("missing facts not looked for", extra={"error": str(error)})
                continue
            metrics.MISSING.set(tally.missing)
            metrics.MISSING_SITES.set(tally.missing_sites)
            metrics.LOST.set(tally.lost)
            metrics.STALE_HOURS.set(tally.stale_hours)
            with contextlib.suppress(StreamError):
                backlog = await self._stream.backlog()
                metrics.WAITING.set(backlog.messages)
                metrics.WAITING_BYTES.set(backlog.size_bytes)
                if backlog.messages and taken == self._taken:
                    await self._stream.leave()  # it waits and nothing comes: begin anew
            taken = self._taken

    async def ask_again(self) -> None:
        """Ask every site for the facts that are missing of it. Raises RefusedError."""
        due = await asyncio.to_thread(gaps.due, self._engine, self._clock.now())
        for first in range(0, len(due), ASKED_TOGETHER):
            together = due[first : first + ASKED_TOGETHER]
            await asyncio.to_thread(gaps.asked, self._engine, together, self._clock.now())
            await asyncio.gather(*(self._ask(missing) for missing in together))

    async def _ask(self, missing: Missing) -> None:
        wanted = missing.asked
        question = ResendFactsRequest(epoch=missing.epoch, first=wanted.first, last=wanted.last)
        told = {
            "site": missing.site, "epoch": missing.epoch, "first": wanted.first,
            "last": wanted.last,
        }  # fmt: skip
        try:
            answer = await self._bus.ask(
                FACTS_RESEND, question, caller=CALLER, timeout_s=ANSWER_S, site=missing.site
            )
        except NotAnsweredError:
            return  # offline: asked again later
        except RefusedError as no:
            logger.warning("facts not sent again", extra=told | {"code": no.code})
            return
        lost = await asyncio.to_thread(gaps.settle, self._engine, missing, answer)
        logger.warning("facts missing", extra=told | {"resent": answer.resent})
        if lost:
            logger.error("facts lost", extra=told | {"lost": lost})
