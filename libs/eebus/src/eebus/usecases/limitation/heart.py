"""A possible energy guard as a controllable system sees it: its heart. Sans I/O."""

from collections.abc import Callable, Sequence
from typing import Final

from eebus.spine.addresses import EntityAddress
from eebus.spine.remote import TreeChange
from eebus.spine.tree import Entity, Feature
from eebus.spine.values import number
from eebus.usecases import names
from eebus.usecases.conversation import Conversation, Follower

GUARDS: Final = frozenset({names.ENERGY_GUARD, names.GRID_GUARD, names.CEM})  # as boxes call it


class GuardFollower(Follower):
    """Listens to the hearts of one peer's guards, for the life of one connection."""

    def __init__(
        self,
        talk: Conversation,
        own: Entity,
        bound: Callable[[str], EntityAddress | None],
        heard: Callable[[str, float], None],
    ) -> None:
        """Follow a conversation.

        own: our entity that listens. bound: returns which entity of a peer bound our limits.
        heard: told of heartbeats of that entity, or of any where it has none.
        """
        self._session = talk.session
        self._ski = talk.ski
        self._own = own
        self._bound = bound
        self._heard = heard
        self._beats: dict[EntityAddress, tuple[int, float]] = {}

    def tick(self, now: float) -> None:
        """Listen to who has bound meanwhile."""
        self._listen()
        self._session.flush(now)

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:  # noqa: ARG002
        """Listen to new guards."""
        self._listen()

    def use_cases_changed(self, now: float) -> None:  # noqa: ARG002 - part of the protocol
        """Listen to what turned out to be a guard."""
        self._listen()

    def data_changed(self, feature: Feature, function: str, now: float) -> None:
        """Count a heartbeat; one seen before is no new one."""
        if function != names.HEARTBEAT:
            return
        counter = number(feature.content(function), "heartbeatCounter")
        entity = feature.address.entity
        known = self._beats.get(entity)
        if counter is not None and (known is None or known[0] != counter):
            self._beats[entity] = (counter, now)
            self.retell()

    def retell(self) -> None:
        """Tell the newest heartbeat that counts; that of a peer that is no guard does not."""
        entity = self._bound(self._ski)
        if entity is None or self.is_stranger():
            return
        beats = [self._beats[entity]] if entity in self._beats else []
        if not beats and self._heart(entity) is None:
            beats = list(self._beats.values())
        if beats:
            self._heard(self._ski, max(at for _, at in beats))

    def is_stranger(self) -> bool:
        """Whether the peer that bound our limits says what it is, and that is no guard."""
        entity = self._bound(self._ski)
        knows = bool(self._session.remote.use_cases)
        return knows and entity is not None and not self._is_guard(entity)

    def is_guard(self) -> bool:
        """Whether the peer bound our limits, and says that it is a guard."""
        entity = self._bound(self._ski)
        return entity is not None and self._is_guard(entity)

    def _listen(self) -> None:
        client = self._own.client(names.DIAGNOSIS)
        if client is None:
            return
        bound = self._bound(self._ski)
        for address in self._session.remote.entities:
            heart = self._heart(address)
            if heart is not None and (address == bound or self._is_guard(address)):
                self._session.subscribe(client, heart)
                self._session.read(client, heart, names.HEARTBEAT)

    def _heart(self, address: EntityAddress) -> Feature | None:
        entity = self._session.remote.entities.get(address)
        feature = entity.server(names.DIAGNOSIS) if entity is not None else None
        return feature if feature is not None and names.HEARTBEAT in feature.functions else None

    def _is_guard(self, address: EntityAddress) -> bool:
        remote = self._session.remote
        entity = remote.entities.get(address)
        if entity is not None and entity.type == names.GRID_GUARD:
            return True
        return any(remote.scenarios(name, address, GUARDS) for name in (names.LPC, names.LPP))
