"""Acceptance protocols in the CEM's database: rows are added, never changed. Blocking."""

import json
from datetime import UTC, datetime

from sqlmodel import Field, Session, SQLModel, col, select

from cem.acceptance.core import Protocol
from cem.records import outbox
from cem.store import Store
from cem.store.changes import fact_of
from cem.store.migration import migrate
from cem.store.tables import AuditRow
from volthus_wire.v1.rpc_pb2 import Caller


class AcceptanceRow(SQLModel, table=True):
    """One signed protocol; signed_s: since 1970, UTC."""

    __tablename__ = "cem_acceptance"

    number: int = Field(primary_key=True)
    signed_s: int
    electrician: str
    remarks: str
    actor: str
    document: str
    previous: str
    digest: str


class AcceptanceBook:
    """The protocols of the site. Raises RefusedError `store-failing`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, electrician: str, remarks: str, document: str, caller: Caller, now: datetime
    ) -> tuple[Protocol, str]:
        """Keep a protocol, with its line in the audit; returns it and its digest."""

        def write(session: Session) -> tuple[Protocol, str]:
            migrate(session.connection(), (str(AcceptanceRow.__tablename__),))
            last = session.exec(select(AcceptanceRow).order_by(col(AcceptanceRow.number).desc()))
            before = last.first()
            protocol = Protocol(
                1 if before is None else before.number + 1,
                now.replace(microsecond=0),
                electrician.strip(),
                remarks.strip(),
                caller.actor,
                document,
                "" if before is None else before.digest,
            )
            session.add(_row(protocol))
            entry = _audited(protocol, caller)
            session.add(entry)
            outbox.add(session, fact_of(entry))
            return protocol, protocol.digest

        return self._store.write(write)

    def all(self) -> list[tuple[Protocol, str]]:
        """Return all protocols with the digests they were kept with, the latest first."""

        def read(session: Session) -> list[AcceptanceRow]:
            migrate(session.connection(), (str(AcceptanceRow.__tablename__),))
            by_number = select(AcceptanceRow).order_by(col(AcceptanceRow.number).desc())
            return list(session.exec(by_number))

        return [(_protocol(row), row.digest) for row in self._store.write(read)]


def _row(protocol: Protocol) -> AcceptanceRow:
    return AcceptanceRow(
        number=protocol.number,
        signed_s=int(protocol.signed.timestamp()),
        electrician=protocol.electrician,
        remarks=protocol.remarks,
        actor=protocol.actor,
        document=protocol.document,
        previous=protocol.previous,
        digest=protocol.digest,
    )


def _protocol(row: AcceptanceRow) -> Protocol:
    return Protocol(
        row.number,
        datetime.fromtimestamp(row.signed_s, UTC),
        row.electrician,
        row.remarks,
        row.actor,
        row.document,
        row.previous,
    )


def _audited(protocol: Protocol, caller: Caller) -> AuditRow:
    told = {"electrician": protocol.electrician, "digest": protocol.digest}
    return AuditRow(
        at=protocol.signed,
        actor=caller.actor,
        role=caller.role,
        origin=caller.origin,
        setting=f"acceptance/{protocol.number}",
        before="null",
        after=json.dumps(told),
    )
