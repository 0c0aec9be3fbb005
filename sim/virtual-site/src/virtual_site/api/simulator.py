"""The control API of the whole site: state, household, sun, appliances, faults.

Every command answers with the new state.
"""

from fastapi import APIRouter

from electrical import Phases
from virtual_site.api.bodies import Household, SiteFault, SunPower, Switch, active_faults
from virtual_site.api.dependencies import SiteDep, UrlDep, target
from virtual_site.api.errors import ApiError
from virtual_site.api.views import Json, site_state
from virtual_site.core.world import APPLIANCES

router = APIRouter(prefix="/api", tags=["site"])


@router.get("/state")
async def state(site: SiteDep, url: UrlDep) -> Json:
    """Show the true currents at the main fuse and everything behind them."""
    return site_state(site, url)


@router.post("/household")
async def set_household(wanted: Household, site: SiteDep, url: UrlDep) -> Json:
    """Set the household's power per phase in place of the scenario's, until cleared.

    An empty object clears it. Appliances switched on by hand come on top, the sun is apart.
    """
    power_w = Phases(wanted.l1_w, wanted.l2_w, wanted.l3_w)
    if all(value is None for value in power_w.values()):
        site.clear_household()
    else:
        site.set_household(power_w)
    return site_state(site, url)


@router.delete("/household")
async def clear_household(site: SiteDep, url: UrlDep) -> Json:
    """Let the household follow the scenario again."""
    site.clear_household()
    return site_state(site, url)


@router.post("/sun")
async def set_sun(wanted: SunPower, site: SiteDep, url: UrlDep) -> Json:
    """Set the roof's power in place of the scenario's; null clears it."""
    site.set_sun(wanted.w)
    return site_state(site, url)


@router.delete("/sun")
async def clear_sun(site: SiteDep, url: UrlDep) -> Json:
    """Let the sun follow the scenario again."""
    site.set_sun(None)
    return site_state(site, url)


@router.post("/appliances/{name}")
async def switch_appliance(name: str, wanted: Switch, site: SiteDep, url: UrlDep) -> Json:
    """Switch an appliance (oven, hob, kettle, heat_pump, sauna) on top of the household."""
    if name not in APPLIANCES:
        raise ApiError(404, "unknown-appliance", f"no {name!r} among {', '.join(APPLIANCES)}")
    site.switch_appliance(name, on=wanted.on)
    return site_state(site, url)


@router.post("/fault")
async def begin_fault(wanted: SiteFault, site: SiteDep, url: UrlDep) -> Json:
    """Let something go wrong for some seconds of the scenario."""
    for fault in active_faults(site.world, wanted, target(site, wanted.target)):
        site.begin_fault(fault)
    return site_state(site, url)


@router.delete("/fault")
async def end_faults(site: SiteDep, url: UrlDep) -> Json:
    """Make everything work again."""
    site.end_faults()
    return site_state(site, url)
