"""Chargers: what they do, and what the electrician sets for them."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from volthus_wire.subjects import CHARGER_PUT
from volthus_wire.v1.site_pb2 import PutChargerRequest
from web.api.documented import CONDITIONAL, OF_A_SITE
from web.api.door import Door, ServiceDoor, SkiInPath
from web.api.revisions import IfMatch, tag
from web.messages.chargers import charger, settings_in_force, to_charger_settings
from web.models.chargers import Charger, ChargerSettings, ChargerSettingsInForce
from web.models.common import Page
from web.problems import ProblemError

router = APIRouter(prefix="/sites/{site}/chargers", tags=["Chargers"])


@router.get("", responses=OF_A_SITE)
async def list_chargers(door: ServiceDoor) -> Page[Charger]:
    """List every paired charger, what it does now, and its settings."""
    return Page(items=await _chargers(door))


@router.get("/{ski}", responses=OF_A_SITE)
async def get_charger(door: ServiceDoor, ski: SkiInPath, response: Response) -> Charger:
    """Show one charger, what it does now, why, and its settings."""
    for one in await _chargers(door):
        if one.ski == ski:
            if one.settings is not None:
                tag(response, one.settings.revision)
            return one
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-charger",
        f"Site {door.site} has no charger {ski}.",
        params={"site": door.site, "ski": ski},
    )


@router.put("/{ski}", responses=CONDITIONAL)
async def put_charger(
    door: ServiceDoor,
    ski: SkiInPath,
    wanted: ChargerSettings,
    revision: IfMatch,
    response: Response,
) -> ChargerSettingsInForce:
    """Set a charger's currents, wiring, failsafe and priority."""
    question = PutChargerRequest(settings=to_charger_settings(wanted, ski, revision))
    answer = await door.change(CHARGER_PUT, question, about=ski)
    tag(response, answer.settings.revision)
    return settings_in_force(answer.settings)


async def _chargers(door: Door) -> list[Charger]:
    state = await door.parts.owners.state_now(door.site, door.account)
    return [charger(one, state) for one in state.chargers]
