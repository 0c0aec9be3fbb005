"""Fills in what sessions cost when a series of prices is known: a new revision of the fact."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session as Db
from sqlmodel import col, select

from cem.records import metrics
from cem.records.core.pricing import Series, Used, priced
from cem.records.core.sessions import Session
from cem.records.journal import Journal, session_of
from cem.records.messages import instant, ms_of
from cem.records.tables import ChargerMinuteRow, SessionRow


def revise(journal: Journal, series: Series, now: datetime) -> int:
    """Price every ended session that a series covers; returns how many were revised. Blocking.

    Raises RefusedError `store-failing` when the database takes no change.
    """
    if not series.slots:
        return 0
    first = min(slot.start for slot in series.slots)
    last = max(slot.end for slot in series.slots)
    ended = (
        select(SessionRow)
        .where(col(SessionRow.ended_ms).is_not(None))
        .where(col(SessionRow.started_ms).between(ms_of(first), ms_of(last)))
    )

    def read(db: Db) -> list[Session]:
        found = (priced(s, _used(db, s), series) for s in map(session_of, db.exec(ended)))
        return [session for session in found if session is not None]

    revised = journal.look(read)
    if revised:
        journal.price(revised, now)
    return len(revised)


SeriesOf = Callable[[Session], Series | None]
AtOnce = Callable[[Session, Series], tuple[str | None, float | None]]


def revise_each(  # noqa: PLR0913 - what, by which prices, of which time
    journal: Journal,
    series_of: SeriesOf,
    at_once: AtOnce,
    since: datetime,
    now: datetime,
    *,
    is_all: bool = True,
) -> int:
    """Price every ended session since a time by its own series; returns how many. Blocking.

    at_once: cost and CO2 (g) of the same energy charged at once. is_all: False leaves out those
    that have both. A session whose numbers stay
    as they are is left alone: a new revision of the prices alone is no news of it. Raises
    RefusedError `store-failing` when the database takes no change.
    """
    ended = (
        select(SessionRow)
        .where(col(SessionRow.ended_ms).is_not(None))
        .where(col(SessionRow.started_ms) >= ms_of(since))
    )
    if not is_all:
        is_open = col(SessionRow.cost).is_(None) | col(SessionRow.at_once_cost).is_(None)
        ended = ended.where(is_open)
    sessions = journal.look(lambda db: [session_of(row) for row in db.exec(ended)])
    revised = []
    for session in sessions:
        series = series_of(session)
        if series is None:
            continue
        found: Session | None = session
        if session.price_series != series.name:
            used = journal.look(lambda db, one=session: _used(db, one))  # type: ignore[misc]
            found = priced(session, used, series)
        elif session.at_once_cost is not None:
            continue
        if found is None:
            continue
        cost, co2_g = at_once(session, series)
        found = replace(found, at_once_cost=cost, at_once_co2_g=co2_g)
        if _numbers(found) != _numbers(session):
            revised.append((session, found))
    if revised:
        journal.price([found for _, found in revised], now)
        for session, found in revised:
            metrics.priced(session, found)
    return len(revised)


def _numbers(session: Session) -> tuple[object, ...]:
    return (
        session.cost, session.currency, session.co2_g, session.at_once_cost, session.at_once_co2_g,
    )  # fmt: skip


def _used(db: Db, session: Session) -> list[Used]:
    """Return what its charger took in the minutes of a session."""
    first_s = int(session.started.timestamp() // 60) * 60
    last_s = int((session.ended or session.started).timestamp())
    rows = db.exec(
        select(ChargerMinuteRow)
        .where(ChargerMinuteRow.ski == session.ski)
        .where(col(ChargerMinuteRow.start_s).between(first_s, last_s))
    )
    return [
        Used(instant(row.start_s * 1000), max(0.0, row.energy_wh - row.sun_wh), row.sun_wh)
        for row in rows
    ]
