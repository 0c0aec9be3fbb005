"""Lists and sums of records: pages stay true while rows are added, sums are of the minutes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from record_sites import SKI, START, opened, write_step

from cem.records.answers import RecordAnswers
from cem.records.core import sealing
from cem.records.core.sessions import Session, Standing
from cem.records.journal import Batch, Journal, Kept
from cem.records.recorder import Recorder
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire.convert import from_timestamp, to_timestamp
from volthus_wire.v1 import operator_pb2, records_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SVEN = Caller(actor="sven", role="service", origin="site")
STEPS = 26
BERLIN = ZoneInfo("Europe/Berlin")
MADE = count()


class Records:
    """A site with some minutes of records, and who answers for them."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store, self.journal = opened(folder)
        for step in range(STEPS):
            self.add(step)
        self.answers = RecordAnswers(
            self.journal, Recorder(Journal(folder), self.clock, Kept()), self.clock, lambda: BERLIN
        )

    def add(self, step: int) -> None:
        write_step(self.store, self.journal, step)

    async def sessions(self, **asked: object) -> records_pb2.ListSessionsReply:
        question = records_pb2.ListSessionsRequest(**asked)  # type: ignore[arg-type]
        return await self.answers.list_sessions(question, SVEN)

    async def energy(self, step_s: int) -> list[records_pb2.EnergySpan]:
        question = records_pb2.GetEnergyRequest(step_s=step_s)
        question.to.CopyFrom(to_timestamp(START + timedelta(hours=1)))
        getattr(question, "from").CopyFrom(to_timestamp(START))
        return list((await self.answers.get_energy(question, SVEN)).spans)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    made = Records(tmp_path)
    yield made
    made.store.close()
    made.journal.close()


async def test_pages_of_sessions_neither_repeat_nor_skip_while_others_begin(records: Records):
    first = await records.sessions(most=2)
    for step in range(STEPS, STEPS + 10):
        records.add(step)
    found, cursor = list(first.sessions), first.next
    while cursor:
        page = await records.sessions(most=2, cursor=cursor)
        found += page.sessions
        cursor = page.next
    ids = [session.session for session in found]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == 6, "those that were there when the first page was asked for"


async def test_sessions_are_found_by_time_and_charger(records: Records):
    since = to_timestamp(START + timedelta(minutes=5))
    until = to_timestamp(START + timedelta(minutes=15))
    found = (await records.sessions(**{"from": since, "to": until})).sessions
    assert [from_timestamp(s.started) for s in found] == [
        START + timedelta(minutes=10), START + timedelta(minutes=5),
    ]  # fmt: skip
    assert len((await records.sessions(ski=SKI)).sessions) == 6
    assert (await records.sessions(ski="b" * 40)).sessions == []
    assert [s.state for s in (await records.sessions(most=2)).sessions] == [
        "unknown", "ended",
    ], "after a start nobody has seen the charger yet"  # fmt: skip


@pytest.mark.parametrize("step_s", [60, 900, 3600, 86400])
async def test_sums_over_any_span_are_those_of_the_minutes(records: Records, step_s: int):
    spans = await records.energy(step_s)
    assert sum(span.import_wh for span in spans) == 120.0 * STEPS
    assert sum(span.charger_wh[SKI] for span in spans) == 100.0 * STEPS
    assert sum(span.charging_wh for span in spans) == 100.0 * STEPS
    assert sum(span.charging_sun_wh for span in spans) == 10.0 * STEPS
    assert all(span.export_wh == 0.0 for span in spans)
    assert not any(span.HasField("sun_wh") for span in spans), "nobody measured it"
    assert all(from_timestamp(s.start).timestamp() % step_s == 0 for s in spans)
    assert all(s.end.seconds - s.start.seconds == step_s for s in spans)


async def test_evidence_is_listed_in_pages_and_checked_as_a_whole(records: Records):
    numbers, after, more = [], 0, True
    while more:
        question = operator_pb2.ListEvidenceRequest(after=after, most=4)
        page = await records.answers.list_evidence(question, SVEN)
        assert page.intact
        numbers += [entry.number for entry in page.entries]
        after, more = numbers[-1], page.more
    assert numbers == list(range(1, 10))


async def test_a_wrong_cursor_or_step_is_refused(records: Records):
    with pytest.raises(RefusedError, match="unknown-step"):
        await records.energy(120)
    for cursor in ("-1", "x", "²", "9" * 30):
        question = records_pb2.ListDecisionsRequest(cursor=cursor)
        with pytest.raises(RefusedError, match="unknown-cursor"):
            await records.answers.list_decisions(question, SVEN)
    for cursor in ("\0", "😀", "z", "20261122T080000Z"):
        with pytest.raises(RefusedError, match="unknown-cursor"):
            await records.sessions(cursor=cursor)


# --- the chain is checked once -------------------------------------------------------------------


def changed(records: Records, number: int, entry: str) -> None:
    with records.journal._engine.begin() as db:
        db.exec_driver_sql("UPDATE cem_evidence SET fields = ? WHERE number = ?", (entry, number))


