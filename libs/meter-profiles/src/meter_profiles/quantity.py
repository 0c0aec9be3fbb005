"""What a meter can measure, by the names the product uses everywhere. Knows no register."""

from enum import StrEnum

from electrical.phases import ALL_PHASES, Phase


class Quantity(StrEnum):
    """A measured quantity in SI units; power and counters are seen from the grid (plus = import).

    `_wh64` names second, finer copies of a counter that some meters keep.
    """

    POWER_TOTAL = "power_total"
    POWER_L1 = "power_l1"
    POWER_L2 = "power_l2"
    POWER_L3 = "power_l3"
    POWER_TOTAL_IMPORT = "power_total_import"
    POWER_TOTAL_EXPORT = "power_total_export"
    CURRENT_L1 = "current_l1"
    CURRENT_L2 = "current_l2"
    CURRENT_L3 = "current_l3"
    VOLTAGE_L1 = "voltage_l1"
    VOLTAGE_L2 = "voltage_l2"
    VOLTAGE_L3 = "voltage_l3"
    FREQUENCY = "frequency"
    POWER_FACTOR = "power_factor"
    POWER_FACTOR_L1 = "power_factor_l1"
    POWER_FACTOR_L2 = "power_factor_l2"
    POWER_FACTOR_L3 = "power_factor_l3"
    ENERGY_IMPORT = "energy_import"
    ENERGY_IMPORT_L1 = "energy_import_l1"
    ENERGY_IMPORT_L2 = "energy_import_l2"
    ENERGY_IMPORT_L3 = "energy_import_l3"
    ENERGY_EXPORT = "energy_export"
    ENERGY_EXPORT_L1 = "energy_export_l1"
    ENERGY_EXPORT_L2 = "energy_export_l2"
    ENERGY_EXPORT_L3 = "energy_export_l3"
    ENERGY_IMPORT_WH64 = "energy_import_wh64"
    ENERGY_IMPORT_WH64_L1 = "energy_import_wh64_l1"
    ENERGY_IMPORT_WH64_L2 = "energy_import_wh64_l2"
    ENERGY_IMPORT_WH64_L3 = "energy_import_wh64_l3"
    ENERGY_EXPORT_WH64 = "energy_export_wh64"

    @property
    def phase(self) -> Phase | None:
        """Return the conductor the quantity belongs to, None for a quantity of the whole meter."""
        return next((p for p in ALL_PHASES if self.value.endswith(f"_{p.lower()}")), None)

    @property
    def unit(self) -> str:
        """Return the unit of its values: W, A, V, Hz, Wh, or 1 for a ratio."""
        return next(unit for start, unit in _UNITS if self.value.startswith(start))

    def on(self, phase: Phase) -> "Quantity":
        """Return the same quantity of another conductor; itself if it belongs to none."""
        if self.phase is None:
            return self
        return Quantity(f"{self.value[:-3]}_{phase.lower()}")


_UNITS = (
    ("power_factor", "1"),
    ("power", "W"),
    ("current", "A"),
    ("voltage", "V"),
    ("frequency", "Hz"),
    ("energy", "Wh"),
)

CURRENTS = (Quantity.CURRENT_L1, Quantity.CURRENT_L2, Quantity.CURRENT_L3)
VOLTAGES = (Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3)
POWERS = (Quantity.POWER_L1, Quantity.POWER_L2, Quantity.POWER_L3)
ESSENTIAL = frozenset({*CURRENTS, *VOLTAGES, *POWERS, Quantity.POWER_TOTAL})
"""What load management needs every second; the rest may be read more slowly."""
