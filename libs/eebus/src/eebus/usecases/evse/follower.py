"""One CEM as the charger sees it: its heartbeat and its state (OPEV scenarios 2 and 3)."""

from collections.abc import Sequence

from eebus.events import DeviceState, HeartbeatChanged
from eebus.spine.discovery import Change
from eebus.spine.heartbeat import HeartbeatMonitor
from eebus.spine.remote import TreeChange
from eebus.spine.tree import Entity, Feature
from eebus.spine.values import text
from eebus.usecases import names
from eebus.usecases.conversation import Conversation, Follower


class CemFollower(Follower):
    """The charger's side towards one peer, for the life of one connection."""

    def __init__(self, talk: Conversation, own: Entity, heartbeat: HeartbeatMonitor) -> None:
        """Follow a conversation. own: our entity that listens.

        heartbeat: lives on when the connection is lost, for that is when it matters.
        """
        self.session = talk.session
        self._own = own
        self._ski = talk.ski
        self._emit = talk.owner.emit
        self._heartbeat = heartbeat
        self._state: DeviceState | None = None
        heartbeat.renew()

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:  # noqa: ARG002
        """Listen to the CEM's heart once we know where it is."""
        if any(each.change is Change.ADDED for each in changes):
            self._listen()

    def data_changed(self, feature: Feature, function: str, now: float) -> None:
        """Tell what a heartbeat or a state means."""
        if function == names.HEARTBEAT:
            if self._heartbeat.arrived(feature.content(function), now):
                self._emit(HeartbeatChanged(self._ski, ok=True))
        elif function == names.STATE:
            told = feature.content(function)
            state = DeviceState(
                self._ski, text(told, "operatingState"), text(told, "lastErrorCode")
            )
            if state != self._state:
                self._state = state
                self._emit(state)

    def _listen(self) -> None:
        hearts = [
            (entity.type != names.CEM, feature)
            for entity in self.session.remote.entities.values()
            if (feature := entity.server(names.DIAGNOSIS)) and names.HEARTBEAT in feature.functions
        ]
        client = self._own.client(names.DIAGNOSIS)
        if not hearts or client is None:
            return
        _, heart = min(hearts, key=lambda each: each[0])  # a CEM's own, else any
        self.session.subscribe(client, heart)
        self.session.read(client, heart, names.HEARTBEAT)
        self.session.read(client, heart, names.STATE)
