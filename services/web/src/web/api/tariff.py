"""What a site pays (B4): the tariff, and what it comes to before it is saved."""

from datetime import timedelta

from fastapi import APIRouter, Response

from volthus_wire.convert import to_timestamp
from volthus_wire.subjects import PLANNING_GET, TARIFF_GET, TARIFF_PREVIEW, TARIFF_PUT
from volthus_wire.v1.planning_pb2 import PreviewTariffRequest
from volthus_wire.v1.tariff_pb2 import GetPlanningRequest, GetTariffRequest, PutTariffRequest
from web.api.documented import CONDITIONAL, OF_A_SITE, REFUSABLE
from web.api.door import LookingDoor, ServiceDoor
from web.api.revisions import IfMatch, tag
from web.messages.tariff import prices, tariff, to_tariff
from web.models.tariff import Prices, Tariff, TariffTry, TariffWanted

# A source that was never asked is asked now: it may be slow.
ASKS_SOURCES_S = 20.0

router = APIRouter(prefix="/sites/{site}/tariff", tags=["Tariff"])


@router.get("", responses=OF_A_SITE)
async def get_tariff(door: ServiceDoor, response: Response) -> Tariff:
    """Show what the site pays and is paid; revision 0 while it was never set."""
    answer = await door.ask(TARIFF_GET, GetTariffRequest())
    tag(response, answer.tariff.revision)
    return tariff(answer.tariff)


@router.put("", responses=CONDITIONAL)
async def put_tariff(
    door: ServiceDoor, wanted: TariffWanted, revision: IfMatch, response: Response
) -> Tariff:
    """Set what the site pays and is paid: plans and costs follow."""
    question = PutTariffRequest(tariff=to_tariff(wanted, revision))
    answer = await door.change(TARIFF_PUT, question, about="tariff")
    tag(response, answer.tariff.revision)
    return tariff(answer.tariff)


@router.post("/preview", responses=REFUSABLE)
async def preview_tariff(door: LookingDoor, wanted: TariffTry) -> Prices:
    """Tell what a kWh would cost in the next hours; nothing is saved."""
    time_zone = wanted.time_zone
    if time_zone is None:
        time_zone = (await door.ask(PLANNING_GET, GetPlanningRequest())).settings.time_zone
    start = door.parts.clock.now().replace(minute=0, second=0, microsecond=0)
    question = PreviewTariffRequest(
        tariff=to_tariff(wanted, 0),
        time_zone=time_zone,
        to=to_timestamp(start + timedelta(hours=wanted.hours)),
        site=door.site,
    )
    getattr(question, "from").CopyFrom(to_timestamp(start))
    answer = await door.parts.owners.ask_cloud(
        TARIFF_PREVIEW, question, door.account, timeout_s=ASKS_SOURCES_S
    )
    return prices(answer.prices)
