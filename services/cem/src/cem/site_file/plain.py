"""Settings as plain values, as the site file has them; and the JSON pointers of their leaves."""

from collections.abc import Mapping
from typing import Final

from cem.core.circuits import CircuitSettings
from cem.core.driving import Car, ChargingMode, Goal
from cem.core.installation import Installation
from cem.core.operating import OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.site_file.outlook import of_planning, of_pv_system, of_tariff
from cem.site_file.parts import Leaf, Plain
from electrical.phases import Phases

VERSION: Final = 1


def of_installation(installation: Installation) -> Plain:
    """Return everything, in the order of the file."""
    found: Plain = {"version": VERSION}
    found["energy_management"] = of_energy_management(installation.energy_management)
    if installation.grid is not None:
        found["grid_connection"] = of_grid(installation.grid)
    found["circuits"] = {c.id: of_circuit(c) for c in installation.circuits}
    found["chargers"] = {
        ski: of_charger(charger)
        | {"mode": of_mode(installation.modes.get(ski, ChargingMode()))}
        | {"goal": of_goal(installation.goals.get(ski))}
        for ski, charger in sorted(installation.chargers.items())
    }
    found["cars"] = {car.id: of_car(car) for car in installation.cars}
    found["operator"] = of_operator(installation.operator)
    if installation.tariff.revision:
        found["tariff"] = of_tariff(installation.tariff)
    found["planning"] = of_planning(installation.planning)
    found["pv_systems"] = {s.id: of_pv_system(s) for s in installation.pv_systems}
    return found


def of_energy_management(switch: EnergyManagement) -> Plain:
    """Return the switch."""
    return {"enabled": switch.on, "confirmed_no_other": switch.confirmed_no_other}


def of_grid(grid: GridConnection) -> Plain:
    """Return the grid connection."""
    return {
        "phases": grid.phases,
        "fuse_a": _phases(grid.fuse_a),
        "margin_a": grid.margin_a,
        "base_load_a": _phases(grid.base_load_a),
        "static_share_a": _phases(grid.static_share_a),
        "unbalance_a": grid.unbalance_a,
    }


def of_circuit(circuit: CircuitSettings) -> Plain:
    """Return a circuit without its id."""
    return {
        "name": circuit.name,
        "parent": circuit.parent,
        "fuse_a": _phases(circuit.fuse_a),
        "margin_a": circuit.margin_a,
        "meter": circuit.meter,
    }


def of_charger(charger: ChargerSettings) -> Plain:
    """Return a charger without its SKI."""
    return {
        "circuit": charger.circuit,
        "min_a": charger.min_a,
        "max_a": charger.max_a,
        "phases": charger.phases,
        "wiring": charger.wiring.value,
        "failsafe_a": charger.failsafe_a,
        "start_a": charger.start_a,
        "priority": charger.priority,
        "weight": charger.weight,
        "guaranteed_a": charger.guaranteed_a,
        "phase_switching": charger.phase_switching.value,
        "phase_switching_url": charger.phase_switching_url,
        "phase_switching_confirmed": charger.is_phase_switching_confirmed,
    }


def of_mode(mode: ChargingMode) -> Plain:
    """Return a charging mode."""
    smart = mode.smart
    return {
        "mode": mode.mode.value,
        "forecast": smart.forecast,
        "surplus": smart.surplus,
        "price": smart.price,
    }


def of_goal(goal: Goal | None) -> Plain | None:
    """Return a goal without its charger; None = there is none."""
    if goal is None:
        return None
    return {
        "soc_percent": goal.soc_percent,
        "energy_wh": goal.energy_wh,
        "departure": None if goal.departure is None else goal.departure.isoformat(),
        "weekly": [{"weekday": at.weekday, "minute": at.minute} for at in goal.weekly],
        "car": goal.car,
    }


def of_car(car: Car) -> Plain:
    """Return a car without its id."""
    return {
        "name": car.name,
        "battery_wh": car.battery_wh,
        "max_a": car.max_a,
        "phases": car.phases,
        "min_soc_percent": car.min_soc_percent,
        "ev_id": car.ev_id,
        "charger": car.charger,
    }


def of_operator(operator: OperatorSettings) -> Plain:
    """Return how the site obeys the grid operator."""
    return {
        "credits_sun": operator.credits_sun,
        "other_devices_w": list(operator.other_devices_w),
        "contract_w": operator.contract_w,
        "failsafe_w": operator.failsafe_w,
        "failsafe_s": operator.failsafe_s,
        "appliances": {each.ski: each.is_limited for each in operator.appliances},
    }


def leaves(value: Leaf, at: str = "") -> dict[str, Leaf]:
    """Return every value that holds no others by its JSON pointer; lists count as values."""
    if not isinstance(value, dict):
        return {at: value}
    found: dict[str, Leaf] = {}
    for key, below in value.items():
        found |= leaves(below, f"{at}/{key}")
    return found


def differing(before: Mapping[str, Leaf], after: Mapping[str, Leaf]) -> list[str]:
    """Return the pointers whose values differ, or that only one side has, in order."""
    pointers = list(dict.fromkeys([*before, *after]))
    return [p for p in pointers if p not in before or p not in after or before[p] != after[p]]


def _phases(values: Phases[float] | Phases[float | None]) -> Plain:
    return {phase.lower(): value for phase, value in values.items()}
