"""The control API of the grid meter's own failures: what its reader meets on the wire."""

from fastapi import APIRouter

from virtual_site.api.bodies import MeterTrouble
from virtual_site.api.dependencies import SiteDep
from virtual_site.api.errors import ApiError
from virtual_site.core.meter_fault import MeterFaultError, parsed

router = APIRouter(prefix="/api/meter", tags=["meter"])


@router.post("/fault")
async def fail(wanted: MeterTrouble, site: SiteDep) -> dict[str, str]:
    """Let the meter fail until told otherwise: `late:2`, `exception:11`, `none`, ..."""
    try:
        fault = parsed(wanted.fault)
    except MeterFaultError as error:
        raise ApiError(422, "unknown-fault", str(error)) from None
    await site.meter.fail(fault)
    return {"fault": wanted.fault}
