"""EEBUS: our identity, the devices found (A9), and the window in which the first is trusted."""

from http import HTTPStatus

from fastapi import APIRouter

from volthus_wire.subjects import EEBUS_ACCEPT_WINDOW, EEBUS_PICTURE_GET
from volthus_wire.v1.eebus_pb2 import GetEebusPictureRequest, OpenAcceptWindowRequest
from web.api.documented import OF_A_SITE, REFUSABLE
from web.api.door import Door, ServiceDoor
from web.messages.eebus import picture
from web.messages.plain import instant_in
from web.models.common import Page
from web.models.eebus import (
    AcceptWindow,
    AcceptWindowWanted,
    DiscoveredDevice,
    EebusIdentity,
    EebusPicture,
)

router = APIRouter(prefix="/sites/{site}/eebus", tags=["EEBUS"], responses=OF_A_SITE)
WINDOW = "accept-window"


async def picture_now(door: Door) -> EebusPicture:
    """Return what the gateway sees and trusts at this moment."""
    return picture(await door.ask(EEBUS_PICTURE_GET, GetEebusPictureRequest()))


@router.get("/identity")
async def get_eebus_identity(door: ServiceDoor) -> EebusIdentity:
    """Tell who the site is to EEBUS devices: its SKI, for comparing and as QR code."""
    return (await picture_now(door)).identity


@router.get("/discovered")
async def list_discovered_devices(door: ServiceDoor) -> Page[DiscoveredDevice]:
    """List EEBUS devices on the site's network that are not paired (A9)."""
    return Page(items=(await picture_now(door)).discovered)


@router.get("/accept-window")
async def get_accept_window(door: ServiceDoor) -> AcceptWindow:
    """Tell until when the first device that asks is trusted."""
    return AcceptWindow(until=(await picture_now(door)).accepts_until)


@router.put("/accept-window", responses=REFUSABLE)
async def open_accept_window(door: ServiceDoor, wanted: AcceptWindowWanted) -> AcceptWindow:
    """Trust the first device that asks, for some minutes and without a look at its SKI."""
    question = OpenAcceptWindowRequest(seconds=wanted.seconds)
    answer = await door.change(EEBUS_ACCEPT_WINDOW, question, about=WINDOW)
    return AcceptWindow(until=instant_in(answer, "until"))


@router.delete("/accept-window", status_code=HTTPStatus.NO_CONTENT, responses=REFUSABLE)
async def close_accept_window(door: ServiceDoor) -> None:
    """Confirm each device by hand again."""
    await door.change(EEBUS_ACCEPT_WINDOW, OpenAcceptWindowRequest(seconds=0), about=WINDOW)
