"""What a device is to us, told by the use cases it announces. Pure.

SHIP and mDNS carry a device type, but makers are free in what they write there; what a device
offers to do with us is what counts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from eebus.events import EntityChanged, UseCasesChanged, UseCaseSupport
from eebus.usecases import names

Address = tuple[int, ...]

GUARDS: Final = frozenset({names.ENERGY_GUARD, names.GRID_GUARD})
POWER_LIMITS: Final = frozenset({names.LPC, names.LPP})
# What we speak with chargers and their cars. They announce more that we make no use of:
# recommendations (OSCEV) and plans of the car itself (CEVC).
OF_CARS: Final = frozenset({names.EVSECC, names.EVCC, names.EVCEM, names.OPEV, names.EVSOC})


class Ability(StrEnum):
    """One thing a device can be to us; a device may be several."""

    CHARGER = "charger"
    METER = "meter"
    CONTROL_BOX = "control-box"
    APPLIANCE = "appliance"


RANKS: Final = (Ability.CHARGER, Ability.METER, Ability.CONTROL_BOX, Ability.APPLIANCE)


@dataclass(frozen=True, slots=True)
class UseCase:
    """One announced use case, and whether we speak it with this device."""

    entity: Address
    entity_type: str
    actor: str
    name: str
    scenarios: tuple[int, ...]
    is_used: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """What a device announced on the present connection, or, while it is away, on the last."""

    entities: Mapping[Address, str]
    use_cases: Mapping[tuple[Address, str], tuple[UseCaseSupport, ...]]

    def heard(self, event: EntityChanged | UseCasesChanged) -> "Tree":
        """Return the tree after one event."""
        match event:
            case EntityChanged(entity=address, type=type_, added=True):
                return replace(self, entities={**self.entities, address: type_})
            case EntityChanged(entity=address):
                left = {each: name for each, name in self.entities.items() if each != address}
                return replace(self, entities=left)
            case UseCasesChanged(entity=address, actor=actor, items=items):
                told = {**self.use_cases, (address, actor): items}
                return replace(self, use_cases={key: each for key, each in told.items() if each})

    def listed(self) -> tuple[UseCase, ...]:
        """Return every announced use case, by entity."""
        return tuple(
            UseCase(
                address,
                self.entities.get(address, ""),
                actor,
                item.name,
                item.scenarios,
                item.available and is_used(self.entities.get(address, ""), actor, item.name),
            )
            for (address, actor), items in sorted(self.use_cases.items())
            for item in items
        )

    def abilities(self) -> frozenset[Ability]:
        """Return what the device is to us by what it announces; empty = it does not say yet."""
        found = {
            ability
            for each in self.listed()
            if (ability := _ability(each)) is not None and each.is_used
        }
        if names.EVSE in self.entities.values():
            found.add(Ability.CHARGER)
        if names.GRID_CONNECTION_POINT in self.entities.values():
            found.add(Ability.METER)
        return frozenset(found)


NOTHING_TOLD: Final = Tree({}, {})


def role_of(abilities: Collection[Ability]) -> str:
    """Return the one word people see for a device; empty = not known yet."""
    return next((ability.value for ability in RANKS if ability in abilities), "")


def is_used(entity_type: str, actor: str, name: str) -> bool:
    """Whether we are the other side of this use case with such an entity.

    A controllable system that is an energy manager is left to its own control box.
    """
    if name in OF_CARS:
        return actor in {names.EVSE, names.EV}
    if name in POWER_LIMITS:
        is_limited = actor == names.CONTROLLABLE_SYSTEM and entity_type != names.CEM
        return actor in GUARDS or is_limited
    if name == names.MGCP:
        return actor == names.GRID_CONNECTION_ACTOR
    return name == names.MPC and actor == names.MONITORED_UNIT


def _ability(use_case: UseCase) -> Ability | None:
    if use_case.name in OF_CARS:
        return Ability.CHARGER
    if use_case.name == names.MGCP:
        return Ability.METER
    if use_case.name in POWER_LIMITS:
        return Ability.CONTROL_BOX if use_case.actor in GUARDS else Ability.APPLIANCE
    return None
