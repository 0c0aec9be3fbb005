"""Detailed discovery: our tree as data, a peer's data as a tree (spine.md section 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from eebus.spine import durations
from eebus.spine.addresses import MAX_DEPTH, EntityAddress, FeatureAddress, entity_item
from eebus.spine.datagram import SPECIFICATION_VERSION
from eebus.spine.tree import Entity, Feature, Operations, Role
from eebus.spine.values import Item, Value, number, numbers, part, parts, text

MAX_ENTITIES: Final = 64
MAX_FEATURES: Final = 64  # per entity


class Change(StrEnum):
    """`lastStateChange` of an entity."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"


@dataclass(frozen=True, slots=True)
class Announced:
    """What one discovery message says of one entity."""

    address: EntityAddress
    type: str | None
    change: Change | None


@dataclass(frozen=True, slots=True)
class Discovered:
    """One discovery message, read."""

    device: str | None
    device_type: str | None
    entities: tuple[Announced, ...]
    features: tuple[Feature, ...]


def device_information(device: str, device_type: str) -> Item:
    """Return the description of a device, as discovery and destination lists carry it."""
    return {
        "deviceAddress": {"device": device},
        "deviceType": device_type,
        "networkFeatureSet": "smart",
    }


def write_tree(
    device: str, device_type: str, entities: Iterable[Entity], change: Change | None = None
) -> Item:
    """Return discovery data for these entities; a removed one goes without its features."""
    chosen = list(entities)
    data: Item = {
        "specificationVersionList": {"specificationVersion": [SPECIFICATION_VERSION]},
        "deviceInformation": {"description": device_information(device, device_type)},
        "entityInformation": [_write_entity(device, each, change) for each in chosen],
    }
    if change is not Change.REMOVED:
        data["featureInformation"] = [
            {"description": _write_feature(device, feature)}
            for entity in chosen
            for feature in entity.features.values()
        ]
    return data


def read_tree(data: Item) -> Discovered:
    """Return what a discovery message says; entries without an address are left out."""
    device = part(data, "deviceInformation", "description")
    entities = [part(each, "description") for each in parts(data, "entityInformation")]
    features = [part(each, "description") for each in parts(data, "featureInformation")]
    return Discovered(
        device=text(part(device, "deviceAddress"), "device"),
        device_type=text(device, "deviceType"),
        entities=tuple(filter(None, map(_read_entity, entities))),
        features=tuple(filter(None, map(_read_feature, features))),
    )


def _write_entity(device: str, entity: Entity, change: Change | None) -> Value:
    description: Item = {
        "entityAddress": entity_item(device, entity.address),
        "entityType": entity.type,
    }
    if change is not None:
        description["lastStateChange"] = change.value
    return {"description": description}


def _write_feature(device: str, feature: Feature) -> Item:
    description: Item = {
        "featureAddress": feature.address.on(device).item(),
        "featureType": feature.type,
        "role": feature.role.value,
    }
    if feature.functions:
        description["supportedFunction"] = [
            {"function": name, "possibleOperations": _write_operations(operations)}
            for name, operations in feature.functions.items()
        ]
    if feature.description is not None:
        description["description"] = feature.description
    return description


def _write_operations(operations: Operations) -> Item:
    possible: Item = {}
    if operations.read:
        possible["read"] = {}
    if operations.write:
        possible["write"] = {"partial": {}} if operations.write_partial else {}
    return possible


def _read_entity(description: Item) -> Announced | None:
    address = numbers(part(description, "entityAddress"), "entity")
    if not address or len(address) > MAX_DEPTH:
        return None
    word = text(description, "lastStateChange")
    change = Change(word) if word in set(Change) else None
    return Announced(address, text(description, "entityType"), change)


def _read_feature(description: Item) -> Feature | None:
    written = part(description, "featureAddress")
    address = FeatureAddress(None, numbers(written, "entity"), number(written, "feature"))
    type_, role = text(description, "featureType"), text(description, "role")
    if address.feature is None or type_ is None or role not in set(Role):
        return None
    functions = {
        name: _read_operations(part(each, "possibleOperations"))
        for each in parts(description, "supportedFunction")
        if (name := text(each, "function"))
    }
    said, delay = text(description, "description"), text(description, "maxResponseDelay")
    span = durations.parse(delay) if delay else None
    limit_s = None if span is None else span.total_seconds()
    return Feature(address, type_, Role(role), functions, said, max_response_s=limit_s)


def _read_operations(possible: Item) -> Operations:
    return Operations(
        read="read" in possible,
        write="write" in possible,
        write_partial="partial" in part(possible, "write"),
    )
