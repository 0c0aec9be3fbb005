"""The outbox: facts that must reach the cloud, written with the thing they tell of. Blocking.

A row is written in the transaction of the thing itself; its number is taken there too, by one
statement that holds the write lock: a transaction that fails takes its number back, so within an
epoch there is no gap. A row leaves the table 30 days after the cloud acknowledged it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, delete, func, text, update
from sqlmodel import Field, Session, SQLModel, col, select

from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import records_pb2

ONLY = 1  # the key of a table with one row
MOST_RESENT = 10_000  # at once
NEXT = text(
    "UPDATE cem_outbox_head SET last_sequence = last_sequence + 1 WHERE id = 1"
    " RETURNING epoch, last_sequence"
)


class OutboxRow(SQLModel, table=True):
    """One fact; (epoch, sequence) is its key with the site. Times in ms since 1970, UTC."""

    __tablename__ = "cem_outbox"

    epoch: int = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    at_ms: int
    kind: str  # the word of its `what`: session, energy, evidence, audit
    body: bytes = Field(sa_type=LargeBinary)  # a Fact without its site
    sent_ms: int | None = Field(default=None, index=True)
    resent: int | None = None  # how often the cloud asked for it again


class OutboxHeadRow(SQLModel, table=True):
    """Where the outbox stands. generation: drawn anew at each start, see `restoring`."""

    __tablename__ = "cem_outbox_head"

    id: int = Field(default=ONLY, primary_key=True)
    epoch: int
    last_sequence: int = 0
    generation: str = ""


TABLES = (OutboxRow, OutboxHeadRow)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A fact on its way. key: (epoch, sequence); resent: how often it was asked for again."""

    key: tuple[int, int]
    kind: str
    fact: records_pb2.Fact
    resent: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for the cloud. oldest_ms: None = nothing waits; generation: see `restoring`."""

    generation: str
    epoch: int
    waiting: int
    oldest_ms: int | None


@dataclass(frozen=True, slots=True)
class Resent:
    """What became of facts that were asked for again. first, last: of those kept, 0 = none."""

    first: int
    last: int
    count: int


def add(session: Session, fact: records_pb2.Fact) -> tuple[int, int]:
    """Write a fact in the caller's transaction; returns its (epoch, sequence).

    fact.at must be set; site, epoch and sequence are filled in here and when it is sent. The
    outbox must have been prepared (`restoring.prepare`). Raises ValueError for a fact that says
    nothing, RefusedError `store-failing` for an outbox that was not prepared.
    """
    what = fact.WhichOneof("what")
    if what is None:
        raise ValueError("a fact must tell of something")
    found = session.connection().execute(NEXT).one_or_none()
    if found is None:
        raise RefusedError("store-failing", "The outbox could not be prepared at the start.")
    epoch, sequence = int(found[0]), int(found[1])
    fact.epoch, fact.sequence = epoch, sequence
    session.add(
        OutboxRow(
            epoch=epoch,
            sequence=sequence,
            at_ms=fact.at.ToMilliseconds(),
            kind=what,
            body=fact.SerializeToString(),
        )
    )
    return epoch, sequence


def waiting(session: Session, most: int) -> list[Parcel]:
    """Return the facts that wait, in the order they must leave in, `most` at most."""
    rows = session.exec(
        select(OutboxRow)
        .where(col(OutboxRow.sent_ms).is_(None))
        .order_by(col(OutboxRow.epoch), col(OutboxRow.sequence))
        .limit(most)
    )
    return [
        Parcel(
            (row.epoch, row.sequence),
            row.kind,
            records_pb2.Fact.FromString(row.body),
            row.resent or 0,
        )
        for row in rows
    ]


def mark_sent(session: Session, parcels: Sequence[Parcel], now: datetime) -> None:
    """Remember that the cloud has these, and none that were asked for again meanwhile."""
    sent_ms = int(now.timestamp() * 1000)
    for epoch in {parcel.key[0] for parcel in parcels}:
        numbers = [parcel.key[1] for parcel in parcels if parcel.key[0] == epoch]
        session.connection().execute(
            update(OutboxRow)
            .where(
                col(OutboxRow.epoch) == epoch,
                col(OutboxRow.sequence).in_(numbers),
                col(OutboxRow.sent_ms).is_(None),
            )
            .values(sent_ms=sent_ms)
        )


def resend(session: Session, epoch: int, first: int, last: int) -> Resent:
    """Let facts that were sent leave once more, MOST_RESENT at most, from the first one on."""
    asked = (
        col(OutboxRow.epoch) == epoch,
        col(OutboxRow.sequence).between(first, min(last, first + MOST_RESENT - 1)),
    )
    low, high = session.exec(
        select(func.min(OutboxRow.sequence), func.max(OutboxRow.sequence)).where(*asked)
    ).one()
    again = session.connection().execute(
        update(OutboxRow)
        .where(*asked, col(OutboxRow.sent_ms).is_not(None))
        .values(sent_ms=None, resent=func.coalesce(OutboxRow.resent, 0) + 1)
    )
    return Resent(low or 0, high or 0, int(again.rowcount))


def forget(session: Session, sent_before: datetime, written_before: datetime) -> int:
    """Delete what was acknowledged long ago; returns how many nobody acknowledged in time.

    written_before: facts that waited since then are given up, or a site without a cloud would
    fill its disk.
    """
    acknowledged = col(OutboxRow.sent_ms) < int(sent_before.timestamp() * 1000)
    session.connection().execute(delete(OutboxRow).where(acknowledged))
    outdated = col(OutboxRow.at_ms) < int(written_before.timestamp() * 1000)
    given_up = session.connection().execute(
        delete(OutboxRow).where(outdated, col(OutboxRow.sent_ms).is_(None))
    )
    return int(given_up.rowcount)


def backlog(session: Session) -> Backlog:
    """Return how much waits for the cloud."""
    head = session.get(OutboxHeadRow, ONLY)
    unsent = col(OutboxRow.sent_ms).is_(None)
    count, oldest_ms = session.exec(
        select(func.count(col(OutboxRow.sequence)), func.min(OutboxRow.at_ms)).where(unsent)
    ).one()
    generation, epoch = ("", 0) if head is None else (head.generation, head.epoch)
    return Backlog(generation, epoch, int(count), oldest_ms)
