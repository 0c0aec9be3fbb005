"""One measurement as the rest of the product sees it, and whether it can be true."""

from dataclasses import dataclass

from electrical.phases import PhaseReadings, Phases, total
from electrical.plausible import CURRENT_RANGE_A, FREQUENCY_RANGE_HZ, VOLTAGE_RANGE_V
from electrical.power import signed_currents_a
from meter_profiles.quantity import CURRENTS, POWERS, VOLTAGES, Quantity
from meter_reader.core.house import Values

# Names of every poll, looked up once.
CURRENT_L1, CURRENT_L2, CURRENT_L3 = CURRENTS
POWER_L1, POWER_L2, POWER_L3 = POWERS
VOLTAGE_L1, VOLTAGE_L2, VOLTAGE_L3 = VOLTAGES
POWER_TOTAL, FREQUENCY = Quantity.POWER_TOTAL, Quantity.FREQUENCY
IMPORT, IMPORT_WH64 = Quantity.ENERGY_IMPORT, Quantity.ENERGY_IMPORT_WH64
EXPORT, EXPORT_WH64 = Quantity.ENERGY_EXPORT, Quantity.ENERGY_EXPORT_WH64


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
    known = values.get
    power_w = Phases(known(POWER_L1), known(POWER_L2), known(POWER_L3))
    current_a = Phases(known(CURRENT_L1), known(CURRENT_L2), known(CURRENT_L3))
    power_total_w = known(POWER_TOTAL)
    return Reading(
        signed_currents_a(current_a, power_w),
        power_w,
        Phases(known(VOLTAGE_L1), known(VOLTAGE_L2), known(VOLTAGE_L3)),
        total(power_w) if power_total_w is None else power_total_w,
        known(FREQUENCY),
        # The finer copy of a counter, unless the meter does not run it (0 or unknown).
        known(IMPORT_WH64) or known(IMPORT),
        known(EXPORT_WH64) or known(EXPORT),
    )


def strange(reading: Reading) -> Strange | None:
    """Return the first value that cannot be true, None if all that is known may be.

    A wrong word order, a wrong model or an inverter that answers zeros while asleep shows here.
    """
    volts = _outside(reading.voltage_v.values(), VOLTAGE_RANGE_V)
    if volts is not None:
        return Strange("voltage", f"voltage_l{volts[0]}", volts[1], *VOLTAGE_RANGE_V)
    hertz = _outside((reading.frequency_hz,), FREQUENCY_RANGE_HZ)
    if hertz is not None:
        return Strange("frequency", "frequency", hertz[1], *FREQUENCY_RANGE_HZ)
    amperes = _outside(reading.current_a.values(), CURRENT_RANGE_A)
    if amperes is not None:
        return Strange("current", f"current_l{amperes[0]}", amperes[1], *CURRENT_RANGE_A)
    return None


def _outside(
    values: tuple[float | None, ...], within: tuple[float, float]
) -> tuple[int, float] | None:
    """Return the first known value outside a range, with its number from 1."""
    least, most = within
    for number, value in enumerate(values, start=1):
        if value is not None and not least < value < most:
            return number, value
    return None
