"""One CEM as the charger sees it: its heartbeat and its state (OPEV scenarios 2 and 3)."""

from collections.abc import Callable, Sequence

from eebus.events import DeviceState, HeartbeatChanged
from eebus.spine.discovery import Change
from eebus.spine.heartbeat import HeartbeatMonitor
from eebus.spine.local import LocalDevice
from eebus.spine.remote import TreeChange
from eebus.spine.session import Session
from eebus.spine.tree import Feature
from eebus.spine.values import text
from eebus.usecases import names
from eebus.usecases.owner import Owner


class CemFollower:
    """The charger's side towards one peer, for the life of one connection."""

    def __init__(
        self,
        local: LocalDevice,
        ski: str,
        send: Callable[[str], None],
        owner: Owner,
        heartbeat: HeartbeatMonitor,
    ) -> None:
        """Prepare; `session.start` begins.

        heartbeat: lives on when the connection is lost, for that is when it matters.
        """
        self.session = Session(local, ski, send, self)
        self._own = local.entities[names.MAIN_ENTITY]
        self._ski = ski
        self._emit = owner.emit
        self._known = owner.known
        self._heartbeat = heartbeat
        self._state: DeviceState | None = None
        heartbeat.renew()

    def discovered(self, now: float) -> None:  # noqa: ARG002 - part of the listener's protocol
        """Take note: the tree is known for the first time."""
        self._known(self._ski)

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:  # noqa: ARG002
        """Listen to the CEM's heart once we know where it is."""
        if any(each.change is Change.ADDED for each in changes):
            self._listen()

    def use_cases_changed(self, now: float) -> None:
        """Nothing depends on what the CEM announces: what counts is its heartbeat."""

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
