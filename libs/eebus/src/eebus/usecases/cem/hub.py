"""All chargers of one CEM: our own device, and a follower per connected peer. Sans I/O."""

from collections.abc import Sequence
from typing import Final

from eebus.events import Ev, Measured, Metered, PerPhase
from eebus.spine.local import Announcement
from eebus.spine.tree import READ, Entity
from eebus.spine.values import Item
from eebus.usecases import names
from eebus.usecases.cem.broker import FEATURES as PLANNING
from eebus.usecases.cem.broker import EnergyBroker
from eebus.usecases.cem.follower import ChargerFollower
from eebus.usecases.device import client, entity_of, server
from eebus.usecases.limitation.guard import EnergyGuard, guard_entity
from eebus.usecases.limitation.system import (
    ControllableSystem,
    SystemProfile,
    system_features,
)
from eebus.usecases.monitoring.appliance import MonitoringAppliance
from eebus.usecases.owner import Owner
from eebus.usecases.side import Reader, Side
from eebus.usecases.writing import Done, unsent

SYSTEM: Final = (2,)  # the entity that a control box limits
GUARD: Final = (3,)  # the entity that limits appliances
DEVICE_TYPE: Final = "EnergyManagementSystem"
# Another energy manager obeys its own control box: told "no limit" by us, it would forget that.
MANAGERS: Final = frozenset({names.CEM})
CLIENTS: Final = (
    names.CLASSIFICATION,
    names.DIAGNOSIS,
    names.CONFIGURATION,
    names.IDENTIFICATION,
    names.ELECTRICAL,
    names.MEASUREMENT,
    names.LOAD_CONTROL,
)
USE_CASES: Final = [
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVSECC, (1, 2)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVCC, (1, 2, 3, 4, 5, 6, 7, 8)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVCEM, (1, 2, 3)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVSOC, (1,), version="1.0.0", revision="RC1"),
    Announcement(names.MAIN_ENTITY, names.CEM, names.OPEV, (1, 2, 3)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.OSCEV, (1, 2, 3)),
]


class Chargers(Reader[ChargerFollower]):
    """The role of an energy manager towards chargers."""

    def __init__(self, own: Entity) -> None:
        """Take the role on. own: our entity that asks and writes."""
        super().__init__(lambda talk: ChargerFollower(talk, own))

    def announcements(self) -> Sequence[Announcement]:
        """Return the e-mobility use cases."""
        return USE_CASES


class CemHub(Side):
    """The CEM's side of SPINE and its use cases, for all its peers."""

    def __init__(  # noqa: PLR0913 - all of them are needed, and named
        self,
        address: str,
        manufacturer: Item,
        owner: Owner,
        controllable: SystemProfile | None = None,
        *,
        guards: bool = False,
        plans: bool = False,
    ) -> None:
        """Build our device. address: its SPINE device address, constant for life.

        controllable: what an energy guard may limit, at an entity of its own; None = nothing.
        guards: whether we limit appliances ourselves, at another one (LPC, LPP).
        plans: whether we plan charging with cars (CEVC): then they wait for our curves.
        """
        super().__init__(address, DEVICE_TYPE, manufacturer, owner)
        self.system: ControllableSystem | None = None
        self._own = _cem_entity()
        self._chargers = Chargers(self._own)
        self.local.add_entity(self._own)
        self._monitoring = MonitoringAppliance(self._own)
        self.add(self._chargers)
        self.add(self._monitoring)
        if controllable is not None:
            entity = _system_entity()
            self.local.add_entity(entity)
            self.system = ControllableSystem(self.local, entity, controllable, owner)
            self.add(self.system)
        self.broker: EnergyBroker | None = None
        if plans:
            for number, type_ in enumerate(PLANNING, len(CLIENTS) + 2):
                self._own.features[number] = client(names.MAIN_ENTITY, number, type_)
            self.broker = EnergyBroker(self._own)
            self.add(self.broker)
        self.guard: EnergyGuard | None = None
        if guards:
            guard = guard_entity(GUARD)
            self.local.add_entity(guard)
            self.guard = EnergyGuard(guard, spared=MANAGERS)
            self.add(self.guard)
        self.announce()

    def set_failure(self, *, failed: bool) -> None:
        """Tell chargers whether we work: they go to their own safe current if not (OPEV 3)."""
        state = "failure" if failed else "normalOperation"
        for diagnosis in self.local.servers(names.DIAGNOSIS):  # some listen to the wrong entity
            self.local.put(diagnosis, names.STATE, {"operatingState": state})

    def ev(self, ski: str) -> Ev | None:
        """Return the car, None when none is plugged or the charger is not connected."""
        follower = self._chargers.followers.get(ski)
        return follower.ev if follower else None

    def measured(self, ski: str) -> Measured | None:
        """Return the newest measurements, None when there are none."""
        follower = self._chargers.followers.get(ski)
        return follower.measured if follower else None

    def metered(self, ski: str) -> tuple[Metered, ...]:
        """Return what the meters of a peer last told, empty when there are none."""
        follower = self._monitoring.followers.get(ski)
        return tuple(follower.told.values()) if follower else ()

    def limits(self, ski: str, kind: str) -> PerPhase | None:
        """Return the limits the charger last told, A; None = unknown."""
        follower = self._chargers.followers.get(ski)
        return follower.limits.get(kind) if follower else None

    def write_limit(self, ski: str, values_a: PerPhase, kind: str, now: float, done: Done) -> None:
        """Write limits; `done` is called exactly once, within about 10 s."""
        follower = self._chargers.followers.get(ski)
        if follower is None:
            done(unsent("not connected"))
        elif kind not in names.LIMIT_KINDS:
            done(unsent(f"no limits {kind!r}"))
        else:
            follower.write_limit(values_a, kind, now, done)


def _cem_entity() -> Entity:
    clients = [client(names.MAIN_ENTITY, number, type_) for number, type_ in enumerate(CLIENTS, 1)]
    diagnosis = server(
        names.MAIN_ENTITY,
        len(CLIENTS) + 1,
        names.DIAGNOSIS,
        {names.STATE: READ, names.HEARTBEAT: READ},
    )
    diagnosis.contents[names.STATE] = {"operatingState": "normalOperation"}
    return entity_of(names.MAIN_ENTITY, names.CEM, *clients, diagnosis)


def _system_entity() -> Entity:
    diagnosis = server(SYSTEM, 1, names.DIAGNOSIS, {names.STATE: READ, names.HEARTBEAT: READ})
    diagnosis.contents[names.STATE] = {"operatingState": "normalOperation"}
    features = system_features(SYSTEM, 3)
    return entity_of(SYSTEM, names.CEM, diagnosis, client(SYSTEM, 2, names.DIAGNOSIS), *features)
