"""Rates that follow the local clock: time-of-use tariffs and time-variable grid fees. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from smart_charging.prices.core.series import Interval, joined
from smart_charging.provider.core.errors import SetUpError

QUARTER = timedelta(minutes=15)  # every offset to UTC in use is a multiple of it
ALL_MONTHS = frozenset(range(1, 13))
ALL_WEEKDAYS = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Window:
    """A rate for some hours of some days.

    since, until: local times on a quarter-hour; until <= since runs over midnight and belongs to
    the day it starts on; both equal = all day. months 1..12, weekdays 0 = Monday.
    Raises SetUpError.
    """

    per_kwh: Decimal
    since: time = time()
    until: time = time()
    months: frozenset[int] = ALL_MONTHS
    weekdays: frozenset[int] = ALL_WEEKDAYS

    def __post_init__(self) -> None:
        for edge in (self.since, self.until):
            if edge.minute % 15 or edge.second or edge.microsecond:
                raise SetUpError(f"{edge} is not on a quarter-hour")
        if not self.months or not self.months <= ALL_MONTHS:
            raise SetUpError("months must be some of 1 to 12")
        if not self.weekdays or not self.weekdays <= ALL_WEEKDAYS:
            raise SetUpError("weekdays must be some of 0 (Monday) to 6")

    def holds(self, local: datetime) -> bool:
        """Tell whether a local instant lies in the window."""
        clock, day = local.time(), local
        if self.until <= self.since and clock < self.until:
            day = local - timedelta(days=1)  # the part after midnight
        elif clock < self.since or (self.since < self.until <= clock):
            return False
        return day.month in self.months and day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates by the clock of a zone: the first window that holds, else `otherwise`.

    otherwise None = a time that no window covers is not known: a hole.
    """

    zone: ZoneInfo
    windows: tuple[Window, ...] = ()
    otherwise: Decimal | None = Decimal(0)

    def at(self, instant: datetime) -> Decimal | None:
        """Return the rate at an instant."""
        local = instant.astimezone(self.zone)
        for window in self.windows:
            if window.holds(local):
                return window.per_kwh
        return self.otherwise

    def between(self, start: datetime, end: datetime) -> Iterator[Interval]:
        """Yield the rates from start to end as intervals, equal neighbours as one."""
        return joined(self._quarters(start, end))

    def _quarters(self, start: datetime, end: datetime) -> Iterator[Interval]:
        at = start
        while at < end:
            following = min(end, quarter(at) + QUARTER)
            rate = self.at(at)
            if rate is not None:
                yield Interval(at, following, rate)
            at = following


def quarter(instant: datetime) -> datetime:
    """Return the begin of the quarter-hour an instant lies in, UTC."""
    minute = instant.minute // 15 * 15
    return instant.astimezone(UTC).replace(minute=minute, second=0, microsecond=0, tzinfo=UTC)
