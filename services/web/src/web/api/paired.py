"""Pairing from our side, names, unpairing (A10, A11), diagnostics."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from volthus_wire.subjects import EEBUS_DIAGNOSTICS, EEBUS_PAIR, EEBUS_RENAME, EEBUS_UNPAIR
from volthus_wire.v1.eebus_pb2 import (
    GetDiagnosticsRequest,
    PairRequest,
    RenameRequest,
    UnpairRequest,
)
from web.api.documented import OF_A_SITE, REFUSABLE
from web.api.door import AnyDoor, ServiceDoor, SkiInPath
from web.api.eebus import picture_now
from web.messages.eebus import diagnostics, paired
from web.models.common import Page
from web.models.eebus import DeviceDiagnostics, PairedDevice, Pairing, Renaming

router = APIRouter(prefix="/sites/{site}/eebus/paired", tags=["EEBUS"])


@router.get("", responses=OF_A_SITE)
async def list_paired_devices(door: ServiceDoor) -> Page[PairedDevice]:
    """List devices we trust: red, orange or green by `connection`."""
    return Page(items=(await picture_now(door)).paired)


@router.post(
    "",
    status_code=HTTPStatus.ACCEPTED,
    responses=REFUSABLE
    | {
        202: {
            "description": "Trusted from our side; the device must confirm on its own.",
            "headers": {
                "Location": {"description": "The paired device.", "schema": {"type": "string"}}
            },
        }
    },
)
async def pair_device(
    door: ServiceDoor, wanted: Pairing, request: Request, response: Response
) -> PairedDevice:
    """Trust a device from our side; its dot is red until it trusts us too (A10)."""
    question = PairRequest(
        ski=wanted.ski, name=wanted.name or "", host=wanted.host or "", port=wanted.port or 0
    )
    answer = await door.change(EEBUS_PAIR, question, about=wanted.ski)
    response.headers["Location"] = f"{request.url.path}/{wanted.ski}"
    return paired(answer.paired)


@router.patch("/{ski}", responses=REFUSABLE)
async def rename_device(door: AnyDoor, ski: SkiInPath, wanted: Renaming) -> PairedDevice:
    """Give a paired device a name, or take it away (A11); names are daily operation (A2)."""
    question = RenameRequest(ski=ski, name=wanted.name or "")
    return paired((await door.change(EEBUS_RENAME, question, about=ski)).paired)


@router.delete("/{ski}", status_code=HTTPStatus.NO_CONTENT, responses=REFUSABLE)
async def unpair_device(door: ServiceDoor, ski: SkiInPath) -> None:
    """Close the connection to a device and forget the trust (A11)."""
    await door.change(EEBUS_UNPAIR, UnpairRequest(ski=ski), about=ski)


@router.get("/{ski}/diagnostics", responses=OF_A_SITE)
async def get_device_diagnostics(door: ServiceDoor, ski: SkiInPath) -> DeviceDiagnostics:
    """Tell what a device announces, what we use of it, and how it took our last limits."""
    return diagnostics(await door.ask(EEBUS_DIAGNOSTICS, GetDiagnosticsRequest(ski=ski)))
