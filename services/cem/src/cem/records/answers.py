"""Answers questions about the records, in pages whose cursors stay true while rows are added."""

import asyncio
import re
from collections.abc import Callable
from datetime import tzinfo
from typing import TypeVar

from sqlalchemy import text
from sqlmodel import Session as Db
from sqlmodel import col, select

from cem.records import metrics
from cem.records.checking import Chain
from cem.records.journal import Journal
from cem.records.messages import (
    add_charger,
    decision_message,
    evidence_message,
    session_message,
    span_message,
)
from cem.records.recorder import Recorder
from cem.records.summing import summary
from cem.records.tables import DecisionRow, EvidenceRow, SessionRow
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import operator_pb2, records_pb2
from volthus_wire.v1.rpc_pb2 import Caller

R = TypeVar("R")

PAGE = 100
MOST = 1000
STEPS_S = (60, 900, 3600, 86400)
MOST_SPANS = 5000
MOST_NUMBER = 2**62  # fits the database's integers
SESSION = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f-]{1,20}")
NUMBER = re.compile(r"[0-9]{1,18}")  # fits the database's integers
SUMS = text(
    "SELECT start_s / :step * :step AS s, sum(import_wh), sum(export_wh), sum(sun_wh)"
    " FROM cem_minute WHERE start_s >= :first AND start_s < :last GROUP BY s ORDER BY s"
)
CHARGER_SUMS = text(
    "SELECT start_s / :step * :step AS s, ski, sum(energy_wh), sum(sun_wh)"
    " FROM cem_charger_minute WHERE start_s >= :first AND start_s < :last GROUP BY s, ski"
    " ORDER BY s, ski"
)


class RecordAnswers:
    """What the records answer; first of all they write what they still hold in memory."""

    def __init__(
        self, journal: Journal, recorder: Recorder, clock: Clock, zone: Callable[[], tzinfo]
    ) -> None:
        """Answer from a journal. zone: of the site, for its months."""
        self._journal = journal
        self._recorder = recorder
        self._clock = clock
        self._zone = zone
        self._chain = Chain(clock)

    async def list_sessions(
        self, question: records_pb2.ListSessionsRequest, caller: Caller
    ) -> records_pb2.ListSessionsReply:
        """Return sessions, newest first."""
        del caller
        return await self._read(lambda db: _sessions(db, question))

    async def summarize_sessions(
        self, question: records_pb2.SummarizeSessionsRequest, caller: Caller
    ) -> records_pb2.SummarizeSessionsReply:
        """Return sessions added up by month of the site, charger and car."""
        del caller
        zone, now = self._zone(), self._clock.now()
        return await self._read(lambda db: summary(db, question, zone, now))

    async def get_energy(
        self, question: records_pb2.GetEnergyRequest, caller: Caller
    ) -> records_pb2.GetEnergyReply:
        """Return energy by span; spans in which nothing was measured are left out."""
        del caller
        return await self._read(lambda db: _energy(db, question))

    async def list_decisions(
        self, question: records_pb2.ListDecisionsRequest, caller: Caller
    ) -> records_pb2.ListDecisionsReply:
        """Return the why-history, newest first."""
        del caller
        return await self._read(lambda db: _decisions(db, question))

    async def list_evidence(
        self, question: operator_pb2.ListEvidenceRequest, caller: Caller
    ) -> operator_pb2.ListEvidenceReply:
        """Return the evidence log, oldest first, and whether its whole chain holds."""
        del caller
        return await self._read(lambda db: _evidence(db, question, self._chain))

    async def resend_facts(
        self, question: records_pb2.ResendFactsRequest, caller: Caller
    ) -> records_pb2.ResendFactsReply:
        """Let facts leave once more that the cloud misses."""
        del caller
        span = (question.epoch, question.first, question.last)
        if not all(number <= MOST_NUMBER for number in span):
            return records_pb2.ResendFactsReply()  # no database holds such a number
        resent = await asyncio.to_thread(self._journal.resend, *span)
        metrics.OUTBOX_RESENT.inc(resent.count)
        self._recorder.written.set()
        return records_pb2.ResendFactsReply(
            first_kept=resent.first, last_kept=resent.last, resent=resent.count
        )

    async def _read(self, read: Callable[[Db], R]) -> R:
        await self._recorder.work(is_asked=True)
        return await asyncio.to_thread(self._journal.look, read)


