"""What somebody told of a battery, as a line of the audit. Pure but for its last step.

A word that says again what was told last changes nothing and leaves no line: programs push the
same figure every minute.
"""

import json
from datetime import UTC, datetime

from sqlmodel import Session

from cem.core.conduct import SocWord
from cem.records import outbox
from cem.store import Store
from cem.store.changes import fact_of
from cem.store.tables import AuditRow
from volthus_wire.v1.rpc_pb2 import Caller

SAME_PERCENT = 0.05


def is_other(before: SocWord | None, percent: float, source: str) -> bool:
    """Return whether a word says something else than the one before."""
    if before is None or before.source != source:
        return True
    return abs(before.percent - percent) > SAME_PERCENT


def entry(
    car: str, before: SocWord | None, percent: float, source: str, caller: Caller
) -> AuditRow:
    """Return the line: what was told last, and what is told now."""
    was = None if before is None else _plain(before.percent, before.source)
    return AuditRow(
        at=datetime.now(UTC),
        actor=caller.actor,
        role=caller.role,
        origin=caller.origin,
        setting=f"car-soc/{car}",
        before=json.dumps(was),
        after=json.dumps(_plain(percent, source)),
    )


def keep(store: Store, row: AuditRow) -> None:
    """Write the line, and the fact for the cloud. Blocking. Raises RefusedError."""

    def write(session: Session) -> None:
        session.add(row)
        outbox.add(session, fact_of(row))

    store.write(write)


def _plain(percent: float, source: str) -> dict[str, float | str]:
    return {"soc_percent": round(percent, 2), "source": source}
