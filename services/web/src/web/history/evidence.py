"""Answers with a site's evidence log and whether it is whole. Blocking.

A backup that was put back at the site begins a new epoch, and its log goes on from where the
backup stood. The log told here is the chain of today; what the lost part said stays in the table.
"""

from sqlalchemy import Connection, select, tuple_

from volthus_wire.v1.operator_pb2 import Evidence, ListEvidenceReply, ListEvidenceRequest
from web.history import upserts
from web.history.core.seal import Link, is_intact
from web.history.tables import EvidenceEntryRow

PAGE, MOST = 100, 1000
Place = tuple[int, int]  # epoch and number


def evidence(connection: Connection, site: str, question: ListEvidenceRequest) -> ListEvidenceReply:
    """Return the log, oldest first, and whether its whole chain holds."""
    most = min(question.most or PAGE, MOST)
    chain = _chain(connection, site)
    asked = [place for place in chain if place[1] > question.after]
    return ListEvidenceReply(
        entries=_entries(connection, site, asked[:most]),
        more=len(asked) > most,
        intact=is_intact(chain.values()),
    )


def _chain(connection: Connection, site: str) -> dict[Place, Link]:
    """Return the entries of the newest epoch, and of older ones what comes before those."""
    table = upserts.table_of(EvidenceEntryRow)
    columns = (table.c.epoch, table.c.number, table.c.before, table.c.hash, table.c.is_sealed)
    wanted = select(*columns).where(table.c.site == site)
    chain: dict[Place, Link] = {}
    begins, epoch = 0, None
    for row in connection.execute(wanted.order_by(table.c.epoch.desc(), table.c.number.desc())):
        if epoch is not None and row.epoch != epoch and row.number >= begins:
            continue  # of a part that was lost when a backup was put back
        epoch, begins = row.epoch, row.number
        chain[row.epoch, row.number] = Link(row.number, row.before, row.hash, row.is_sealed)
    return dict(reversed(chain.items()))


def _entries(connection: Connection, site: str, places: list[Place]) -> list[Evidence]:
    if not places:
        return []
    table = upserts.table_of(EvidenceEntryRow)
    wanted = select(table.c.body).where(
        table.c.site == site, tuple_(table.c.epoch, table.c.number).in_(places)
    )
    found = connection.execute(wanted.order_by(table.c.number)).scalars()
    return [Evidence.FromString(body) for body in found]
