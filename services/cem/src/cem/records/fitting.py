"""A fact as the cloud takes it: one that no stream would take becomes the word that it is too long.

All that goes into a fact is bounded where it comes from, so this is the last line: without it one
fact that is refused for good would hold up all that wait behind it.
"""

import json

from volthus_wire.subjects import MOST_FACT_BYTES
from volthus_wire.v1.records_pb2 import AuditEntry, Fact

ACTOR = "outbox"


def fitted(fact: Fact, kind: str) -> tuple[Fact, int]:
    """Return a fact, or in its place an audit entry with the same key, and the bytes it had.

    The second is 0 for a fact that fits. The site's own tables and outbox keep all of it.
    """
    size = fact.ByteSize()
    if size <= MOST_FACT_BYTES:
        return fact, 0
    entry = AuditEntry(
        at=fact.at,
        actor=ACTOR,
        role="program",
        origin="site",
        setting=f"fact/{kind}"[:100],
        before="null",
        after=json.dumps({"left_out_bytes": size}),
    )
    told = Fact(site=fact.site, epoch=fact.epoch, sequence=fact.sequence, at=fact.at, audit=entry)
    return told, size
