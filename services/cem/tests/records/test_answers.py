"""Lists and sums of records: pages stay true while rows are added, sums are of the minutes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from record_sites import SKI, START, opened, write_step

from cem.records.answers import RecordAnswers
from cem.records.journal import Journal, Kept
from cem.records.recorder import Recorder
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire.convert import from_timestamp, to_timestamp
from volthus_wire.v1 import operator_pb2, records_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SVEN = Caller(actor="sven", role="service", origin="site")
STEPS = 26


class Records:
    """A site with some minutes of records, and who answers for them."""

    def __init__(self, folder: Path) -> None:
        self.store, self.journal = opened(folder)
        for step in range(STEPS):
            self.add(step)
        self.answers = RecordAnswers(self.journal, Recorder(Journal(folder), FakeClock(), Kept()))

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
    question = records_pb2.ListDecisionsRequest(cursor="-1")
    with pytest.raises(RefusedError, match="unknown-cursor"):
        await records.answers.list_decisions(question, SVEN)
