"""SPINE addresses: a device, an entity (a path of numbers), a feature (spine.md section 2)."""

import re
from dataclasses import dataclass, replace
from typing import Self

from eebus.spine.values import Item, Value, number, numbers, text

EntityAddress = tuple[int, ...]
DEVICE_INFORMATION: EntityAddress = (0,)
MAX_DEPTH = 8
MAX_DEVICE_CHARS = 256


@dataclass(frozen=True, slots=True)
class FeatureAddress:
    """Where a feature lives; device None = "this connection's peer".

    Entity (then empty) and feature can be missing too, in what careless devices send.
    """

    device: str | None
    entity: EntityAddress
    feature: int | None

    @classmethod
    def read(cls, item: Item) -> Self:
        """Return the address written in `item`; missing parts stay missing."""
        device = text(item, "device")
        if device is not None:
            device = device[:MAX_DEVICE_CHARS]
        return cls(device, numbers(item, "entity")[:MAX_DEPTH], number(item, "feature"))

    def item(self) -> Item:
        """Return the address as data."""
        written: Item = {}
        if self.device is not None:
            written["device"] = self.device
        if self.entity:
            written["entity"] = list(self.entity)
        if self.feature is not None:
            written["feature"] = self.feature
        return written

    def on(self, device: str | None) -> Self:
        """Return the address with the device filled in where it was missing."""
        return self if self.device is not None else replace(self, device=device)


NODE_MANAGEMENT = FeatureAddress(None, DEVICE_INFORMATION, 0)


def entity_item(device: str, entity: EntityAddress) -> Item:
    """Return an entity's address as data."""
    path: list[Value] = list(entity)
    return {"device": device, "entity": path}


def device_address(vendor: str, model: str, serial: str) -> str:
    """Return a device address without a registered number: `d:_n:<vendor>_<model>-<serial>`."""
    vendor, model, serial = (re.sub(r"[^\w.-]+", "", each) for each in (vendor, model, serial))
    return f"d:_n:{vendor}_{model}-{serial}"[:MAX_DEVICE_CHARS]


def is_below(entity: EntityAddress, parent: EntityAddress) -> bool:
    """Whether `entity` is `parent` or one of its descendants."""
    return entity[: len(parent)] == parent
