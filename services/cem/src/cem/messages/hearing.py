"""What the CEM hears, as our values: readings, chargers, the grid operator's limits."""

from cem.core.events import Accepted, Car, GridReading, Link, Report
from volthus_wire.convert import from_conductors, from_phases
from volthus_wire.v1 import evse_pb2, metering_pb2

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
        message.ev_id,
    )


def _accepted(message: evse_pb2.LimitInForce) -> Accepted:
    return Accepted(
        from_conductors(message.current_a), message.is_fallback, message.controller_epoch
    )
