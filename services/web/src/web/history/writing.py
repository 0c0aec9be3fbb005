"""Writes facts into the tables: each batch one transaction, each fact once. Blocking.

Every write can be done twice and changes nothing the second time; which facts are in is kept in
the same transaction (`core.ledger`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, delete, tuple_, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col, select

from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_kit.streams import Kept
from web.history import asides, upserts
from web.history.core.energy import HOUR_S, Since
from web.history.core.ledger import Gap, Ledger, Verdict, admit
from web.history.facts import FactError, Key, Kind, Opened, Row, opened
from web.history.tables import (
    ChargingSessionRow,
    EnergyHourRow,
    EnergyMinuteRow,
    EpochRow,
    EvidenceEntryRow,
    GapRow,
    SetAsideRow,
    SiteAuditRow,
    StaleHourRow,
)

Place = tuple[str, int]  # site and epoch


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a batch.

    late: minutes whose hour was closed; refused: for which their site had no room left;
    oldest_ms: None = nothing new.
    """

    new: Counter[str] = field(default_factory=Counter)
    again: int = 0
    late: int = 0
    set_aside: tuple[FactError, ...] = ()
    refused: tuple[FactError, ...] = ()
    oldest_ms: int | None = None

    def plus(self, other: "Written") -> "Written":
        """Return both as one."""
        oldest = [ms for ms in (self.oldest_ms, other.oldest_ms) if ms is not None]
        return Written(
            self.new + other.new,
            self.again + other.again,
            self.late + other.late,
            (*self.set_aside, *other.set_aside),
            (*self.refused, *other.refused),
            min(oldest, default=None),
        )


@dataclass(slots=True)
class _Books:
    """The ledgers that a batch touches, as they were and as they become."""

    now_ms: int
    rows: dict[Place, EpochRow] = field(default_factory=dict)
    ledgers: dict[Place, Ledger] = field(default_factory=dict)
    gaps: dict[Place, dict[int, GapRow]] = field(default_factory=dict)

    def admits(self, key: Key, at_ms: int) -> bool:
        """Note a fact. Returns whether it is new."""
        place = (key.site, key.epoch)
        before = self.ledgers.get(place, Ledger())
        self.ledgers[place], verdict = admit(before, key.sequence)
        row = self.rows.setdefault(place, EpochRow(site=key.site, epoch=key.epoch))
        row.heard_ms = self.now_ms
        if verdict is Verdict.AGAIN:
            return False
        row.facts += 1
        row.fact_ms = max(row.fact_ms, at_ms)
        return True


def write(engine: Engine, batch: Sequence[Kept], now_ms: int, since: Since) -> Written:
    """Write what a stream gave, in one transaction.

    since: minutes from before may be of an hour that is closed. A fact that the database refuses is
    found and set aside. Raises RefusedError `store-failing`: then nothing was written.
    """
    facts, unreadable = _opened(batch)
    try:
        return _written(engine, facts, unreadable, now_ms, since)
    except RefusedError as error:
        if not isinstance(error.__cause__, DataError | IntegrityError):
            raise
    done = Written()
    for fact in facts:  # one by one, to find which of them it was
        try:
            done = done.plus(_written(engine, [fact], [], now_ms, since))
        except RefusedError as error:
            if not isinstance(error.__cause__, DataError | IntegrityError):
                raise
            unreadable.append(FactError(error.detail, fact.key.site, fact.key, fact.body))
    return done.plus(_written(engine, [], unreadable, now_ms, since))


def recover(engine: Engine, now_ms: int, since: Since) -> Counter[str]:
    """Take in what was set aside and can be read by now; returns how many of each kind.

    They were counted when they came, so the ledgers stay as they are. One that the database
    refuses stays aside. Raises RefusedError `store-failing`.
    """
    done: Counter[str] = Counter()
    after: int | None = 0
    while after is not None:
        page, after = asides.readable(engine, after)
        for row, fact in page:
            try:
                _recover(engine, row, fact, now_ms, since)
            except RefusedError as error:
                if not isinstance(error.__cause__, DataError | IntegrityError):
                    raise
                continue
            done[str(fact.kind)] += 1
    return done


def _recover(engine: Engine, row: int, fact: Opened, now_ms: int, since: Since) -> None:
    def work(db: Session) -> None:
        connection = db.connection()
        _save(connection, [fact], now_ms, since)
        aside = upserts.table_of(SetAsideRow)
        connection.execute(delete(aside).where(aside.c.id == row))

    written(engine, work)


def _opened(batch: Iterable[Kept]) -> tuple[list[Opened], list[FactError]]:
    facts: list[Opened] = []
    unreadable: list[FactError] = []
    for kept in batch:
        try:
            facts.append(opened(kept))
        except FactError as error:
            unreadable.append(error)
    return facts, unreadable


def _written(
    engine: Engine,
    facts: Sequence[Opened],
    unreadable: Sequence[FactError],
    now_ms: int,
    since: Since,
) -> Written:
    def work(db: Session) -> Written:
        connection = db.connection()
        keys = [fact.key for fact in facts] + [e.key for e in unreadable if e.key is not None]
        books = _read(db, keys, now_ms)
        fresh = [fact for fact in facts if books.admits(fact.key, fact.at_ms)]
        room, refused = asides.within_quota(connection, unreadable)
        # What is unknown and finds no room stays a gap: its site still has it and is asked again.
        aside = [e for e in room if e.key is None or books.admits(e.key, 0)]
        for error in refused:
            if error.key is not None and not error.is_unknown:
                books.admits(error.key, 0)
        late = _save(connection, fresh, now_ms, since)
        asides.set_aside(connection, aside, now_ms)
        _close(connection, books)
        new = Counter(str(fact.kind) for fact in fresh)
        oldest_ms = min((fact.at_ms for fact in fresh), default=None)
        return Written(new, len(facts) - len(fresh), late, tuple(aside), tuple(refused), oldest_ms)

    return written(engine, work)


