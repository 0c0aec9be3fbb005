"""Why a device that can be connected to does not answer: what was said of it may be wrong.

A wrong unit id, and Modbus TCP mixed up with RTU frames over TCP, both look like silence.
"""

from dataclasses import dataclass

from meter_reader.core.configuration import MeterConfig, TransportKind
from meter_reader.errors import LineError, ReadError, SilentError
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
UNIT_IDS = (1, 71, 247, 255, 240, 200)  # the usual ones, and what some gateways want
UNIT_TIMEOUT_S = 0.25


@dataclass(frozen=True, slots=True)
class Explanation:
    """What answers instead: code, sentence, the setting that is wrong and what it should be."""

    code: str
    detail: str
    field: str
    param: tuple[str, str]


async def explained(
    error: ReadError, owner: LineOwner, config: MeterConfig, usual_unit_id: int
) -> Explanation | None:
    """Return what is wrong with the settings, None if a second look shows no more.

    usual_unit_id: of the model. Gives up the connection: only for who uses the line alone.
    """
    if isinstance(error, LineError) and error.code != "connection-lost":
        return None
    kind = await _other_framing(owner, config.wanted_unit_id)
    place = owner.line.place
    if kind is not None:
        detail = f"{place} answers as {SPOKEN[kind]}: choose that transport."
        return Explanation("wrong-transport", detail, "/transport/kind", ("kind", kind.value))
    if not isinstance(error, SilentError) or not owner.line.numbers_answers:
        return None
    tried = dict.fromkeys((usual_unit_id, *UNIT_IDS))
    tried.pop(config.wanted_unit_id, None)
    unit_id = await owner.unit_that_answers(tried, UNIT_TIMEOUT_S)
    if unit_id is None:
        return None
    wrong = config.wanted_unit_id
    detail = f"Unit id {wrong} on {place} does not answer, but unit id {unit_id} does."
    return Explanation("wrong-unit-id", detail, "/transport/unit_id", ("unit_id", str(unit_id)))


async def _other_framing(owner: LineOwner, unit_id: int) -> TransportKind | None:
    """Return the framing in which the device answers instead, None if it is silent there too."""
    kind = OTHER.get(owner.line.kind)
    if kind is None or not await owner.answers_as(kind, unit_id):
        return None
    return kind
