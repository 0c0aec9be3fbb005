"""Writes and reads the records in the CEM's database. Blocking; every write is one transaction."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session as Db
from sqlmodel import col, select

from cem.records import outbox
from cem.records.core import sealing
from cem.records.core.counting import Track
from cem.records.core.evidence import Entry
from cem.records.core.history import Shown
from cem.records.core.minutes import Minute, plus_known
from cem.records.core.sessions import Session, Standing
from cem.records.messages import evidence_message, instant, minute_message, ms_of, session_message
from cem.records.tables import (
    TABLES,
    ChargerMinuteRow,
    DecisionRow,
    EvidenceRow,
    MinuteRow,
    SessionRow,
    TrackRow,
)
from cem.store.migration import migrate
from volthus_kit.database import open_sqlite, written
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import records_pb2

R = TypeVar("R")

TOUCH = "UPDATE cem_outbox_head SET id = id"
RESTORED_ENTRIES = 500
GAIN = text(
    "INSERT INTO cem_charger_minute (start_s, ski, energy_wh, sun_wh)"
    " VALUES (:start_s, :ski, :wh, :sun) ON CONFLICT (start_s, ski) DO UPDATE"
    " SET energy_wh = energy_wh + excluded.energy_wh, sun_wh = sun_wh + excluded.sun_wh"
)
KEPT_ACKNOWLEDGED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """How long records are kept; sessions and evidence are kept for good."""

    minutes: timedelta = timedelta(days=400)  # 13 months
    decisions: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes. told: ids of sessions that become a fact."""

    sessions: Mapping[str, Session] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    minutes: Mapping[int, Minute] = field(default_factory=dict)
    tracks: Mapping[str, Track] = field(default_factory=dict)
    counted_at: Mapping[str, float] = field(default_factory=dict)
    decisions: tuple[Shown, ...] = ()
    entries: tuple[Entry, ...] = ()

    def plus(self, later: "Batch") -> "Batch":
        """Return both as one."""
        minutes = dict(self.minutes)
        for start, minute in later.minutes.items():
            minutes[start] = minutes[start].plus(minute) if start in minutes else minute
        return Batch(
            {**self.sessions, **later.sessions},
            self.told | later.told,
            minutes,
            {**self.tracks, **later.tracks},
            {**self.counted_at, **later.counted_at},
            (*self.decisions, *later.decisions),
            (*self.entries, *later.entries),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What a start finds. last_ids: of the last session of each charger."""

    sessions: Mapping[str, Session]
    tracks: Mapping[str, Track]
    counted_at: Mapping[str, float]
    last_ids: Mapping[str, str]
    entries: tuple[Entry, ...]


class Journal:
    """The records. Raises RefusedError `store-failing` where the database takes no change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._engine = open_sqlite(folder / "cem.sqlite")

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def load(self) -> Known:
        """Make the tables, and return what the records need to go on."""

        def read(db: Db) -> Known:
            migrate(db.connection(), (str(model.__tablename__) for model in TABLES))
            rows = db.exec(select(SessionRow).where(col(SessionRow.ended_ms).is_(None)))
            tracks = list(db.exec(select(TrackRow)))
            last = db.connection().execute(text("SELECT ski, max(id) FROM cem_session GROUP BY 1"))
            newest = select(EvidenceRow).order_by(col(EvidenceRow.number).desc())
            entries = list(db.exec(newest.limit(RESTORED_ENTRIES)))
            return Known(
                {row.ski: session_of(row) for row in rows},
                {row.source: _track_of(row) for row in tracks},
                {row.source: row.counted_at_s for row in tracks},
                {str(ski): str(found) for ski, found in last},
                tuple(sealing.entry_of(json.loads(row.fields)) for row in reversed(entries)),
            )

        return written(self._engine, read)

    def write(self, batch: Batch, now: datetime) -> None:
        """Write a batch with its facts; minutes that are over become facts now."""

        def write(db: Db) -> None:
            # Takes the write lock first: a locked database costs no work, and nobody comes between.
            db.connection().execute(text(TOUCH))
            for entry in batch.entries:
                _seal(db, entry)
            for session in batch.sessions.values():
                _save_session(db, session, now, is_told=session.id in batch.told)
            for minute in batch.minutes.values():
                _save_minute(db, minute)
            for source, track in batch.tracks.items():
                db.merge(_track_row(source, track, batch.counted_at[source]))
            db.add_all(_decision_row(shown) for shown in batch.decisions)
            db.flush()
            _tell_minutes(db, now)

        written(self._engine, write)

    def probe(self) -> None:
        """Raise RefusedError while the database takes no change, at little cost."""
        written(self._engine, lambda db: db.connection().execute(text(TOUCH)))

    def price(self, revised: Sequence[Session], now: datetime) -> None:
        """Write sessions whose cost is known now, each as a new revision of its fact."""

        def write(db: Db) -> None:
            for session in revised:
                _save_session(db, session, now, is_told=True)

        written(self._engine, write)

    def forget(self, kept: Kept, now: datetime) -> int:
        """Delete what is old; returns how many facts nobody acknowledged in all that time."""

        def write(db: Db) -> int:
            minutes_before = int((now - kept.minutes).timestamp())
            db.connection().execute(
                delete(MinuteRow).where(col(MinuteRow.start_s) < minutes_before)
            )
            db.connection().execute(
                delete(ChargerMinuteRow).where(col(ChargerMinuteRow.start_s) < minutes_before)
            )
            decisions_before = ms_of(now - kept.decisions)
            db.connection().execute(
                delete(DecisionRow).where(col(DecisionRow.at_ms) < decisions_before)
            )
            return outbox.forget(db, now - KEPT_ACKNOWLEDGED, now - kept.minutes)

        return written(self._engine, write)

    def waiting(self, most: int) -> list[outbox.Parcel]:
        """Return the facts that must leave next."""
        return self.look(lambda db: outbox.waiting(db, most))

    def sent(self, parcels: Sequence[outbox.Parcel], now: datetime) -> None:
        """Remember that the cloud has these facts."""
        written(self._engine, lambda db: outbox.mark_sent(db, parcels, now))

    def resend(self, epoch: int, first: int, last: int) -> outbox.Resent:
        """Let facts that the cloud misses leave once more."""
        return written(self._engine, lambda db: outbox.resend(db, epoch, first, last))

    def backlog(self) -> outbox.Backlog:
        """Return what waits for the cloud."""
        return self.look(outbox.backlog)

    def look(self, read: Callable[[Db], R]) -> R:
        """Return what `read` finds. Raises RefusedError where the database cannot be read."""
        try:
            with Db(self._engine) as db:
                return read(db)
        except SQLAlchemyError as error:
            detail = "The records cannot be read from the database."
            raise RefusedError("store-failing", detail, reason=str(error)) from error


def evidence_log(db: Db, after: int = 0) -> Iterator[dict[str, str]]:
    """Yield each entry of the log after a number, oldest first: fields, `before` and `hash`."""
    wanted = select(EvidenceRow).where(col(EvidenceRow.number) > after)
    for row in db.exec(wanted.order_by(col(EvidenceRow.number))):
        yield {**json.loads(row.fields), "before": row.before, "hash": row.hash}


# --- rows ----------------------------------------------------------------------------------------

SAME = tuple(
    f.name for f in fields(Session) if f.name not in ("started", "ended", "standing", "revision")
)


def session_of(row: SessionRow) -> Session:
    """Return the session of a row."""
    same = {name: getattr(row, name) for name in SAME}
    ended = None if row.ended_ms is None else instant(row.ended_ms)
    made = Session(**same, started=instant(row.started_ms), ended=ended, revision=row.revision)
    return replace(made, standing=Standing(row.standing))


def _save_session(db: Db, session: Session, now: datetime, *, is_told: bool) -> None:
    before = db.get(SessionRow, session.id)
    row = SessionRow(
        **{name: getattr(session, name) for name in SAME},
        started_ms=ms_of(session.started),
        ended_ms=None if session.ended is None else ms_of(session.ended),
        standing=session.standing.value,
        revision=(0 if before is None else before.revision) + is_told,
    )
    if before is not None and row.cost is None:  # a late write of the session keeps its price
        row.cost, row.currency = before.cost, before.currency
        row.price_series, row.co2_g = before.price_series, before.co2_g
        row.at_once_cost, row.at_once_co2_g = before.at_once_cost, before.at_once_co2_g
    db.merge(row)
    if is_told:
        fact = records_pb2.Fact(at=to_timestamp(now), session=session_message(row))
        outbox.add(db, fact)


def _save_minute(db: Db, minute: Minute) -> None:
    row = db.get(MinuteRow, minute.start) or MinuteRow(start_s=minute.start)
    row.import_wh = plus_known(row.import_wh, minute.import_wh)
    row.export_wh = plus_known(row.export_wh, minute.export_wh)
    row.sun_wh = plus_known(row.sun_wh, minute.sun_wh)
    row.is_told = False
    db.add(row)
    gained = [
        {"start_s": minute.start, "ski": ski, "wh": wh, "sun": minute.charger_sun_wh.get(ski, 0.0)}
        for ski, wh in minute.charger_wh.items()
    ]
    if gained:
        db.connection().execute(GAIN, gained)


def _tell_minutes(db: Db, now: datetime) -> None:
    """Make facts of the minutes that are over and not told as they are now."""
    current = int(now.timestamp() // 60) * 60
    untold = select(MinuteRow).where(col(MinuteRow.is_told).is_(False))
    for row in db.exec(untold.where(col(MinuteRow.start_s) != current)).all():
        row.revision += 1
        row.is_told = True
        db.add(row)
        chargers = db.exec(select(ChargerMinuteRow).where(ChargerMinuteRow.start_s == row.start_s))
        message = minute_message(row, chargers)
        outbox.add(db, records_pb2.Fact(at=to_timestamp(now), energy=message))


def _seal(db: Db, entry: Entry) -> None:
    """Add an entry to the chain; the number and the hash before are read in its transaction."""
    last = db.exec(select(EvidenceRow).order_by(col(EvidenceRow.number).desc()).limit(1)).first()
    number, before = (1, sealing.FIRST) if last is None else (last.number + 1, last.hash)
    spelled = sealing.fields_of(entry, number)
    row = EvidenceRow(
        number=number,
        fields=json.dumps(spelled),
        before=before,
        hash=sealing.sealed(spelled, before),
    )
    db.add(row)
    db.flush()
    fact = records_pb2.Fact(at=to_timestamp(entry.at), evidence=evidence_message(row))
    outbox.add(db, fact)


def _track_of(row: TrackRow) -> Track:
    return Track(
        row.counter_wh, row.segment, row.ahead_wh, row.since_step_wh, row.since_step_s,
        is_new_session=row.is_new_session,
    )  # fmt: skip


def _track_row(source: str, track: Track, counted_at_s: float) -> TrackRow:
    known = asdict(track)
    for name in ("at_s", "power_w"):  # mean nothing after a restart
        del known[name]
    return TrackRow(source=source, counted_at_s=counted_at_s, **known)


def _decision_row(shown: Shown) -> DecisionRow:
    limit = shown.limit_a
    return DecisionRow(
        at_ms=ms_of(shown.at), ski=shown.ski, kind=shown.kind, element=shown.element,
        phase=shown.phase, value=shown.value, mode=shown.mode, ladder=shown.ladder,
        since_ms=None if shown.since is None else ms_of(shown.since),
        until_ms=None if shown.until is None else ms_of(shown.until),
        limit_l1_a=limit.l1 if limit else None, limit_l2_a=limit.l2 if limit else None,
        limit_l3_a=limit.l3 if limit else None, has_limit=limit is not None,
    )  # fmt: skip