def _read(db: Session, keys: Sequence[Key], now_ms: int) -> _Books:
    """Return the ledgers of some keys, locked until the transaction ends."""
    books = _Books(now_ms)
    places = sorted({(key.site, key.epoch) for key in keys})
    if not places:
        return books
    if db.connection().dialect.name == "sqlite":  # takes its one write lock before it reads
        db.connection().execute(
            update(upserts.table_of(EpochRow)).where(col(EpochRow.site) == "").values(facts=0)
        )
    wanted = select(EpochRow).where(tuple_(EpochRow.site, EpochRow.epoch).in_(places))
    for row in db.exec(wanted.order_by(col(EpochRow.site), col(EpochRow.epoch)).with_for_update()):
        db.expunge(row)
        books.rows[row.site, row.epoch] = row
    missing = select(GapRow).where(tuple_(GapRow.site, GapRow.epoch).in_(places))
    for gap in db.exec(missing):
        db.expunge(gap)
        books.gaps.setdefault((gap.site, gap.epoch), {})[gap.first] = gap
    for place, row in books.rows.items():
        gaps = sorted(Gap(gap.first, gap.last) for gap in books.gaps.get(place, {}).values())
        books.ledgers[place] = Ledger(row.highest, tuple(gaps))
    return books


def _save(connection: Connection, fresh: Sequence[Opened], now_ms: int, since: Since) -> int:
    """Write the rows of new facts; returns how many minutes came after their hour was closed."""
    by_kind: dict[Kind, list[Row]] = {kind: [] for kind in Kind}
    for fact in fresh:
        by_kind[fact.kind].append(fact.row)
    minutes = by_kind[Kind.ENERGY]
    closed = _closed_hours(connection, minutes, since)
    kept = [row for row in minutes if _hour(row) not in closed]
    upserts.put_newer(connection, ChargingSessionRow, by_kind[Kind.SESSION])
    upserts.put_newer(connection, EnergyMinuteRow, kept)
    upserts.add(connection, EvidenceEntryRow, by_kind[Kind.EVIDENCE])
    upserts.add(connection, SiteAuditRow, by_kind[Kind.AUDIT])
    _mark_stale(connection, sorted({_hour(row) for row in kept}), now_ms)
    return len(minutes) - len(kept)


def _hour(row: Row) -> tuple[str, int]:
    start_s = row["start_s"]
    assert isinstance(start_s, int)  # noqa: S101 - for mypy; `facts` makes them so
    return str(row["site"]), start_s // HOUR_S * HOUR_S


def _closed_hours(
    connection: Connection, minutes: Sequence[Row], since: Since
) -> set[tuple[str, int]]:
    old = {hour for row in minutes if (hour := _hour(row))[1] < since.minutes_s}
    if not old:
        return set()
    hours = upserts.table_of(EnergyHourRow)
    wanted = hours.select().where(
        tuple_(hours.c.site, hours.c.start_s).in_(sorted(old)), hours.c.is_closed.is_(True)
    )
    closed = {(row.site, row.start_s) for row in connection.execute(wanted)}
    return closed | {hour for hour in old if hour[1] < since.hours_s}


def _mark_stale(connection: Connection, hours: Sequence[tuple[str, int]], now_ms: int) -> None:
    """Note that the sums of some hours are behind; a mark that is raised is seen by who sums."""
    if not hours:
        return
    stale = upserts.table_of(StaleHourRow)
    insert = upserts.insert_of(connection, StaleHourRow)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["site", "start_s"], set_={"mark": stale.c.mark + 1}
        ),
        [{"site": site, "start_s": start_s, "mark": now_ms} for site, start_s in hours],
    )


def _close(connection: Connection, books: _Books) -> None:
    """Write the ledgers as they are now."""
    for place, ledger in books.ledgers.items():
        books.rows[place].highest = ledger.highest
        known = books.gaps.get(place, {})
        wanted = {gap.first: gap for gap in ledger.gaps}
        gone = [first for first, row in known.items() if not _is_same(wanted.get(first), row)]
        if gone:
            gaps = upserts.table_of(GapRow)
            connection.execute(
                delete(gaps).where(
                    gaps.c.site == place[0], gaps.c.epoch == place[1], gaps.c.first.in_(gone)
                )
            )
        new = [gap for first, gap in wanted.items() if not _is_same(gap, known.get(first))]
        upserts.put(connection, GapRow, [_gap_row(place, gap, known, books) for gap in new])
    epochs = [books.rows[place].model_dump() for place in sorted(books.rows)]
    upserts.put(connection, EpochRow, epochs)


def _is_same(gap: Gap | None, row: GapRow | None) -> bool:
    return gap is not None and row is not None and (gap.first, gap.last) == (row.first, row.last)


def _gap_row(place: Place, gap: Gap, known: dict[int, GapRow], books: _Books) -> Row:
    """Return the row of a gap; what is left of one that was there keeps its story."""
    old = next((row for row in known.values() if row.first <= gap.first <= row.last), None)
    return {
        "site": place[0],
        "epoch": place[1],
        "first": gap.first,
        "last": gap.last,
        "since_ms": books.now_ms if old is None else old.since_ms,
        "asked_ms": None if old is None else old.asked_ms,
        "is_lost": False if old is None else old.is_lost,
    }
