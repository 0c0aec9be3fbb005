"""The monitoring appliance: follows meters of any peer (MPC, MGCP). Sans I/O."""

from collections.abc import Sequence
from typing import Final

from eebus.events import Metered, MeterValues
from eebus.spine.addresses import EntityAddress
from eebus.spine.discovery import Change
from eebus.spine.local import Announcement
from eebus.spine.remote import TreeChange
from eebus.spine.tree import Entity, Feature
from eebus.usecases import names
from eebus.usecases.cem.needs import Need, ask_for
from eebus.usecases.conversation import Conversation, Follower
from eebus.usecases.monitoring.quantities import MGCP, MPC
from eebus.usecases.monitoring.reading import read_meter
from eebus.usecases.side import Reader

NEEDS: Final = (
    Need(names.ELECTRICAL, (names.CONNECTIONS, names.PARAMETERS)),
    Need(
        names.MEASUREMENT,
        (names.MEASUREMENT_DESCRIPTIONS, names.MEASUREMENT_CONSTRAINTS, names.MEASUREMENTS),
    ),
)
NEEDS_OF_GRID: Final = (
    *NEEDS,
    Need(names.CONFIGURATION, (names.SETTING_DESCRIPTIONS, names.SETTINGS)),
)
ACTORS: Final = {
    MPC: (names.MPC, frozenset({names.MONITORED_UNIT})),
    MGCP: (names.MGCP, frozenset({names.GRID_CONNECTION_ACTOR})),
}
TELLING: Final = frozenset({names.MEASUREMENTS, names.SETTINGS})


class MonitoringAppliance(Reader["MeterFollower"]):
    """The role of who reads meters."""

    def __init__(self, own: Entity) -> None:
        """Take the role on. own: our entity that asks."""
        super().__init__(lambda talk: MeterFollower(talk, own))
        self._own = own

    def announcements(self) -> Sequence[Announcement]:
        """Return that we read units and grid connection points."""
        place, actor = self._own.address, names.MONITORING_APPLIANCE
        return (
            Announcement(place, actor, names.MPC, (1, 2, 3, 4, 5), version="1.0.0"),
            Announcement(place, actor, names.MGCP, (1, 2, 3, 4, 5, 6, 7), version="1.0.0"),
        )

    def left(self, ski: str) -> None:
        """Tell that the meters of a peer are gone: the connection is over."""
        follower = self.followers.pop(ski, None)
        if follower is not None:
            follower.leave()


class MeterFollower(Follower):
    """The meters of one peer, for the life of one connection."""

    def __init__(self, talk: Conversation, own: Entity) -> None:
        """Follow a conversation. own: our entity that asks."""
        self._session = talk.session
        self._own = own
        self._ski = talk.ski
        self._emit = talk.owner.emit
        self.told: dict[EntityAddress, Metered] = {}

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:  # noqa: ARG002
        """Ask new meters; tell which went."""
        for each in changes:
            if each.change is Change.REMOVED:
                self._forget(each.entity.address)
        self._ask()

    def use_cases_changed(self, now: float) -> None:  # noqa: ARG002 - part of the protocol
        """Ask what turned out to be a meter; forget what is one no longer."""
        for address in list(self.told):
            if self._use_case(address) != self.told[address].use_case:
                self._forget(address)
        self._ask()

    def data_changed(self, feature: Feature, function: str, now: float) -> None:  # noqa: ARG002
        """Tell the values, also when they are what they were: the meter speaks."""
        address = feature.address.entity
        use_case = self._use_case(address)
        entity = self._session.remote.entities.get(address)
        if use_case is None or entity is None:
            return
        read = Metered(self._ski, address, use_case, read_meter(entity, use_case))
        is_news = read != self.told.get(address, _gone(read))
        if is_news or (function in TELLING and address in self.told):
            self.told[address] = read
            self._emit(read)

    def leave(self) -> None:
        """Forget all values: nobody can say what the meters read now."""
        for address in list(self.told):
            self._forget(address)

    def _ask(self) -> None:
        for entity in self._session.remote.entities.values():
            use_case = self._use_case(entity.address)
            if use_case is not None:
                needs = NEEDS_OF_GRID if use_case == MGCP else NEEDS
                ask_for(self._session, self._own, entity, needs)

    def _use_case(self, address: EntityAddress) -> str | None:
        """Return what kind of meter an entity is, None for none. A car's meter is EVCEM."""
        remote = self._session.remote
        entity = remote.entities.get(address)
        if entity is None or entity.type == names.EV or entity.server(names.MEASUREMENT) is None:
            return None
        if entity.type == names.GRID_CONNECTION_POINT:
            return MGCP
        for use_case, (name, actors) in ACTORS.items():
            if remote.scenarios(name, address, actors):
                return use_case
        return None

    def _forget(self, address: EntityAddress) -> None:
        known = self.told.pop(address, None)
        if known is not None:
            self._emit(_gone(known))


def _gone(read: Metered) -> Metered:
    return Metered(read.ski, read.entity, read.use_case, MeterValues())
