"""Everything people have set, and whether it may be saved as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cem.core.charger_rules import object_to_place
from cem.core.circuit_rules import object_to_circuit, object_to_sums, object_to_tree
from cem.core.circuits import CircuitSettings
from cem.core.driver_rules import object_to_car, object_to_goal
from cem.core.driving import Car, ChargingMode, Goal
from cem.core.operating import OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.tariff import PlanningSettings, PvSystem, Tariff
from cem.core.tariff_rules import object_to_outlook
from cem.core.validation import (
    Objection,
    is_within,
    object_to_charger,
    object_to_energy_management,
    object_to_grid,
    out_of_range,
    unknown_charger,
)

MOST_W = 10_000_000.0
MOST_CIRCUITS = 200
MOST_CARS = 500
MOST_APPLIANCES = 100


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything people have set, as one value."""

    grid: GridConnection | None = None
    energy_management: EnergyManagement = field(default_factory=EnergyManagement)
    circuits: tuple[CircuitSettings, ...] = ()
    chargers: Mapping[str, ChargerSettings] = field(default_factory=dict)
    modes: Mapping[str, ChargingMode] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    cars: tuple[Car, ...] = ()
    operator: OperatorSettings = field(default_factory=OperatorSettings)
    tariff: Tariff = field(default_factory=Tariff)
    planning: PlanningSettings = field(default_factory=PlanningSettings)
    pv_systems: tuple[PvSystem, ...] = ()


def object_to_operator(operator: OperatorSettings) -> Objection | None:
    """Return what is wrong with how the site shall obey, None if nothing."""
    for name, value, least, most in (
        ("contract_w", operator.contract_w, 1_000.0, MOST_W),
        ("failsafe_w", operator.failsafe_w, 0.0, MOST_W),
        ("failsafe_s", operator.failsafe_s, 7_200.0, 86_400.0),  # LPC: 2 to 24 hours
    ):
        if value is not None and not is_within(value, least, most):
            return out_of_range(name.replace("_", "-"), f"/{name}", value, least, most)
    if len(operator.other_devices_w) > 50:
        count = len(operator.other_devices_w)
        return out_of_range("other-devices", "/other_devices_w", count, 0, 50)
    for number, power_w in enumerate(operator.other_devices_w):
        if not is_within(power_w, 0.0, MOST_W):
            pointer = f"/other_devices_w/{number}"
            return out_of_range("other-devices", pointer, power_w, 0.0, MOST_W)
    if len(operator.appliances) > MOST_APPLIANCES:
        count = len(operator.appliances)
        return out_of_range("other-devices", "/appliances", count, 0, MOST_APPLIANCES)
    return None


def object_to_all(  # noqa: PLR0911 - one line for each kind of setting
    wanted: Installation, before: Installation, counted: Iterable[str], wall: datetime
) -> Objection | None:
    """Return what is wrong with everything together, with pointers into the site file.

    before: what holds now; a goal in it may be over. counted: SKIs of the chargers whose failsafe
    currents count (paired ones). wall: aware.
    """
    counted = set(counted)
    if found := object_to_energy_management(wanted.energy_management):
        return _below("/energy_management", found)
    summed = [charger for ski, charger in wanted.chargers.items() if ski in counted]
    if wanted.grid is not None and (found := object_to_grid(wanted.grid, summed)):
        return _below("/grid_connection", found)
    if len(wanted.circuits) > MOST_CIRCUITS or len(wanted.cars) > MOST_CARS:
        most = f"at most {MOST_CIRCUITS} circuits and {MOST_CARS} cars"
        return Objection("too-many", f"There are too many objects; expected {most}.")
    for circuit in wanted.circuits:
        if found := object_to_circuit(circuit):
            return _below(f"/circuits/{circuit.id}", found)
    if found := object_to_tree(wanted.circuits, wanted.grid):
        return found
    if found := _to_chargers(wanted):
        return found
    if found := object_to_sums(wanted.grid, wanted.circuits, summed, "/circuits"):
        return found
    if found := _to_drivers(wanted, before, wall):
        return found
    if found := object_to_operator(wanted.operator):
        return _below("/operator", found)
    return object_to_outlook(wanted.tariff, wanted.planning, wanted.pv_systems)


def _to_chargers(wanted: Installation) -> Objection | None:
    for ski, charger in wanted.chargers.items():
        found = object_to_charger(charger, None, ()) or object_to_place(charger, wanted.circuits)
        if found is not None:
            return _below(f"/chargers/{ski}", found)
    return None


def _to_drivers(wanted: Installation, before: Installation, wall: datetime) -> Objection | None:
    for number, car in enumerate(wanted.cars):
        if found := object_to_car(car, wanted.cars[:number], wanted.chargers):
            return _below(f"/cars/{car.id}", found)
    for ski, goal in wanted.goals.items():
        if ski not in wanted.chargers:
            return unknown_charger(f"/chargers/{ski}", ski)
        is_new = before.goals.get(ski) != goal
        if is_new and (found := object_to_goal(goal, wanted.cars, wall)):
            return _below(f"/chargers/{ski}/goal", found)
    return None


def _below(pointer: str, objection: Objection) -> Objection:
    return replace(objection, pointer=pointer + objection.pointer)
