"""A change of settings that is very long: told to the cloud in a word, kept whole at the site."""

import json
from datetime import UTC, datetime

from cem.store.changes import MOST_TOLD_BYTES, fact_of
from cem.store.tables import AuditRow


def entry(before: str, after: str) -> AuditRow:
    return AuditRow(
        at=datetime(2026, 1, 1, tzinfo=UTC), actor="user:anna", role="service", origin="site",
        setting="tariff", before=before, after=after,
    )  # fmt: skip


def test_a_change_of_usual_length_is_told_whole():
    longest = json.dumps("x" * (MOST_TOLD_BYTES - 2))
    told = fact_of(entry("null", longest)).audit
    assert (told.before, told.after) == ("null", longest)


def test_of_a_longer_one_only_its_length_is_told_so_that_no_stream_refuses_it():
    longer = json.dumps("ö" * MOST_TOLD_BYTES, ensure_ascii=False)
    row = entry("null", longer)
    told = fact_of(row).audit
    assert json.loads(told.after) == {"left_out_bytes": len(longer.encode())}
    assert row.after == longer
