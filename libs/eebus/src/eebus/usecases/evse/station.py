"""A charging station with at most one car: the reference's profile, strictly. Sans I/O."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from eebus.events import HeartbeatChanged, LimitsChanged, PerPhase
from eebus.spine.datagram import PARTIAL, cmd
from eebus.spine.heartbeat import HeartbeatMonitor
from eebus.spine.local import Announcement, Write
from eebus.spine.merging import apply
from eebus.spine.tree import READ, Entity
from eebus.spine.values import Item, number, parts
from eebus.usecases import names
from eebus.usecases.conversation import Conversation, Part
from eebus.usecases.device import client, entity_of, grow, server
from eebus.usecases.evse import car, limits, readings
from eebus.usecases.evse.follower import CemFollower
from eebus.usecases.evse.planning import Planning
from eebus.usecases.evse.profile import EvProfile
from eebus.usecases.limitation.system import (
    ControllableSystem,
    SystemProfile,
    system_features,
)
from eebus.usecases.monitoring.meter import Meter, meter_features
from eebus.usecases.monitoring.quantities import MPC
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

ENTITY: Final = names.MAIN_ENTITY
CAR: Final = (1, 1)
DEVICE_TYPE: Final = "ChargingStation"
MAX_PEERS: Final = 16  # whose heartbeat is remembered


class Station(Side):
    """The charger's side of SPINE and its use cases, for all its peers: one role, itself."""

    def __init__(
        self,
        address: str,
        manufacturer: Item,
        owner: Owner,
        *,
        controllable: SystemProfile | None = None,
        metered: bool = False,
    ) -> None:
        """Build our device. address: its SPINE device address, constant for life.

        controllable: offer LPC, LPP or both for the whole charger. metered: offer MPC.
        """
        super().__init__(address, DEVICE_TYPE, manufacturer, owner, lenient=False)
        self.ev: EvProfile | None = None
        self._emit = owner.emit
        self._hearts: dict[str, HeartbeatMonitor] = {}
        self._writer = ""  # who wrote limits last
        self._own = _evse_entity(manufacturer)
        self._car: Entity | None = None
        self.local.add_entity(self._own)
        self.planning = Planning(self.local, owner)
        self.add(_Charging(self))
        self.add(self.planning)
        self.meter: Meter | None = None
        if metered:
            grow(self._own, meter_features(ENTITY, 4, MPC))
            self.meter = Meter(self.local, self._own, MPC)
            self.add(self.meter)
        self.system: ControllableSystem | None = None
        if controllable is not None:
            grow(self._own, system_features(ENTITY, 6))
            self.system = ControllableSystem(self.local, self._own, controllable, owner)
            self.add(self.system)
        self.announce()

    def heart(self, ski: str) -> HeartbeatMonitor:
        """Return what watches a peer's heart; it outlives connections."""
        while len(self._hearts) >= MAX_PEERS and ski not in self._hearts:
            del self._hearts[next(iter(self._hearts))]
        return self._hearts.setdefault(ski, HeartbeatMonitor())

    def forget(self, ski: str) -> None:
        """Watch this peer's heart no longer: it is not trusted any more."""
        self._hearts.pop(ski, None)

    def look_for_stopped_hearts(self, now: float) -> None:
        """Tell of hearts that stopped, also of peers that are gone."""
        for ski, heart in self._hearts.items():
            if heart.is_newly_overdue(now):
                self._emit(HeartbeatChanged(ski, ok=False))

    def plug(self, ev: EvProfile) -> None:
        """Add the car with all its data ready. One that is plugged already leaves first."""
        self.unplug()
        self.ev, self._car = ev, car.build_entity(CAR, plans=ev.plans)
        self.planning.plugged(self._car, ev)
        for (feature_type, function), content in car.describe(ev).items():
            self._put(feature_type, function, content)
        self._put(names.LOAD_CONTROL, names.LIMITS, limits.initial(ev, {}))
        self._put(names.DIAGNOSIS, names.STATE, {"operatingState": "normalOperation"})
        self.local.add_entity(self._car)
        self.announce()

    def unplug(self) -> None:
        """Take the car away, with its limits, subscriptions and bindings. Nothing without car."""
        if self.ev is None:
            return
        kinds = car.limit_kinds(self.ev)
        self.ev = None
        self.planning.unplugged()
        self.announce()
        self.local.remove_entity(CAR)
        self._car = None
        for kind in kinds:
            self._emit(LimitsChanged(self._writer, kind, limits.NO_LIMITS))

    def update_ev(self, ev: EvProfile) -> None:
        """Say what changed of the plugged car: a new standard, range, phases, identity.

        Limits held stay. Raises ValueError when no car is plugged.
        """
        if self.ev is None or self._car is None:
            raise ValueError("no car is plugged that could change")
        held = limits.held(self.ev, self._content(names.LOAD_CONTROL, names.LIMITS))
        has_same_ids = (ev.phases, ev.soc_percent is None) == (
            self.ev.phases,
            self.ev.soc_percent is None,
        )
        self.ev = ev
        described = car.describe(ev)
        described[names.LOAD_CONTROL, names.LIMITS] = limits.initial(ev, held)
        if not has_same_ids:
            described[names.MEASUREMENT, names.MEASUREMENTS] = {}
        for (feature_type, function), content in described.items():
            if content != self._content(feature_type, function):
                self._put(feature_type, function, content)
        self.planning.updated(ev)
        self.announce()

    def measure(
        self,
        current_a: PerPhase,
        power_w: PerPhase,
        energy_wh: float | None,
        soc_percent: float | None,
        at: datetime,
    ) -> None:
        """Tell measurements, those that changed only. Without a car nothing is told."""
        if self.ev is None or self._car is None:
            return
        values = readings.values_by_id(self.ev, current_a, power_w, energy_wh, soc_percent)
        before = self._content(names.MEASUREMENT, names.MEASUREMENTS)
        part = readings.changed(before, readings.write(values, at))
        feature = self._car.server(names.MEASUREMENT)
        if part and feature is not None:
            after = apply(cmd(names.MEASUREMENTS, part, PARTIAL), before)
            self.local.put(feature, names.MEASUREMENTS, after, part)

    def set_ev_state(self, operating_state: str) -> None:
        """Tell the car's state: normalOperation, standby, finished, failure."""
        content: Item = {"operatingState": operating_state}
        if self.ev is not None and content != self._content(names.DIAGNOSIS, names.STATE):
            self._put(names.DIAGNOSIS, names.STATE, content)

    def set_evse_state(self, operating_state: str, error_code: str | None) -> None:
        """Tell the charger's own state (EVSECC 2)."""
        content: Item = {"operatingState": operating_state}
        if error_code is not None:
            content["lastErrorCode"] = error_code
        diagnosis = self._own.server(names.DIAGNOSIS)
        if diagnosis is not None and content != diagnosis.content(names.STATE):
            self.local.put(diagnosis, names.STATE, content)

    def held_limits(self) -> dict[str, PerPhase]:
        """Return the active limits by kind; empty without a car."""
        if self.ev is None:
            return {}
        return limits.held(self.ev, self._content(names.LOAD_CONTROL, names.LIMITS))

    def tell_limits(self, write: Write) -> None:
        """Tell the limits written, also when they are what they were."""
        if self.ev is None:
            return
        self._writer = write.ski
        for kind, values in limits.held(self.ev, write.content).items():
            ids = {car.limit_id(self.ev, kind, phase) for phase in range(self.ev.phases)}
            if ids & _written(write):
                self._emit(LimitsChanged(write.ski, kind, values))

    def _content(self, feature_type: str, function: str) -> Item:
        feature = self._car.server(feature_type) if self._car else None
        return feature.content(function) if feature else {}

    def _put(self, feature_type: str, function: str, content: Item) -> None:
        feature = self._car.server(feature_type) if self._car else None
        if feature is not None:
            self.local.put(feature, function, content)


