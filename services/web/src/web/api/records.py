"""Sessions, energy, and why each charger had its limit (C7, C8): for everybody at the site."""

import math
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from volthus_wire.convert import to_timestamp
from volthus_wire.subjects import DECISION_LIST
from volthus_wire.v1.records_pb2 import (
    GetEnergyRequest,
    ListDecisionsRequest,
    ListSessionsReply,
    ListSessionsRequest,
    SummarizeSessionsRequest,
)
from web.api.documented import CSV_FILE, OF_A_SITE
from web.api.door import AnyDoor, Door, SkiInPath
from web.api.spans import Cursor, Limit, Span, SpanAsked, too_long
from web.core.ski import SkiError, normalised
from web.core.table import csv_text
from web.history.records import READS_RECORDS_S, AskedRecords, Records
from web.messages.records import STEPS_S, decision, energy_span, session
from web.messages.session_sums import session_sums
from web.models.common import Page
from web.models.records import Decision, EnergySpan, Session, Step
from web.models.session_sums import SessionSums, SumBy
from web.problems import ProblemError

MOST_SPANS = 1500
USUAL_SPAN = timedelta(hours=24)
MOST_ROWS = 20_000
ROWS_AT_ONCE = 500
CSV = "text/csv; charset=utf-8"

router = APIRouter(prefix="/sites/{site}", tags=["Records"])

OfCharger = Annotated[
    str | None, Query(max_length=100, description="SKI; left out: every charger.")
]


@router.get("/sessions", responses=OF_A_SITE)
async def list_sessions(
    door: AnyDoor,
    span: SpanAsked,
    ski: OfCharger = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[Session]:
    """List charging sessions, newest first, by the time they started."""
    answer = await _sessions(door, span, _ski(ski), cursor, limit)
    return Page(items=[session(one) for one in answer.sessions], next=answer.next or None)


@router.get("/sessions.csv", response_class=Response, responses=OF_A_SITE | CSV_FILE)
async def export_sessions(door: AnyDoor, span: SpanAsked, ski: OfCharger = None) -> Response:
    """List charging sessions as a table (RFC 4180); columns are named as in `Session`."""
    rows: list[Session] = []
    cursor, wanted = "", _ski(ski)
    while True:
        answer = await _sessions(door, span, wanted, cursor, ROWS_AT_ONCE)
        rows += [session(one) for one in answer.sessions]
        if len(rows) > MOST_ROWS:
            raise too_long(len(rows), MOST_ROWS)
        if not answer.next or answer.next == cursor:
            break
        cursor = answer.next
    return table(csv_text(Session.model_fields, [one.model_dump() for one in rows]), "sessions")


@router.get("/sessions/summary", responses=OF_A_SITE)
async def summarize_sessions(
    door: AnyDoor,
    span: SpanAsked,
    month: Annotated[
        str | None,
        Query(
            max_length=20,
            examples=["2026-11"],
            description="A month of the site instead of `from` and `to`.",
        ),
    ] = None,
    by: Annotated[
        list[SumBy] | None, Query(description="A sum for each; may be given more than once.")
    ] = None,
    ski: OfCharger = None,
) -> SessionSums:
    """Add charging sessions up, by the time they started: energy, sun, cost and CO2."""
    question = SummarizeSessionsRequest(
        to=span.end_stamp,
        month=month or "",
        ski=_ski(ski),
        by_month="month" in (by or ()),
        by_charger="charger" in (by or ()),
        by_car="car" in (by or ()),
    )
    if span.start_stamp is not None:
        getattr(question, "from").CopyFrom(span.start_stamp)
    return session_sums(await records_of(door).summary(question))


@router.get("/energy", responses=OF_A_SITE)
async def get_energy(door: AnyDoor, span: SpanAsked, step: Step = "hour") -> Page[EnergySpan]:
    """Tell energy by span of time: grid, sun, and every charger with its part from the sun.

    Without `from` it is the 24 h before `to`, without `to` it goes up to now.
    """
    to = span.end or door.parts.clock.now()
    start = span.start or to - USUAL_SPAN
    _check_spans(start, to, STEPS_S[step])
    question = GetEnergyRequest(to=to_timestamp(to), step_s=STEPS_S[step])
    getattr(question, "from").CopyFrom(to_timestamp(start))
    answer = await records_of(door).energy(question)
    return Page(items=[energy_span(one) for one in answer.spans])


@router.get("/chargers/{ski}/history", responses=OF_A_SITE)
async def list_decisions(
    door: AnyDoor, ski: SkiInPath, span: SpanAsked, limit: Limit = 100, cursor: Cursor = ""
) -> Page[Decision]:
    """Tell why a charger had its limit, newest first: each change of the last 30 days."""
    question = ListDecisionsRequest(ski=ski, to=span.end_stamp, cursor=cursor, most=limit)
    if span.start_stamp is not None:
        getattr(question, "from").CopyFrom(span.start_stamp)
    answer = await door.ask(DECISION_LIST, question, timeout_s=READS_RECORDS_S)
    return Page(items=[decision(one) for one in answer.decisions], next=answer.next or None)


def records_of(door: Door) -> Records:
    """Return where the records of a site are kept: in the cloud the history, else its CEM."""
    history = door.parts.history
    return AskedRecords(door) if history is None else history.of(door.site)


def table(text: str, name: str) -> Response:
    """Return a table as a file to be saved."""
    return Response(
        text,
        media_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


async def _sessions(door: Door, span: Span, ski: str, cursor: str, most: int) -> ListSessionsReply:
    question = ListSessionsRequest(to=span.end_stamp, ski=ski, cursor=cursor, most=most)
    if span.start_stamp is not None:
        getattr(question, "from").CopyFrom(span.start_stamp)
    return await records_of(door).sessions(question)


def _check_spans(start: datetime, to: datetime, step_s: int) -> None:
    asked = math.ceil((to - start).total_seconds() / step_s)
    if asked <= 0:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "span-backwards",
            f"The span ends ({to.isoformat()}) before it starts ({start.isoformat()}).",
            field="to",
        )
    if asked > MOST_SPANS:
        raise too_long(asked, MOST_SPANS)


def _ski(typed: str | None) -> str:
    try:
        return "" if typed is None else normalised(typed)
    except SkiError as wrong:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-ski",
            str(wrong),
            params=wrong.params,
            field="ski",
        ) from wrong
