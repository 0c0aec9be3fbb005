"""Messages of the bus to our values and back. Knows protobuf, no subjects."""

from cem.core.events import Accepted, Car, GridReading, Link, Report
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from electrical.phases import ZERO, PhaseCurrents, Phases
from electrical.rotation import Rotation
from volthus_wire.convert import from_conductors, from_phases, to_phases
from volthus_wire.v1 import electrical_pb2, evse_pb2, metering_pb2, site_pb2

LINKS = {
    evse_pb2.CONNECTION_NOT_CONNECTED: Link.NOT_CONNECTED,
    evse_pb2.CONNECTION_CONNECTING: Link.CONNECTING,
    evse_pb2.CONNECTION_CONNECTED: Link.CONNECTED,
}
CONNECTIONS = {link: number for number, link in LINKS.items()}
# STALE is still a measurement: its age counts, on the ladder.
BELIEVED = (metering_pb2.METER_QUALITY_GOOD, metering_pb2.METER_QUALITY_STALE)


def reading_of(message: metering_pb2.MeterReading) -> GridReading:
    """Return a poll of a meter."""
    return GridReading(
        message.meter,
        from_phases(message.current_a),
        message.age_s,
        message.period_s or 1.0,
        message.quality in BELIEVED,
        from_phases(message.power_w),
        message.power_total_w if message.HasField("power_total_w") else None,
        from_phases(message.voltage_v),
        message.frequency_hz if message.HasField("frequency_hz") else None,
    )


def report_of(message: evse_pb2.EvseState) -> Report:
    """Return what a charger says of itself; a connection we do not know is none."""
    return Report(
        message.ski,
        message.name,
        message.own,
        LINKS.get(message.connection, Link.NOT_CONNECTED),
        message.detail,
        message.brand,
        message.model,
        message.operating_state,
        message.error_code,
        _car(message.ev) if message.HasField("ev") else None,
        message.ev_known,
        from_conductors(message.current_a),
        from_conductors(message.power_w),
        message.energy_wh if message.HasField("energy_wh") else None,
        message.measured_age_s if message.HasField("measured_age_s") else None,
        _accepted(message.limit) if message.HasField("limit") else None,
        message.limit_problem,
        message.reaction_s if message.HasField("reaction_s") else None,
    )


def _car(message: evse_pb2.Ev) -> Car:
    return Car(
        message.communication,
        message.phases if message.HasField("phases") else None,
        message.min_a if message.HasField("min_a") else None,
        message.max_a if message.HasField("max_a") else None,
        message.operating_state,
        message.soc_percent if message.HasField("soc_percent") else None,
        message.plug,
    )


def _accepted(message: evse_pb2.LimitInForce) -> Accepted:
    return Accepted(
        from_conductors(message.current_a), message.is_fallback, message.controller_epoch
    )


# --- settings ------------------------------------------------------------------------------------


def grid_of(message: site_pb2.GridConnection, revision: int) -> GridConnection:
    """Return a grid connection; phases the site does not have, and values left out, are 0 A."""
    phases = message.phases
    return GridConnection(
        _only(_or_zero(message.fuse_a), phases),
        phases,
        message.margin_a if message.HasField("margin_a") else None,
        _only(_or_zero(message.base_load_a), phases),
        from_phases(message.static_share_a),
        revision,
    )


def grid_message(grid: GridConnection | None) -> site_pb2.GridConnection:
    """Return the message of a grid connection; revision 0 when it was never set."""
    if grid is None:
        return site_pb2.GridConnection()
    live = grid.live
    return site_pb2.GridConnection(
        fuse_a={p.lower(): grid.fuse_a[p] for p in live},
        phases=grid.phases,
        margin_a=grid.margin_a,
        base_load_a={p.lower(): grid.base_load_a[p] for p in live},
        static_share_a=to_phases(grid.static_share_a),
        revision=grid.revision,
    )


def energy_management_message(settings: EnergyManagement) -> site_pb2.EnergyManagement:
    """Return the message of the switch."""
    return site_pb2.EnergyManagement(
        on=settings.on,
        confirmed_no_other=settings.confirmed_no_other,
        revision=settings.revision,
    )


def charger_of(message: site_pb2.ChargerSettings, before: ChargerSettings) -> ChargerSettings:
    """Return a charger's settings; what a message cannot leave out takes 0 for "as before".

    Raises ValueError for a wiring that is no rotation.
    """
    return ChargerSettings(
        message.ski,
        message.min_a or before.min_a,
        message.max_a or before.max_a,
        message.phases or before.phases,
        Rotation(message.wiring) if message.wiring else before.wiring,
        message.failsafe_a,
        message.priority or before.priority,
        revision=before.revision + 1,
    )


def charger_message(settings: ChargerSettings) -> site_pb2.ChargerSettings:
    """Return the message of a charger's settings."""
    return site_pb2.ChargerSettings(
        ski=settings.ski,
        min_a=settings.min_a,
        max_a=settings.max_a,
        phases=settings.phases,
        wiring=settings.wiring.value,
        failsafe_a=settings.failsafe_a,
        priority=settings.priority,
        revision=settings.revision,
    )


def _or_zero(message: electrical_pb2.Phases) -> PhaseCurrents:
    return from_phases(message).map(lambda value: 0.0 if value is None else value)


def _only(values: PhaseCurrents, phases: int) -> PhaseCurrents:
    return Phases(values.l1, ZERO.l2, ZERO.l3) if phases == 1 else values
