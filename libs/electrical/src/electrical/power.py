"""Watts and amperes of one phase, on the safe side where something is unknown."""

from electrical.phases import PhaseCurrents, PhaseReadings, combine

NOMINAL_VOLTAGE_V = 230.0
ASSUMED_VOLTAGE_V = (
    253.0  # upper end of 230 V +10 % (EN 50160): unknown volts never allow more amps
)


def signed_current_a(current_a: float | None, power_w: float | None) -> float | None:
    """Give a measured current the direction of its power: plus = from the grid.

    Most meters report a magnitude even while exporting. Real current is used, not power / 230 V,
    because reactive current counts for a fuse. Without active power the current counts as drawn.
    Returns None if either is unknown.
    """
    if current_a is None or power_w is None:
        return None
    return -abs(current_a) if power_w < 0 else abs(current_a)


def signed_currents_a(current_a: PhaseReadings, power_w: PhaseReadings) -> PhaseReadings:
    """Give each phase's current the direction of its power; see `signed_current_a`."""
    return combine(current_a, power_w, signed_current_a)


def current_for_power_a(power_w: float, voltage_v: float | None) -> float:
    """Return the current (A) that stays within `power_w` on one phase, 253 V when unknown."""
    return power_w / usable_voltage_v(voltage_v)


def power_at_most_w(current_a: PhaseCurrents, voltage_v: PhaseReadings) -> float:
    """Return the power (W) of three currents at the measured voltages, 253 V when unknown."""
    return sum(combine(current_a, voltage_v, lambda a, v: a * usable_voltage_v(v)).values())


def usable_voltage_v(voltage_v: float | None) -> float:
    """Return a measured voltage, or 253 V if it is unknown or cannot be a live phase."""
    if voltage_v is None or voltage_v <= 0:
        return ASSUMED_VOLTAGE_V
    return voltage_v
