"""A charger's phase switching as others call it: our contract, docs/operate/phase-switching.md.

It stands apart from the page's own API, as it does in a real charger.
"""

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from virtual_site.api.dependencies import IndexDep, SiteDep
from virtual_site.api.errors import ApiError
from virtual_site.api.views import Json
from virtual_site.core import charger as chargers
from virtual_site.core.charger import Charger, RelayRefusedError
from virtual_site.core.relay import PhaseSwitching

router = APIRouter(prefix="/charger/{number}/phase-switching", tags=["phase switching"])


class Wanted(BaseModel):
    """How many phases the charger shall offer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    phases: Literal[1, 3]


@router.get("")
async def state(index: IndexDep, site: SiteDep) -> Json:
    """Tell how many phases are connected, and whether that can be changed now."""
    return _told(_able(site.world.chargers[index]))


@router.put("")
async def switch(wanted: Wanted, index: IndexDep, site: SiteDep) -> Response:
    """Switch to one phase or three: 202 while it does, 200 where it is so already."""
    charger = _able(site.world.chargers[index])
    try:
        site.switch_phases(index, wanted.phases)
    except RelayRefusedError as error:
        refused = {"error": "refused", "reason": error.reason, "detail": str(error)}
        return JSONResponse(_told(charger) | refused, status_code=409)
    charger = site.world.chargers[index]
    return JSONResponse(_told(charger), status_code=200 if charger.relay.target is None else 202)


def _able(charger: Charger) -> Charger:
    if charger.model.phase_switching is not PhaseSwitching.LOCAL_API:
        raise ApiError(404, "no-phase-switching", "this charger takes no word about its phases")
    return charger


def _told(charger: Charger) -> Json:
    relay = charger.relay
    return {
        "version": 1,
        "phases": relay.conductors,
        "target": relay.target or relay.conductors,
        "state": "ready" if relay.target is None else "switching",
        "reason": chargers.refusal(charger) or relay.problem,
    }
