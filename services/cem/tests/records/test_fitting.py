"""Every fact fits into the stream of the cloud; one that does not is told of by its length."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import nats
from record_sites import opened
from sqlmodel import Session, col, select

from cem.records import outbox
from cem.records.draining import Drain
from cem.records.fitting import fitted
from cem.store.changes import MOST_TOLD_BYTES, fact_of
from cem.store.tables import AuditRow
from volthus_kit.bus import MOST_ACTOR, MOST_ROLE, Bus
from volthus_kit.clock import SystemClock
from volthus_kit.database import open_sqlite
from volthus_kit.testing import linked_servers
from volthus_wire.convert import to_timestamp
from volthus_wire.subjects import FACT_KINDS, MOST_FACT_BYTES
from volthus_wire.v1.records_pb2 import AuditEntry, EnergySpan, Fact

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MOST_CHARGERS = 100  # that a gateway trusts


def fact(**what: object) -> Fact:
    return Fact(site="s" * 64, epoch=2**63, sequence=2**40, at=to_timestamp(NOON), **what)  # type: ignore[arg-type]


def audit(after: str) -> Fact:
    return fact(audit=AuditEntry(at=to_timestamp(NOON), actor="eva", setting="x", after=after))


def test_the_longest_minute_and_the_longest_change_of_a_site_fit():
    span = EnergySpan(start=to_timestamp(NOON), end=to_timestamp(NOON), import_wh=1, export_wh=1)
    for number in range(MOST_CHARGERS):
        span.charger_wh[f"{number:040d}"] = span.charger_sun_wh[f"{number:040d}"] = 1.5
    row = AuditRow(
        at=NOON, actor="ö" * MOST_ACTOR, role="ö" * MOST_ROLE, origin="cloud",
        setting="x" * 200, before="x" * MOST_TOLD_BYTES, after="y" * MOST_TOLD_BYTES,
    )  # fmt: skip
    for longest in (fact(energy=span), fact(audit=fact_of(row).audit)):
        assert fitted(longest, "any") == (longest, 0)


def test_of_a_fact_that_fits_nowhere_its_length_is_told_under_its_own_key():
    long = audit("x" * MOST_FACT_BYTES)
    told, size = fitted(long, "evidence")
    assert (told.site, told.epoch, told.sequence) == (long.site, long.epoch, long.sequence)
    assert (told.audit.setting, size) == ("fact/evidence", long.ByteSize())
    assert json.loads(told.audit.after) == {"left_out_bytes": size}


def test_the_words_of_facts_are_those_that_have_a_subject():
    assert {field.name for field in Fact.DESCRIPTOR.oneofs_by_name["what"].fields} == FACT_KINDS, (
        "a kind that comes later leaves on the subject of all later ones: do not add it here"
    )


async def test_neither_a_long_fact_nor_one_of_a_later_kind_holds_up_those_behind_it(
    tmp_path: Path,
) -> None:
    store, journal = opened(tmp_path)
    engine = open_sqlite(tmp_path / "cem.sqlite")
    with Session(engine) as db:
        for after in ("1", "x" * MOST_FACT_BYTES, "3", "4"):
            outbox.add(db, Fact(at=to_timestamp(NOON), audit=audit(after).audit))
        last_first = col(outbox.OutboxRow.sequence).desc()
        later = db.exec(select(outbox.OutboxRow).order_by(last_first)).first()
        assert later is not None
        later.kind = "tyre-pressure"  # as a newer program names its own
        db.add(later)
        db.commit()
    engine.dispose()
    async with linked_servers("demo") as (edge, cloud):
        there = await nats.connect(cloud.url)
        js = there.jetstream()
        subjects = [f"site.*.up.fact.{kind}" for kind in (*FACT_KINDS, "other")]
        await js.add_stream(name="FACTS", subjects=subjects, max_msg_size=32 * 1024)
        async with Bus.connect(edge.url, "cem") as bus:
            await bus.until_connected()
            drain = Drain(journal, bus, SystemClock(), site="demo", domain="cloud")
            async with asyncio.timeout(20):
                while not await drain.once():
                    await asyncio.sleep(0.02)
        count = (await js.stream_info("FACTS")).state.messages
        told = [await js.get_msg("FACTS", number) for number in range(1, count + 1)]
        await there.close()
    assert [message.subject for message in told][-1] == "site.demo.up.fact.other"
    afters = [Fact.FromString(message.data or b"").audit.after for message in told]
    assert (afters[-4], afters[-2:]) == ("1", ["3", "4"])
    assert "left_out_bytes" in afters[-3]
    store.close()
    journal.close()