async def test_the_chain_is_checked_from_where_it_was_whole(
    records: Records, monkeypatch: pytest.MonkeyPatch
):
    async def is_intact() -> bool:
        question = operator_pb2.ListEvidenceRequest(most=1)
        return bool((await records.answers.list_evidence(question, SVEN)).intact)

    hashed: list[str] = []
    sealed = sealing.sealed
    monkeypatch.setattr(sealing, "sealed", lambda f, b: hashed.append(f["number"]) or sealed(f, b))
    assert await is_intact()
    assert len(hashed) == 9
    assert await is_intact()
    assert len(hashed) == 9, "nothing is new"
    for step in range(STEPS, STEPS + 6):
        records.add(step)
    hashed.clear()
    assert await is_intact()
    assert hashed == ["10", "11"]
    changed(records, 3, '{"number": "3"}')
    assert await is_intact(), "it was checked less than an hour ago"
    records.clock.go_on(3600)
    assert not await is_intact()
    assert not await is_intact()


async def test_a_change_of_the_last_entry_is_seen_at_once(records: Records):
    question = operator_pb2.ListEvidenceRequest()
    assert (await records.answers.list_evidence(question, SVEN)).intact
    with records.journal._engine.begin() as db:
        db.exec_driver_sql("UPDATE cem_evidence SET hash = 'x' WHERE number = 9")
    assert not (await records.answers.list_evidence(question, SVEN)).intact


# --- sessions added up ---------------------------------------------------------------------------


def priced(records: Records, at: datetime, **changes: object) -> None:
    """Write a session of 10 kWh that began at a moment."""
    session = Session(
        f"{at:%Y%m%dT%H%M%SZ}-{next(MADE)}", "b" * 40, at, ended=at, standing=Standing.ENDED,
        energy_wh=10_000.0, sun_wh=2_500.0, charging_s=3600.0, charger_name="Street", plug=1,
    )  # fmt: skip
    session = replace(session, **changes)  # type: ignore[arg-type]
    records.journal.write(Batch({session.id: session}, frozenset({session.id})), at)
    if session.cost is not None:
        records.journal.price([session], at)


async def summary(records: Records, **asked: object) -> records_pb2.SummarizeSessionsReply:
    question = records_pb2.SummarizeSessionsRequest(**asked)  # type: ignore[arg-type]
    return await records.answers.summarize_sessions(question, SVEN)


async def test_sessions_are_added_up_by_the_months_of_the_site(records: Records):
    priced(records, datetime(2026, 9, 30, 21, 59, tzinfo=UTC))
    priced(records, datetime(2026, 9, 30, 22, 0, tzinfo=UTC), car="van")  # midnight in Berlin
    priced(records, datetime(2026, 10, 31, 22, 59, tzinfo=UTC))  # winter time by then
    priced(records, datetime(2026, 10, 31, 23, 0, tzinfo=UTC))
    told = await summary(records, by_month=True)
    assert told.time_zone == "Europe/Berlin"
    found = [(one.month, one.count, one.energy_wh) for one in told.totals]
    assert [row[:2] for row in found] == [("2026-11", 7), ("2026-10", 2), ("2026-09", 1)]
    assert found[1][2] == 20_000.0
    october = await summary(records, month="2026-10")
    assert from_timestamp(october.to) == datetime(2026, 10, 31, 23, tzinfo=UTC)
    (row,) = october.totals
    assert (row.month, row.count, row.sun_wh, row.grid_wh) == ("2026-10", 2, 5000.0, 15_000.0)
    assert (row.unpriced, row.HasField("cost"), row.HasField("co2_g")) == (2, False, False)
    by_car = await summary(records, month="2026-10", by_car=True, by_charger=True)
    assert [(one.car, one.ski[:1], one.charger_name, one.count) for one in by_car.totals] == [
        ("", "b", "Street", 1), ("van", "b", "Street", 1),
    ]  # fmt: skip
    assert (await summary(records, month="2025-01")).totals == []
    assert sum(one.count for one in (await summary(records)).totals) == 10
    assert [one.count for one in (await summary(records, ski="b" * 40)).totals] == [4]


async def test_what_is_not_known_of_a_sum_is_said(records: Records):
    may = datetime(2026, 5, 10, 12, tzinfo=UTC)
    for number, cost in enumerate(("1.10", "2.20", None)):
        known = {} if cost is None else {"cost": cost, "currency": "EUR", "co2_g": 100.0}
        priced(records, may + timedelta(hours=number), **known)
    (row,) = (await summary(records, month="2026-05")).totals
    assert (row.cost, row.currency, row.unpriced) == (3.3, "EUR", 1)
    assert (row.co2_g, row.unweighed) == (200.0, 1)
    priced(records, may + timedelta(days=1), cost="5.0", currency="SEK")
    (row,) = (await summary(records, month="2026-05")).totals
    assert (row.HasField("cost"), row.currency, row.unpriced) == (False, "", 4)


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-1", "1999-01", "novem", "2026-01-01", "²026-01"]
)
async def test_what_is_no_month_is_refused(records: Records, month: str):
    with pytest.raises(RefusedError, match="unknown-month"):
        await summary(records, month=month)
