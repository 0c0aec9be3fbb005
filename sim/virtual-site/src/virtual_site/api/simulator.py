"""The control API of the whole site: its state, household, sun, appliances and faults."""

from fastapi import APIRouter

from electrical import Phases
from virtual_site.api.bodies import Household, SiteFault, SunPower, Switch, active_fault
from virtual_site.api.errors import ApiError
from virtual_site.api.views import Json, site_state
from virtual_site.core.world import APPLIANCES
from virtual_site.site import VirtualSite


def routes(site: VirtualSite, url: str) -> APIRouter:
    """Return the routes under /api. Every command answers with the new state."""
    router = APIRouter(prefix="/api", tags=["site"])

    @router.get("/state")
    async def state() -> Json:
        """Show the true currents at the main fuse and everything behind them."""
        return site_state(site, url)

    @router.post("/household")
    async def household(wanted: Household) -> Json:
        """Set the household's power per phase in place of the scenario's, until cleared.

        An empty object clears it. Appliances switched on by hand come on top.
        """
        power_w = Phases(wanted.l1_w, wanted.l2_w, wanted.l3_w)
        if all(value is None for value in power_w.values()):
            site.clear_household()
        else:
            site.set_household(power_w)
        return site_state(site, url)

    @router.delete("/household")
    async def clear_household() -> Json:
        """Let the household follow the scenario again."""
        site.clear_household()
        return site_state(site, url)

    @router.post("/sun")
    async def sun(wanted: SunPower) -> Json:
        """Set the roof's power in place of the scenario's; null clears it."""
        site.set_sun(wanted.w)
        return site_state(site, url)

    @router.delete("/sun")
    async def clear_sun() -> Json:
        """Let the sun follow the scenario again."""
        site.set_sun(None)
        return site_state(site, url)

    @router.post("/appliances/{name}")
    async def appliance(name: str, wanted: Switch) -> Json:
        """Switch an appliance (oven, hob, kettle, heat_pump, sauna) on top of the household."""
        if name not in APPLIANCES:
            raise ApiError(404, "unknown-appliance", f"no {name!r} among {', '.join(APPLIANCES)}")
        site.switch_appliance(name, on=wanted.on)
        return site_state(site, url)

    @router.post("/fault")
    async def fault(wanted: SiteFault) -> Json:
        """Let something go wrong for some seconds of the scenario."""
        charger = target(site, wanted.target)
        site.begin_fault(active_fault(site.world, wanted, charger))
        return site_state(site, url)

    @router.delete("/fault")
    async def end_faults() -> Json:
        """Make everything work again."""
        site.end_faults()
        return site_state(site, url)

    return router


def target(site: VirtualSite, told: str | int | None) -> int | None:
    """Return the index of a charger told by number, id or SKI; None for the meter."""
    if told is None or told == "meter":
        return None
    for index, charger in enumerate(site.world.chargers):
        if str(told) in {str(index + 1), charger.model.id, site.wallboxes[index].ski}:
            return index
    raise ApiError(
        422, "unknown-target", f"{told!r} is no charger's number, id or SKI, nor 'meter'"
    )
