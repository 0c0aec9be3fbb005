"""The tree of a device: entities, features, what each function allows (ours or a peer's)."""

from dataclasses import dataclass, field
from enum import StrEnum

from eebus.spine.addresses import EntityAddress, FeatureAddress
from eebus.spine.values import Item


class Role(StrEnum):
    """Which side of a feature someone plays."""

    CLIENT = "client"
    SERVER = "server"
    SPECIAL = "special"  # NodeManagement: both


@dataclass(frozen=True, slots=True)
class Operations:
    """What a function allows its clients (`possibleOperations`).

    is_shared: a list of which a client owns some items and we the others; a write without filter
    then means the items it names. Whose they are is for the role to judge. Ours only, never told.
    """

    read: bool = True
    write: bool = False
    write_partial: bool = False
    is_shared: bool = False


READ = Operations()
READ_WRITE = Operations(write=True, write_partial=True)
SHARED = Operations(write=True, is_shared=True)
SHARED_IN_PART = Operations(write=True, write_partial=True, is_shared=True)
CALL = Operations(read=False)


@dataclass(slots=True, eq=False)
class Feature:
    """A feature with its data: own ones, or the last known of a peer's.

    max_response_s: how long a peer's may take for an answer, None = the usual 10 s.
    """

    address: FeatureAddress
    type: str
    role: Role
    functions: dict[str, Operations] = field(default_factory=dict)
    description: str | None = None
    contents: dict[str, Item] = field(default_factory=dict)
    max_response_s: float | None = None

    def content(self, function: str) -> Item:
        """Return the data of a function, empty when nothing is known."""
        return self.contents.get(function, {})

    @property
    def is_server(self) -> bool:
        """Whether it holds data others may read."""
        return self.role is not Role.CLIENT


@dataclass(slots=True, eq=False)
class Entity:
    """A part of a device that plays a role of its own: a CEM, a charger, a car."""

    address: EntityAddress
    type: str
    features: dict[int, Feature] = field(default_factory=dict)

    def server(self, type_: str) -> Feature | None:
        """Return the first server feature of this type, looked up and never assumed."""
        return self._first(type_, Role.SERVER)

    def client(self, type_: str) -> Feature | None:
        """Return the first client feature of this type."""
        return self._first(type_, Role.CLIENT)

    def _first(self, type_: str, role: Role) -> Feature | None:
        return next(
            (each for each in self.features.values() if each.type == type_ and each.role is role),
            None,
        )


def feature_at(
    entities: dict[EntityAddress, Entity], entity: EntityAddress, number: int | None
) -> Feature | None:
    """Return the feature at an address, None when there is no such entity or feature."""
    found = entities.get(entity)
    return found.features.get(number) if found and number is not None else None
