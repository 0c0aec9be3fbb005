"""What we know of a peer: its tree, its use cases, the last data of its features."""

from dataclasses import dataclass
from typing import Final

from eebus.events import UseCaseSupport
from eebus.spine.addresses import DEVICE_INFORMATION, EntityAddress, is_below
from eebus.spine.discovery import MAX_ENTITIES, MAX_FEATURES, Change, Discovered
from eebus.spine.tree import Entity, Feature, feature_at
from eebus.spine.values import Item, flag, numbers, part, parts, text

MAX_USE_CASES: Final = 128
LATE_S: Final = 3.0  # how long after a read of the tree the notify of the same change may come


@dataclass(frozen=True, slots=True)
class TreeChange:
    """An entity came or went."""

    entity: Entity
    change: Change  # ADDED or REMOVED


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases of one actor. entity None = not said: any entity may be meant."""

    entity: EntityAddress | None
    actor: str
    items: tuple[UseCaseSupport, ...]


class RemoteDevice:
    """A peer's device as discovery and notifies described it so far."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.type: str | None = None
        self.entities: dict[EntityAddress, Entity] = {}
        self.use_cases: tuple[UseCases, ...] = ()
        self._found_at: dict[EntityAddress, float] = {}  # by reading, before any notify of it

    def feature(self, entity: EntityAddress, number_: int | None) -> Feature | None:
        """Return the feature at an address, None when unknown."""
        return feature_at(self.entities, entity, number_)

    def count_contents(self) -> int:
        """Return of how many functions data are kept."""
        return sum(
            len(feature.contents)
            for entity in self.entities.values()
            for feature in entity.features.values()
        )

    def learn(self, told: Discovered, now: float, *, partial: bool) -> list[TreeChange]:
        """Take a discovery message in. Returns which entities went and came, in that order.

        partial: only what is named changes; else the message is the whole tree. A message
        without the device itself is no whole tree, whatever it says.
        """
        is_first = not self.entities
        named = {each.address for each in told.entities}
        if DEVICE_INFORMATION in self.entities and DEVICE_INFORMATION not in named:
            partial = True
        self.address = told.device or self.address
        self.type = told.device_type or self.type
        changes = self._forget(told, now, partial=partial)
        added = self._add(told)
        self._set_features(told)
        if not partial and not is_first:
            self._found_at.update({each.address: now for each in added})
        return changes + [TreeChange(entity, Change.ADDED) for entity in added]

    def learn_use_cases(self, data: Item) -> None:
        """Take use case data in; it is always complete."""
        entries = parts(data, "useCaseInformation")[:MAX_USE_CASES]
        self.use_cases = tuple(_read_use_cases(each) for each in entries)

    def scenarios(self, name: str, entity: EntityAddress, actors: frozenset[str]) -> frozenset[int]:
        """Return the scenarios of a use case announced for an entity.

        Lenient as the field needs: the entity's parent speaks for it (a Porsche announces the
        car's use cases with the charger's address), and a missing address means any entity.
        """
        found: set[int] = set()
        for each in self.use_cases:
            if each.actor in actors and (each.entity is None or is_below(entity, each.entity)):
                found.update(
                    scenario
                    for support in each.items
                    if support.name == name and support.available
                    for scenario in support.scenarios
                )
        return frozenset(found)

    def _forget(self, told: Discovered, now: float, *, partial: bool) -> list[TreeChange]:
        """Drop entities that went, with their children; an entity added anew goes first too."""
        if partial:
            gone = {
                each.address
                for each in told.entities
                if each.change is Change.REMOVED
                or (each.change is Change.ADDED and self._is_anew(each.address, now))
            }
        else:
            named = {each.address for each in told.entities if each.change is not Change.REMOVED}
            gone = {address for address in self.entities if address not in named}
        lost = [
            address
            for address in self.entities
            if any(is_below(address, parent) for parent in gone)
        ]
        for address in lost:
            self._found_at.pop(address, None)
        return [TreeChange(self.entities.pop(address), Change.REMOVED) for address in lost]

    def _is_anew(self, address: EntityAddress, now: float) -> bool:
        """Whether an entity told as added is another one than the one we know there.

        The notify of what a read has just shown may come after it.
        """
        found_at = self._found_at.pop(address, None)
        return address in self.entities and (found_at is None or now - found_at > LATE_S)

    def _add(self, told: Discovered) -> list[Entity]:
        added = []
        for each in told.entities:
            known = self.entities.get(each.address)
            if known is not None:
                known.type = each.type or known.type
            elif each.change is not Change.REMOVED and len(self.entities) < MAX_ENTITIES:
                entity = Entity(each.address, each.type or "")
                self.entities[each.address] = entity
                added.append(entity)
        return added

    def _set_features(self, told: Discovered) -> None:
        """Add the features told; one we know keeps its data unless it became something else."""
        for feature in told.features:
            entity = self.entities.get(feature.address.entity)
            number_ = feature.address.feature
            if entity is None or number_ is None:
                continue
            known = entity.features.get(number_)
            if known is not None and (known.type, known.role) == (feature.type, feature.role):
                known.functions = feature.functions
                known.max_response_s = feature.max_response_s
            elif known is not None or len(entity.features) < MAX_FEATURES:
                entity.features[number_] = feature


def _read_use_cases(entry: Item) -> UseCases:
    address = numbers(part(entry, "address"), "entity") or None
    items = tuple(
        UseCaseSupport(
            name=name,
            scenarios=numbers(each, "scenarioSupport"),
            available=flag(each, "useCaseAvailable") is not False,
        )
        for each in parts(entry, "useCaseSupport")[:MAX_USE_CASES]
        if (name := text(each, "useCaseName"))
    )
    return UseCases(address, text(entry, "actor") or "", items)
