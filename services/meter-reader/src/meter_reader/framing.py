"""Tells Modbus TCP from RTU frames over TCP: mixed up, both look like silence."""

from meter_reader.core.configuration import TransportKind
from meter_reader.lines import LineOwner

OTHER = {
    TransportKind.TCP: TransportKind.RTU_OVER_TCP,
    TransportKind.RTU_OVER_TCP: TransportKind.TCP,
}
SPOKEN = {
    TransportKind.TCP: "Modbus TCP",
    TransportKind.RTU_OVER_TCP: "Modbus RTU over TCP",
    TransportKind.RTU: "Modbus RTU",
}


async def other_framing(owner: LineOwner, unit_id: int) -> TransportKind | None:
    """Return the framing in which the device answers instead, None if it is silent there too.

    Gives up the connection: only for who uses the line alone.
    """
    kind = OTHER.get(owner.line.kind)
    if kind is None or not await owner.answers_as(kind, unit_id):
        return None
    return kind
