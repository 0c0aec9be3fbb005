"""One measurement as the rest of the product sees it, and whether it can be true."""

from dataclasses import dataclass

from electrical.phases import PhaseReadings, Phases, total
from electrical.power import signed_currents_a
from meter_profiles.quantity import CURRENTS, POWERS, VOLTAGES, Quantity
from meter_reader.core.house import Values

VOLTAGE_RANGE_V = (180.0, 280.0)  # phase to neutral
FREQUENCY_RANGE_HZ = (45.0, 65.0)
MOST_CURRENT_A = 10_000.0  # beyond any grid connection that such a meter sits at


@dataclass(frozen=True, slots=True)
class Reading:
    """By phase of the house, import positive; None is unknown."""

    current_a: PhaseReadings  # signed
    power_w: PhaseReadings
    voltage_v: PhaseReadings
    power_total_w: float | None
    frequency_hz: float | None
    energy_import_wh: float | None
    energy_export_wh: float | None


@dataclass(frozen=True, slots=True)
class Strange:
    """A value that cannot be: which quantity, what was read, what was expected."""

    kind: str  # voltage, frequency or current
    quantity: str
    value: float
    least: float
    most: float


def reading_of(values: Values) -> Reading:
    """Return the reading of the values as the house sees them."""
    power_w = _three(values, POWERS)
    power_total_w = values.get(Quantity.POWER_TOTAL)
    return Reading(
        current_a=signed_currents_a(_three(values, CURRENTS), power_w),
        power_w=power_w,
        voltage_v=_three(values, VOLTAGES),
        power_total_w=total(power_w) if power_total_w is None else power_total_w,
        frequency_hz=values.get(Quantity.FREQUENCY),
        energy_import_wh=_finest(values, Quantity.ENERGY_IMPORT, Quantity.ENERGY_IMPORT_WH64),
        energy_export_wh=_finest(values, Quantity.ENERGY_EXPORT, Quantity.ENERGY_EXPORT_WH64),
    )


def strange(reading: Reading) -> Strange | None:
    """Return the first value that cannot be true, None if all that is known may be.

    A wrong word order, a wrong model or an inverter that answers zeros while asleep shows here.
    """
    for phase, volts in reading.voltage_v.items():
        if volts is not None and not VOLTAGE_RANGE_V[0] < volts < VOLTAGE_RANGE_V[1]:
            return Strange("voltage", f"voltage_{phase.lower()}", volts, *VOLTAGE_RANGE_V)
    hertz = reading.frequency_hz
    if hertz is not None and not FREQUENCY_RANGE_HZ[0] < hertz < FREQUENCY_RANGE_HZ[1]:
        return Strange("frequency", "frequency", hertz, *FREQUENCY_RANGE_HZ)
    for phase, amperes in reading.current_a.items():
        if amperes is not None and abs(amperes) > MOST_CURRENT_A:
            name = f"current_{phase.lower()}"
            return Strange("current", name, amperes, -MOST_CURRENT_A, MOST_CURRENT_A)
    return None


def _three(values: Values, names: tuple[Quantity, Quantity, Quantity]) -> PhaseReadings:
    return Phases(values.get(names[0]), values.get(names[1]), values.get(names[2]))


def _finest(values: Values, plain: Quantity, fine: Quantity) -> float | None:
    """Prefer the finer copy of a counter, unless the meter does not run it (0 or unknown)."""
    return values.get(fine) or values.get(plain)
