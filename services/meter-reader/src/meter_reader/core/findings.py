"""What a test says about each phase, in words an installer can act on."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from electrical.phases import Phases
from electrical.plausible import FREQUENCY_RANGE_HZ, VOLTAGE_RANGE_V
from electrical.rotation import RotaryField
from meter_reader.core.configuration import MeterConfig, Role
from meter_reader.core.reading import Reading

CHARGING_W = 1000.0  # from here on a running charger is loud enough to tell the direction
FEEDS_IN_W = -50.0


class Verdict(StrEnum):
    """What a finding means."""

    FINE = "fine"
    SUSPECT = "suspect"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; an empty phase is the whole meter."""

    check: str
    verdict: Verdict
    detail: str
    phase: str = ""
    value: float | None = None


def findings_about(
    config: MeterConfig, reading: Reading, charging_w: float | None
) -> tuple[Finding, ...]:
    """Return what each phase, the direction and the rotation look like.

    charging_w: what the site's chargers draw together now, None when nobody knows.
    """
    return (
        *_voltages(reading.voltage_v),
        _frequency(reading.frequency_hz),
        *_directions(config, reading),
        *_against_charger(config, reading, charging_w),
        *_rotation(config),
    )


def _voltages(voltage_v: Phases[float | None]) -> Iterator[Finding]:
    for phase, volts in voltage_v.items():
        if volts is None:
            detail = f"{phase} shows no voltage: not connected, or not of this model."
            yield Finding("voltage", Verdict.UNKNOWN, detail, phase.value)
        else:
            is_fine = VOLTAGE_RANGE_V[0] < volts < VOLTAGE_RANGE_V[1]
            verdict = Verdict.FINE if is_fine else Verdict.SUSPECT
            yield Finding("voltage", verdict, f"{phase}: {volts:.1f} V.", phase.value, volts)


def _frequency(hertz: float | None) -> Finding:
    if hertz is None:
        return Finding("frequency", Verdict.UNKNOWN, "The meter tells no frequency.")
    is_fine = FREQUENCY_RANGE_HZ[0] < hertz < FREQUENCY_RANGE_HZ[1]
    verdict = Verdict.FINE if is_fine else Verdict.SUSPECT
    return Finding("frequency", verdict, f"{hertz:.2f} Hz.", value=hertz)


def _directions(config: MeterConfig, reading: Reading) -> Iterator[Finding]:
    """Look for one phase that goes against the other two: a single clamp turned round."""
    if config.role is not Role.GRID:
        return
    feeding = [p for p, watts in reading.power_w.items() if watts is not None and watts < -50]
    for phase, watts in reading.power_w.items():
        if watts is None:
            detail = f"{phase} tells no power: the direction of its current stays unknown."
            yield Finding("direction", Verdict.UNKNOWN, detail, phase.value)
        elif watts >= FEEDS_IN_W:
            detail = f"{phase} draws {watts:.0f} W from the grid."
            yield Finding("direction", Verdict.FINE, detail, phase.value, watts)
        else:
            why = (
                "its clamp alone may sit the wrong way round"
                if feeding == [phase]
                else "right only while a producer is running"
            )
            detail = f"{phase} feeds in {-watts:.0f} W: {why}."
            yield Finding("direction", Verdict.SUSPECT, detail, phase.value, watts)


def _against_charger(
    config: MeterConfig, reading: Reading, charging_w: float | None
) -> Iterator[Finding]:
    total_w = reading.power_total_w
    if config.role is not Role.GRID or charging_w is None or total_w is None:
        return
    if charging_w < CHARGING_W:
        return
    if total_w >= 0:
        detail = f"Chargers draw {charging_w:.0f} W and the meter shows {total_w:.0f} W import."
        yield Finding("direction", Verdict.FINE, detail, value=total_w)
        return
    detail = (
        f"Chargers draw {charging_w:.0f} W, yet the meter shows {-total_w:.0f} W of feed-in: right "
        "only with that much sun, else invert the direction."
    )
    yield Finding("direction", Verdict.SUSPECT, detail, value=total_w)


def _rotation(config: MeterConfig) -> Iterator[Finding]:
    if config.rotation.field is RotaryField.LEFT:
        detail = f"{config.rotation} means a left-hand field at the meter: two wires are exchanged."
        yield Finding("rotation", Verdict.SUSPECT, detail)
