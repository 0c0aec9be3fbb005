"""The list of compatible meters (A5)."""

from typing import Annotated

from fastapi import APIRouter, Query

from volthus_wire.subjects import METER_MODELS
from volthus_wire.v1.metering_pb2 import ListMeterModelsRequest
from web.api.documented import OF_A_SITE
from web.api.door import PartsDep, ServiceUser
from web.messages.meters import meter_model
from web.models.common import Page
from web.models.meters import MeterModel
from web.problems import unknown_site

router = APIRouter(prefix="/meter-models", tags=["Meters"], responses=OF_A_SITE)


@router.get("")
async def list_meter_models(
    account: ServiceUser,
    parts: PartsDep,
    site: Annotated[
        str | None, Query(description="The site whose reader is asked; default: any that answers.")
    ] = None,
) -> Page[MeterModel]:
    """List compatible meter models with their default transmission parameters."""
    asked = site or parts.live.liveliest(account.sight)
    if asked is None or not parts.live.shows(account.sight, asked):
        raise unknown_site(asked or "")
    answer = await parts.owners.ask(
        METER_MODELS, ListMeterModelsRequest(), site=asked, account=account
    )
    return Page(items=[meter_model(one) for one in answer.models])
