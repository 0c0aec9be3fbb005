"""What drivers set: how a charger charges, their cars, and what a session is to reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Mode(StrEnum):
    """How a charger charges."""

    OFF = "off"
    SOLAR_ONLY = "solar-only"  # from own surplus
    MIN_SOLAR = "min-solar"  # always its minimum, more from own surplus
    FAST = "fast"  # as quickly as the fuse allows
    SMART = "smart"  # as sun, forecast and prices suggest, and the goal demands


@dataclass(frozen=True, slots=True)
class SmartSwitches:
    """What smart charging looks at, alone or combined (B8)."""

    forecast: bool = False
    surplus: bool = False
    price: bool = False


@dataclass(frozen=True, slots=True)
class ChargingMode:
    """The mode of a charger; its switches count in mode Smart only."""

    mode: Mode = Mode.FAST
    smart: SmartSwitches = SmartSwitches()
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Car:
    """A car that drivers told us of; None and "" = unknown.

    battery_wh: usable. max_a: per phase. min_soc_percent: charged at once up to here, whatever
    the mode (but Off). ev_id: what it calls itself over ISO 15118. charger: SKI where it usually
    stands.
    """

    id: str
    name: str = ""
    battery_wh: float | None = None
    max_a: float | None = None
    phases: int | None = None
    min_soc_percent: float | None = None
    ev_id: str = ""
    charger: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class WeeklyDeparture:
    """A departure that comes back. weekday: 1 = Monday; minute: of the day, local time."""

    weekday: int
    minute: int


@dataclass(frozen=True, slots=True)
class Goal:
    """What a charger's session is to reach: a state of charge, or an energy since plug-in.

    departure: of this session (aware); None = by the week, in the local time of the site.
    car: "" = whichever is plugged.
    """

    ski: str
    soc_percent: float | None = None
    energy_wh: float | None = None
    departure: datetime | None = None
    weekly: tuple[WeeklyDeparture, ...] = ()
    car: str = ""
    revision: int = 0

    @property
    def has_departure(self) -> bool:
        """Return whether its session is to be ready at some time, be that over or not."""
        return self.departure is not None or bool(self.weekly)


@dataclass(frozen=True, slots=True)
class WallClock:
    """Which wall time a moment of the monotonic clock is: an event, once a second.

    wall: aware, in the site's zone (weekly departures are meant in it).
    """

    monotonic_s: float
    wall: datetime

    def at(self, monotonic_s: float) -> datetime:
        """Return the wall time of a monotonic moment, in the zone of `wall`."""
        # Addition within one zone ignores its clock changes; in UTC it does not.
        passed = timedelta(seconds=monotonic_s - self.monotonic_s)
        return (self.wall.astimezone(UTC) + passed).astimezone(self.wall.tzinfo)

    def unix_s(self, monotonic_s: float) -> float:
        """Return a monotonic moment as Unix seconds."""
        return self.wall.timestamp() + monotonic_s - self.monotonic_s

    def moment_s(self, wall: datetime) -> float:
        """Return the monotonic moment (s) of an aware wall time."""
        # So does subtraction.
        return self.monotonic_s + wall.timestamp() - self.wall.timestamp()


def departure_of(goal: Goal, wall: datetime) -> datetime | None:
    """Return the next departure of a goal at `wall` (aware, in the site's zone); None = none."""
    if goal.departure is not None:
        return goal.departure
    found = [_next(weekly, wall) for weekly in goal.weekly]
    return min(found, key=datetime.timestamp, default=None)


def _next(weekly: WeeklyDeparture, wall: datetime) -> datetime:
    """Return the next time of a weekly departure; where the clock jumps, the offset before it."""
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    days = (weekly.weekday - wall.isoweekday()) % 7
    at = midnight + timedelta(days=days, minutes=weekly.minute)
    return at if at.timestamp() > wall.timestamp() else at + timedelta(days=7)


def car_at(ski: str, goal: Goal | None, cars: Iterable[Car], ev_id: str = "") -> Car | None:
    """Return the car that is believed to stand at a charger: named by the goal, by itself, usual.

    None when nobody told us of one.
    """
    cars = tuple(cars)
    named = goal.car if goal is not None else ""
    found = [car for car in cars if named and car.id == named]
    found += [car for car in cars if ev_id and car.ev_id == ev_id]
    found += [car for car in cars if car.charger == ski]
    return found[0] if found else None
