"""Keeps failsafe tests: the last one of each charger, and in the audit who made which. Blocking."""

import json
from datetime import UTC, datetime

from google.protobuf.json_format import MessageToDict, MessageToJson, Parse, ParseError
from sqlmodel import Field, Session, SQLModel, select

from cem.failsafe_test.core.course import Outcome, Trouble
from cem.records import outbox
from cem.store import Store
from cem.store.changes import fact_of
from cem.store.migration import migrate
from cem.store.tables import AuditRow
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.setup_pb2 import FailsafeTest

TOLD = ("state", "code", "failsafeA", "beforeA", "measuredA", "tookS")


class FailsafeTestRow(SQLModel, table=True):
    """The last test of a charger. test: the message as JSON."""

    __tablename__ = "cem_failsafe_test"

    ski: str = Field(primary_key=True)
    test: str


class FailsafeBook:
    """The tests in the CEM's database. Raises RefusedError `store-failing`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> dict[str, FailsafeTest]:
        """Return the last test of each charger; one that a restart broke off has failed."""

        def read(session: Session) -> list[FailsafeTestRow]:
            migrate(session.connection(), (str(FailsafeTestRow.__tablename__),))
            return list(session.exec(select(FailsafeTestRow)))

        found = {row.ski: _test_of(row) for row in self._store.write(read)}
        return {ski: test for ski, test in found.items() if test is not None}

    def write(self, test: FailsafeTest, caller: Caller) -> None:
        """Keep a test that began or ended, with its line in the audit."""

        def write(session: Session) -> None:
            migrate(session.connection(), (str(FailsafeTestRow.__tablename__),))
            session.merge(FailsafeTestRow(ski=test.ski, test=MessageToJson(test, indent=None)))
            entry = _audited(test, caller)
            session.add(entry)
            outbox.add(session, fact_of(entry))

        self._store.write(write)


def _audited(test: FailsafeTest, caller: Caller) -> AuditRow:
    plain = MessageToDict(test)
    is_begun = test.state == Outcome.RUNNING.value
    return AuditRow(
        at=datetime.now(UTC),
        actor=caller.actor,
        role=caller.role,
        origin=caller.origin,
        setting=f"failsafe-test/{test.ski}",
        before="null" if is_begun else json.dumps({"state": Outcome.RUNNING.value}),
        after=json.dumps({name: plain[name] for name in TOLD if name in plain}),
    )


def _test_of(row: FailsafeTestRow) -> FailsafeTest | None:
    try:
        test = Parse(row.test, FailsafeTest(), ignore_unknown_fields=True)
    except ParseError:  # of a release that we do not know
        return None
    if test.state == Outcome.RUNNING.value:
        test.state = Outcome.FAILED.value
        test.code = Trouble.INTERRUPTED.value
        test.ClearField("until")
        test.ClearField("step")
    return test
