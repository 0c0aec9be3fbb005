"""All sites together: sums, energy, sessions and live events; for operators."""

from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from web.api.documented import CSV_FILE, LOGGED_IN, problems
from web.api.door import OperatorUser, PartsDep, is_still_valid
from web.api.spans import Span, SpanAsked, too_long
from web.core.table import csv_text
from web.fleet import rollups
from web.fleet.events import Viewer, stream
from web.fleet.rollups import Window
from web.messages.fleet_rows import summary
from web.models.fleet import (
    By,
    FleetEnergy,
    FleetSessions,
    FleetSessionSums,
    FleetSummary,
    FleetSums,
    Step,
)
from web.parts import Parts
from web.problems import ProblemError

router = APIRouter(prefix="/fleet", tags=["Fleet"])

MOST_IN_VIEW = 200
MOST_VIEWERS = 200
MOST_WINDOWS = 400
MOST_ROWS = 50_000
USUAL_DAYS = 31
BUSY = LOGGED_IN | problems(HTTPStatus.SERVICE_UNAVAILABLE)
CSV = "text/csv; charset=utf-8"
_EXAMPLE = 'event: rows\ndata: [{"id":"demo","state":"charging"}]\n\n'

StepAsked = Annotated[Step, Query(description="Days and months of UTC; `all`: one span.")]
ByAsked = Annotated[By, Query(description="`site`: a row for each; `all`: together.")]


@router.get("/summary", responses=LOGGED_IN)
async def summarize_fleet(account: OperatorUser, parts: PartsDep) -> FleetSummary:
    """Tell what all sites do together: states, power, overload, who needs somebody, versions."""
    return summary(parts.fleet.sums(account.sight))


@router.get("/energy", responses=BUSY)
async def sum_fleet_energy(
    account: OperatorUser,
    parts: PartsDep,
    span: SpanAsked,
    step: StepAsked = "day",
    by: ByAsked = "all",
) -> FleetSums:
    """Add the energy of all sites up, from what they brought to the cloud; days whole."""
    found = await parts.fleet.rollups.energy(
        account.sight, _windows(parts, span, step), by_site=by == "site"
    )
    _check_rows(len(found))
    return FleetSums(
        energy=[
            FleetEnergy(
                start=one.window.start,
                end=one.window.end,
                site=one.site or None,
                name=_name(parts, one.site),
                sites=one.sites,
                import_wh=one.import_wh,
                export_wh=one.export_wh,
                sun_wh=one.sun_wh,
                charging_wh=one.charging_wh,
                charging_sun_wh=one.charging_sun_wh,
            )
            for one in found
        ]
    )


@router.get("/sessions", responses=BUSY)
async def sum_fleet_sessions(
    account: OperatorUser,
    parts: PartsDep,
    span: SpanAsked,
    step: StepAsked = "month",
    by: ByAsked = "all",
) -> FleetSessionSums:
    """Add the sessions of all sites up by when they started: energy, cost, sun; by currency."""
    windows = _windows(parts, span, step)
    found = await parts.fleet.rollups.sessions(account.sight, windows, by_site=by == "site")
    _check_rows(len(found))
    return FleetSessionSums(
        sessions=[
            FleetSessions(
                start=one.window.start,
                end=one.window.end,
                site=one.site or None,
                name=_name(parts, one.site),
                currency=one.currency,
                sessions=one.sessions,
                energy_wh=one.energy_wh,
                sun_wh=one.sun_wh,
                charging_s=one.charging_s,
                cost=one.cost,
                unpriced=one.sessions - one.priced,
                at_once_cost=one.at_once_cost,
                co2_g=one.co2_g,
            )
            for one in found
        ]
    )


@router.get("/sessions.csv", response_class=Response, responses=BUSY | CSV_FILE)
async def export_fleet_sessions(
    account: OperatorUser,
    parts: PartsDep,
    span: SpanAsked,
    step: StepAsked = "month",
    by: ByAsked = "site",
) -> Response:
    """Give the sums of sessions as a table (RFC 4180); columns are named as in `FleetSessions`."""
    sums = await sum_fleet_sessions(account, parts, span, step, by)
    rows = [one.model_dump() for one in sums.sessions]
    return Response(
        csv_text(FleetSessions.model_fields, rows),
        media_type=CSV,
        headers={"Content-Disposition": 'attachment; filename="fleet-sessions.csv"'},
    )


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses=BUSY
    | {
        200: {
            "description": (
                "`summary` events carry a FleetSummary, at most one each 2 s; `rows` events a list "
                "of those sites in view that changed, at most one a second. All of both comes "
                "first; nothing is replayed. A comment line every 15 s keeps the line open."
            ),
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": _EXAMPLE,
                    "x-events": {
                        "summary": {"$ref": "#/components/schemas/FleetSummary"},
                        "rows": {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/Site"},
                        },
                    },
                }
            },
        }
    },
)
async def stream_fleet_events(
    account: OperatorUser,
    parts: PartsDep,
    site: Annotated[
        list[str] | None,
        Query(
            max_length=MOST_IN_VIEW,
            description=f"The sites in view, {MOST_IN_VIEW} at most; may be given more than once.",
        ),
    ] = None,
) -> StreamingResponse:
    """Follow the fleet live: its sums, and the sites in view."""
    if len(parts.fleet.changed) >= MOST_VIEWERS:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too-many-listeners",
            f"{MOST_VIEWERS} streams of the fleet are open, as many as there may be.",
            params={"most": str(MOST_VIEWERS)},
            headers={"Retry-After": "10"},
        )
    viewer = Viewer(parts.fleet, account.sight, tuple(dict.fromkeys(site or ())))
    return StreamingResponse(
        stream(viewer, partial(is_still_valid, parts, account)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _windows(parts: Parts, span: Span, step: Step) -> list[Window]:
    """Return the spans to add up. Raises ProblemError `span-too-long`."""
    end = span.end or _midnight(parts.clock.now()) + timedelta(days=1)
    start = span.start or end - timedelta(days=USUAL_DAYS)
    days = (end - start).total_seconds() / 86_400
    if days / {"day": 1, "month": 28, "all": 10_000}[step] > MOST_WINDOWS:
        raise too_long(round(days), MOST_WINDOWS)
    return list(rollups.windows(start.astimezone(UTC), end.astimezone(UTC), step))


def _check_rows(count: int) -> None:
    if count > MOST_ROWS:
        raise too_long(count, MOST_ROWS)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _name(parts: Parts, site: str) -> str | None:
    row = parts.fleet.index.get(site) if site else None
    return row.name if row else None
