"""EEBUS: our identity and the devices found (A9)."""

from fastapi import APIRouter

from volthus_wire.subjects import EEBUS_PICTURE_GET
from volthus_wire.v1.eebus_pb2 import GetEebusPictureRequest
from web.api.documented import OF_A_SITE
from web.api.door import Door, ServiceDoor
from web.messages.eebus import picture
from web.models.common import Page
from web.models.eebus import DiscoveredDevice, EebusIdentity, EebusPicture

router = APIRouter(prefix="/sites/{site}/eebus", tags=["EEBUS"], responses=OF_A_SITE)


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
