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
        ski=message.ski,
        name=message.name,
        own=message.own,
        link=LINKS.get(message.connection, Link.NOT_CONNECTED),
        detail=message.detail,
        brand=message.brand,
        model=message.model,
        operating_state=message.operating_state,
        error_code=message.error_code,
        car=_car(message.ev) if message.HasField("ev") else None,
        is_car_known=message.ev_known,
        current_a=from_conductors(message.current_a),
        power_w=from_conductors(message.power_w),
        energy_wh=message.energy_wh if message.HasField("energy_wh") else None,
        measured_age_s=message.measured_age_s if message.HasField("measured_age_s") else None,
        accepted=_accepted(message.limit) if message.HasField("limit") else None,
        limit_problem=message.limit_problem,
        reaction_s=message.reaction_s if message.HasField("reaction_s") else None,
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
