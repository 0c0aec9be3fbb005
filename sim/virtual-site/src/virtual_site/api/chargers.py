"""What each charger's web page can do, as an API under /charger/{number}/api.

Every command answers with the charger's new state.
"""

from fastapi import APIRouter

from virtual_site.api.bodies import (
    Ability,
    ChargerFault,
    Failsafe,
    Pairing,
    Plugging,
    Relay,
    SiteFault,
    Switch,
    active_fault,
)
from virtual_site.api.dependencies import IndexDep, SiteDep
from virtual_site.api.errors import ApiError
from virtual_site.api.views import Json, charger_state
from virtual_site.core.charger import RelayRefusedError
from virtual_site.core.scenario import METER_FAULTS
from virtual_site.managers import PairedAlreadyError

router = APIRouter(prefix="/charger/{number}/api", tags=["charger"])


@router.get("/state")
async def state(index: IndexDep, site: SiteDep) -> Json:
    """Show the charger, its energy manager and its car."""
    return charger_state(site, index)


@router.post("/pair")
async def pair(wanted: Pairing, index: IndexDep, site: SiteDep) -> Json:
    """Trust an energy manager from the charger's side, at once also its waiting request."""
    try:
        site.wallboxes[index].pair(wanted.ski)
    except PairedAlreadyError as error:
        raise ApiError(409, "paired-already", str(error)) from error
    except ValueError as error:
        raise ApiError(422, "unusable-ski", str(error)) from error
    return charger_state(site, index)


@router.post("/unpair")
async def unpair(wanted: Pairing, index: IndexDep, site: SiteDep) -> Json:
    """Trust an energy manager no longer."""
    if not site.wallboxes[index].unpair(wanted.ski):
        raise ApiError(404, "not-paired", f"the charger is not paired with {wanted.ski}")
    return charger_state(site, index)


@router.post("/plug")
async def plug(wanted: Plugging, index: IndexDep, site: SiteDep) -> Json:
    """Plug a car; one that is there is unplugged first."""
    site.plug(index, wanted.car())
    return charger_state(site, index)


@router.post("/unplug")
async def unplug(index: IndexDep, site: SiteDep) -> Json:
    """Unplug the car; without one nothing happens."""
    site.unplug(index)
    return charger_state(site, index)


@router.post("/plc")
async def switch_plc(wanted: Switch, index: IndexDep, site: SiteDep) -> Json:
    """Switch power line communication, which ISO 15118 needs; off from the factory."""
    site.set_plc(index, on=wanted.on)
    return charger_state(site, index)


@router.post("/failsafe")
async def set_failsafe(wanted: Failsafe, index: IndexDep, site: SiteDep) -> Json:
    """Set the current the charger offers while no energy manager leads it."""
    site.set_failsafe(index, wanted.current_a)
    return charger_state(site, index)


@router.post("/phases")
async def switch_phases(wanted: Relay, index: IndexDep, site: SiteDep) -> Json:
    """Switch the charger's relay between one phase and three."""
    try:
        site.switch_phases(index, wanted.phases)
    except RelayRefusedError as error:
        raise ApiError(409, "relay-refused", str(error)) from error
    return charger_state(site, index)


@router.post("/phase-switching")
async def set_phase_switching(wanted: Ability, index: IndexDep, site: SiteDep) -> Json:
    """Choose how the charger changes phases: none, automatic, local-api."""
    site.set_phase_switching(index, wanted.ability)
    return charger_state(site, index)


@router.post("/fault")
async def begin_fault(wanted: ChargerFault, index: IndexDep, site: SiteDep) -> Json:
    """Let something go wrong at this charger."""
    if wanted.kind in {kind.value for kind in METER_FAULTS}:
        raise ApiError(422, "not-here", f"{wanted.kind} happens at the meter, not at a charger")
    told = SiteFault(kind=wanted.kind, seconds=wanted.seconds)
    site.begin_fault(active_fault(site.world, told, index))
    return charger_state(site, index)


@router.post("/factory-reset")
async def factory_reset(index: IndexDep, site: SiteDep) -> Json:
    """Forget pairing, failsafe current and PLC; the charger's SKI stays."""
    site.factory_reset(index)
    return charger_state(site, index)
