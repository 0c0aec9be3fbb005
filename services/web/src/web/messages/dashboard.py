"""The live picture of a site, drawn from the CEM's message."""

from collections.abc import Sequence
from typing import Literal

from volthus_wire.v1.metering_pb2 import MeterHealth
from volthus_wire.v1.site_pb2 import GridConnection, SiteState
from volthus_wire.v1.site_pb2 import Notice as WireNotice
from web.messages.chargers import charger_now
from web.messages.meters import QUALITIES, ROLES
from web.messages.plain import instant_in, named, number_in, phases_in, text
from web.models.chargers import ChargerNow
from web.models.common import ByPhase, PhaseName
from web.models.sites import (
    ChargerShare,
    Dashboard,
    EnergyManagementNow,
    FusePhase,
    MeterNow,
    Notice,
)

Key = Literal["l1", "l2", "l3"]
PHASES: tuple[tuple[PhaseName, Key], ...] = (("L1", "l1"), ("L2", "l2"), ("L3", "l3"))

# What the CEM keeps free where no margin was set: 0.5 A + 1 % of the fuse.
DEFAULT_MARGIN_A = 0.5
DEFAULT_MARGIN_SHARE = 0.01


def dashboard(state: SiteState, *, age_s: float, is_stale: bool) -> Dashboard:
    """Return the picture as the API shows it; ages grow by `age_s` since it arrived."""
    chargers = [charger_now(one) for one in state.chargers]
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
        chargers=chargers,
        notices=[_notice(one) for one in state.notices],
        meters=[_meter(one) for one in state.meters],
    )


def fuse_picture(state: SiteState, chargers: Sequence[ChargerNow]) -> list[FusePhase] | None:
    """Return a bar for each phase that has a fuse, None where no fuse is set."""
    fuse = phases_in(state.grid_connection, "fuse_a")
    if fuse is None or state.grid_connection.revision == 0:
        return None
    return [
        _bar(state, name, key, fuse_a, chargers)
        for name, key in PHASES[: state.grid_connection.phases or 3]
        if (fuse_a := at(fuse, key)) is not None
    ]


def at(values: ByPhase | None, key: Key) -> float | None:
    """Return one phase's value, None where nothing is known."""
    match key:
        case _ if values is None:
            return None
        case "l1":
            return values.l1
        case "l2":
            return values.l2
        case "l3":
            return values.l3


def margin_a(grid: GridConnection, fuse_a: float) -> float:
    """Return what stays free below a fuse of `fuse_a`, in A."""
    if grid.HasField("margin_a"):
        return grid.margin_a
    return DEFAULT_MARGIN_A + DEFAULT_MARGIN_SHARE * fuse_a


def _bar(
    state: SiteState, name: PhaseName, key: Key, fuse_a: float, chargers: Sequence[ChargerNow]
) -> FusePhase:
    shares = [
        ChargerShare(
            ski=one.ski,
            name=one.name,
            current_a=at(one.current_a, key),
            limit_a=at(one.limit_a, key),
        )
        for one in chargers
    ]
    drawn = [_drawn_a(one, key) for one in chargers]
    currents = [current_a for current_a in drawn if current_a is not None]
    return FusePhase(
        phase=name,
        fuse_a=fuse_a,
        margin_a=round(margin_a(state.grid_connection, fuse_a), 3),
        other_load_a=at(phases_in(state, "other_load_a"), key),
        reserved_a=at(phases_in(state, "reserved_a"), key),
        headroom_a=at(phases_in(state, "headroom_a"), key),
        grid_current_a=at(phases_in(state, "grid_current_a"), key),
        charging_a=round(sum(currents), 3) if len(currents) == len(drawn) else None,
        chargers=shares,
    )


def _drawn_a(charger: ChargerNow, key: Key) -> float | None:
    """Return what a charger draws on a phase; 0 where its limit says that no car uses it."""
    current_a = at(charger.current_a, key)
    is_unused = charger.limit_a is not None and at(charger.limit_a, key) is None
    return 0.0 if current_a is None and is_unused else current_a


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
        quality=named(message.last.quality, QUALITIES) if has_read else "unknown",
        age_s=message.last.age_s if has_read else None,
        problem=text(message.problem),
        problem_detail=text(message.problem_detail),
        power_total_w=number_in(message.last, "power_total_w") if has_read else None,
        current_a=phases_in(message.last, "current_a") if has_read else None,
    )
