"""What the pages of HEMS, control box and heat pump can do, under /hems, /control-box, /heat-pump.

Every command answers with the device's new state.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from virtual_site.api.bodies import Pairing, Switch
from virtual_site.api.dependencies import SiteDep
from virtual_site.api.errors import ApiError
from virtual_site.api.views import Json
from virtual_site.grid_box import GridBox
from virtual_site.heat_pump import HeatPump
from virtual_site.hems import Hems, Telling
from virtual_site.managers import PairedAlreadyError

router = APIRouter(tags=["partners"])
Kind = Literal["lpc", "lpp"]
Power = Annotated[float, Field(ge=0, le=1e6)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class GridLimit(_Body):
    """What the site may draw (lpc) or feed in (lpp), W; null lifts the limit."""

    power_w: Power | None
    kind: Kind = "lpc"
    duration_s: Annotated[float, Field(gt=0, le=7 * 86400)] | None = None


class GuardFailsafe(_Body):
    """What holds while the control box is silent, W, and for how long at least, s."""

    power_w: Power
    kind: Kind = "lpc"
    duration_s: Annotated[float, Field(ge=7200, le=86400)] | None = None


class Tells(_Body):
    """What the HEMS does with its values: tell them, mark them as errors, or be silent."""

    telling: Telling


class HeatAsked(_Body):
    """What the heat pump would draw, W; stubborn: it accepts limits and draws on."""

    power_w: Annotated[float, Field(ge=0, le=9000)]
    stubborn: bool = False


def _partner(name: str, site: SiteDep) -> Hems | GridBox | HeatPump:
    """Return the device a path names. Raises ApiError when this site has none."""
    partner = site.partners.get(name)
    if partner is None:
        raise ApiError(404, "no-such-device", f"this site has no {name[:20]!r}; see --help")
    return partner


PartnerDep = Annotated[Hems | GridBox | HeatPump, Depends(_partner)]


def _hems(site: SiteDep) -> Hems:
    found = _partner("hems", site)
    assert isinstance(found, Hems)  # noqa: S101 - named so by the site
    return found


def _box(site: SiteDep) -> GridBox:
    found = _partner("control-box", site)
    assert isinstance(found, GridBox)  # noqa: S101 - named so by the site
    return found


def _pump(site: SiteDep) -> HeatPump:
    found = _partner("heat-pump", site)
    assert isinstance(found, HeatPump)  # noqa: S101 - named so by the site
    return found


PumpDep = Annotated[HeatPump, Depends(_pump)]
HemsDep = Annotated[Hems, Depends(_hems)]
BoxDep = Annotated[GridBox, Depends(_box)]


@router.get("/{name}/api/state")
async def state(partner: PartnerDep) -> Json:
    """Show the device, its energy manager, and what it does."""
    return partner_state(partner)


@router.post("/{name}/api/pair")
async def pair(wanted: Pairing, partner: PartnerDep) -> Json:
    """Trust an energy manager from the device's side, at once also its waiting request."""
    try:
        partner.pair(wanted.ski)
    except PairedAlreadyError as error:
        raise ApiError(409, "paired-already", str(error)) from error
    except ValueError as error:
        raise ApiError(422, "unusable-ski", str(error)) from error
    return partner_state(partner)


@router.post("/{name}/api/unpair")
async def unpair(partner: PartnerDep) -> Json:
    """Trust nobody any longer."""
    partner.unpair()
    return partner_state(partner)


@router.post("/{name}/api/network")
async def network(wanted: Switch, partner: PartnerDep) -> Json:
    """Put the network cable in, or pull it."""
    partner.plug(on=wanted.on)
    return partner_state(partner)


@router.post("/hems/api/telling")
async def telling(wanted: Tells, hems: HemsDep) -> Json:
    """Let the HEMS tell its values, mark them as errors, or hang."""
    hems.telling = wanted.telling
    return partner_state(hems)


@router.post("/control-box/api/limit")
async def limit(wanted: GridLimit, box: BoxDep) -> Json:
    """Limit the site, or lift the limit; answers when the site did."""
    await box.limit(wanted.kind, wanted.power_w, wanted.duration_s)
    return partner_state(box)


@router.post("/control-box/api/failsafe")
async def failsafe(wanted: GuardFailsafe, box: BoxDep) -> Json:
    """Set what holds while the box is silent; answers when the site did."""
    await box.write_failsafe(wanted.kind, wanted.power_w, wanted.duration_s)
    return partner_state(box)


@router.post("/control-box/api/heartbeat")
async def heartbeat(wanted: Switch, box: BoxDep) -> Json:
    """Let the box's heart beat, or stop: after 120 s the site must go to its failsafe."""
    box.beat(on=wanted.on)
    return partner_state(box)


@router.post("/heat-pump/api/demand")
async def demand(wanted: HeatAsked, pump: PumpDep) -> Json:
    """Let the house ask the heat pump for heat, or the heat pump disregard its limit."""
    pump.asked_w, pump.is_stubborn = wanted.power_w, wanted.stubborn
    return partner_state(pump)


def partner_state(partner: Hems | GridBox | HeatPump) -> Json:
    """Return what the device's own page knows."""
    peer = partner.peer
    return {
        "brand": partner.plate.brand,
        "model": partner.plate.model,
        "ski": partner.ski,
        "ship_id": partner.announcement.ship_id,
        "ship_port": partner.kept.ship_port,
        "network": partner.is_plugged,
        "peer": None
        if peer is None
        else {"ski": peer.ski, "state": peer.state.value, "detail": peer.detail},
        "found": [
            {"ski": ski, "name": name, "requests_pairing": asks}
            for ski, name, asks in partner.found
        ],
        **_own_state(partner),
    }


def _own_state(partner: Hems | GridBox | HeatPump) -> Json:
    match partner:
        case Hems():
            return _of_hems(partner)
        case GridBox():
            return _of_box(partner)
        case HeatPump():
            return _of_pump(partner)


def _of_pump(pump: HeatPump) -> Json:
    control = pump.control
    return {
        "kind": "heat-pump",
        "power_w": pump.power_w,
        "asked_w": pump.asked_w,
        "stubborn": pump.is_stubborn,
        "limit_w": None if control is None else control.limit_w,
        "limit_state": None if control is None else control.state,
        "remaining_s": None if control is None else control.remaining_s,
        "failsafe_w": None if pump.failsafe is None else pump.failsafe.consumption_w,
    }


def _of_hems(hems: Hems) -> Json:
    values = hems.values
    return {
        "kind": "hems",
        "telling": hems.telling.value,
        "power_w": values.power_w,
        "current_a": values.current_a,
    }


def _of_box(box: GridBox) -> Json:
    safe, answer = box.failsafe, box.answer
    return {
        "kind": "control-box",
        "heartbeat": box.is_beating,
        "site_heard": box.is_heard,
        "held": {
            kind: {
                "active": each.active,
                "power_w": each.power_w,
                "duration_s": each.duration_s,
            }
            for kind, each in sorted(box.held.items())
        },
        "failsafe": None
        if safe is None
        else {
            "lpc_w": safe.consumption_w,
            "lpp_w": safe.production_w,
            "duration_s": safe.duration_s,
        },
        "answer": None
        if answer is None
        else {"order": answer.order, "ok": answer.ok, "text": answer.text, "ms": answer.ms},
    }
