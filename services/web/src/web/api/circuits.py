"""Circuits: fuses below the main one (C12)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Response

from volthus_wire.subjects import CIRCUIT_LIST, CIRCUIT_PUT, CIRCUIT_REMOVE
from volthus_wire.v1.site_pb2 import (
    ListCircuitsRequest,
    PutCircuitRequest,
    RemoveCircuitRequest,
)
from web.api.documented import CONDITIONAL, OF_A_SITE
from web.api.door import Door, ServiceDoor
from web.api.revisions import IfMatch, tag
from web.messages.circuits import circuit, to_circuit
from web.models.circuits import Circuit, CircuitSettings
from web.models.common import Page
from web.problems import ProblemError

CircuitId = Annotated[
    str,
    Path(
        description="Chosen when adding: small letters, digits and dashes; not `main`.",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=64,
        examples=["garage"],
    ),
]

router = APIRouter(prefix="/sites/{site}/circuits", tags=["Circuits"])


@router.get("", responses=OF_A_SITE)
async def list_circuits(door: ServiceDoor) -> Page[Circuit]:
    """List the fuses below the main one; the main one is the grid connection."""
    return Page(items=await _circuits(door))


@router.get("/{circuit_id}", responses=OF_A_SITE)
async def get_circuit(door: ServiceDoor, circuit_id: CircuitId, response: Response) -> Circuit:
    """Show one circuit."""
    for one in await _circuits(door):
        if one.id == circuit_id:
            tag(response, one.revision)
            return one
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-circuit",
        f"Site {door.site} has no circuit {circuit_id!r}.",
        params={"site": door.site, "circuit": circuit_id},
    )


@router.put("/{circuit_id}", responses=CONDITIONAL)
async def put_circuit(
    door: ServiceDoor,
    circuit_id: CircuitId,
    wanted: CircuitSettings,
    revision: IfMatch,
    response: Response,
) -> Circuit:
    """Add a circuit, or change it; its fuse must fit below the one above."""
    question = PutCircuitRequest(circuit=to_circuit(wanted, circuit_id, revision))
    answer = await door.change(CIRCUIT_PUT, question, about=circuit_id)
    tag(response, answer.circuit.revision)
    return circuit(answer.circuit)


@router.delete("/{circuit_id}", status_code=HTTPStatus.NO_CONTENT, responses=CONDITIONAL)
async def remove_circuit(door: ServiceDoor, circuit_id: CircuitId, revision: IfMatch) -> None:
    """Remove a circuit that neither chargers nor other circuits hang on."""
    question = RemoveCircuitRequest(circuit=circuit_id, revision=revision)
    await door.change(CIRCUIT_REMOVE, question, about=circuit_id)


async def _circuits(door: Door) -> list[Circuit]:
    answer = await door.ask(CIRCUIT_LIST, ListCircuitsRequest())
    return [circuit(one) for one in answer.circuits]
