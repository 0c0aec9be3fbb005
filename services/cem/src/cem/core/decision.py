"""What a decision consists of: limits, reasons, and the picture they were drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cem.core.appliances import ApplianceShare
from cem.core.ladder import Rung
from cem.core.reasons import Reason
from cem.core.rooms import Room
from cem.core.state import State
from electrical.phases import Phase, PhaseReadings


class LoadManagement(StrEnum):
    """How the site is managed; the words of `SiteState.load_management`."""

    OFF = "off"
    NOT_CONFIGURED = "not-configured"
    STATIC = "static"
    DYNAMIC = "dynamic"


class Cause(StrEnum):
    """Who made a phase exceed its fuse (design law 1); OWN must never happen."""

    BASE_LOAD = "base_load"
    PLUG_IN = "plug_in"
    DISOBEDIENT = "disobedient"
    BLIND = "blind"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Limit:
    """One lease. current_a: by conductor, None = not limited (no car uses it).

    is_release: energy management is off, our limit is withdrawn.
    fallback_a: what the gateway applies when the lease ends. phases: how many a charger that can
    switch shall offer; None = as it does. is_silent: it is not told, and hears no heartbeat, to
    prove its own failsafe.
    """

    ski: str
    current_a: PhaseReadings
    fallback_a: float = 0.0
    is_release: bool = False
    phases: int | None = None
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Overload:
    """A phase was above its fuse on the newest reading, and why."""

    phase: Phase
    excess_a: float
    cause: Cause


@dataclass(frozen=True, slots=True)
class Picture:
    """What people may see of a decision; by phase in A, None where a phase has no number.

    rooms: of every circuit and phase, as the limits were drawn from them.
    """

    load_management: LoadManagement
    ladder: Rung
    other_load_a: PhaseReadings
    reserved_a: PhaseReadings
    headroom_a: PhaseReadings
    rooms: tuple[Room, ...] = ()


class PendingKind(StrEnum):
    """What will happen by itself when a clock runs out; also the words of the API."""

    START = "start"
    STOP = "stop"
    INCREASE = "increase"
    PHASES_1 = "phases-1"
    PHASES_3 = "phases-3"
    TURN = "turn"
    WAKE = "wake"


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that waits for a clock. at_s: monotonic; value: A, where the kind has one."""

    kind: PendingKind
    at_s: float
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a state at a time.

    limits: empty while nothing may be said yet. wake_at: ask again then at the latest (s).
    pending: what will change by itself, by charger, soonest first; absent = nothing.
    operator_w: what the operator's limits in force leave for the chargers, None = no limit.
    appliances: what each appliance may draw of them, by SKI.
    """

    state: State
    limits: Mapping[str, Limit]
    reasons: Mapping[str, Reason | None]
    picture: Picture
    overloads: tuple[Overload, ...]
    wake_at: float
    pending: Mapping[str, tuple[Pending, ...]] = field(default_factory=dict)
    operator_w: float | None = None
    appliances: Mapping[str, ApplianceShare] = field(default_factory=dict)
