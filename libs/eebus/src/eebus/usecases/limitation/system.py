"""The controllable system: serves limits and failsafe values, obeys its guard. Sans I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from eebus.events import FailsafeChanged, HeartbeatChanged, PowerControlChanged
from eebus.spine import durations
from eebus.spine.addresses import EntityAddress
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.local import Announcement, LocalDevice, Write
from eebus.spine.scaled import to_float
from eebus.spine.tree import READ, READ_WRITE, Entity, Feature
from eebus.spine.values import Item, Value, number, part, parts, text
from eebus.usecases import names
from eebus.usecases.conversation import Conversation, Part
from eebus.usecases.device import server
from eebus.usecases.limitation import machine, words
from eebus.usecases.limitation.heart import GuardFollower
from eebus.usecases.limitation.machine import Failsafe, System, WrittenLimit
from eebus.usecases.owner import Owner

DEFAULT_FAILSAFE_W: Final = 4200.0  # what the law leaves a controllable device (sect. 14a EnWG)


@dataclass(frozen=True, slots=True)
class SystemProfile:
    """What a controllable system offers. Powers in W, by kind ("lpc", "lpp").

    nominal_w: contractual for an energy management system. refused_below_w: limits below are
    refused; 0 as the rule is to accept them and go as low as possible.
    """

    nominal_w: dict[str, float] = field(default_factory=lambda: {"lpc": 32000.0})
    failsafe_w: dict[str, float] = field(default_factory=dict)
    failsafe_duration_s: float = machine.MIN_FAILSAFE_DURATION_S
    refused_below_w: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be offered."""
        if not self.nominal_w or not self.nominal_w.keys() <= names.POWER_KINDS.keys():
            raise ValueError(f"nominal_w must name some of {words.KINDS}, not {self.nominal_w}")
        _check_duration(self.failsafe_duration_s)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of limits it takes."""
        return tuple(kind for kind in words.KINDS if kind in self.nominal_w)


def system_features(address: EntityAddress, first: int) -> list[Feature]:
    """Return the features of a controllable system but DeviceDiagnosis, numbered from `first`."""
    limits = {names.LIMIT_DESCRIPTIONS: READ, names.LIMITS: READ_WRITE}
    settings = {names.SETTING_DESCRIPTIONS: READ, names.SETTINGS: READ_WRITE}
    return [
        server(address, first, names.LOAD_CONTROL, limits),
        server(address, first + 1, names.CONFIGURATION, settings),
        server(address, first + 2, names.ELECTRICAL, {names.CHARACTERISTICS: READ}),
    ]


class ControllableSystem:
    """The role at one entity of ours: what its guard says, and what holds without it."""

    def __init__(
        self,
        local: LocalDevice,
        entity: Entity,
        profile: SystemProfile,
        owner: Owner,
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Serve at `entity`, which has `system_features` and DeviceDiagnosis, both roles.

        wall: the time of day, for limits whose end is a date.
        """
        self._local = local
        self._entity = entity
        self._profile = profile
        self._owner = owner
        self._wall = wall
        self._writer = ""
        self._followers: dict[str, GuardFollower] = {}
        self._systems: dict[str, System] = {}
        self._failsafe = {
            kind: Failsafe(
                profile.failsafe_w.get(kind, DEFAULT_FAILSAFE_W), profile.failsafe_duration_s
            )
            for kind in profile.kinds
        }
        self._told: dict[str, PowerControlChanged] = {}
        self._is_heard = False
        self._has_guard = False
        self._load, self._settings = self._serve()

    def announcements(self) -> Sequence[Announcement]:
        """Return LPC, LPP or both, with all scenarios: without 3 some boxes hang up."""
        return [
            Announcement(
                self._entity.address,
                names.CONTROLLABLE_SYSTEM,
                names.POWER_KINDS[kind][0],
                (1, 2, 3, 4),
                version="1.0.0",
            )
            for kind in self._profile.kinds
        ]

    def owns(self, write: Write) -> bool:
        """Whether it is our limits or settings."""
        return write.feature in {self._load, self._settings}

    def accept(self, write: Write, now: float) -> None:  # noqa: ARG002 - the role's protocol
        """Refuse limits and failsafe values that cannot be, or of a charger, say (result 7)."""
        follower = self._followers.get(write.ski)
        if follower is not None and follower.is_stranger():
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "only an energy guard may limit us")
        if write.function == names.LIMITS:
            for item in _touched(write, words.LIMITS, "limitId"):
                self._check_limit(item)
        else:
            for item in _touched(write, words.SETTINGS, "keyId"):
                _check_setting(item)

    def wrote(self, write: Write, now: float) -> None:
        """Obey."""
        self._writer = write.ski
        if write.function == names.LIMITS:
            self._obey(write, now)
        else:
            self._learn_failsafe(write)
        self.watch(now)

    def part(self, talk: Conversation) -> Part:
        """Listen to the heart of a peer that may be our guard."""
        follower = GuardFollower(talk, self._entity, self._bound, self._heard)
        self._followers[talk.ski] = follower
        return follower

    def left(self, ski: str) -> None:
        """Forget what followed the peer."""
        self._followers.pop(ski, None)

    def watch(self, now: float) -> None:
        """Let time pass, and tell what changed by it."""
        had_guard, self._has_guard = self._has_guard, self._is_guarded()
        for kind in self._profile.kinds:
            failsafe = self._failsafe[kind]
            system = self._systems.get(kind, machine.started(now))
            if self._has_guard and not had_guard:
                system = machine.connected(system, now)
            self._systems[kind] = machine.passed(system, now, failsafe.duration_s)
        self._write_back(now)
        for kind in self._profile.kinds:
            told = self.control(kind, now)
            if replace(told, remaining_s=None) != self._told.get(kind):
                self._told[kind] = replace(told, remaining_s=None)
                self._owner.emit(told)
        is_heard = any(machine.is_heard(each, now) for each in self._systems.values())
        if is_heard != self._is_heard:
            self._is_heard = is_heard
            self._owner.emit(HeartbeatChanged(self._writer or self._guard(), ok=is_heard))

    def control(self, kind: str, now: float) -> PowerControlChanged:
        """Return what holds now. Raises KeyError for a kind that is not offered."""
        failsafe = self._failsafe[kind]
        system = machine.passed(
            self._systems.get(kind, machine.started(now)), now, failsafe.duration_s
        )
        until = system.limit.until if system.limit is not None else None
        return PowerControlChanged(
            self._writer,
            kind,
            system.state.value,
            machine.applied_w(system, failsafe),
            None if until is None else until - now,
        )

    def failsafe(self, kind: str) -> Failsafe:
        """Return the failsafe values in force; keep them, a restart must not forget them."""
        return self._failsafe[kind]

    def offer(self, nominal_w: Mapping[str, float], failsafe: Mapping[str, Failsafe]) -> None:
        """Change nominal powers and failsafe values by our own user's word; guards are told.

        Only kinds that are offered count. Raises ValueError for a duration not in 2 h to 24 h.
        """
        for each in failsafe.values():
            _check_duration(each.duration_s)
        wanted = {kind: failsafe.get(kind, known) for kind, known in self._failsafe.items()}
        powers_w = {
            kind: nominal_w.get(kind, known) for kind, known in self._profile.nominal_w.items()
        }
        if wanted != self._failsafe:
            self._failsafe = wanted
            self._local.put(self._settings, names.SETTINGS, words.write_settings(wanted))
        if powers_w != self._profile.nominal_w:
            self._profile = replace(self._profile, nominal_w=powers_w)
            electrical = self._entity.server(names.ELECTRICAL)
            if electrical is not None:
                told = words.nominal(powers_w, is_contractual=self._entity.type == names.CEM)
                self._local.put(electrical, names.CHARACTERISTICS, told)

    def _serve(self) -> tuple[Feature, Feature]:
        load = self._entity.server(names.LOAD_CONTROL)
        settings = self._entity.server(names.CONFIGURATION)
        electrical = self._entity.server(names.ELECTRICAL)
        if load is None or settings is None or electrical is None:
            raise ValueError(f"entity {self._entity.address} lacks features; see system_features")
        load.contents[names.LIMIT_DESCRIPTIONS] = words.describe_limits(self._profile.kinds)
        initial: list[Value] = [
            {
                **words.write_limit(words.KINDS.index(kind), is_active=False, value_w=power_w),
                "isLimitChangeable": True,
            }
            for kind, power_w in self._profile.nominal_w.items()
        ]
        load.contents[names.LIMITS] = {words.LIMITS: initial}
        settings.contents[names.SETTING_DESCRIPTIONS] = words.describe_settings(self._profile.kinds)
        settings.contents[names.SETTINGS] = words.write_settings(self._failsafe)
        electrical.functions[names.CHARACTERISTICS] = READ
        electrical.contents[names.CHARACTERISTICS] = words.nominal(
            self._profile.nominal_w, is_contractual=self._entity.type == names.CEM
        )
        return load, settings

    def _check_limit(self, item: Item) -> None:
        limit = words.read_limit(item, self._wall())
        if limit is None or limit.limit_id >= len(words.KINDS):
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "no such limit")
        value_w = to_float(part(item, "value"))
        if value_w is None and limit.is_active:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "an active limit needs a value")
        if words.KINDS[limit.limit_id] == "lpc" and value_w is not None and value_w < 0:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "a limit cannot be negative")
        if limit.is_active and abs(value_w or 0.0) < self._profile.refused_below_w:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "limit too low")
        end = text(part(item, "timePeriod"), "endTime")
        if end is not None and limit.duration_s is None:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "an end that is no time")

    def _obey(self, write: Write, now: float) -> None:
        """Take the limits over that were written.

        One written without an end does not expire, whatever end the one before it had.
        """
        self._catch_up(write.ski)
        asked = {number(each, "limitId"): each for each in parts(write.written, words.LIMITS)}
        for item in _touched(write, words.LIMITS, "limitId"):
            limit = words.read_limit(item, self._wall())
            if limit is None:
                continue
            has_end = "timePeriod" in asked.get(limit.limit_id, item)
            kind = words.KINDS[limit.limit_id]
            until = now + (limit.duration_s or 0.0) if has_end and limit.is_active else None
            wanted = WrittenLimit(limit.is_active, limit.power_w or 0.0, until)
            system = self._systems.get(kind, machine.started(now))
            self._systems[kind] = machine.written(system, wanted, now)

    def _write_back(self, now: float) -> None:
        """Let the data say what is left of a limit; tell when it expired."""
        told = self._load.content(names.LIMITS)
        held: list[Value] = []
        is_news = False
        for item in parts(told, words.LIMITS):
            limit = words.read_limit(item)
            kind = words.KINDS[limit.limit_id] if limit is not None else ""
            written = self._systems[kind].limit if kind in self._systems else None
            if limit is None or not limit.is_active or written is None:
                held.append(item)
                continue
            changed = {name: value for name, value in item.items() if name != "timePeriod"}
            if not written.is_active:
                changed["isLimitActive"] = False
            elif written.until is not None:
                left = timedelta(seconds=max(written.until - now, 0.0))
                changed["timePeriod"] = {"endTime": durations.write(left)}
            is_news |= changed["isLimitActive"] is False or (
                "timePeriod" in item and "timePeriod" not in changed
            )
            held.append(changed)
        if is_news:
            self._local.put(self._load, names.LIMITS, {words.LIMITS: held})
        else:
            self._load.contents[names.LIMITS] = {words.LIMITS: held}

    def _learn_failsafe(self, write: Write) -> None:
        values = words.setting_values(write.content)
        span = durations.parse(text(values.get(words.DURATION_KEY, {}), "duration") or "")
        for kind, known in self._failsafe.items():
            power_w = to_float(part(values.get(words.FAILSAFE_KEYS[kind], {}), "scaledNumber"))
            self._failsafe[kind] = Failsafe(
                known.power_w if power_w is None else power_w,
                known.duration_s if span is None else span.total_seconds(),
            )
        consumption, production = self._failsafe.get("lpc"), self._failsafe.get("lpp")
        self._owner.emit(
            FailsafeChanged(
                write.ski,
                consumption.power_w if consumption else None,
                production.power_w if production else None,
                next(iter(self._failsafe.values())).duration_s,
            )
        )

    def _bound(self, ski: str) -> EntityAddress | None:
        """Return the entity of a peer that bound our limits: the guard."""
        links = self._local.bindings.to(self._load.address)
        return next((each.client.entity for each in links if each.ski == ski), None)

    def _is_guarded(self) -> bool:
        return any(each.is_guard() for each in self._followers.values())

    def _guard(self) -> str:
        return next((each.ski for each in self._local.bindings.to(self._load.address)), "")

    def _heard(self, ski: str, at: float) -> None:
        """Take a heartbeat of the guard in, which came at `at`."""
        if self._bound(ski) is None:
            return
        for kind in self._profile.kinds:
            system = self._systems.get(kind, machine.started(at))
            if system.beat_at is None or at > system.beat_at:
                self._systems[kind] = machine.beat(system, at)

    def _catch_up(self, ski: str) -> None:
        """Count a heartbeat that came before the guard had bound."""
        follower = self._followers.get(ski)
        if follower is not None:
            follower.retell()


def _touched(write: Write, name: str, key: str) -> list[Item]:
    """Return the items as they would be, of those a peer wrote; all when it named none."""
    ids = {number(each, key) for each in parts(write.written, name)}
    after = parts(write.content, name)
    return [each for each in after if number(each, key) in ids] if ids != {None} else after


def _check_setting(item: Item) -> None:
    value = part(item, "value")
    if number(item, "keyId") == words.DURATION_KEY:
        span = durations.parse(text(value, "duration") or "")
        try:
            _check_duration(span.total_seconds() if span is not None else 0.0)
        except ValueError as error:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, str(error)) from error
        return
    power_w = to_float(part(value, "scaledNumber"))
    if power_w is None or power_w < 0:
        raise RefusedError(ErrorNumber.COMMAND_REJECTED, "a failsafe limit is a power from 0 W up")


def _check_duration(seconds: float) -> None:
    low, high = machine.MIN_FAILSAFE_DURATION_S, machine.MAX_FAILSAFE_DURATION_S
    if not low <= seconds <= high:
        raise ValueError("a failsafe duration is 2 h to 24 h")
