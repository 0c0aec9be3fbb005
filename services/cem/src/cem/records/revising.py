"""Fills in what sessions cost when a series of prices is known: a new revision of the fact.

Nothing in the CEM feeds it prices yet: they come with smart charging.
"""

from datetime import datetime

from sqlmodel import Session as Db
from sqlmodel import col, select

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
