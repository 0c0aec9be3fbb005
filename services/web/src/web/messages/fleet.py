"""What a live picture says in short, for lists of many sites: a few fields, read once each."""

from collections.abc import Iterator

from volthus_wire.v1.evse_pb2 import CONNECTION_CONNECTED
from volthus_wire.v1.site_pb2 import SiteState
from web.core.fleet.rows import ALARM, WARNING, Concern, Told

SEVERE = {ALARM, WARNING}
# Rungs of the ladder on which no reading decides any more.
BLIND = {"static-share", "failsafe"}


def told(state: SiteState) -> Told:
    """Return a picture in short."""
    chargers = state.chargers
    has_grid = state.HasField("grid_import_w")
    return Told(
        version=state.version,
        is_managed=state.energy_management.on,
        load_management=state.load_management,
        charging_w=state.charging_power_w if state.HasField("charging_power_w") else None,
        grid_w=state.grid_import_w - state.grid_export_w if has_grid else None,
        sun_w=state.sun_w if state.HasField("sun_w") else None,
        load_percent=_load_percent(state),
        chargers=len(chargers),
        plugged=sum(bool(one.session) for one in chargers),
        charging=sum(one.state == "charging" for one in chargers),
        alarms=sum(one.severity == ALARM for one in state.notices),
        concerns=tuple(_concerns(state)),
        overload_s=state.overload_s if state.HasField("overload_s") else None,
    )


def _load_percent(state: SiteState) -> float | None:
    """Return the load of the main fuse on the phase that carries most."""
    if not state.HasField("grid_current_a") or not state.HasField("grid_connection"):
        return None
    drawn, fuse = state.grid_current_a, state.grid_connection.fuse_a
    shares = [
        amperes / most
        for amperes, most in ((drawn.l1, fuse.l1), (drawn.l2, fuse.l2), (drawn.l3, fuse.l3))
        if most > 0
    ]
    return round(100 * max(0.0, *shares), 1) if shares else None


def _concerns(state: SiteState) -> Iterator[Concern]:
    for notice in state.notices:
        if notice.severity in SEVERE:
            yield Concern(notice.code, notice.severity)
    if state.ladder in BLIND and state.energy_management.on:
        yield Concern("meter-lost", WARNING)
    for charger in state.chargers:
        if charger.state == "fault":
            yield Concern("charger-fault", ALARM)
        elif charger.connection != CONNECTION_CONNECTED:
            yield Concern("charger-offline", WARNING)