def _sessions(db: Db, question: records_pb2.ListSessionsRequest) -> records_pb2.ListSessionsReply:
    most = _most(question.most)
    wanted = select(SessionRow).order_by(col(SessionRow.id).desc()).limit(most + 1)
    if question.cursor:
        if SESSION.fullmatch(question.cursor) is None:
            raise _no_cursor(question.cursor)
        wanted = wanted.where(col(SessionRow.id) < question.cursor)
    if question.ski:
        wanted = wanted.where(SessionRow.ski == question.ski)
    if question.HasField("from"):
        wanted = wanted.where(col(SessionRow.started_ms) >= _bound(question, "from"))
    if question.HasField("to"):
        wanted = wanted.where(col(SessionRow.started_ms) < question.to.ToMilliseconds())
    rows = list(db.exec(wanted))
    return records_pb2.ListSessionsReply(
        sessions=[session_message(row) for row in rows[:most]],
        next=rows[most - 1].id if len(rows) > most else "",
    )


def _decisions(
    db: Db, question: records_pb2.ListDecisionsRequest
) -> records_pb2.ListDecisionsReply:
    most = _most(question.most)
    wanted = select(DecisionRow).order_by(col(DecisionRow.number).desc()).limit(most + 1)
    if question.cursor:
        if NUMBER.fullmatch(question.cursor) is None:
            raise _no_cursor(question.cursor)
        wanted = wanted.where(col(DecisionRow.number) < int(question.cursor))
    if question.ski:
        wanted = wanted.where(DecisionRow.ski == question.ski)
    if question.HasField("from"):
        wanted = wanted.where(col(DecisionRow.at_ms) >= _bound(question, "from"))
    if question.HasField("to"):
        wanted = wanted.where(col(DecisionRow.at_ms) < question.to.ToMilliseconds())
    rows = list(db.exec(wanted))
    return records_pb2.ListDecisionsReply(
        decisions=[decision_message(row) for row in rows[:most]],
        next=str(rows[most - 1].number) if len(rows) > most else "",
    )


def _energy(db: Db, question: records_pb2.GetEnergyRequest) -> records_pb2.GetEnergyReply:
    step_s = question.step_s or STEPS_S[1]
    if step_s not in STEPS_S:
        detail = f"{step_s} s is no step; expected one of {', '.join(map(str, STEPS_S))}."
        raise RefusedError("unknown-step", detail, field="/step_s", step_s=step_s)
    first_s = _bound(question, "from") // 1000 // step_s * step_s
    last_s = -(-question.to.ToMilliseconds() // 1000 // step_s) * step_s
    if (last_s - first_s) // step_s > MOST_SPANS:
        detail = f"That is more than {MOST_SPANS} spans of {step_s} s; ask for less, or wider ones."
        raise RefusedError("too-many-spans", detail, field="/from", most=MOST_SPANS)
    bounds = {"step": step_s, "first": first_s, "last": last_s}
    spans: dict[int, records_pb2.EnergySpan] = {}
    for start_s, *known in db.connection().execute(SUMS, bounds):
        imported, exported, sun = known
        spans[start_s] = span_message(start_s, step_s, (imported, exported, sun))
    for start_s, ski, energy_wh, sun_wh in db.connection().execute(CHARGER_SUMS, bounds):
        span = spans.setdefault(start_s, span_message(start_s, step_s, (None, None, None)))
        add_charger(span, ski, energy_wh, sun_wh)
    return records_pb2.GetEnergyReply(spans=[span for _, span in sorted(spans.items())])


def _evidence(
    db: Db, question: operator_pb2.ListEvidenceRequest, chain: Chain
) -> operator_pb2.ListEvidenceReply:
    most = _most(question.most)
    wanted = select(EvidenceRow).where(col(EvidenceRow.number) > question.after)
    rows = list(db.exec(wanted.order_by(col(EvidenceRow.number)).limit(most + 1)))
    return operator_pb2.ListEvidenceReply(
        entries=[evidence_message(row) for row in rows[:most]],
        more=len(rows) > most,
        intact=chain.is_intact(db),
    )


def _most(asked: int) -> int:
    return min(asked or PAGE, MOST)


def _bound(
    question: records_pb2.ListSessionsRequest
    | records_pb2.ListDecisionsRequest
    | records_pb2.GetEnergyRequest,
    name: str,
) -> int:
    """Return a time of a question in ms; `from` is a word of Python and needs its name as text."""
    found: int = getattr(question, name).ToMilliseconds()
    return found


def _no_cursor(cursor: str) -> RefusedError:
    return RefusedError("unknown-cursor", f"{cursor!r} is no cursor of this list.", field="/cursor")
