"""How long sites were above their fuse in the last seven days, from what they count themselves.

Sites tell a counter that begins at 0 with each start of their CEM. One replica adds its growth to
a day, in one transaction with how far it was; all read the sums. So a restart of ours counts
nothing twice, and what a site counted while we were away is counted when it is heard again.
"""

import asyncio
import logging
from collections.abc import Mapping

from sqlalchemy import Engine, func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, delete, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.fleet.tables import OverloadCounterRow, OverloadDayRow
from web.history import upserts
from web.history.facts import Row

logger = logging.getLogger(__name__)

LEASE = "fleet-overload"
DAY_S = 86_400
WEEK_DAYS = 7
KEPT_DAYS = 400
ROWS_AT_ONCE = 500


class Overload:
    """Counts, where this replica is the one that does, and knows everybody's sums."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._counters: dict[str, float] | None = None  # as stored; None: not read
        self._week: dict[str, float] = {}

    def week_s(self, site: str) -> float:
        """Return how long a site was above its fuse in the last seven days."""
        return self._week.get(site, 0.0)

    async def refresh(self) -> set[str]:
        """Read the sums; returns the sites whose sum is another now."""
        try:
            found = await asyncio.to_thread(self._sums)
        except SQLAlchemyError as error:
            logger.warning("overload not read", extra={"error": str(error)})
            return set()
        changed = {
            site
            for site in found.keys() | self._week.keys()
            if found.get(site) != self._week.get(site)
        }
        self._week = found
        return changed

    async def count(self, told: Mapping[str, float]) -> None:
        """Add what grew. told: each site's counter. Only while the lease LEASE is ours."""
        try:
            if self._counters is None:
                self._counters = await asyncio.to_thread(self._stored)
            known = self._counters
            news = {site: now_s for site, now_s in told.items() if known.get(site) != now_s}
            for batch in _batches(list(news)):
                grown = {site: _growth(known.get(site), news[site]) for site in batch}
                at = {site: news[site] for site in batch}
                await asyncio.to_thread(self._add, at, grown)
                known |= at
        except (RefusedError, SQLAlchemyError) as error:
            logger.warning("overload not counted", extra={"error": str(error)})

    def forget(self) -> None:
        """Read the counters anew before the next count: another replica counted meanwhile."""
        self._counters = None

    # --- in threads ------------------------------------------------------------------------------

    def _today_s(self) -> int:
        return int(self._clock.now().timestamp()) // DAY_S * DAY_S

    def _sums(self) -> dict[str, float]:
        since_s = self._today_s() - (WEEK_DAYS - 1) * DAY_S
        total = func.sum(col(OverloadDayRow.seconds))
        wanted = (
            select(OverloadDayRow.site, total)
            .where(col(OverloadDayRow.day_s) >= since_s)
            .group_by(col(OverloadDayRow.site))
        )
        with Session(self._engine) as session:
            return {site: round(float(seconds), 1) for site, seconds in session.exec(wanted)}

    def _stored(self) -> dict[str, float]:
        with Session(self._engine) as session:
            rows = session.exec(select(OverloadCounterRow.site, OverloadCounterRow.counter_s))
            return dict(rows.all())

    def _add(self, at: Mapping[str, float], grown: Mapping[str, float]) -> None:
        today_s = self._today_s()
        rows: list[Row] = [{"site": site, "counter_s": counter_s} for site, counter_s in at.items()]

        def write(session: Session) -> None:
            upserts.put(session.connection(), OverloadCounterRow, rows)
            for site, seconds in grown.items():
                if seconds > 0:
                    _raise(session, site, today_s, seconds)
            over = col(OverloadDayRow.day_s) < today_s - KEPT_DAYS * DAY_S
            session.exec(delete(OverloadDayRow).where(over))

        written(self._engine, write)


def _raise(session: Session, site: str, day_s: int, seconds: float) -> None:
    row = session.get(OverloadDayRow, (site, day_s))
    if row is None:
        row = OverloadDayRow(site=site, day_s=day_s, seconds=0.0)
    row.seconds += seconds
    session.add(row)


def _growth(before_s: float | None, now_s: float) -> float:
    if before_s is None:  # heard for the first time: when it grew is not known
        return 0.0
    return now_s - before_s if now_s >= before_s else now_s


def _batches(sites: list[str]) -> list[list[str]]:
    return [sites[at : at + ROWS_AT_ONCE] for at in range(0, len(sites), ROWS_AT_ONCE)]
