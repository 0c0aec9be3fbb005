"""Messages to our values and back, where more than one service needs it. Absent is unknown."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from electrical.phases import PhaseReadings, Phases
from volthus_wire.v1.electrical_pb2 import Conductors as WireConductors
from volthus_wire.v1.electrical_pb2 import Phases as WirePhases


def to_phases(values: PhaseReadings) -> WirePhases:
    """Return the message of three values by phase; None is left out."""
    return WirePhases(l1=values.l1, l2=values.l2, l3=values.l3)


def from_phases(message: WirePhases) -> PhaseReadings:
    """Return three values by phase; what the message leaves out is None."""
    return Phases(
        message.l1 if message.HasField("l1") else None,
        message.l2 if message.HasField("l2") else None,
        message.l3 if message.HasField("l3") else None,
    )


def to_conductors(values: PhaseReadings) -> WireConductors:
    """Return the message of three values by conductor (l1 = a); None is left out."""
    return WireConductors(a=values.l1, b=values.l2, c=values.l3)


def from_conductors(message: WireConductors) -> PhaseReadings:
    """Return three values by conductor (l1 = a); what the message leaves out is None."""
    return Phases(
        message.a if message.HasField("a") else None,
        message.b if message.HasField("b") else None,
        message.c if message.HasField("c") else None,
    )


def to_timestamp(instant: datetime) -> Timestamp:
    """Return the message of an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    stamp = Timestamp()
    stamp.FromDatetime(instant.astimezone(UTC))
    return stamp


def from_timestamp(message: Timestamp) -> datetime:
    """Return the instant of a message, aware, in UTC."""
    return message.ToDatetime(tzinfo=UTC)
