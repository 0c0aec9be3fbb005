"""EVCEM: currents, powers and energy of the car, per conductor of the charger (usecases.md)."""

from eebus.events import Measured, PerPhase
from eebus.spine.tree import Entity
from eebus.spine.values import number, text
from eebus.usecases.cem.evcc import soc_percent
from eebus.usecases.cem.join import items, measured_value, wires
from eebus.usecases.names import (
    MEASUREMENT,
    MEASUREMENT_DESCRIPTIONS,
    MEASUREMENTS,
    NOMINAL_VOLTAGE_V,
)


def read_measured(ski: str, entity: Entity) -> Measured:
    """Return the newest measurements of the car. A value without description is ignored."""
    scopes = {
        number(each, "measurementId"): text(each, "scopeType")
        for each in items(entity, MEASUREMENT, MEASUREMENT_DESCRIPTIONS)
    }
    joined = wires(entity)
    current: list[float | None] = [None, None, None]
    power: list[float | None] = [None, None, None]
    energy: float | None = None
    for each in items(entity, MEASUREMENT, MEASUREMENTS):
        measurement = number(each, "measurementId")
        if measurement is None:
            continue
        scope = scopes.get(measurement)
        wire = joined.get(measurement)
        if scope == "charge":
            energy = measured_value(each)
        elif wire is not None and wire.phase is not None:
            if scope == "acCurrent":
                current[wire.phase] = measured_value(each)
            elif scope == "acPower":
                power[wire.phase] = measured_value(each)
    return Measured(ski, _three(current), _powers(power, current), energy, soc_percent(entity))


def _powers(power: list[float | None], current: list[float | None]) -> PerPhase:
    """Fill in powers a charger announces and never delivers (Elli Gen 1): current x 230 V."""
    if any(each is not None for each in power):
        return _three(power)
    return _three([None if each is None else each * NOMINAL_VOLTAGE_V for each in current])


def _three(values: list[float | None]) -> PerPhase:
    return values[0], values[1], values[2]
