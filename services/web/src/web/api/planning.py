"""Where a site is and what its plans go for (B1, C11); what its roofs would give."""

from fastapi import APIRouter, Response

from volthus_wire.subjects import FORECAST_PREVIEW, PLANNING_GET, PLANNING_PUT, PV_SYSTEM_LIST
from volthus_wire.v1.planning_pb2 import PreviewForecastRequest
from volthus_wire.v1.tariff_pb2 import (
    GetPlanningRequest,
    ListPvSystemsRequest,
    PlanningSettings,
    PutPlanningRequest,
    PvSystem,
)
from web.api.documented import CONDITIONAL, OF_A_SITE, REFUSABLE
from web.api.door import Door, LookingDoor, ServiceDoor
from web.api.revisions import IfMatch, tag
from web.api.tariff import ASKS_SOURCES_S
from web.messages.planning import planning, sun_forecast, to_planning, to_pv_system
from web.models.planning import ForecastTry, Planning, PlanningWanted, SunForecast

router = APIRouter(prefix="/sites/{site}", tags=["Planning"])


@router.get("/planning", responses=OF_A_SITE)
async def get_planning(door: ServiceDoor, response: Response) -> Planning:
    """Show where the site is and what its plans go for; revision 0 while it was never set."""
    answer = await door.ask(PLANNING_GET, GetPlanningRequest())
    tag(response, answer.settings.revision)
    return planning(answer.settings)


@router.put("/planning", responses=CONDITIONAL)
async def put_planning(
    door: ServiceDoor, wanted: PlanningWanted, revision: IfMatch, response: Response
) -> Planning:
    """Set where the site is and what its plans go for."""
    question = PutPlanningRequest(settings=to_planning(wanted, revision))
    answer = await door.change(PLANNING_PUT, question, about="planning")
    tag(response, answer.settings.revision)
    return planning(answer.settings)


@router.post("/forecast/preview", responses=REFUSABLE)
async def preview_forecast(door: LookingDoor, wanted: ForecastTry) -> SunForecast:
    """Tell what the roofs are expected to give at a place; nothing is saved."""
    question = PreviewForecastRequest(
        planning=await _place(door, wanted), systems=await _roofs(door, wanted)
    )
    answer = await door.parts.owners.ask_cloud(
        FORECAST_PREVIEW, question, door.account, timeout_s=ASKS_SOURCES_S
    )
    return sun_forecast(answer)


async def _place(door: Door, wanted: ForecastTry) -> PlanningSettings:
    if wanted.planning is not None:
        return to_planning(wanted.planning, 0)
    return (await door.ask(PLANNING_GET, GetPlanningRequest())).settings


async def _roofs(door: Door, wanted: ForecastTry) -> list[PvSystem]:
    if wanted.systems is not None:
        return [to_pv_system(one, str(number)) for number, one in enumerate(wanted.systems)]
    return list((await door.ask(PV_SYSTEM_LIST, ListPvSystemsRequest())).systems)