class _Charging:
    """The role of a charger and its car; judges limits, follows CEMs."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def announcements(self) -> Sequence[Announcement]:
        ev = self._station.ev
        announced = [Announcement(ENTITY, names.EVSE, names.EVSECC, (1, 2))]
        return announced if ev is None else announced + _car_use_cases(ev)

    def owns(self, write: Write) -> bool:
        return write.feature.address.entity == CAR and write.feature.type == names.LOAD_CONTROL

    def accept(self, write: Write, now: float) -> None:  # noqa: ARG002 - the role's protocol
        """Refuse currents the car cannot be set to."""
        ev = self._station.ev
        if ev is not None and write.function == names.LIMITS:
            limits.check(ev, write.content, _written(write))

    def wrote(self, write: Write, now: float) -> None:  # noqa: ARG002
        if write.function == names.LIMITS:
            self._station.tell_limits(write)

    def part(self, talk: Conversation) -> Part:
        own = self._station.local.entities[ENTITY]
        return CemFollower(talk, own, self._station.heart(talk.ski))

    def left(self, ski: str) -> None:
        """Nothing to forget: hearts are watched beyond the connection."""

    def watch(self, now: float) -> None:
        self._station.look_for_stopped_hearts(now)


def _written(write: Write) -> set[int | None]:
    return {number(each, "limitId") for each in parts(write.written, limits.LIST)}


def _evse_entity(manufacturer: Item) -> Entity:
    classification = server(ENTITY, 1, names.CLASSIFICATION, {names.MANUFACTURER: READ})
    classification.contents[names.MANUFACTURER] = manufacturer
    diagnosis = server(ENTITY, 2, names.DIAGNOSIS, {names.STATE: READ, names.HEARTBEAT: READ})
    diagnosis.contents[names.STATE] = {"operatingState": "normalOperation"}
    return entity_of(
        ENTITY, names.EVSE, classification, diagnosis, client(ENTITY, 3, names.DIAGNOSIS)
    )


def _car_use_cases(ev: EvProfile) -> list[Announcement]:
    announced = [
        Announcement(CAR, names.EV, names.EVCC, (1, 2, 3, 4, 5, 6, 7, 8)),
        Announcement(CAR, names.EV, names.EVCEM, (1, 2, 3)),
        Announcement(CAR, names.EV, names.OPEV, (1, 2, 3)),
    ]
    if ev.is_iso15118:
        announced.append(Announcement(CAR, names.EV, names.OSCEV, (1, 2, 3)))
    if ev.soc_percent is not None:
        announced.append(
            Announcement(CAR, names.EV, names.EVSOC, (1,), version="1.0.0", revision="RC1")
        )
    return announced
