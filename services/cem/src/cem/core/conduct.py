"""What the CEM remembers of a charger beside its reports: small values, each with its moment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cem.core.reasons import Kind
from electrical.phases import PhaseCurrents


class Standing(StrEnum):
    """What the control law may count on with a charger."""

    READY = "ready"  # a car is plugged, our limit is accepted: it takes part
    FRESH = "fresh"  # a car was plugged, no limit accepted yet: reserved at its start current
    NEW = "new"  # paired just now and not measured yet: what it draws is still a load of the house
    NO_CAR = "no-car"
    FAULTY = "faulty"
    OUT_OF_REACH = "out-of-reach"  # reserved at what it can draw
    DISOBEDIENT = "disobedient"  # reserved at what it can draw
    PROVING = "proving"  # hears nothing of us, to prove its failsafe: reserved at what it can draw


@dataclass(frozen=True, slots=True)
class Sample:
    """What a charger drew, by phase of the house, at a moment (monotonic s)."""

    at_s: float
    current_a: PhaseCurrents


@dataclass(frozen=True, slots=True)
class Former:
    """A limit that was replaced: until then, and a reaction time longer, a car may use it."""

    until_s: float
    limit_a: float


class Conduct(StrEnum):
    """What a mode comes to at a moment."""

    OFF = "off"
    SUN = "sun"  # from own surplus, or not at all
    MIN_SUN = "min-sun"  # its minimum always, more from own surplus
    AT_ONCE = "at-once"
    WAIT = "wait"  # not now; for a price, for a forecast, or since the goal is reached


@dataclass(frozen=True, slots=True)
class Intent:
    """What a charger is meant to do now.

    kind: the reason, where there is one to tell. deadline_s: when its goal is due (monotonic).
    planned_a: what just meets the goal when it flows until then; 0 = nothing is planned.
    is_urgent: from now on the goal can only just be met. remaining_wh: None = no goal to tell by.
    cap_a: a plan wants no more than this, None = no plan speaks; takes_sun: beyond it the car may
    take what surplus there is. until_s: when this ends by itself (monotonic).
    """

    conduct: Conduct = Conduct.AT_ONCE
    kind: Kind | None = None
    deadline_s: float | None = None
    planned_a: float = 0.0
    is_urgent: bool = False
    remaining_wh: float | None = None
    cap_a: float | None = None
    takes_sun: bool = False
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sun:
    """What the sun allows a charger; times are monotonic seconds.

    is_on: its car may charge. above_since_s: there is enough to start, below_since_s: too little
    to go on.
    """

    is_on: bool = False
    above_since_s: float | None = None
    below_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Switching:
    """The number of phases a charger is asked for; times are monotonic seconds.

    phases: None = as it is. other_since_s: the other number would suit better. switched_s: the
    switches of the last hour. began_s: it pauses for a switch since; told_s: it was asked since.
    """

    phases: int | None = None
    other_since_s: float | None = None
    switched_s: tuple[float, ...] = ()
    began_s: float | None = None
    told_s: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Return whether its charger pauses for a switch."""
        return self.began_s is not None or self.told_s is not None

    @property
    def asked(self) -> int | None:
        """Return the number of phases it shall offer now; None = as it does."""
        if self.is_under_way and self.told_s is None:
            return None if self.phases is None else 4 - self.phases  # first it pauses
        return self.phases


@dataclass(frozen=True, slots=True)
class SocWord:
    """What somebody said a car's battery holds. told_s: monotonic.

    source: car, push, connector, user. uncertainty_percent: of an estimate that became a word.
    delivered_wh: what the car had got in its session then. left_s: since when nobody saw it
    plugged; None = it was plugged when that was said.
    """

    percent: float
    told_s: float
    source: str
    uncertainty_percent: float = 0.0
    delivered_wh: float | None = None
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class KeptSoc:
    """A `SocWord` as it outlives a restart: by wall time (aware)."""

    percent: float
    told: datetime
    source: str
    uncertainty_percent: float = 0.0
    delivered_wh: float | None = None
    left: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proving:
    """Its own failsafe is being proven, until then (monotonic s). is_silent: it hears nothing."""

    until_s: float
    is_silent: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """What its car shall take exactly, for a test, until a monotonic moment (s)."""

    current_a: float
    until_s: float


# What a charger has of each before anything happened.
AT_ONCE, NO_SUN, NO_SWITCH = Intent(), Sun(), Switching()
