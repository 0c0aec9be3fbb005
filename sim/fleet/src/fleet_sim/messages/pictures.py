"""The live picture of a simulated site, and what its gateway sees."""

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from fleet_sim.core.houses import PHASES, House, Wallbox
from fleet_sim.core.looks import Charging, Look
from fleet_sim.core.stays import VOLT
from fleet_sim.wishes import Wishes
from volthus_wire.v1 import eebus_pb2, evse_pb2, metering_pb2, planning_pb2, site_pb2
from volthus_wire.v1.electrical_pb2 import Phases

LEAST_A, MARGIN_A = 6.0, 1.0
METER = "grid-1"


def stamp(at_s: float) -> Timestamp:
    """Return a message's time from Unix seconds."""
    return Timestamp(seconds=int(at_s), nanos=int(at_s % 1 * 1e9))


def still(house: House) -> site_pb2.SiteState:
    """Return the parts of a picture that never change."""
    state = site_pb2.SiteState(
        site=house.site,
        name=house.name,
        version=house.version,
        energy_management=site_pb2.EnergyManagement(on=True, confirmed_no_other=True, revision=1),
        grid_connection=grid(house),
        load_management="dynamic",
        ladder="fresh",
    )
    if house.fault:
        severity = "alarm" if house.fault == "meter-silent" else "warning"
        state.notices.add(code=house.fault, severity=severity, params=_about(house))
    state.meters.append(meter(house))
    return state


def drawn(
    state: site_pb2.SiteState,
    house: House,
    seen: Look,
    wishes: Wishes,
    plan: planning_pb2.PlanInForce | None,
) -> site_pb2.SiteState:
    """Draw a moment into a picture that `still` made, and return it."""
    state.at.CopyFrom(stamp(seen.at_s))
    state.meter_age_s = 0.4
    _phases(state.grid_current_a, seen.grid_a)
    state.grid_import_w, state.grid_export_w = max(0.0, seen.grid_w), max(0.0, -seen.grid_w)
    state.charging_power_w = seen.charging_w
    _phases(state.other_load_a, seen.other_a)
    _phases(state.reserved_a, (0.0, 0.0, 0.0))
    _phases(
        state.headroom_a, [round(house.fuse_a - MARGIN_A - other_a, 2) for other_a in seen.other_a]
    )
    if house.peak_w:
        state.sun_w = seen.sun_w
    last = state.meters[0].last
    last.measured_at.CopyFrom(stamp(seen.at_s))
    _phases(last.current_a, seen.grid_a)
    last.power_total_w = seen.grid_w
    del state.chargers[:]
    state.chargers.extend(_charger(one, seen.at_s, wishes) for one in seen.chargers)
    if plan is not None:
        state.plan.CopyFrom(plan)
    return state


def grid(house: House) -> site_pb2.GridConnection:
    """Return the settings of the grid connection."""
    return site_pb2.GridConnection(
        fuse_a=_all(house.fuse_a), phases=3, base_load_a=_all(5.0), revision=1
    )


def meter(house: House) -> metering_pb2.MeterHealth:
    """Return the site's meter."""
    return metering_pb2.MeterHealth(
        settings=metering_pb2.MeterSettings(
            meter=METER,
            name="Grid",
            model="eastron_sdm630_v2",
            role=metering_pb2.METER_ROLE_GRID,
            rotation="RST",
            transport=metering_pb2.MeterTransport(
                kind=metering_pb2.TRANSPORT_KIND_TCP, host="192.0.2.10", port=502, unit_id=1
            ),
            revision=1,
        ),
        last=metering_pb2.MeterReading(
            meter=METER,
            role=metering_pb2.METER_ROLE_GRID,
            quality=metering_pb2.METER_QUALITY_GOOD,
            age_s=0.4,
            period_s=1.0,
        ),
        problem="no-answer" if house.fault == "meter-silent" else "",
        phases=3,
    )


def settings(box: Wallbox) -> site_pb2.ChargerSettings:
    """Return what the electrician set for a charger."""
    return site_pb2.ChargerSettings(
        ski=box.ski,
        min_a=LEAST_A,
        max_a=box.max_a,
        phases=len(box.phases),
        wiring="RST",
        failsafe_a=LEAST_A,
        priority=2,
        revision=1,
    )


def eebus(house: House) -> eebus_pb2.EebusPicture:
    """Return what the site's gateway sees and trusts."""
    picture = eebus_pb2.EebusPicture(
        identity=eebus_pb2.EebusIdentity(
            ski=f"{house.number:040x}", ship_id=house.site, brand="Volthus", model="CEM"
        )
    )
    for box in house.wallboxes:
        picture.paired.add(
            device=eebus_pb2.EebusDevice(
                ski=box.ski, brand=box.brand, model=box.model, type="ChargingStation"
            ),
            name=box.name,
            connection=evse_pb2.CONNECTION_CONNECTED,
            state="connected",
            role="charger",
        )
    return picture


def _charger(now: Charging, at_s: float, wishes: Wishes) -> site_pb2.ChargerState:
    box, stay = now.box, now.stay
    state = site_pb2.ChargerState(
        ski=box.ski,
        name=box.name,
        connection=evse_pb2.CONNECTION_CONNECTED,
        state=now.state,
        power_w=now.power_w,
        settings=settings(box),
        brand=box.brand,
        model=box.model,
        measured_age_s=0.5,
        mode=wishes.mode(box.ski),
        goal=wishes.goal(box.ski),
        current_a=_on(box, now.current_a),
        limit_a=_on(box, box.max_a if now.state == "charging" else 0.0),
    )
    if stay is not None:
        state.communication = "iec61851"
        state.session, state.car = stay.session, stay.car
        state.session_energy_wh = round(stay.charged_wh(at_s), 1)
        state.phases.extend(phase.upper() for phase in box.phases)
    if now.state == "waiting" and stay is not None:
        state.limited_by.CopyFrom(
            site_pb2.LimitedBy(kind="plan", since=stamp(stay.plugged_s), until=stamp(stay.starts_s))
        )
    elif now.state == "charging":
        state.limited_by.CopyFrom(site_pb2.LimitedBy(kind="car", value=now.power_w / VOLT))
    return state


def _about(house: House) -> dict[str, str]:
    if house.fault == "meter-silent":
        return {"meter": METER}
    return {"ski": house.wallboxes[0].ski} if house.fault == "charger-refuses" else {}


def _on(box: Wallbox, amperes: float) -> Phases:
    return Phases(**dict.fromkeys(box.phases, amperes))


def _all(amperes: float) -> Phases:
    return Phases(**dict.fromkeys(PHASES, amperes))


def _phases(message: Phases, amperes: Iterable[float]) -> None:
    message.l1, message.l2, message.l3 = amperes
