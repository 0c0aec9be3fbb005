"""The grid operator's limits (C6): how the site obeys, a limit by API, the evidence."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from volthus_wire.subjects import (
    OPERATOR_GET,
    OPERATOR_LIMIT_PUT,
    OPERATOR_PUT,
)
from volthus_wire.v1.operator_pb2 import (
    GetOperatorRequest,
    ListEvidenceReply,
    ListEvidenceRequest,
    PutOperatorLimitRequest,
    PutOperatorSettingsRequest,
)
from web.api.documented import CONDITIONAL, CSV_FILE, OF_A_SITE, REFUSABLE
from web.api.door import Door, ServiceDoor
from web.api.records import MOST_ROWS, ROWS_AT_ONCE, records_of, table
from web.api.revisions import IfMatch, tag
from web.api.spans import Cursor, Limit, too_long
from web.core.table import csv_text
from web.messages.operator import evidence, operator, to_limit, to_operator_settings
from web.models.operator import (
    Evidence,
    EvidencePage,
    LimitWanted,
    Operator,
    OperatorLimit,
    OperatorSettings,
)
from web.problems import ProblemError

router = APIRouter(prefix="/sites/{site}/operator", tags=["Grid operator"])

LIMIT_COLUMNS = [f"limit_{name}" for name in OperatorLimit.model_fields]
OWN_COLUMNS = [name for name in Evidence.model_fields if name != "limit"]


@router.get("", responses=OF_A_SITE)
async def get_operator(door: ServiceDoor, response: Response) -> Operator:
    """Show how the site obeys the grid operator, and all limits that stand."""
    answer = await door.ask(OPERATOR_GET, GetOperatorRequest())
    tag(response, answer.settings.revision)
    return operator(answer)


@router.put("", responses=CONDITIONAL)
async def put_operator(
    door: ServiceDoor, wanted: OperatorSettings, revision: IfMatch, response: Response
) -> Operator:
    """Set how the site obeys: strict or with its own sun, other devices, contract power."""
    question = PutOperatorSettingsRequest(settings=to_operator_settings(wanted, revision))
    answer = await door.change(OPERATOR_PUT, question, about="operator")
    tag(response, answer.settings.revision)
    return operator(answer)


@router.put("/limit", responses=REFUSABLE)
async def put_operator_limit(door: ServiceDoor, wanted: LimitWanted) -> Operator:
    """Limit the power of the site; it is obeyed within seconds and written to the evidence."""
    answer = await door.change(OPERATOR_LIMIT_PUT, to_limit(wanted), about="operator-limit")
    return operator(answer)


@router.delete("/limit", status_code=HTTPStatus.NO_CONTENT, responses=REFUSABLE)
async def lift_operator_limit(door: ServiceDoor) -> None:
    """Lift the limit by API; one of a control box goes on."""
    await door.change(OPERATOR_LIMIT_PUT, PutOperatorLimitRequest(), about="operator-limit")


@router.get("/evidence", responses=OF_A_SITE)
async def list_evidence(door: ServiceDoor, limit: Limit = 100, cursor: Cursor = "") -> EvidencePage:
    """Show what was ordered and what came of it, oldest first; each entry proves those before."""
    answer = await _entries(door, _number(cursor), limit)
    items = [evidence(one) for one in answer.entries]
    more = str(items[-1].number) if items and answer.more else None
    return EvidencePage(items=items, next=more, intact=answer.intact)


@router.get("/evidence.csv", response_class=Response, responses=OF_A_SITE | CSV_FILE)
async def export_evidence(door: ServiceDoor) -> Response:
    """Export the whole evidence log as a table (RFC 4180)."""
    rows: list[Evidence] = []
    more = True
    while more:
        answer = await _entries(door, rows[-1].number if rows else 0, ROWS_AT_ONCE)
        rows += [evidence(one) for one in answer.entries]
        if len(rows) > MOST_ROWS:
            raise too_long(len(rows), MOST_ROWS)
        more = answer.more and bool(answer.entries)
    return table(csv_text([*OWN_COLUMNS, *LIMIT_COLUMNS], map(_row, rows)), "evidence")


async def _entries(door: Door, after: int, most: int) -> ListEvidenceReply:
    return await records_of(door).evidence(ListEvidenceRequest(after=after, most=most))


def _row(entry: Evidence) -> dict[str, object]:
    limit = entry.limit.model_dump() if entry.limit else {}
    return entry.model_dump(exclude={"limit"}) | {f"limit_{k}": v for k, v in limit.items()}


def _number(cursor: str) -> int:
    if not cursor:
        return 0
    if not cursor.isdecimal() or len(cursor) > len("1" * 18):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-request",
            f"{cursor!r} is no cursor of this list.",
            field="cursor",
        )
    return int(cursor)
