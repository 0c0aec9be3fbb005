"""The grid connection (A3) and energy management (A1)."""

from fastapi import APIRouter, Response

from volthus_wire.subjects import (
    ENERGY_MANAGEMENT_GET,
    ENERGY_MANAGEMENT_PUT,
    GRID_CONNECTION_GET,
    GRID_CONNECTION_PUT,
)
from volthus_wire.v1.site_pb2 import (
    EnergyManagement as WireEnergyManagement,
)
from volthus_wire.v1.site_pb2 import (
    GetEnergyManagementRequest,
    GetGridConnectionRequest,
    PutEnergyManagementRequest,
    PutGridConnectionRequest,
)
from web.api.documented import CONDITIONAL, OF_A_SITE
from web.api.door import ServiceDoor
from web.api.revisions import IfMatch, tag
from web.messages.grid import energy_management, grid_connection, to_grid_connection
from web.models.grid import (
    EnergyManagement,
    EnergyManagementSettings,
    GridConnection,
    GridConnectionSettings,
)

router = APIRouter(prefix="/sites/{site}", tags=["Grid connection"])


@router.get("/grid-connection", responses=OF_A_SITE)
async def get_grid_connection(door: ServiceDoor, response: Response) -> GridConnection:
    """Show the main fuse and what belongs to it; revision 0 while it was never set."""
    answer = await door.ask(GRID_CONNECTION_GET, GetGridConnectionRequest())
    tag(response, answer.settings.revision)
    return grid_connection(answer.settings)


@router.put("/grid-connection", responses=CONDITIONAL)
async def put_grid_connection(
    door: ServiceDoor, wanted: GridConnectionSettings, revision: IfMatch, response: Response
) -> GridConnection:
    """Set the main fuse; nothing is managed before (A3)."""
    question = PutGridConnectionRequest(settings=to_grid_connection(wanted, revision))
    answer = await door.change(GRID_CONNECTION_PUT, question, about="grid-connection")
    tag(response, answer.settings.revision)
    return grid_connection(answer.settings)


@router.get("/energy-management", responses=OF_A_SITE)
async def get_energy_management(door: ServiceDoor, response: Response) -> EnergyManagement:
    """Tell whether energy management is on (A1)."""
    answer = await door.ask(ENERGY_MANAGEMENT_GET, GetEnergyManagementRequest())
    tag(response, answer.settings.revision)
    return energy_management(answer.settings)


@router.put("/energy-management", responses=CONDITIONAL)
async def put_energy_management(
    door: ServiceDoor, wanted: EnergyManagementSettings, revision: IfMatch, response: Response
) -> EnergyManagement:
    """Switch energy management on or off; on needs the confirmation (A1)."""
    settings = WireEnergyManagement(
        on=wanted.on, confirmed_no_other=wanted.confirmed_no_other, revision=revision
    )
    question = PutEnergyManagementRequest(settings=settings)
    answer = await door.change(ENERGY_MANAGEMENT_PUT, question, about="energy-management")
    tag(response, answer.settings.revision)
    return energy_management(answer.settings)
