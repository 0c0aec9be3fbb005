"""Adds minutes up to hours and days, and lets go of what is old. Blocking; one replica does it.

An hour is added up again whenever one of its minutes changed: who writes minutes marks it stale.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, Table, delete, func, select, update

from volthus_kit.database import written
from web.history import upserts
from web.history.core.energy import DAY_S, HOUR_S, Energy, Since, packed, total, unpacked
from web.history.facts import Row as NewRow
from web.history.tables import (
    EnergyDayRow,
    EnergyHourRow,
    EnergyMinuteRow,
    EpochRow,
    GapRow,
    SetAsideRow,
    StaleHourRow,
)

AGAIN_AFTER_MS = 300_000  # an hour that is not over yet
SET_ASIDE_KEPT = timedelta(days=30)
Stale = tuple[str, int, int]  # site, start, mark


@dataclass(frozen=True, slots=True)
class Kept:
    """How long energy is kept; days, sessions, evidence and audit are kept for good."""

    minutes: timedelta = timedelta(days=400)
    hours: timedelta = timedelta(days=1830)

    def since(self, now: datetime) -> Since:
        """Return from when on they are kept."""
        return Since(
            int((now - self.minutes).timestamp()) // HOUR_S * HOUR_S,
            int((now - self.hours).timestamp()) // DAY_S * DAY_S,
        )


def sum_up(engine: Engine, now: datetime, most: int = 200) -> int:
    """Add up stale hours with their days: those that are over, others every few minutes.

    Returns how many hours, `most` at most. Raises RefusedError `store-failing`.
    """
    now_ms = int(now.timestamp() * 1000)
    stale = upserts.table_of(StaleHourRow)
    is_due = (stale.c.start_s + HOUR_S <= now_ms // 1000) | (
        stale.c.mark <= now_ms - AGAIN_AFTER_MS
    )
    due = select(stale.c.site, stale.c.start_s, stale.c.mark).where(is_due)
    due = due.order_by(stale.c.mark).limit(most)
    with engine.connect() as connection:
        found: list[Stale] = sorted((r.site, r.start_s, r.mark) for r in connection.execute(due))
    if found:
        written(engine, lambda db: _sum_up(db.connection(), found))
    return len(found)


def _sum_up(connection: Connection, stale: list[Stale]) -> None:
    hours = [
        _summed(site, start_s, energies(connection, EnergyMinuteRow, site, start_s, HOUR_S))
        for site, start_s, _ in stale
    ]
    upserts.put(connection, EnergyHourRow, hours)
    days = sorted({(site, start_s // DAY_S * DAY_S) for site, start_s, _ in stale})
    upserts.put(
        connection,
        EnergyDayRow,
        [
            _summed(site, day_s, energies(connection, EnergyHourRow, site, day_s, DAY_S))
            for site, day_s in days
        ],
    )
    marks = upserts.table_of(StaleHourRow)
    for site, start_s, mark in stale:  # one that was marked meanwhile is added up again
        connection.execute(
            delete(marks).where(
                marks.c.site == site, marks.c.start_s == start_s, marks.c.mark == mark
            )
        )


def energies(
    connection: Connection,
    model: type[EnergyMinuteRow | EnergyHourRow | EnergyDayRow],
    site: str,
    start_s: int,
    length_s: int,
) -> list[Energy]:
    """Return what a table holds of a site for a span, in order of time."""
    return [energy for _, energy in spans(connection, model, site, (start_s, start_s + length_s))]


def spans(
    connection: Connection,
    model: type[EnergyMinuteRow | EnergyHourRow | EnergyDayRow],
    site: str,
    bounds: tuple[int, int],
) -> Iterable[tuple[int, Energy]]:
    """Yield start and energy of each row of a table that begins within bounds, in order."""
    table = upserts.table_of(model)
    wanted = (
        select(table)
        .where(table.c.site == site, table.c.start_s >= bounds[0], table.c.start_s < bounds[1])
        .order_by(table.c.start_s)
    )
    for row in connection.execute(wanted):
        yield row.start_s, _energy(row, is_minute=model is EnergyMinuteRow)


def _energy(row: "Row[tuple[object, ...]]", *, is_minute: bool) -> Energy:
    minutes = 1 if is_minute else row.minutes
    return Energy(row.import_wh, row.export_wh, row.sun_wh, unpacked(row.chargers), minutes)


def _summed(site: str, start_s: int, parts: Iterable[Energy]) -> NewRow:
    energy = total(parts)
    return {
        "site": site,
        "start_s": start_s,
        "import_wh": energy.import_wh,
        "export_wh": energy.export_wh,
        "sun_wh": energy.sun_wh,
        "charging_wh": energy.charging_wh,
        "charging_sun_wh": energy.charging_sun_wh,
        "chargers": packed(energy.chargers),
        "minutes": energy.minutes,
        "is_closed": False,
    }


def sites(engine: Engine) -> list[str]:
    """Return the sites that facts came from."""
    with engine.connect() as connection:
        epochs = upserts.table_of(EpochRow)
        return sorted(connection.execute(select(epochs.c.site).distinct()).scalars())


def forget(engine: Engine, site: str, kept: Kept, now: datetime) -> int:
    """Let go of minutes and hours of a site that are old; returns how many rows.

    Only what stands in a sum goes; the sum is closed then. Raises RefusedError `store-failing`.
    """
    since = kept.since(now)

    def work(connection: Connection) -> int:
        minutes, hours = upserts.table_of(EnergyMinuteRow), upserts.table_of(EnergyHourRow)
        days = upserts.table_of(EnergyDayRow)
        gone = _pass_on(connection, site, minutes, hours, since.minutes_s)
        return gone + _pass_on(connection, site, hours, days, since.hours_s)

    return written(engine, lambda db: work(db.connection()))


def _pass_on(connection: Connection, site: str, fine: Table, coarse: Table, since_s: int) -> int:
    """Delete rows of a site from before a time, and close those that they were added up to."""
    stale = upserts.table_of(StaleHourRow)
    behind = select(func.min(stale.c.start_s)).where(stale.c.site == site)
    first_behind_s = connection.execute(behind).scalar()
    if first_behind_s is not None and first_behind_s < since_s:
        return 0  # its sums come first
    oldest_s = connection.execute(
        select(func.min(fine.c.start_s)).where(fine.c.site == site)
    ).scalar()
    if oldest_s is None or oldest_s >= since_s:
        return 0
    connection.execute(
        update(coarse)
        .where(
            coarse.c.site == site,
            coarse.c.start_s > oldest_s - DAY_S,
            coarse.c.start_s < since_s,
        )
        .values(is_closed=True)
    )
    old = delete(fine).where(fine.c.site == site, fine.c.start_s < since_s)
    return connection.execute(old).rowcount


def tidy(engine: Engine, kept: Kept, now: datetime) -> None:
    """Let go of facts that were set aside, and of gaps that nobody can fill, when they are old."""

    def work(connection: Connection) -> None:
        aside, gaps = upserts.table_of(SetAsideRow), upserts.table_of(GapRow)
        aside_ms = int((now - SET_ASIDE_KEPT).timestamp() * 1000)
        connection.execute(delete(aside).where(aside.c.at_ms < aside_ms))
        lost_ms = int((now - kept.minutes).timestamp() * 1000)
        connection.execute(delete(gaps).where(gaps.c.is_lost.is_(True), gaps.c.since_ms < lost_ms))

    written(engine, lambda db: work(db.connection()))
