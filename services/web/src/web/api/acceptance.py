"""The acceptance protocol: the site as it is, and what electricians signed."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from volthus_wire.subjects import ACCEPTANCE_LIST, ACCEPTANCE_SIGN
from volthus_wire.v1.setup_pb2 import ListAcceptancesRequest, SignAcceptanceRequest
from web.accepting import name_of, values_of
from web.api.documented import CREATED, OF_A_SITE, REFUSABLE
from web.api.door import ServiceDoor
from web.messages.setting_up import signed, signed_whole
from web.models.setting_up import (
    Acceptance,
    AcceptanceWanted,
    SignedAcceptance,
    SignedAcceptanceWhole,
)
from web.problems import ProblemError

AcceptanceId = Annotated[
    str, Path(description="Id of the protocol.", pattern=r"^[0-9]{1,9}$", examples=["1"])
]

router = APIRouter(prefix="/sites/{site}/acceptance", tags=["Acceptance"])


@router.get("", responses=OF_A_SITE)
async def get_acceptance(door: ServiceDoor) -> Acceptance:
    """Show all values of the site as a protocol would hold them now, and what was signed."""
    values = await values_of(door)
    kept = await door.ask(ACCEPTANCE_LIST, ListAcceptancesRequest())
    return Acceptance(
        values=values, seen=name_of(values), signed=[signed(one) for one in kept.protocols]
    )


@router.post("", status_code=HTTPStatus.CREATED, responses=REFUSABLE | CREATED)
async def sign_acceptance(
    door: ServiceDoor, wanted: AcceptanceWanted, request: Request, response: Response
) -> SignedAcceptance:
    """Sign the values that were seen; they are kept for good and never changed."""
    values = await values_of(door)
    if name_of(values) != wanted.seen:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "values-changed",
            "Something was set or proven since these values were shown; look at them again.",
            field="/seen",
        )
    question = SignAcceptanceRequest(
        electrician=wanted.electrician,
        remarks=wanted.remarks or "",
        document=values.model_dump_json(),
    )
    answer = await door.change(ACCEPTANCE_SIGN, question, about=wanted.electrician)
    response.headers["Location"] = f"{request.url.path}/{answer.protocol.id}"
    return signed(answer.protocol)


@router.get("/{acceptance_id}", responses=OF_A_SITE)
async def get_signed_acceptance(
    door: ServiceDoor, acceptance_id: AcceptanceId
) -> SignedAcceptanceWhole:
    """Show one signed protocol with its values."""
    kept = await door.ask(ACCEPTANCE_LIST, ListAcceptancesRequest(id=acceptance_id))
    for one in kept.protocols:
        return signed_whole(one)
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-acceptance",
        f"Site {door.site} has no acceptance protocol {acceptance_id}.",
        params={"site": door.site, "id": acceptance_id},
    )
