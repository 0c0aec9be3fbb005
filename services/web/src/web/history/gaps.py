"""Facts that are missing: who misses which, what to ask for again, what is lost. Blocking."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, select, update

from volthus_kit.database import written
from volthus_wire.v1.records_pb2 import ResendFactsReply
from web.history import upserts
from web.history.core.ledger import Gap
from web.history.tables import GapRow, StaleHourRow

GRACE = timedelta(seconds=30)  # what a broken link put into another order comes by itself
ASK_AGAIN_AFTER = timedelta(minutes=2)
LOST_TOLD_FOR = timedelta(days=1)
MOST_TOLD = 200
MOST_ASKED = 10_000  # facts at once, as the site takes it


@dataclass(frozen=True, slots=True)
class Missing:
    """Facts that a site may still have."""

    site: str
    epoch: int
    gap: Gap

    @property
    def asked(self) -> Gap:
        """What is asked for at once."""
        return Gap(self.gap.first, min(self.gap.last, self.gap.first + MOST_ASKED - 1))


@dataclass(frozen=True, slots=True)
class Wanting:
    """A site of which the history wants facts. is_lost: for good; since_s: Unix seconds."""

    site: str
    is_lost: bool
    count: int
    since_s: float


@dataclass(frozen=True, slots=True)
class Tally:
    """How the history stands."""

    missing: int
    missing_sites: int
    lost: int
    stale_hours: int


def due(engine: Engine, now: datetime, most: int = 500) -> list[Missing]:
    """Return what should be asked for now."""
    gaps = upserts.table_of(GapRow)
    wanted = select(gaps).where(
        gaps.c.is_lost.is_(False),
        gaps.c.since_ms <= _ms(now - GRACE),
        gaps.c.asked_ms.is_(None) | (gaps.c.asked_ms <= _ms(now - ASK_AGAIN_AFTER)),
    )
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(gaps.c.asked_ms, gaps.c.since_ms).limit(most))
        return [Missing(row.site, row.epoch, Gap(row.first, row.last)) for row in rows]


def asked(engine: Engine, together: Iterable[Missing], now: datetime) -> None:
    """Note that sites were asked, whether they answer or not."""
    gaps = upserts.table_of(GapRow)

    def work(connection: Connection) -> None:
        for missing in together:
            connection.execute(
                update(gaps)
                .where(
                    gaps.c.site == missing.site,
                    gaps.c.epoch == missing.epoch,
                    gaps.c.first == missing.gap.first,
                )
                .values(asked_ms=_ms(now))
            )

    written(engine, lambda db: work(db.connection()))


def settle(engine: Engine, missing: Missing, answer: ResendFactsReply) -> int:
    """Take a site's word on what it has no longer; returns how many facts are lost for good."""
    lost = _lost(missing.asked, answer)
    if not lost:
        return 0

    def work(connection: Connection) -> int:
        gaps = upserts.table_of(GapRow)
        here = (
            gaps.c.site == missing.site,
            gaps.c.epoch == missing.epoch,
            gaps.c.first == missing.gap.first,
            gaps.c.last == missing.gap.last,
        )
        row = connection.execute(select(gaps).where(*here)).one_or_none()
        if row is None:  # some of it came meanwhile: it is asked for again
            return 0
        connection.execute(delete(gaps).where(*here))
        upserts.put(connection, GapRow, [dict(row._mapping) | one for one in _split(missing, lost)])
        return sum(one.count for one in lost)

    return written(engine, lambda db: work(db.connection()))


def _lost(wanted: Gap, answer: ResendFactsReply) -> list[Gap]:
    """Return what a site does not have of what it was asked for."""
    if answer.first_kept == 0:
        return [wanted]
    before = Gap(wanted.first, answer.first_kept - 1)
    behind = Gap(answer.last_kept + 1, wanted.last)
    return [gap for gap in (before, behind) if gap.count > 0]


def _split(missing: Missing, lost: Iterable[Gap]) -> list[dict[str, object]]:
    """Return a gap in pieces: those that are lost, and those that are awaited."""
    pieces: list[dict[str, object]] = []
    first = missing.gap.first
    for gap in lost:
        if first < gap.first:
            pieces.append({"first": first, "last": gap.first - 1})
        pieces.append({"first": gap.first, "last": gap.last, "is_lost": True})
        first = gap.last + 1
    if first <= missing.gap.last:
        pieces.append({"first": first, "last": missing.gap.last})
    return pieces


def wanting(connection: Connection, now: datetime) -> list[Wanting]:
    """Return the sites of which facts are missing, or were lost within a day."""
    gaps = upserts.table_of(GapRow)
    count = func.sum(gaps.c.last - gaps.c.first + 1)
    lately = gaps.c.is_lost.is_(False) | (gaps.c.asked_ms >= _ms(now - LOST_TOLD_FOR))
    wanted = (
        select(gaps.c.site, gaps.c.is_lost, count.label("count"), func.min(gaps.c.since_ms))
        .where(lately)
        .group_by(gaps.c.site, gaps.c.is_lost)
        .order_by(gaps.c.site)
        .limit(MOST_TOLD)
    )
    return [
        Wanting(site, bool(is_lost), int(missing), since_ms / 1000)
        for site, is_lost, missing, since_ms in connection.execute(wanted)
    ]


def tally(engine: Engine) -> Tally:
    """Return how the history stands."""
    gaps, stale = upserts.table_of(GapRow), upserts.table_of(StaleHourRow)
    count = func.coalesce(func.sum(gaps.c.last - gaps.c.first + 1), 0)
    with engine.connect() as connection:
        missing, missing_sites = connection.execute(
            select(count, func.count(gaps.c.site.distinct())).where(gaps.c.is_lost.is_(False))
        ).one()
        lost = connection.execute(select(count).where(gaps.c.is_lost.is_(True))).scalar_one()
        hours = connection.execute(select(func.count()).select_from(stale)).scalar_one()
    return Tally(int(missing), int(missing_sites), int(lost), int(hours))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
