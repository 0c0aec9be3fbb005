"""The record: who changed what, when, and what came of it."""

import json
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import JsonValue

from web.api.documented import LOGGED_IN, problems
from web.api.door import PartsDep, ServiceUser, visible
from web.api.spans import Cursor, Limit, SpanAsked
from web.changes import Change, ChangesAsked, is_key
from web.models.audit import AuditEntry
from web.models.common import Page
from web.problems import ProblemError, unknown_site

router = APIRouter(prefix="/audit", tags=["Audit"])

MOST_S = 2.0**33  # of the calendar of messages

Part = Annotated[str, Query(max_length=100)]


@router.get("", responses=LOGGED_IN | problems(HTTPStatus.NOT_FOUND))
async def list_changes(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    account: ServiceUser,
    parts: PartsDep,
    span: SpanAsked,
    site: Part = "",
    actor: Annotated[str, Query(max_length=100, description="How the name begins.")] = "",
    action: Annotated[
        str, Query(max_length=100, description="How it begins.", examples=["users."])
    ] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[AuditEntry]:
    """List changes at your sites, and of users and tokens, the newest first."""
    if site and not visible(parts, account, site):
        raise unknown_site(site)
    asked = ChangesAsked(
        account.sight,
        account.role,
        account.username,
        site=site,
        actor=actor,
        action=action,
        start=span.start,
        end=span.end,
        behind=_behind(cursor),
    )
    found = await parts.changes.newest(asked, limit + 1)
    page = found[:limit]
    return Page(
        items=[_shown(one) for one in page],
        next=_id(page[-1]) if len(found) > limit else None,
    )


def _behind(cursor: str) -> tuple[float, str] | None:
    if not cursor:
        return None
    at, _, key = cursor.partition("|")
    with suppress(ValueError):
        at_s = float(at)
        if abs(at_s) < MOST_S and is_key(key):
            return at_s, key
    raise ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-request",
        "The cursor is none that was given out.",
        field="cursor",
    )


def _id(change: Change) -> str:
    return f"{change.at.timestamp()!r}|{change.key}"


def _shown(change: Change) -> AuditEntry:
    source: Literal["front-door", "site"] = "site" if change.source == "site" else "front-door"
    return AuditEntry(
        id=_id(change),
        at=change.at,
        source=source,
        actor=change.actor,
        role=change.role,
        address=change.address,
        site=change.site or None,
        action=change.action,
        about=change.about,
        outcome=change.outcome,
        details=_json(change.details),
        before=_json(change.before),
        after=_json(change.after),
    )


def _json(text: str) -> JsonValue:
    """Return JSON as such, other text as text, nothing as null."""
    if not text:
        return None
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value
