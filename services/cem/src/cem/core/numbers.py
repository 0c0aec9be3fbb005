"""Measured numbers made fit to reckon with: what is no finite number is unknown."""

from math import isfinite

from electrical.phases import PhaseReadings


def finite(value: float | None) -> float | None:
    """Return the value, None for NaN and infinities: unknown is not a number."""
    return value if value is not None and isfinite(value) else None


def finite_phases(values: PhaseReadings) -> PhaseReadings:
    """Return three readings with everything that is no finite number made unknown."""
    return values.map(finite)


def floored(value_a: float, step_a: float) -> float:
    """Return the value rounded down to a multiple of step_a (with room for float noise)."""
    return round(int(value_a / step_a + 1e-6) * step_a, 6) if value_a > 0 else 0.0
