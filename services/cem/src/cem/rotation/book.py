"""Keeps rotation tests: the last one of each charger, and in the audit who made which. Blocking."""

import json
from datetime import UTC, datetime

from google.protobuf.json_format import MessageToDict, MessageToJson, Parse, ParseError
from sqlmodel import Field, Session, SQLModel, select

from cem.records import outbox
from cem.rotation.core.course import Outcome, Trouble
from cem.rotation.messages import WHY
from cem.store import Store
from cem.store.changes import fact_of
from cem.store.migration import migrate
from cem.store.tables import AuditRow
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import RotationTest

TOLD = ("state", "code", "proposedWiring", "proposedRotation", "phases", "reversed")


class RotationTestRow(SQLModel, table=True):
    """The last test of a charger. test: the message as JSON."""

    __tablename__ = "cem_rotation_test"

    ski: str = Field(primary_key=True)
    began_ms: int
    test: str


class RotationBook:
    """The tests in the CEM's database. Raises RefusedError `store-failing`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> dict[str, RotationTest]:
        """Return the last test of each charger, the latest one last.

        One that a restart broke off has failed.
        """

        def read(session: Session) -> list[RotationTestRow]:
            migrate(session.connection(), (str(RotationTestRow.__tablename__),))
            by_time = select(RotationTestRow).order_by(RotationTestRow.began_ms)  # type: ignore[arg-type]  # a column, to SQLModel
            return list(session.exec(by_time))

        found = {row.ski: _test_of(row) for row in self._store.write(read)}
        return {ski: test for ski, test in found.items() if test is not None}

    def write(self, test: RotationTest, caller: Caller) -> None:
        """Keep a test that began or ended, with its line in the audit."""

        def write(session: Session) -> None:
            migrate(session.connection(), (str(RotationTestRow.__tablename__),))
            before = session.get(RotationTestRow, test.ski)
            is_begun = test.state == Outcome.RUNNING.value
            began_ms = _now_ms() if is_begun or before is None else before.began_ms
            text = MessageToJson(test, indent=None)
            session.merge(RotationTestRow(ski=test.ski, began_ms=began_ms, test=text))
            entry = _audited(test, None if is_begun else Outcome.RUNNING.value, caller)
            session.add(entry)
            outbox.add(session, fact_of(entry))

        self._store.write(write)


def _audited(test: RotationTest, before: str | None, caller: Caller) -> AuditRow:
    plain = MessageToDict(test)
    return AuditRow(
        at=datetime.now(UTC),
        actor=caller.actor,
        role=caller.role,
        origin=caller.origin,
        setting=f"rotation-test/{test.ski}",
        before="null" if before is None else json.dumps({"state": before}),
        after=json.dumps({name: plain[name] for name in TOLD if name in plain}),
    )


def _test_of(row: RotationTestRow) -> RotationTest | None:
    try:
        test = Parse(row.test, RotationTest(), ignore_unknown_fields=True)
    except ParseError:  # of a release that we do not know
        return None
    if test.state == Outcome.RUNNING.value:
        test.state = Outcome.FAILED.value
        test.code = Trouble.INTERRUPTED.value
        test.step = WHY[Trouble.INTERRUPTED]
        test.ClearField("until")
    return test


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
