"""Building blocks of our own trees, and the heartbeats every local entity sends."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime

from eebus.spine.addresses import EntityAddress, FeatureAddress
from eebus.spine.heartbeat import next_beat
from eebus.spine.local import LocalDevice
from eebus.spine.tree import Entity, Feature, Operations, Role
from eebus.spine.values import Item
from eebus.usecases.names import DIAGNOSIS, HEARTBEAT


def server(
    entity: EntityAddress, number: int, type_: str, functions: Mapping[str, Operations]
) -> Feature:
    """Return a server feature of ours."""
    address = FeatureAddress(None, entity, number)
    return Feature(address, type_, Role.SERVER, dict(functions), f"{type_} Server")


def client(entity: EntityAddress, number: int, type_: str) -> Feature:
    """Return a client feature of ours."""
    address = FeatureAddress(None, entity, number)
    return Feature(address, type_, Role.CLIENT, {}, f"{type_} Client")


def entity_of(address: EntityAddress, type_: str, *features: Feature) -> Entity:
    """Return an entity of ours with its features in order."""
    return Entity(address, type_, {each.address.feature or 0: each for each in features})


def grow(entity: Entity, features: Sequence[Feature]) -> None:
    """Add features to an entity of ours; of a type it serves already, one is enough."""
    for each in features:
        if each.address.feature is not None and entity.server(each.type) is None:
            entity.features[each.address.feature] = each


def manufacturer(brand: str, model: str, serial: str) -> Item:
    """Return what we say of ourselves; empty texts are left out."""
    said = {"deviceName": model, "serialNumber": serial, "vendorName": brand, "brandName": brand}
    return {name: _plain(value) for name, value in said.items() if value}


def beat(local: LocalDevice, at: datetime, but: Container[str] = ()) -> None:
    """Let every heart of ours beat once. but: SKIs of peers that do not hear it."""
    for feature in local.servers(DIAGNOSIS):
        if HEARTBEAT in feature.functions:
            local.put(feature, HEARTBEAT, next_beat(feature.content(HEARTBEAT), at), but=but)


def _plain(said: str) -> str:
    """Keep out what replacement-style decoders of peers would rewrite (ship.md section 5)."""
    for sequence in ("[{", "},{", "}]", "[]"):
        said = said.replace(sequence, " ")
    return said
