"""A site file laid over what is set: what it says is taken, what it leaves out stays."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from cem.core.circuits import CircuitSettings
from cem.core.driving import Car, ChargingMode, Goal, SmartSwitches, WeeklyDeparture
from cem.core.installation import Installation
from cem.core.operating import ApplianceChoice, OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.site_file.outlook import (
    BoughtPart,
    FedInPart,
    leaves_of_whole,
    planning_of,
    pv_systems_of,
    tariff_of,
)
from cem.site_file.parts import Part
from cem.site_file.shape import (
    ByPhase,
    CarPart,
    ChargerPart,
    CircuitPart,
    GoalPart,
    ModePart,
    OperatorPart,
    SiteFile,
)
from electrical.phases import UNKNOWN, ZERO, PhaseCurrents, PhaseReadings, Phases

S = TypeVar("S", EnergyManagement, GridConnection, CircuitSettings, ChargerSettings, ChargingMode,
            Car, OperatorSettings)  # fmt: skip
RENAMED = {
    "enabled": "on",
    "phase_switching_confirmed": "is_phase_switching_confirmed",
}
COLLECTIONS = ("circuits", "cars", "pv_systems")
NESTED = frozenset({"mode", "goal", "appliances"})


def merged(file: SiteFile, before: Installation, *, is_token_new: bool = False) -> Installation:
    """Return what the file makes of the settings; revisions grow where something changes.

    Circuits, cars and PV systems that the file does not name are gone where it has a section of
    them. is_token_new: it brings another token of the tariff than the one held.
    """
    told = file.model_fields_set
    grid = before.grid
    if "grid_connection" in told:
        grid = _laid(file.grid_connection, before.grid or GridConnection(ZERO))
        grid = _on_live_phases(grid, before.grid)
    wanted = replace(
        before,
        grid=grid,
        energy_management=_laid(file.energy_management, before.energy_management),
        operator=_operator(file.operator, before.operator),
    )
    if "tariff" in told:
        tariff = tariff_of(file.tariff, before.tariff, is_token_new=is_token_new)
        wanted = replace(wanted, tariff=tariff)
    if "planning" in told:
        wanted = replace(wanted, planning=planning_of(file.planning, before.planning))
    if "pv_systems" in told:
        systems = pv_systems_of(file.pv_systems, before.pv_systems)
        wanted = replace(wanted, pv_systems=systems)
    if "circuits" in told:
        wanted = replace(wanted, circuits=_circuits(file.circuits, before))
    if "cars" in told:
        wanted = replace(wanted, cars=_cars(file.cars, before))
    for ski, part in file.chargers.items():
        wanted = _with_charger(wanted, ski, part)
    return wanted


def managed(file: SiteFile) -> frozenset[str]:
    """Return the pointers of all that the file sets, lists and whole sections included."""
    sections = {f"/{name}" for name in COLLECTIONS if name in file.model_fields_set}
    return frozenset(sections | set(_told(file, "")) - {"/version"})


def _told(part: Part, at: str) -> list[str]:
    if isinstance(part, GoalPart):  # it is replaced as a whole
        return [at, *(f"{at}/{name}" for name in GoalPart.model_fields)]
    if isinstance(part, BoughtPart | FedInPart):
        return [f"{at}{below}" for below in leaves_of_whole(part)]
    found: list[str] = []
    for name in part.model_fields_set:
        found += _pointers(getattr(part, name), f"{at}/{name}")
    return found


def _pointers(value: object, at: str) -> list[str]:
    if isinstance(value, Part):
        return _told(value, at)
    if isinstance(value, dict):
        return [
            pointer for key, below in value.items() for pointer in _pointers(below, f"{at}/{key}")
        ]
    return [at]


def _laid(part: Part, before: S) -> S:
    """Return a setting with what the part says of it; its revision grows if that is news."""
    changes: dict[str, object] = {}
    for name in part.model_fields_set - NESTED:
        target = RENAMED.get(name, name)
        value = getattr(part, name)
        if isinstance(value, ByPhase):
            value = _by_phase(value, getattr(before, target))
        changes[target] = value
    after = replace(before, **changes)  # type: ignore[arg-type]  # a part's keys are its setting's
    return before if after == before else replace(after, revision=before.revision + 1)


def _operator(part: OperatorPart, before: OperatorSettings) -> OperatorSettings:
    """Return how the site obeys; appliances that the file does not name stay as chosen."""
    chosen = {each.ski: each.is_limited for each in before.appliances} | part.appliances
    choices = tuple(ApplianceChoice(ski, chosen[ski]) for ski in sorted(chosen))
    after = replace(_laid(part, before), appliances=choices, revision=before.revision)
    return before if after == before else replace(after, revision=before.revision + 1)


def _by_phase(part: ByPhase, before: PhaseCurrents | PhaseReadings) -> Phases[float | None]:
    told = part.model_fields_set
    return Phases(*(
        getattr(part, name) if name in told else value
        for name, value in zip(("l1", "l2", "l3"), before.values(), strict=True)
    ))  # fmt: skip


def _known(values: PhaseReadings) -> PhaseCurrents:
    return values.map(lambda value: 0.0 if value is None else value)


def _on_live_phases(grid: GridConnection, before: GridConnection | None) -> GridConnection:
    """Return the grid connection without values on phases the site does not have."""
    fuse_a, base_a, share_a = _known(grid.fuse_a), _known(grid.base_load_a), grid.static_share_a
    if grid.phases == 1:
        fuse_a, base_a = Phases(fuse_a.l1, 0.0, 0.0), Phases(base_a.l1, 0.0, 0.0)
        share_a = Phases(share_a.l1, UNKNOWN.l2, UNKNOWN.l3)
    cleaned = replace(grid, fuse_a=fuse_a, base_load_a=base_a, static_share_a=share_a)
    is_same = before is not None and replace(cleaned, revision=before.revision) == before
    return before if is_same and before is not None else cleaned


def _circuits(
    parts: Mapping[str, CircuitPart], before: Installation
) -> tuple[CircuitSettings, ...]:
    here = {circuit.id: circuit for circuit in before.circuits}
    found = []
    for id_, part in sorted(parts.items()):
        circuit = _laid(part, here.get(id_, CircuitSettings(id_, ZERO)))
        known = replace(circuit, fuse_a=_known(circuit.fuse_a), name=circuit.name.strip())
        found.append(here[id_] if here.get(id_) == known else known)
    return tuple(found)


def _cars(parts: Mapping[str, CarPart], before: Installation) -> tuple[Car, ...]:
    here = {car.id: car for car in before.cars}
    return tuple(_laid(part, here.get(id_, Car(id_))) for id_, part in sorted(parts.items()))


def _with_charger(before: Installation, ski: str, part: ChargerPart) -> Installation:
    settings = _laid(part, before.chargers.get(ski, ChargerSettings(ski)))
    wanted = replace(before, chargers={**before.chargers, ski: settings})
    if "mode" in part.model_fields_set:
        mode = _mode(part.mode, before.modes.get(ski, ChargingMode()))
        wanted = replace(wanted, modes={**before.modes, ski: mode})
    if "goal" in part.model_fields_set:
        others = {other: goal for other, goal in before.goals.items() if other != ski}
        goal = None if part.goal is None else _goal(ski, part.goal, before.goals.get(ski))
        wanted = replace(wanted, goals=others if goal is None else others | {ski: goal})
    return wanted


def _mode(part: ModePart, before: ChargingMode) -> ChargingMode:
    told = part.model_fields_set
    smart = before.smart
    switches = SmartSwitches(
        part.forecast if "forecast" in told else smart.forecast,
        part.surplus if "surplus" in told else smart.surplus,
        part.price if "price" in told else smart.price,
    )
    after = ChargingMode(part.mode if "mode" in told else before.mode, switches, before.revision)
    return before if after == before else replace(after, revision=before.revision + 1)


def _goal(ski: str, part: GoalPart, before: Goal | None) -> Goal:
    """Return a goal: it is replaced as a whole, since its parts mean nothing alone."""
    revision = 0 if before is None else before.revision
    weekly = tuple(WeeklyDeparture(at.weekday, at.minute) for at in part.weekly)
    after = Goal(ski, part.soc_percent, part.energy_wh, part.departure, weekly, part.car, revision)
    return after if after == before else replace(after, revision=revision + 1)
