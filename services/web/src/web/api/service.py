"""The front door itself, and what smart charging can do."""

from fastapi import APIRouter

from volthus_kit.metrics import version_of
from volthus_wire.subjects import CATALOGUE_GET
from volthus_wire.v1.planning_pb2 import GetCatalogueRequest
from web.api.documented import LOGGED_IN, OF_A_SITE
from web.api.door import AnyUser, PartsDep, ServiceUser
from web.messages.planning import catalogue
from web.models.service import Catalogue, Version

PACKAGE = "volthus-web"

router = APIRouter(tags=["Service"])


@router.get("/version", responses=LOGGED_IN)
async def get_version(_: AnyUser) -> Version:
    """Tell the version of this front door."""
    return Version(version=version_of(PACKAGE))


@router.get("/smart-charging/catalogue", responses=OF_A_SITE)
async def get_smart_charging_catalogue(account: ServiceUser, parts: PartsDep) -> Catalogue:
    """List the functions of smart charging, and which of them are there yet."""
    return catalogue(await parts.owners.ask_cloud(CATALOGUE_GET, GetCatalogueRequest(), account))
