"""The states of a controllable system: which power limit holds when (usecases.md, LPC).

Pure: a frozen state in, a frozen state out; time is monotonic seconds. The same machine serves
consumption and production, all powers are magnitudes in W.

Three rules make the table whole, each towards the lower limit. A limit written while no heartbeat
is known is kept, and until the heartbeat comes the lower of it and the failsafe limit holds: nobody
who was told "yes" finds us above. A lost connection changes nothing by itself: 120 s without
heartbeat do. And "init after start or connect" means a guard that comes to a system on its own: it
has 120 s in which the failsafe limit holds, once, until it has written; a guard that comes and goes
cannot hold us there. In all other states a reconnect changes nothing, for there what the guard said
last still holds, and init could be more than that.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

HEARTBEAT_LOST_S: Final = 120.0
WRITE_DUE_S: Final = 120.0  # after a start, or after the heartbeat came back
MIN_FAILSAFE_DURATION_S: Final = 2 * 3600.0
MAX_FAILSAFE_DURATION_S: Final = 24 * 3600.0


class SystemState(StrEnum):
    """Where a controllable system stands towards its energy guard."""

    INIT = "init"
    UNLIMITED_CONTROLLED = "unlimited_controlled"
    LIMITED = "limited"
    FAILSAFE = "failsafe"
    UNLIMITED_AUTONOMOUS = "unlimited_autonomous"


@dataclass(frozen=True, slots=True)
class WrittenLimit:
    """A limit as the guard wrote it. power_w >= 0. until None = it does not expire."""

    is_active: bool
    power_w: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Failsafe:
    """What holds without a guard. duration_s: 2 h to 24 h, after it the system is autonomous."""

    power_w: float
    duration_s: float = MIN_FAILSAFE_DURATION_S


@dataclass(frozen=True, slots=True)
class System:
    """The state with all its timers. since: when `state` began.

    beat_at: when the last heartbeat came; back_at: since when it is back, in failsafe.
    limit: the last limit written that still means something, written at limit_at; without the
    guard's heartbeat it lapses after 120 s. is_doubted: a guard came, and has not written yet.
    """

    state: SystemState
    since: float
    beat_at: float | None = None
    back_at: float | None = None
    limit: WrittenLimit | None = None
    limit_at: float = 0.0
    is_doubted: bool = False


def started(now: float) -> System:
    """Return a system that has heard of nobody yet."""
    return System(SystemState.INIT, now)


def connected(system: System, now: float) -> System:
    """Take note that a guard has come: to a system on its own it is as a start."""
    system = passed(system, now)
    if system.state is not SystemState.UNLIMITED_AUTONOMOUS or system.is_doubted:
        return system
    return replace(_to(system, SystemState.INIT, now), is_doubted=True)


def beat(system: System, now: float) -> System:
    """Take a heartbeat of the guard in."""
    system = passed(system, now)
    is_back = system.state is SystemState.FAILSAFE and system.back_at is None
    system = replace(system, beat_at=now, back_at=now if is_back else system.back_at)
    if not _is_controlled(system) and system.limit is not None:
        return _controlled(system, system.limit, now)
    return system


def written(system: System, limit: WrittenLimit, now: float) -> System:
    """Take a limit in that the guard wrote and we accepted."""
    system = passed(system, now)
    if is_heard(system, now):
        return _controlled(system, limit, now)
    return replace(system, limit=limit, limit_at=now)


def passed(system: System, now: float, failsafe_duration_s: float | None = None) -> System:
    """Let time pass.

    failsafe_duration_s: how long failsafe lasts without heartbeat; None looks at nothing but the
    expiry of the limit and the heartbeat.
    """
    limit = system.limit
    if limit is not None and limit.until is not None and now >= limit.until:
        limit = WrittenLimit(is_active=False, power_w=limit.power_w)
        system = replace(system, limit=limit if _is_controlled(system) else None)
        if system.state is SystemState.LIMITED:
            system = _to(system, SystemState.UNLIMITED_CONTROLLED, now)
    if _is_controlled(system) and not is_heard(system, now):
        return replace(_to(system, SystemState.FAILSAFE, now), limit=None, back_at=None)
    if not _is_controlled(system) and limit is not None and now - system.limit_at >= WRITE_DUE_S:
        system = replace(system, limit=None)
    if system.back_at is not None and not is_heard(system, now):
        system = replace(system, back_at=None)
    if failsafe_duration_s is not None and _is_autonomous_due(system, now, failsafe_duration_s):
        return replace(_to(system, SystemState.UNLIMITED_AUTONOMOUS, now), back_at=None)
    return system


def applied_w(system: System, failsafe: Failsafe) -> float | None:
    """Return the limit that holds now, W; None = no limit by the guard."""
    limit = system.limit if system.limit is not None and system.limit.is_active else None
    match system.state:
        case SystemState.INIT | SystemState.FAILSAFE:
            return failsafe.power_w if limit is None else min(limit.power_w, failsafe.power_w)
        case SystemState.LIMITED | SystemState.UNLIMITED_AUTONOMOUS:
            return None if limit is None else limit.power_w
        case SystemState.UNLIMITED_CONTROLLED:
            return None


def is_heard(system: System, now: float) -> bool:
    """Whether the guard's heart beats."""
    return system.beat_at is not None and now - system.beat_at < HEARTBEAT_LOST_S


def _is_controlled(system: System) -> bool:
    return system.state in {SystemState.LIMITED, SystemState.UNLIMITED_CONTROLLED}


def _is_autonomous_due(system: System, now: float, failsafe_duration_s: float) -> bool:
    if system.state is SystemState.INIT:
        return now - system.since >= WRITE_DUE_S
    if system.state is not SystemState.FAILSAFE:
        return False
    if system.back_at is not None:
        return now - system.back_at >= WRITE_DUE_S
    return now - system.since >= failsafe_duration_s


def _controlled(system: System, limit: WrittenLimit, now: float) -> System:
    """Obey the guard: it is heard, and it has written."""
    is_limiting = limit.is_active and (limit.until is None or now < limit.until)
    state = SystemState.LIMITED if is_limiting else SystemState.UNLIMITED_CONTROLLED
    return replace(_to(system, state, now), limit=limit, back_at=None, is_doubted=False)


def _to(system: System, state: SystemState, now: float) -> System:
    return system if system.state is state else replace(system, state=state, since=now)
