"""One charger as the CEM sees it: follows its tree and data, tells what changed, writes limits."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from eebus.events import (
    DeviceDescribed,
    DeviceState,
    Ev,
    EvChanged,
    HeartbeatChanged,
    LimitsChanged,
    Measured,
    PerPhase,
    WriteResult,
)
from eebus.quirks import quirks_of
from eebus.spine.addresses import DEVICE_INFORMATION
from eebus.spine.discovery import Change
from eebus.spine.errors import ErrorNumber
from eebus.spine.heartbeat import HeartbeatMonitor
from eebus.spine.remote import TreeChange
from eebus.spine.session import Answer
from eebus.spine.tree import Entity, Feature
from eebus.spine.values import text
from eebus.usecases import names
from eebus.usecases.cem import opev
from eebus.usecases.cem.evcc import communication, read_ev
from eebus.usecases.cem.evcem import read_measured
from eebus.usecases.cem.join import MAX_A, content
from eebus.usecases.cem.needs import ask
from eebus.usecases.cem.presence import CarPresence
from eebus.usecases.conversation import Conversation, Follower
from eebus.usecases.writing import Done, result_of, unsent, write_bound

ASK_AGAIN_S: Final = 15.0  # a car without usable limits is asked once more
# how a charger says that it knows of no binding; the reference says "general error"
UNBOUND: Final = frozenset({ErrorNumber.BINDING_REQUIRED, ErrorNumber.GENERAL_ERROR})
CAR_ACTORS: Final = frozenset({names.EV})
NOTHING: Final[PerPhase] = (None, None, None)


class ChargerFollower(Follower):
    """The CEM's side towards one peer, for the life of one connection."""

    def __init__(self, talk: Conversation, own: Entity) -> None:
        """Follow a conversation. own: our entity that asks and writes."""
        self.session = talk.session
        self.ev: Ev | None = None
        self.measured: Measured | None = None
        self.limits: dict[str, PerPhase] = {}
        self._own = own
        self._ski = talk.ski
        self._emit = talk.owner.emit
        self._described: DeviceDescribed | None = None
        self._state: DeviceState | None = None
        self._heartbeat = HeartbeatMonitor()
        self._is_ev_told = False
        self._presence = CarPresence()
        self._nothing = Measured(talk.ski, NOTHING, NOTHING, None)
        self._asked_at = 0.0
        self._written: dict[str, opev.Values] = {}  # per kind, the last write: is it held?

    def tick(self, now: float) -> None:
        """Do what time asks for; the session's own clock is turned before."""
        if self._heartbeat.is_newly_overdue(now):
            self._emit(HeartbeatChanged(self._ski, ok=False))
        car = self._car()
        if car is None:
            return
        if self._presence.is_newly_gone(now):
            self._update_car()
        elif self.ev is not None and not self.ev.has_opev and now - self._asked_at >= ASK_AGAIN_S:
            self._asked_at = now
            ask(self.session, self._own, car, again=True)
            self.session.flush(now)

    def write_limit(self, values_a: PerPhase, kind: str, now: float, done: Done) -> None:
        """Write limits, A per conductor; `done` is called exactly once."""
        car = self._car()
        server = car.server(names.LOAD_CONTROL) if car else None
        client = self._own.client(names.LOAD_CONTROL)
        if car is None or server is None or client is None:
            done(unsent("no car whose limits could be written"))
            return
        if not all(value is None or abs(value) <= MAX_A for value in values_a):  # nor NaN
            done(unsent(f"a limit must be a number of amperes up to {MAX_A:.0f}"))
            return
        may_pause = communication(car) is not None or self._presence.is_settled(now)
        plan = opev.plan_write(car, values_a, kind, may_pause=may_pause)
        if plan.command is None:
            done(unsent(f"the car has no changeable {kind} limits yet"))
            return
        self._written[kind] = plan.values

        def answered(answer: Answer) -> None:
            if answer.error_number in UNBOUND:
                self.session.bind(client, server, again=True)
            result = result_of(answer)
            done(_deferred(result) if plan.is_deferred and result.ok else result)
            if answer.error_number in {0, None} and not opev.holds(car, kind, plan.values):
                checked = partial(self._checked, kind, plan.values)
                self.session.read(client, server, names.LIMITS, again=True, done=checked)

        write_bound(self.session, (client, server), plan.command, now, answered)

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:
        """Ask what we need of new entities; forget a car that left."""
        for each in changes:
            if each.entity.type == names.EV:
                if each.change is Change.ADDED:
                    self._presence.plugged(now)
                    self._asked_at = now
                else:
                    self._tell_car(None)  # also when the next car comes with the same message
        self._ask_all()
        self._update_charger()
        self._update_car()

    def use_cases_changed(self, now: float) -> None:
        """Look again at what the car supports."""
        told = self.session.remote.use_cases
        has_cars = any(each.actor == names.EV and each.items for each in told)
        self._presence.use_cases_told(has_cars=has_cars, now=now)
        self._update_car()

    def data_changed(self, feature: Feature, function: str, now: float) -> None:
        """Tell what new data mean."""
        entity = self.session.remote.entities.get(feature.address.entity)
        if function == names.HEARTBEAT:
            if self._heartbeat.arrived(feature.content(function), now):
                self._emit(HeartbeatChanged(self._ski, ok=True))
        elif entity is None or entity.type != names.EV:
            self._update_charger()
        elif function == names.MEASUREMENTS:
            self._update_measured(entity)
        elif function == names.LIMITS:
            self._update_limits(entity)
        else:
            self._update_car()

    def _checked(self, kind: str, written: opev.Values, was_answered: bool) -> None:  # noqa: FBT001
        """Tell what the charger holds after a write if that is not what it accepted.

        Told even when it is what it was: a charger that says yes and goes on as before must be
        seen. Without an answer nobody knows what it holds.
        """
        car = self._car()
        if car is None or self._written.get(kind) != written:
            return  # another car, or another write that has its own look
        if not was_answered:
            self.limits.pop(kind, None)
        elif kind in self.limits and not opev.holds(car, kind, written):
            self._emit(LimitsChanged(self._ski, kind, self.limits[kind]))

    def _car(self) -> Entity | None:
        return None if self._presence.is_gone else self._entity(names.EV)

    def _entity(self, type_: str) -> Entity | None:
        entities = self.session.remote.entities.values()
        return next((each for each in entities if each.type == type_), None)

    def _ask_all(self) -> None:
        for entity in self.session.remote.entities.values():
            ask(self.session, self._own, entity)
        charger = self._entity(names.EVSE)
        information = self.session.remote.entities.get(DEVICE_INFORMATION)
        if charger is None or information is None or charger.server(names.CLASSIFICATION):
            return
        server = information.server(names.CLASSIFICATION)
        client = self._own.client(names.CLASSIFICATION)
        if server is not None and client is not None:
            self.session.read(client, server, names.MANUFACTURER)

    def _update_charger(self) -> None:
        charger = self._entity(names.EVSE)
        if charger is None:
            return
        described = self._description(charger)
        if described is not None and described != self._described:
            self._described = described
            self._emit(described)
        told = content(charger, names.DIAGNOSIS, names.STATE)
        state = DeviceState(self._ski, text(told, "operatingState"), text(told, "lastErrorCode"))
        if told and state != self._state:
            self._state = state
            self._emit(state)

    def _description(self, charger: Entity) -> DeviceDescribed | None:
        """Return what the charger says of itself, None while the answer is on its way."""
        information = self.session.remote.entities.get(DEVICE_INFORMATION, charger)
        told = content(charger, names.CLASSIFICATION, names.MANUFACTURER)
        told = told or content(information, names.CLASSIFICATION, names.MANUFACTURER)
        is_offered = any(each.server(names.CLASSIFICATION) for each in (charger, information))
        if not told and is_offered:
            return None
        brand = text(told, "brandName") or text(told, "vendorName")
        model = text(told, "deviceName") or text(told, "deviceCode")
        quirks = quirks_of(brand, model, self.session.remote.address)
        return DeviceDescribed(
            self._ski,
            brand=brand,
            model=model,
            serial=text(told, "serialNumber"),
            software=text(told, "softwareRevision"),
            device_type=self.session.remote.type,
            quirks=tuple(each.value for each in quirks),
        )

    def _update_car(self) -> None:
        """Look at the whole car; tell it when anything is new, also that there is none."""
        car = self._car()
        if car is not None and self._presence.is_in_doubt:
            return
        self._tell_car(None if car is None else self._read(car))
        if car is not None:
            self._update_limits(car)
            self._update_measured(car)

    def _tell_car(self, ev: Ev | None) -> None:
        if ev is None:
            self.measured = None
            self.limits.clear()
            self._written.clear()
        if self.session.is_discovered and (ev != self.ev or not self._is_ev_told):
            self.ev, self._is_ev_told = ev, True
            self._emit(EvChanged(self._ski, ev))

    def _read(self, car: Entity) -> Ev:
        return read_ev(
            car,
            has_opev=self._can_limit(car, "opev", names.OPEV),
            has_oscev=self._can_limit(car, "oscev", names.OSCEV),
        )

    def _can_limit(self, car: Entity, kind: str, use_case: str) -> bool:
        """Whether the use case is announced and its limits are described."""
        scenarios = self.session.remote.scenarios(use_case, car.address, CAR_ACTORS)
        return bool(scenarios) and bool(opev.read_limits(car, kind))

    def _update_limits(self, car: Entity) -> None:
        for kind in names.LIMIT_KINDS:
            limits = opev.read_limits(car, kind)
            values = opev.active(limits)
            if limits and values != self.limits.get(kind):
                self.limits[kind] = values
                self._emit(LimitsChanged(self._ski, kind, values))

    def _update_measured(self, car: Entity) -> None:
        measured = read_measured(self._ski, car)
        if measured == self.measured or (self.measured is None and measured == self._nothing):
            return
        self.measured = measured
        self._emit(measured)
        if self.ev is not None and measured.soc_percent != self.ev.soc_percent:
            self.ev = replace(self.ev, soc_percent=measured.soc_percent)
            self._emit(EvChanged(self._ski, self.ev))


def _deferred(result: WriteResult) -> WriteResult:
    """Return what an accepted minimum means to one who wanted a pause."""
    reason = "the pause waits for the car's communication standard; the minimum is set"
    return replace(result, ok=False, text=reason)
