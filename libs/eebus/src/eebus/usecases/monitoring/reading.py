"""A meter's data as values: joined by descriptions, never by ids (usecases.md, MPC and MGCP)."""

from dataclasses import replace

from eebus.events import MeterValues
from eebus.spine.scaled import to_float
from eebus.spine.tree import Entity
from eebus.spine.values import Item, number, part, text
from eebus.usecases import names
from eebus.usecases.cem.join import items, measured_value, wires
from eebus.usecases.monitoring.quantities import QUANTITIES, Quantity

PRODUCE = "produce"


def read_meter(entity: Entity, use_case: str) -> MeterValues:
    """Return what is known of the meter at an entity. A value without description is ignored.

    Where a connection counts production as positive, powers and currents are turned round.
    """
    described = {
        number(each, "measurementId"): each
        for each in items(entity, names.MEASUREMENT, names.MEASUREMENT_DESCRIPTIONS)
    }
    phases, turned = wires(entity), _turned(entity)
    found: dict[str, list[float | None]] = {}
    for each in items(entity, names.MEASUREMENT, names.MEASUREMENTS):
        measurement = number(each, "measurementId")
        if measurement is None or text(each, "valueType") not in {"value", None}:
            continue  # also minima, maxima and averages may be told
        quantity = _quantity(use_case, described.get(measurement, {}))
        wire = phases.get(measurement)
        place = wire.phase if wire is not None else None
        if quantity is None or (quantity.per_phase and place is None):
            continue
        value = measured_value(each)
        if value is not None and quantity.is_directed and measurement in turned:
            value = 0.0 - value
        spots = found.setdefault(quantity.name, [None] * (3 if quantity.per_phase else 1))
        spots[place if quantity.per_phase and place is not None else 0] = value
    factor = _curtailment(entity) if use_case == "mgcp" else None
    return _with_sum(_values(found, factor))


def _quantity(use_case: str, description: Item) -> Quantity | None:
    scope, type_ = text(description, "scopeType"), text(description, "measurementType")
    return next(
        (
            each
            for each in QUANTITIES[use_case]
            if each.scope == scope
            and type_ in {each.type, None}
            and text(description, "unit") in {each.unit, None}
        ),
        None,
    )


def _turned(entity: Entity) -> set[int | None]:
    """Return the measurements whose positive direction is production."""
    connections = {
        number(each, "electricalConnectionId")
        for each in items(entity, names.ELECTRICAL, names.CONNECTIONS)
        if text(each, "positiveEnergyDirection") == PRODUCE
    }
    return {
        number(each, "measurementId")
        for each in items(entity, names.ELECTRICAL, names.PARAMETERS)
        if number(each, "electricalConnectionId") in connections
    }


def _curtailment(entity: Entity) -> float | None:
    keys = {
        number(each, "keyId")
        for each in items(entity, names.CONFIGURATION, names.SETTING_DESCRIPTIONS)
        if text(each, "keyName") == names.CURTAILMENT_FACTOR
    }
    for each in items(entity, names.CONFIGURATION, names.SETTINGS):
        if number(each, "keyId") in keys:
            return to_float(part(each, "value", "scaledNumber"))
    return None


def _values(found: dict[str, list[float | None]], factor: float | None) -> MeterValues:
    def one(name: str) -> float | None:
        return found.get(name, [None])[0]

    def three(name: str) -> tuple[float | None, float | None, float | None]:
        a, b, c = found.get(name, [None, None, None])
        return a, b, c

    return MeterValues(
        power_w=one("power_w"),
        power_per_phase_w=three("power_per_phase_w"),
        current_a=three("current_a"),
        voltage_v=three("voltage_v"),
        energy_consumed_wh=one("energy_consumed_wh"),
        energy_produced_wh=one("energy_produced_wh"),
        frequency_hz=one("frequency_hz"),
        curtailment_factor=factor,
    )


def _with_sum(values: MeterValues) -> MeterValues:
    """Fill in a total that is not told, where all three conductors are known."""
    a, b, c = values.power_per_phase_w
    if values.power_w is not None or a is None or b is None or c is None:
        return values
    return replace(values, power_w=a + b + c)
