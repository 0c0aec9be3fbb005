"""The live picture of a site, drawn from the CEM's message."""

from volthus_wire.v1.metering_pb2 import MeterHealth
from volthus_wire.v1.site_pb2 import Notice as WireNotice
from volthus_wire.v1.site_pb2 import SiteState
from web.messages.chargers import charger_now
from web.messages.fuse import circuit_pictures, fuse_picture
from web.messages.meters import KINDS, QUALITIES, ROLES
from web.messages.operator import operator_limit
from web.messages.plain import instant_in, named, number_in, phases_in, text
from web.messages.plan import plan_in_force, prices_held
from web.models.sites import Dashboard, EnergyManagementNow, MeterNow, Notice


def dashboard(state: SiteState, *, age_s: float, is_stale: bool) -> Dashboard:
    """Return the picture as the API shows it; ages grow by `age_s` since it arrived."""
    chargers = [charger_now(one, state) for one in state.chargers]
    meter_age_s = number_in(state, "meter_age_s")
    return Dashboard(
        site=state.site,
        name=state.name or state.site,
        at=instant_in(state, "at"),
        age_s=round(age_s, 3),
        stale=is_stale,
        version=text(state.version),
        energy_management=EnergyManagementNow(
            on=state.energy_management.on,
            confirmed_no_other=state.energy_management.confirmed_no_other,
        ),
        load_management=state.load_management,
        ladder=state.ladder,
        meter_age_s=None if meter_age_s is None else round(meter_age_s + age_s, 3),
        grid_import_w=number_in(state, "grid_import_w"),
        grid_export_w=number_in(state, "grid_export_w"),
        charging_power_w=number_in(state, "charging_power_w"),
        sun_w=number_in(state, "sun_w"),
        grid_current_a=phases_in(state, "grid_current_a"),
        fuse=fuse_picture(state, chargers),
        circuits=circuit_pictures(state, chargers),
        operator_limits=[operator_limit(one) for one in state.operator_limits],
        operator_share_w=number_in(state, "operator_share_w"),
        chargers=chargers,
        notices=[_notice(one) for one in state.notices],
        meters=[_meter(one) for one in state.meters],
        plan=plan_in_force(state.plan) if state.HasField("plan") else None,
        prices=prices_held(state.prices) if state.HasField("prices") else None,
        time_zone=text(state.time_zone),
    )


def _notice(message: WireNotice) -> Notice:
    return Notice(
        code=message.code,
        severity=message.severity,
        params=dict(message.params),
        since=instant_in(message, "since"),
    )


def _meter(message: MeterHealth) -> MeterNow:
    has_read = message.HasField("last")
    return MeterNow(
        id=message.settings.meter,
        name=text(message.settings.name),
        role=named(message.settings.role, ROLES),
        kind=KINDS.get(message.settings.transport.kind),
        quality=named(message.last.quality, QUALITIES) if has_read else "unknown",
        age_s=message.last.age_s if has_read else None,
        problem=text(message.problem),
        problem_detail=text(message.problem_detail),
        power_total_w=number_in(message.last, "power_total_w") if has_read else None,
        current_a=phases_in(message.last, "current_a") if has_read else None,
    )
