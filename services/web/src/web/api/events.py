"""Live events of a site (SSE): the page listens here instead of asking again and again."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from web.api.documented import OF_A_SITE
from web.api.door import AnyDoor, Door, is_still_valid, visible
from web.core.roles import Role
from web.listening import Listener, stream
from web.problems import ProblemError

router = APIRouter(prefix="/sites/{site}/events", tags=["Sites"])

MOST_LISTENERS = 2000
_EXAMPLE = 'id: 1795341600000.5f2c\nevent: state\ndata: {"site":"demo","stale":false}\n\n'


@router.get(
    "",
    response_class=StreamingResponse,
    responses=OF_A_SITE
    | {
        200: {
            "description": (
                "`state` events carry a Dashboard, `eebus` events an EebusPicture (service users "
                "and operators only). The latest of each comes at once, then each change; a "
                "comment line every 15 s keeps the line open. Only the latest counts: nothing is "
                "replayed, and a listener that is slow skips pictures."
            ),
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": _EXAMPLE,
                    "x-events": {
                        "state": {"$ref": "#/components/schemas/Dashboard"},
                        "eebus": {"$ref": "#/components/schemas/EebusPicture"},
                    },
                }
            },
        }
    },
)
async def stream_events(
    door: AnyDoor,
    last_event_id: Annotated[
        str | None,
        Header(description="Id of the event heard last: what did not change since is not sent."),
    ] = None,
) -> StreamingResponse:
    """Follow a site live."""
    if door.parts.live.listeners() >= MOST_LISTENERS:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too-many-listeners",
            f"{MOST_LISTENERS} event streams are open, as many as there may be.",
            params={"most": str(MOST_LISTENERS)},
            headers={"Retry-After": "10"},
        )
    listener = Listener.resumed(
        door.parts.live,
        door.site,
        hears_eebus=door.account.role.includes(Role.SERVICE),
        last_id=last_event_id or "",
    )
    return StreamingResponse(
        stream(listener, partial(_is_open, door)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _is_open(door: Door) -> bool:
    """Whether the listener may still hear this site: it may have got another tenant meanwhile."""
    if not visible(door.parts, door.account, door.site):
        return False
    return await is_still_valid(door.parts, door.account)
