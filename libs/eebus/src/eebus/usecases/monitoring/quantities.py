"""What a meter's measurements are, by use case: scope, type, unit, scenario (usecases.md)."""

from dataclasses import dataclass
from typing import Final

from eebus.events import MeterValues, PerPhase

MPC: Final = "mpc"
MGCP: Final = "mgcp"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One field of MeterValues on the wire. is_directed: its sign tells a direction."""

    name: str
    type: str
    unit: str
    scope: str
    scenario: int
    per_phase: bool = False
    is_directed: bool = False


QUANTITIES: Final = {
    MPC: (
        Quantity("power_w", "power", "W", "acPowerTotal", 1, is_directed=True),
        Quantity("power_per_phase_w", "power", "W", "acPower", 1, per_phase=True, is_directed=True),
        Quantity("energy_consumed_wh", "energy", "Wh", "acEnergyConsumed", 2),
        Quantity("energy_produced_wh", "energy", "Wh", "acEnergyProduced", 2),
        Quantity("current_a", "current", "A", "acCurrent", 3, per_phase=True, is_directed=True),
        Quantity("voltage_v", "voltage", "V", "acVoltage", 4, per_phase=True),
        Quantity("frequency_hz", "frequency", "Hz", "acFrequency", 5),
    ),
    MGCP: (
        Quantity("power_w", "power", "W", "acPowerTotal", 2, is_directed=True),
        Quantity("energy_produced_wh", "energy", "Wh", "gridFeedIn", 3),
        Quantity("energy_consumed_wh", "energy", "Wh", "gridConsumption", 4),
        Quantity("current_a", "current", "A", "acCurrent", 5, per_phase=True, is_directed=True),
        Quantity("voltage_v", "voltage", "V", "acVoltage", 6, per_phase=True),
        Quantity("frequency_hz", "frequency", "Hz", "acFrequency", 7),
    ),
}


def values_of(values: MeterValues, quantity: Quantity) -> tuple[float | None, ...]:
    """Return a quantity's values: one, or one per conductor."""
    told: float | PerPhase | None = getattr(values, quantity.name)
    return told if isinstance(told, tuple) else (told,)
