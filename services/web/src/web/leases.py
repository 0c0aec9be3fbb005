"""Work that exactly one replica does at a time: whoever holds the lease of that name.

No two clocks are compared. A holder raises the lease's beat every BEAT_S; who wants it takes it
when the beat stood still for TTL_S on their own monotonic clock. A holder that could not renew
counts from before its last renewal, so it always stops first.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import Field, Session, SQLModel, col

from volthus_kit.clock import Clock

logger = logging.getLogger(__name__)

BEAT_S = 5.0
TTL_S = 15.0
LOOK_S = 0.5  # how often somebody who waits for a lease looks


class LeaseRow(SQLModel, table=True):
    """Who does a piece of work now."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    holder: str
    beat: int = 0  # raised with each renewal: a lease whose beat stands still is free
    until_s: float  # Unix seconds; for people who look, decided is by the beat


@dataclass(frozen=True, slots=True)
class _Seen:
    """A beat of somebody else, and since when (monotonic) we know it."""

    holder: str
    beat: int
    since_s: float


def new_holder() -> str:
    """Return a name for this process that no other has."""
    return secrets.token_hex(8)


class Leases:
    """The leases this replica holds or waits for. Calls on the event loop, writes in threads.

    `run` must run beside: it takes and renews what was asked for by `want`, `held`, `while_mine`.
    """

    def __init__(self, engine: Engine, clock: Clock, holder: str = "") -> None:
        self._engine = engine
        self._clock = clock
        self.holder = holder or new_holder()
        self._wanted: set[str] = set()
        self._seen: dict[str, _Seen] = {}
        self._good_until_s: dict[str, float] = {}  # monotonic

    def want(self, name: str) -> None:
        """Take part from now on."""
        self._wanted.add(name)

    def is_mine(self, name: str) -> bool:
        """Whether this replica does that work now; False as soon as it might be another's."""
        return self._clock.monotonic() < self._good_until_s.get(name, 0.0)

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[None]:
        """Wait for the lease; give it back behind the block. Inside, ask `is_mine` now and then."""
        self.want(name)
        try:
            while not self.is_mine(name):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)  # it comes by the clock too, not only by an event
            yield
        finally:
            await self.give_back(name)

    async def while_mine(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` whenever the lease is ours and cancel it when it is lost; runs until cancelled.

        What `work` raises is raised; when it returns it is begun anew after LOOK_S.
        """
        while True:
            async with self.held(name):
                await self._until_lost(name, work)
            await asyncio.sleep(LOOK_S)

    async def _until_lost(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(work())
        try:
            while not task.done() and self.is_mine(name):
                await asyncio.wait({task}, timeout=LOOK_S)
        finally:
            if not task.done():
                logger.info("lease lost", extra={"lease": name})
                task.cancel()
            (failure,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(failure, Exception):
            raise failure

    async def run(self) -> None:
        """Take and renew every BEAT_S (what was just asked for: at once); runs until cancelled."""
        known: set[str] = set()
        beaten_at = 0.0
        try:
            while True:
                now_s = self._clock.monotonic()
                if self._wanted - known or now_s - beaten_at >= BEAT_S:
                    known, beaten_at = set(self._wanted), now_s
                    await self.renew()
                await asyncio.sleep(LOOK_S)
        finally:
            for name in tuple(self._good_until_s):
                await asyncio.shield(self.give_back(name))

    async def renew(self) -> None:
        """Renew what is held, and take what is free, once. A database away is not an error here."""
        for name in tuple(self._wanted):
            started_s = self._clock.monotonic()
            try:
                is_mine = await asyncio.to_thread(self._beat, name)
            except (DBAPIError, PoolTimeoutError) as error:
                logger.warning("lease not renewed", extra={"lease": name, "error": str(error)})
                continue
            if is_mine:
                self._good_until_s[name] = started_s + TTL_S
            else:
                self._good_until_s.pop(name, None)

    async def give_back(self, name: str) -> None:
        """Take part no longer; another may go on at once."""
        self._wanted.discard(name)
        self._seen.pop(name, None)
        if self._good_until_s.pop(name, None) is None:
            return
        try:
            await asyncio.to_thread(self._free, name)
        except (DBAPIError, PoolTimeoutError) as error:
            # It ends by itself, TTL_S after its last beat.
            logger.info("lease not given back", extra={"lease": name, "error": str(error)})

    # --- in threads ------------------------------------------------------------------------------

    def _beat(self, name: str) -> bool:
        """Renew or take one lease. Returns whether it is ours now."""
        with Session(self._engine) as session:
            row = session.get(LeaseRow, name)
            if row is None:
                return self._add(session, name)
            holder, beat = row.holder, row.beat
            if holder != self.holder and not self._stands_still(name, holder, beat):
                return False
            # Both in the condition: of two that find it free only one takes it.
            taken = session.connection().execute(
                update(LeaseRow)
                .where(col(LeaseRow.name) == name)
                .where(col(LeaseRow.holder) == holder, col(LeaseRow.beat) == beat)
                .values(holder=self.holder, beat=beat + 1, until_s=self._until_s())
            )
            session.commit()
            if holder != self.holder:
                logger.info("lease taken over", extra={"lease": name, "from": holder})
            return taken.rowcount == 1

    def _add(self, session: Session, name: str) -> bool:
        try:
            session.connection().execute(
                insert(LeaseRow).values(
                    name=name, holder=self.holder, beat=1, until_s=self._until_s()
                )
            )
            session.commit()
        except IntegrityError:  # another was quicker
            session.rollback()
            return False
        return True

    def _stands_still(self, name: str, holder: str, beat: int) -> bool:
        seen = self._seen.get(name)
        now_s = self._clock.monotonic()
        if seen is None or (seen.holder, seen.beat) != (holder, beat):
            self._seen[name] = _Seen(holder, beat, now_s)
            return False
        return now_s - seen.since_s >= TTL_S

    def _free(self, name: str) -> None:
        with Session(self._engine) as session:
            session.connection().execute(
                delete(LeaseRow)
                .where(col(LeaseRow.name) == name)
                .where(col(LeaseRow.holder) == self.holder)
            )
            session.commit()

    def _until_s(self) -> float:
        return self._clock.now().timestamp() + TTL_S
