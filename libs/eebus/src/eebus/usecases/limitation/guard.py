"""The energy guard: writes power limits and failsafe values of controllable systems. Sans I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from eebus.events import (
    FailsafeChanged,
    HeartbeatChanged,
    NominalPowerChanged,
    PowerLimitChanged,
    WriteResult,
)
from eebus.spine import durations
from eebus.spine.datagram import DELETE, PARTIAL, Cmd, cmd
from eebus.spine.discovery import Change
from eebus.spine.heartbeat import HeartbeatMonitor
from eebus.spine.local import Announcement
from eebus.spine.remote import TreeChange
from eebus.spine.scaled import from_float, to_float
from eebus.spine.tree import READ, Entity, Feature
from eebus.spine.values import Item, part, parts, text
from eebus.usecases import names
from eebus.usecases.cem.join import content, items
from eebus.usecases.cem.needs import Need, ask_for
from eebus.usecases.conversation import Conversation, Follower
from eebus.usecases.device import client, entity_of, server
from eebus.usecases.limitation import words
from eebus.usecases.side import Reader
from eebus.usecases.writing import Done, Target, fitting, unsent, write_to

NEEDS: Final = (
    Need(names.LOAD_CONTROL, (names.LIMIT_DESCRIPTIONS, names.LIMITS), bind=True),
    Need(names.CONFIGURATION, (names.SETTING_DESCRIPTIONS, names.SETTINGS), bind=True),
    Need(names.DIAGNOSIS, (names.HEARTBEAT,)),
    Need(names.ELECTRICAL, (names.CHARACTERISTICS,), subscribe=False),
)
SYSTEMS: Final = frozenset({names.CONTROLLABLE_SYSTEM})
RETRY_S: Final = (1.0, 2.0, 5.0, 10.0, 10.0, 10.0, 10.0)  # about 50 s: a system in its init
MAX_POWER_W: Final = 1e9


@dataclass(frozen=True, slots=True)
class Order:
    """A limit as its owner wants it. power_w None = no limit. until: monotonic, None = for good."""

    power_w: float | None
    until: float | None = None


def guard_entity(address: tuple[int, ...]) -> Entity:
    """Return a GridGuard entity with all an energy guard needs, its heart included."""
    diagnosis = server(address, 5, names.DIAGNOSIS, {names.HEARTBEAT: READ, names.STATE: READ})
    diagnosis.contents[names.STATE] = {"operatingState": "normalOperation"}
    return entity_of(
        address,
        names.GRID_GUARD,
        client(address, 1, names.DIAGNOSIS),
        client(address, 2, names.LOAD_CONTROL),
        client(address, 3, names.CONFIGURATION),
        client(address, 4, names.ELECTRICAL),
        diagnosis,
    )


class EnergyGuard(Reader["SystemFollower"]):
    """The role of who limits others, at one entity of ours."""

    def __init__(self, own: Entity, *, spared: frozenset[str] = frozenset()) -> None:
        """Take the role on. own: our entity that writes, with a heart.

        spared: types of entities that are somebody else's to limit; they are left alone.
        """
        self._own = own
        self._orders: dict[tuple[str, str], Order] = {}
        spared |= {names.EV}
        super().__init__(lambda talk: SystemFollower(talk, own, self._orders, spared))

    def announcements(self) -> Sequence[Announcement]:
        """Return LPC and LPP with scenario 3: some chargers hang up without it."""
        return [
            Announcement(self._own.address, names.ENERGY_GUARD, name, (1, 2, 3, 4), version="1.0.0")
            for name in (names.LPC, names.LPP)
        ]

    def write_limit(self, ski: str, kind: str, order: Order, now: float, done: Done) -> None:
        """Write a limit, now and again whenever the system comes back; `done` is called once."""
        if kind not in names.POWER_KINDS:
            done(unsent(f"no limits {kind!r}"))
            return
        if order.power_w is not None and not 0 <= order.power_w <= MAX_POWER_W:
            done(unsent(f"a limit is a power from 0 to {MAX_POWER_W:.0f} W"))
            return
        self._orders[ski, kind] = order
        follower = self.followers.get(ski)
        if follower is None:
            done(unsent("not connected"))
        else:
            follower.write_limit(kind, order, now, done)

    def write_failsafe(
        self, ski: str, kind: str, power_w: float | None, duration_s: float | None, now: float
    ) -> Callable[[Done], None]:
        """Return what writes failsafe values and calls `Done` once; None leaves a value."""
        follower = self.followers.get(ski)

        def act(done: Done) -> None:
            if kind not in names.POWER_KINDS or (power_w is None and duration_s is None):
                done(unsent("nothing that could be written"))
            elif follower is None:
                done(unsent("not connected"))
            else:
                follower.write_failsafe(kind, power_w, duration_s, now, done)

        return act

    def forget(self, ski: str) -> None:
        """Drop the orders for a peer that is trusted no longer."""
        for key in [each for each in self._orders if each[0] == ski]:
            del self._orders[key]


class SystemFollower(Follower):
    """One peer's controllable system, for the life of one connection."""

    def __init__(
        self,
        talk: Conversation,
        own: Entity,
        orders: dict[tuple[str, str], Order],
        spared: frozenset[str],
    ) -> None:
        """Follow a conversation. orders: what is wanted of whom, by SKI and kind."""
        self._spared = spared
        self.limits: dict[str, PowerLimitChanged] = {}
        self._session = talk.session
        self._ski = talk.ski
        self._emit = talk.owner.emit
        self._own = own
        self._orders = orders
        self._heartbeat = HeartbeatMonitor()
        self._failsafe: FailsafeChanged | None = None
        self._nominal: NominalPowerChanged | None = None
        self._due: dict[str, tuple[float, int]] = {}  # kind -> when to write on our own, tries
        self._greeted: set[str] = set()

    def tick(self, now: float) -> None:
        """Write what a system that came (back) must be told; look after its heart."""
        if self._heartbeat.is_newly_overdue(now):
            self._emit(HeartbeatChanged(self._ski, ok=False))
        for kind, (due, tries) in list(self._due.items()):
            if now >= due:
                del self._due[kind]
                self._greet(kind, tries, now)

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:  # noqa: ARG002
        """Ask new systems; forget the limits of one that went."""
        if any(each.change is Change.REMOVED for each in changes) and self._system() is None:
            self.limits.clear()
            self._greeted.clear()
            self._due.clear()
        self._ask()

    def use_cases_changed(self, now: float) -> None:  # noqa: ARG002 - part of the protocol
        """Ask what turned out to be a controllable system."""
        self._ask()

    def data_changed(self, feature: Feature, function: str, now: float) -> None:
        """Tell what limits, failsafe values and heartbeats mean."""
        system = self._system()
        if system is None or feature.address.entity != system.address:
            return
        if function == names.HEARTBEAT:
            if self._heartbeat.arrived(feature.content(function), now):
                self._emit(HeartbeatChanged(self._ski, ok=True))
        elif function in {names.LIMITS, names.LIMIT_DESCRIPTIONS}:
            self._update_limits(system, now)
        elif function in {names.SETTINGS, names.SETTING_DESCRIPTIONS}:
            self._update_failsafe(system)
        elif function == names.CHARACTERISTICS:
            self._update_nominal(system)

    def write_limit(self, kind: str, order: Order, now: float, done: Done) -> None:
        """Write a limit; `done` is called exactly once.

        In the middle of a greeting this write is the greeting: refused, it is tried again.
        """
        self._greeted.add(kind)
        _, tries = self._due.pop(kind, (now, len(RETRY_S)))

        def answered(result: WriteResult) -> None:
            self._retry(kind, result, tries, now)
            done(result)

        self._write_limit(kind, order, now, answered)

    def _write_limit(self, kind: str, order: Order, now: float, done: Done) -> None:
        system = self._system()
        command = None if system is None else _limit_command(system, kind, order, now)
        if system is None or command is None:
            done(unsent(f"no system whose {kind} limit could be written"))
            return
        write_to(self._session, Target(self._own, system, names.LOAD_CONTROL), command, now, done)

    def write_failsafe(
        self, kind: str, power_w: float | None, duration_s: float | None, now: float, done: Done
    ) -> None:
        """Write failsafe values; `done` is called exactly once."""
        system = self._system()
        command = None if system is None else _failsafe_command(system, kind, power_w, duration_s)
        if system is None or command is None:
            done(unsent("no system whose failsafe values could be written"))
            return
        write_to(self._session, Target(self._own, system, names.CONFIGURATION), command, now, done)

    def _greet(self, kind: str, tries: int, now: float) -> None:
        """Tell the system its limit, active or not; again if it refuses in its first minute."""
        order = self._orders.get((self._ski, kind), Order(None))
        if order.until is not None and now >= order.until:
            order = Order(None)

        self._write_limit(kind, order, now, lambda result: self._retry(kind, result, tries, now))

    def _retry(self, kind: str, result: WriteResult, tries: int, now: float) -> None:
        if not result.ok and tries < len(RETRY_S):
            self._due.setdefault(kind, (now + RETRY_S[tries], tries + 1))

    def _system(self) -> Entity | None:
        """Return the entity that can be limited."""
        remote = self._session.remote
        for address, entity in remote.entities.items():
            if (
                entity.server(names.LOAD_CONTROL) is not None
                and any(remote.scenarios(name, address, SYSTEMS) for name in (names.LPC, names.LPP))
                and entity.type not in self._spared
            ):
                return entity
        return None

    def _ask(self) -> None:
        system = self._system()
        if system is not None:
            ask_for(self._session, self._own, system, NEEDS)

    def _update_limits(self, system: Entity, now: float) -> None:
        told = {
            held.limit_id: held
            for each in items(system, names.LOAD_CONTROL, names.LIMITS)
            if (held := words.read_limit(each)) is not None
        }
        for kind, limit_id in words.limit_ids(system).items():
            if (held := told.get(limit_id)) is None:
                continue
            if kind not in self._greeted:
                self._greeted.add(kind)
                self._due[kind] = (now + RETRY_S[0], 0)  # our heartbeat is read meanwhile
            changed = PowerLimitChanged(
                self._ski, kind, held.is_active, held.power_w, held.duration_s
            )
            if changed != self.limits.get(kind):
                self.limits[kind] = changed
                self._emit(changed)

    def _update_failsafe(self, system: Entity) -> None:
        keys = words.setting_keys(system)
        values = words.setting_values(content(system, names.CONFIGURATION, names.SETTINGS))

        def power(kind: str) -> float | None:
            key = keys.get(names.POWER_KINDS[kind][2], -1)
            return to_float(part(values.get(key, {}), "scaledNumber"))

        written = text(values.get(keys.get(names.FAILSAFE_DURATION, -1), {}), "duration")
        span = durations.parse(written or "")
        seconds = None if span is None else span.total_seconds()
        changed = FailsafeChanged(self._ski, power("lpc"), power("lpp"), seconds)
        if changed != self._failsafe and values:
            self._failsafe = changed
            self._emit(changed)

    def _update_nominal(self, system: Entity) -> None:
        told = words.read_nominal(system)
        changed = NominalPowerChanged(self._ski, told.get("lpc"), told.get("lpp"))
        if told and changed != self._nominal:
            self._nominal = changed
            self._emit(changed)


