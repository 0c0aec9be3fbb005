"""What each charger's web page can do, as an API under /charger/{number}/api."""

from typing import Annotated

from fastapi import APIRouter, Depends

from virtual_site.api.bodies import (
    ChargerFault,
    Pairing,
    Plugging,
    Relay,
    SiteFault,
    Switch,
    active_fault,
)
from virtual_site.api.errors import ApiError
from virtual_site.api.views import Json, charger_state
from virtual_site.core.charger import RelayRefusedError
from virtual_site.core.scenario import METER_FAULTS
from virtual_site.site import VirtualSite
from virtual_site.wallbox import PairedAlreadyError


def existing(site: VirtualSite, number: int) -> int:
    """Return the index of charger `number`. Raises ApiError if there is none."""
    if not 1 <= number <= len(site.wallboxes):
        raise ApiError(404, "unknown-charger", f"there is no charger {number} on this site")
    return number - 1


def routes(site: VirtualSite) -> APIRouter:
    """Return the routes of all chargers. Every command answers with the charger's new state."""
    router = APIRouter(prefix="/charger/{number}/api", tags=["charger"])

    def index_of(number: int) -> int:
        return existing(site, number)

    index_dependency = Depends(index_of)

    @router.get("/state")
    async def state(index: Annotated[int, index_dependency]) -> Json:
        """Show the charger, its energy manager and its car."""
        return charger_state(site, index)

    @router.post("/pair")
    async def pair(index: Annotated[int, index_dependency], wanted: Pairing) -> Json:
        """Trust an energy manager from the charger's side, at once also its waiting request."""
        try:
            site.wallboxes[index].pair(wanted.ski)
        except PairedAlreadyError as error:
            raise ApiError(409, "paired-already", str(error)) from error
        return charger_state(site, index)

    @router.post("/unpair")
    async def unpair(index: Annotated[int, index_dependency], wanted: Pairing) -> Json:
        """Trust an energy manager no longer."""
        if not site.unpair(index, wanted.ski):
            raise ApiError(404, "not-paired", f"the charger is not paired with {wanted.ski}")
        return charger_state(site, index)

    @router.post("/plug")
    async def plug(index: Annotated[int, index_dependency], wanted: Plugging) -> Json:
        """Plug a car; one that is there is unplugged first."""
        site.plug(index, wanted.car())
        return charger_state(site, index)

    @router.post("/unplug")
    async def unplug(index: Annotated[int, index_dependency]) -> Json:
        """Unplug the car; without one nothing happens."""
        site.unplug(index)
        return charger_state(site, index)

    @router.post("/plc")
    async def plc(index: Annotated[int, index_dependency], wanted: Switch) -> Json:
        """Switch power line communication, which ISO 15118 needs; off from the factory."""
        site.set_plc(index, on=wanted.on)
        return charger_state(site, index)

    @router.post("/phases")
    async def phases(index: Annotated[int, index_dependency], wanted: Relay) -> Json:
        """Switch the charger's relay between one phase and three."""
        if wanted.phases == 2:
            raise ApiError(422, "invalid-request", "phases: the relay knows 1 and 3")
        try:
            site.switch_phases(index, wanted.phases)
        except RelayRefusedError as error:
            raise ApiError(409, "relay-refused", str(error)) from error
        return charger_state(site, index)

    @router.post("/fault")
    async def fault(index: Annotated[int, index_dependency], wanted: ChargerFault) -> Json:
        """Let something go wrong at this charger."""
        if wanted.kind in {kind.value for kind in METER_FAULTS}:
            raise ApiError(422, "not-here", f"{wanted.kind} happens at the meter, not at a charger")
        told = SiteFault(kind=wanted.kind, seconds=wanted.seconds)
        site.begin_fault(active_fault(site.world, told, index))
        return charger_state(site, index)

    @router.post("/factory-reset")
    async def factory_reset(index: Annotated[int, index_dependency]) -> Json:
        """Forget the pairing and switch PLC off; the charger's SKI stays."""
        site.factory_reset(index)
        return charger_state(site, index)

    return router
