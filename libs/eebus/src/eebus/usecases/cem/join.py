"""The join every e-mobility value goes through: measurement -> parameter -> phase and range.

Ids come from descriptions only; none means anything by itself (an Elli limits with 1, 4, 7).
"""

from dataclasses import dataclass
from typing import Final

from eebus.spine.scaled import to_float
from eebus.spine.tree import Entity
from eebus.spine.values import Item, number, part, parts, text
from eebus.usecases.names import ELECTRICAL, PARAMETERS, PERMITTED, PHASES

UNUSABLE: Final = frozenset({"error", "outOfRange"})
MAX_A: Final = 10_000.0  # far beyond any cable


@dataclass(frozen=True, slots=True)
class Permitted:
    """What currents a phase may be set to, A. None = not announced."""

    min_a: float | None = None
    max_a: float | None = None
    pause_a: float | None = None  # the single value outside the range


@dataclass(frozen=True, slots=True)
class Wire:
    """What an electrical parameter says of a measurement. phase 0..2 = conductor a..c."""

    phase: int | None
    permitted: Permitted


def content(entity: Entity, feature_type: str, function: str) -> Item:
    """Return the last data of a function of an entity's server feature, empty when unknown."""
    feature = entity.server(feature_type)
    return feature.content(function) if feature is not None else {}


def items(entity: Entity, feature_type: str, function: str) -> list[Item]:
    """Return the items of a list function, empty when unknown."""
    return parts(content(entity, feature_type, function), function.replace("ListData", "Data"))


def wires(entity: Entity) -> dict[int, Wire]:
    """Return for each measurement id what its electrical parameter says."""
    ranges = _ranges(entity)
    found: dict[int, Wire] = {}
    for parameter in items(entity, ELECTRICAL, PARAMETERS):
        measurement = number(parameter, "measurementId")
        if measurement is None:
            continue
        phases = text(parameter, "acMeasuredPhases")
        phase = PHASES.index(phases) if phases in PHASES else None
        found[measurement] = Wire(phase, ranges.get(_parameter_key(parameter), Permitted()))
    return found


def measured_value(item: Item) -> float | None:
    """Return the value of a measurement, None for one its server calls unusable."""
    if text(item, "valueState") in UNUSABLE:
        return None
    return to_float(part(item, "value"))


def _parameter_key(item: Item) -> tuple[int | None, int | None]:
    return number(item, "electricalConnectionId"), number(item, "parameterId")


def _ranges(entity: Entity) -> dict[tuple[int | None, int | None], Permitted]:
    return {
        _parameter_key(each): _permitted(parts(each, "permittedValueSet"))
        for each in items(entity, ELECTRICAL, PERMITTED)
    }


def amperes(item: Item) -> float | None:
    """Return a current that can be meant, None for what no cable carries."""
    value = to_float(item)
    return value if value is not None and 0 <= value <= MAX_A else None


def _permitted(sets: list[Item]) -> Permitted:
    """Read range and single values; they may come in one set or in two.

    A pause value of 0 A counts as none: it would cost an ISO 15118 car its session.
    """
    ranges = [each for one in sets for each in parts(one, "range")]
    values = [value for one in sets for each in parts(one, "value") if (value := amperes(each))]
    low = min((v for each in ranges if (v := amperes(part(each, "min"))) is not None), default=None)
    high = max(
        (v for each in ranges if (v := amperes(part(each, "max"))) is not None), default=None
    )
    pause = next((value for value in values if low is None or value < low), None)
    return Permitted(low, high, pause)
