"""What is on the roofs of a site (B1): one PV system for each roof."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from volthus_wire.subjects import PV_SYSTEM_LIST, PV_SYSTEM_PUT, PV_SYSTEM_REMOVE
from volthus_wire.v1.tariff_pb2 import (
    ListPvSystemsRequest,
    PutPvSystemRequest,
    RemovePvSystemRequest,
)
from web.api.documented import CONDITIONAL, CREATED, OF_A_SITE, REFUSABLE
from web.api.door import Door, ServiceDoor
from web.api.revisions import IfMatch, tag
from web.messages.planning import pv_system, to_pv_system
from web.models.common import Page
from web.models.planning import PvSystem, PvSystemWanted
from web.problems import ProblemError

SystemId = Annotated[
    str, Path(description="Id of the PV system.", max_length=64, examples=["pv-1"])
]

router = APIRouter(prefix="/sites/{site}/pv-systems", tags=["Planning"])


@router.get("", responses=OF_A_SITE)
async def list_pv_systems(door: ServiceDoor) -> Page[PvSystem]:
    """List what is on the roofs."""
    return Page(items=await _systems(door))


@router.post("", status_code=HTTPStatus.CREATED, responses=REFUSABLE | CREATED)
async def add_pv_system(
    door: ServiceDoor, wanted: PvSystemWanted, request: Request, response: Response
) -> PvSystem:
    """Describe a roof, so that the sun on it is forecast."""
    question = PutPvSystemRequest(system=to_pv_system(wanted))
    answer = await door.change(PV_SYSTEM_PUT, question, about=wanted.name)
    added = pv_system(answer.system)
    response.headers["Location"] = f"{request.url.path}/{added.id}"
    tag(response, added.revision)
    return added


@router.get("/{system_id}", responses=OF_A_SITE)
async def get_pv_system(door: ServiceDoor, system_id: SystemId, response: Response) -> PvSystem:
    """Show one roof."""
    for one in await _systems(door):
        if one.id == system_id:
            tag(response, one.revision)
            return one
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-pv-system",
        f"Site {door.site} has no PV system {system_id!r}.",
        params={"site": door.site, "system": system_id},
    )


@router.put("/{system_id}", responses=CONDITIONAL)
async def put_pv_system(
    door: ServiceDoor,
    system_id: SystemId,
    wanted: PvSystemWanted,
    revision: IfMatch,
    response: Response,
) -> PvSystem:
    """Change what is known of a roof."""
    question = PutPvSystemRequest(system=to_pv_system(wanted, system_id, revision))
    answer = await door.change(PV_SYSTEM_PUT, question, about=system_id)
    tag(response, answer.system.revision)
    return pv_system(answer.system)


@router.delete("/{system_id}", status_code=HTTPStatus.NO_CONTENT, responses=REFUSABLE)
async def remove_pv_system(door: ServiceDoor, system_id: SystemId) -> None:
    """Forget a roof: its sun is no longer forecast."""
    question = RemovePvSystemRequest(system=system_id)
    await door.change(PV_SYSTEM_REMOVE, question, about=system_id)


async def _systems(door: Door) -> list[PvSystem]:
    answer = await door.ask(PV_SYSTEM_LIST, ListPvSystemsRequest())
    return [pv_system(one) for one in answer.systems]