def _limit_command(system: Entity, kind: str, order: Order, now: float) -> Cmd | None:
    """Return the write of a limit; an end it had before is deleted where it has none now."""
    feature = system.server(names.LOAD_CONTROL)
    limit_id = words.limit_ids(system).get(kind)
    if feature is None or limit_id is None:
        return None
    held = {
        each.limit_id: item
        for item in parts(feature.content(names.LIMITS), words.LIMITS)
        if (each := words.read_limit(item)) is not None
    }
    if held.get(limit_id, {}).get("isLimitChangeable") is False:
        return None
    sign = -1.0 if kind == "lpp" else 1.0
    shown = to_float(part(held.get(limit_id, {}), "value"))
    value_w = shown if order.power_w is None else order.power_w * sign
    duration_s = None if order.until is None else max(order.until - now, 1.0)
    item = words.write_limit(
        limit_id, is_active=order.power_w is not None, value_w=value_w, duration_s=duration_s
    )
    filters: list[Item] = [PARTIAL]
    if duration_s is None and "timePeriod" in held.get(limit_id, {}):
        chosen: Item = {
            **DELETE,
            "loadControlLimitListDataSelectors": {"limitId": limit_id},
            "loadControlLimitDataElements": {"timePeriod": {}},
        }
        filters.insert(0, chosen)
    return fitting(feature, cmd(names.LIMITS, {words.LIMITS: [item]}, *filters))


def _failsafe_command(
    system: Entity, kind: str, power_w: float | None, duration_s: float | None
) -> Cmd | None:
    feature, keys = system.server(names.CONFIGURATION), words.setting_keys(system)
    power_key = keys.get(names.POWER_KINDS[kind][2])
    duration_key = keys.get(names.FAILSAFE_DURATION)
    settings: list[Item] = []
    if power_w is not None and power_key is not None and 0 <= power_w <= MAX_POWER_W:
        settings.append({"keyId": power_key, "value": {"scaledNumber": from_float(power_w)}})
    if duration_s is not None and duration_key is not None:
        span = durations.write(timedelta(seconds=duration_s))
        settings.append({"keyId": duration_key, "value": {"duration": span}})
    if feature is None or len(settings) != (power_w is not None) + (duration_s is not None):
        return None
    return fitting(feature, cmd(names.SETTINGS, {words.SETTINGS: [*settings]}, PARTIAL))
