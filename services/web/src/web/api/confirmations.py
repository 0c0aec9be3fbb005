"""What raises risk from afar waits for somebody at the site: see it, confirm it, decline it."""

import asyncio
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from volthus_wire.convert import from_timestamp
from volthus_wire.subjects import (
    CEM_DECIDE,
    CEM_WAITING,
    EEBUS_DECIDE,
    EEBUS_WAITING,
    METER_DECIDE,
    METER_WAITING,
)
from volthus_wire.v1.confirming_pb2 import Confirmation as WireConfirmation
from volthus_wire.v1.confirming_pb2 import DecideConfirmationRequest, ListConfirmationsRequest
from web.api.documented import OF_A_SITE, REFUSABLE
from web.api.door import Door, ServiceDoor
from web.core.flat import lines_of
from web.messages.plain import text
from web.models.confirmations import Confirmation, Confirmations, WantedValue
from web.problems import ProblemError

LISTS = (CEM_WAITING, EEBUS_WAITING, METER_WAITING)
DECIDERS = {"cem": CEM_DECIDE, "eebus": EEBUS_DECIDE, "meter": METER_DECIDE}
TIMEOUT_S = 15.0  # a meter is tried before it is taken

ConfirmationId = Annotated[
    str, Path(pattern=r"^(cem|eebus|meter)-[0-9a-f]{1,32}$", examples=["cem-5f0c9a1e22d4"])
]

router = APIRouter(prefix="/sites/{site}/confirmations", tags=["Confirmations"])


@router.get("", responses=OF_A_SITE)
async def list_confirmations(door: ServiceDoor) -> Confirmations:
    """List what was asked from afar and waits for somebody at the site."""
    asked = (door.ask(request, ListConfirmationsRequest()) for request in LISTS)
    replies = await asyncio.gather(*asked, return_exceptions=True)
    heard = [reply for reply in replies if not isinstance(reply, BaseException)]
    for reply in replies:
        # One silent owner hides nothing of the others; but no answer at all is no empty list.
        if isinstance(reply, BaseException) and not (heard and isinstance(reply, ProblemError)):
            raise reply
    found = [_confirmation(told) for reply in heard for told in reply.confirmations]
    return Confirmations(
        items=sorted(found, key=lambda told: told.asked_at),
        can_confirm=door.parts.owners.is_own_site,
    )


@router.post("/{confirmation_id}/confirm", status_code=HTTPStatus.NO_CONTENT, responses=REFUSABLE)
async def confirm(door: ServiceDoor, confirmation_id: ConfirmationId) -> None:
    """Carry out what waits, as if it had been asked here; only at the site's own front door."""
    await _decide(door, confirmation_id, granted=True)


@router.delete("/{confirmation_id}", status_code=HTTPStatus.NO_CONTENT, responses=REFUSABLE)
async def decline(door: ServiceDoor, confirmation_id: ConfirmationId) -> None:
    """Forget what waits; also from afar, where it was asked."""
    await _decide(door, confirmation_id, granted=False)


async def _decide(door: Door, confirmation_id: str, *, granted: bool) -> None:
    question = DecideConfirmationRequest(id=confirmation_id, granted=granted)
    request = DECIDERS[confirmation_id.partition("-")[0]]
    await door.change(request, question, about=confirmation_id, timeout_s=TIMEOUT_S)


def _confirmation(told: WireConfirmation) -> Confirmation:
    return Confirmation(
        id=told.id,
        method=told.method,
        asked_by=told.actor,
        asked_at=from_timestamp(told.asked_at),
        expires_at=from_timestamp(told.expires_at),
        detail=told.detail,
        pointer=text(told.field),
        wanted=[WantedValue(pointer=at, value=value) for at, value in lines_of(told.wanted)],
    )
