"""One conversation with one peer, and the parts of us that take an interest in it. Sans I/O."""

from collections.abc import Callable, Sequence
from typing import Protocol

from eebus.events import EntityChanged, UseCasesChanged, UseCaseSupport
from eebus.spine.addresses import EntityAddress
from eebus.spine.discovery import Change
from eebus.spine.local import LocalDevice
from eebus.spine.remote import TreeChange
from eebus.spine.session import Listener, Session
from eebus.spine.tree import Feature
from eebus.spine.values import number
from eebus.usecases import names
from eebus.usecases.owner import Owner


class Part(Listener, Protocol):
    """One role of ours towards one peer, for the life of one connection."""

    def tick(self, now: float) -> None:
        """Do what time asks for."""


class Follower:
    """A part that takes an interest in nothing; one that does says in what."""

    def tick(self, now: float) -> None:
        """Do what time asks for."""

    def discovered(self, now: float) -> None:
        """Take note: the peer's tree is known. Its entities are told next."""

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:
        """Take note: entities went and came."""

    def use_cases_changed(self, now: float) -> None:
        """Take note: the peer's use cases were told."""

    def data_changed(self, feature: Feature, function: str, now: float) -> None:
        """Take note: data of one of the peer's features was told."""


class Conversation:
    """A SPINE session and who follows it. Tells the owner of entities and use cases itself."""

    def __init__(
        self, local: LocalDevice, ski: str, send: Callable[[str], None], owner: Owner
    ) -> None:
        """Prepare; set `parts`, then `start`."""
        self.ski = ski
        self.owner = owner
        self.session = Session(local, ski, send, self)
        self.parts: Sequence[Part] = ()
        self.beat_at: float | None = None  # when a heartbeat of the peer came, of any entity
        self._beats: dict[EntityAddress, int] = {}
        self._use_cases: dict[tuple[EntityAddress, str], tuple[UseCaseSupport, ...]] = {}

    def start(self, now: float) -> None:
        """Ask for the peer's tree."""
        self.session.start(now)

    def tick(self, now: float) -> None:
        """Do what time asks for."""
        self.session.tick(now)
        for each in self.parts:
            each.tick(now)

    def discovered(self, now: float) -> None:
        """Say that the peer's tree is known."""
        self.owner.known(self.ski)
        for each in self.parts:
            each.discovered(now)

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:
        """Tell which entities came and went; first what it means, as owners of chargers know it."""
        for each in self.parts:
            each.tree_changed(changes, now)
        for change in changes:
            entity, added = change.entity, change.change is Change.ADDED
            self.owner.emit(EntityChanged(self.ski, entity.address, entity.type, added))

    def use_cases_changed(self, now: float) -> None:
        """Tell which use cases changed."""
        told = {
            (each.entity or (), each.actor): each.items for each in self.session.remote.use_cases
        }
        for key in {**self._use_cases, **told}:
            if told.get(key) != self._use_cases.get(key):
                self.owner.emit(UseCasesChanged(self.ski, key[0], key[1], told.get(key, ())))
        self._use_cases = told
        for each in self.parts:
            each.use_cases_changed(now)

    def data_changed(self, feature: Feature, function: str, now: float) -> None:
        """Pass on that data came."""
        if function == names.HEARTBEAT:
            self._note_beat(feature, now)
        for each in self.parts:
            each.data_changed(feature, function, now)

    def _note_beat(self, feature: Feature, now: float) -> None:
        """Count a heartbeat; a read that answers with the last one is no new one."""
        counter = number(feature.content(names.HEARTBEAT), "heartbeatCounter")
        entity = feature.address.entity
        if counter is not None and self._beats.get(entity) != counter:
            self._beats[entity] = counter
            self.beat_at = now
