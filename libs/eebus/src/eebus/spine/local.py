"""Our own device: its tree and data, its use cases, and who is told when they change."""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from eebus.spine.addresses import DEVICE_INFORMATION, EntityAddress, FeatureAddress
from eebus.spine.datagram import PARTIAL, Cmd, cmd
from eebus.spine.discovery import Change, write_tree
from eebus.spine.links import Links
from eebus.spine.tree import CALL, READ, Entity, Feature, Operations, Role, feature_at
from eebus.spine.values import Item, Value

DISCOVERY: Final = "nodeManagementDetailedDiscoveryData"
USE_CASES: Final = "nodeManagementUseCaseData"
DESTINATIONS: Final = "nodeManagementDestinationListData"
SUBSCRIPTIONS: Final = "nodeManagementSubscriptionData"
BINDINGS: Final = "nodeManagementBindingData"
SUBSCRIBE: Final = "nodeManagementSubscriptionRequestCall"
UNSUBSCRIBE: Final = "nodeManagementSubscriptionDeleteCall"
BIND: Final = "nodeManagementBindingRequestCall"
UNBIND: Final = "nodeManagementBindingDeleteCall"
MANUFACTURER: Final = "deviceClassificationManufacturerData"

_MANAGEMENT: Final[dict[str, Operations]] = {
    SUBSCRIPTIONS: READ,
    SUBSCRIBE: CALL,
    UNSUBSCRIBE: CALL,
    BINDINGS: READ,
    BIND: CALL,
    UNBIND: CALL,
    DESTINATIONS: READ,
    DISCOVERY: READ,
    USE_CASES: READ,
}


@dataclass(frozen=True, slots=True)
class Write:
    """A peer wants to change one of our functions."""

    ski: str
    feature: Feature
    function: str
    content: Item  # what the function's data would become
    written: Item  # what the peer wrote


@dataclass(frozen=True, slots=True)
class Announcement:
    """A use case we offer for one entity and actor."""

    entity: EntityAddress
    actor: str
    name: str
    scenarios: tuple[int, ...]
    version: str = "1.0.1"
    revision: str = "release"


class Audience(Protocol):
    """A session that can tell its peer of our changes."""

    def notify(self, client: FeatureAddress, feature: Feature, command: Cmd) -> None:
        """Send a notify of our feature to the peer's client feature."""


class LocalDevice:
    """Our side of SPINE, shared by the sessions with all peers."""

    def __init__(
        self,
        address: str,
        type_: str,
        manufacturer: Item,
        *,
        accept_write: Callable[[Write], None],
        lenient: bool = True,
    ) -> None:
        """Start with entity [0] only.

        accept_write: called before a write is stored; raises RefusedError to refuse it.
        `wrote`, to be set, is called when a write is stored and told.
        lenient: repeated subscriptions are fine, and a write of the whole list may leave out
        what it does not change; False plays the strict reference.
        """
        self.is_lenient = lenient
        self.address = address
        self.type = type_
        self.entities: dict[EntityAddress, Entity] = {}
        self.subscriptions = Links(exclusive=False, lenient=lenient)
        self.bindings = Links(exclusive=True, lenient=lenient)
        self.sessions: dict[str, Audience] = {}
        self.accept_write = accept_write
        self.wrote: Callable[[Write], None] = lambda _: None
        self._use_cases: list[Announcement] = []
        self.management = self._add_device_information(manufacturer)

    def feature(self, address: FeatureAddress) -> Feature | None:
        """Return our feature at an address, None when there is none."""
        return feature_at(self.entities, address.entity, address.feature)

    def add_entity(self, entity: Entity) -> None:
        """Add an entity with all its features, and tell who listens."""
        self.entities[entity.address] = entity
        self._tell_tree(entity, Change.ADDED)

    def remove_entity(self, address: EntityAddress) -> None:
        """Remove an entity, forget who listened to it, and tell. Nothing when it is not there."""
        entity = self.entities.pop(address, None)
        if entity is not None:
            self.subscriptions.drop_server(address)
            self.bindings.drop_server(address)
            self._tell_tree(entity, Change.REMOVED)

    def announce(self, use_cases: list[Announcement]) -> None:
        """Replace our use cases, and tell when they changed."""
        if use_cases != self._use_cases:
            self._use_cases = list(use_cases)
            self._tell(self.management, cmd(USE_CASES, self.use_case_data()))

    def put(
        self,
        feature: Feature,
        function: str,
        content: Item,
        part: Item | None = None,
        *,
        but: Container[str] = (),
    ) -> None:
        """Store new data of a function and tell who listens.

        part: the changed items alone; then the notify is partial. but: SKIs that are not told.
        """
        feature.contents[function] = content
        told = cmd(function, content) if part is None else cmd(function, part, PARTIAL)
        self._tell(feature, told, but)

    def use_case_data(self) -> Item:
        """Return our use cases as data: one entry per entity and actor, always all of them."""
        entries: dict[tuple[EntityAddress, str], list[Value]] = {}
        for each in self._use_cases:
            entries.setdefault((each.entity, each.actor), []).append(_support(each))
        return {
            "useCaseInformation": [
                {
                    "address": {"device": self.address, "entity": list(entity)},
                    "actor": actor,
                    "useCaseSupport": support,
                }
                for (entity, actor), support in entries.items()
            ]
        }

    def discovery_data(self) -> Item:
        """Return our whole tree as data."""
        return write_tree(self.address, self.type, self.entities.values())

    def servers(self, type_: str) -> Iterator[Feature]:
        """Yield our server features of a type, over all entities."""
        for entity in self.entities.values():
            feature = entity.server(type_)
            if feature is not None:
                yield feature

    def _add_device_information(self, manufacturer: Item) -> Feature:
        management = Feature(
            FeatureAddress(None, DEVICE_INFORMATION, 0), "NodeManagement", Role.SPECIAL, _MANAGEMENT
        )
        classification = Feature(
            FeatureAddress(None, DEVICE_INFORMATION, 1),
            "DeviceClassification",
            Role.SERVER,
            {MANUFACTURER: READ},
            contents={MANUFACTURER: manufacturer},
        )
        self.entities[DEVICE_INFORMATION] = Entity(
            DEVICE_INFORMATION, "DeviceInformation", {0: management, 1: classification}
        )
        return management

    def _tell_tree(self, entity: Entity, change: Change) -> None:
        data = write_tree(self.address, self.type, [entity], change)
        self._tell(self.management, cmd(DISCOVERY, data, PARTIAL))

    def _tell(self, feature: Feature, command: Cmd, but: Container[str] = ()) -> None:
        for link in list(self.subscriptions.to(feature.address)):
            session = self.sessions.get(link.ski)
            if session is not None and link.ski not in but:
                session.notify(link.client, feature, command)


def _support(announcement: Announcement) -> Item:
    return {
        "useCaseName": announcement.name,
        "useCaseVersion": announcement.version,
        "useCaseAvailable": True,
        "scenarioSupport": list(announcement.scenarios),
        "useCaseDocumentSubRevision": announcement.revision,
    }
