"""A series: what a kWh costs (or emits) over time. No I/O, no clock.

Times are UTC instants with explicit ends; lengths may be mixed. What is not known is not there:
a hole is a hole and never a price of 0.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import islice, pairwise

from smart_charging.prices.core.errors import SeriesError
from smart_charging.prices.core.units import most
from smart_charging.provider.core.errors import AnswerError

MOST_INTERVALS = 40_000  # a year of quarter-hours, and some
LEAST_EXPONENT = -30  # less is nonsense, and could not be read again once it is kept


class Scope(StrEnum):
    """What a value holds."""

    MARKET = "market"  # without mark-up, fees, levies and tax
    ALL_IN = "all-in"  # what the customer pays
    FEED_IN = "feed-in"  # what the customer is paid
    CO2 = "co2"


class Trust(StrEnum):
    """How far a series may be believed."""

    PUBLISHED = "published"
    ESTIMATE = "estimate"  # a forecast
    SAMPLE = "sample"  # made up, for trying things out


@dataclass(frozen=True, slots=True)
class Interval:
    """One value from start (in) to end (out), UTC; in the unit of its series."""

    start: datetime
    end: datetime
    value: Decimal

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise SeriesError(f"interval at {self.start} must be in UTC")
        if self.end <= self.start:
            raise SeriesError(f"interval at {self.start} ends at {self.end}, not after its start")
        if not self.value.is_finite():
            raise AnswerError(f"the value at {self.start:%Y-%m-%dT%H:%MZ} is no number")
        if self.value and self.value.adjusted() < LEAST_EXPONENT:
            raise AnswerError(f"the value at {self.start:%Y-%m-%dT%H:%MZ} is too small to be one")


@dataclass(frozen=True, slots=True)
class Series:
    """Intervals in order of time that do not overlap; may have holes and may be empty.

    unit: `EUR/kWh` (any currency of units.py) or `g/kWh`. Raises SeriesError, and AnswerError for
    a value that is too large to be true.
    """

    source: str
    zone: str
    unit: str
    intervals: tuple[Interval, ...]
    scope: Scope = Scope.MARKET
    trust: Trust = Trust.PUBLISHED

    def __post_init__(self) -> None:
        if len(self.intervals) > MOST_INTERVALS:
            raise AnswerError(f"{len(self.intervals)} intervals; at most {MOST_INTERVALS}")
        bound = most(self.unit)
        before: Interval | None = None
        for interval in self.intervals:
            if before is not None and interval.start < before.end:
                raise SeriesError(f"two values for {interval.start:%Y-%m-%dT%H:%MZ}")
            if abs(interval.value) > bound:
                raise AnswerError(
                    f"{_short(interval.value)} {self.unit} at {interval.start:%Y-%m-%dT%H:%MZ}:"
                    f" above {bound} it is a mistake of units"
                )
            before = interval

    @property
    def start(self) -> datetime | None:
        """Return the first instant that is known."""
        return self.intervals[0].start if self.intervals else None

    @property
    def end(self) -> datetime | None:
        """Return the instant after the last that is known."""
        return self.intervals[-1].end if self.intervals else None

    @property
    def revision(self) -> str:
        """Return an id of the content: the same values at the same times give the same id.

        How an equal stretch is cut into intervals is no matter. 16 hex digits.
        """
        lines = [self.unit, self.scope, self.trust]
        for piece in joined(self.intervals):
            lines.append(
                f"{piece.start.isoformat()} {piece.end.isoformat()} {piece.value.normalize():f}"
            )
        text = "\n".join(lines)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def known_until(self, since: datetime) -> datetime:
        """Return how far the series is known without a hole from an instant on."""
        for interval in self.intervals:
            if interval.start <= since < interval.end:
                since = interval.end
        return since


def joined(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Yield the intervals with equal neighbours made one."""
    last: Interval | None = None
    for interval in intervals:
        if last is not None and last.end == interval.start and last.value == interval.value:
            last = replace(last, end=interval.end)
            continue
        if last is not None:
            yield last
        last = interval
    if last is not None:
        yield last


def ordered(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals by time; an exact repetition is dropped.

    Raises AnswerError where two different values claim one time.
    """
    kept: list[Interval] = []
    for interval in sorted(set(intervals), key=lambda i: (i.start, i.end)):
        if kept and interval.start < kept[-1].end:
            raise AnswerError(f"two values for {interval.start:%Y-%m-%dT%H:%MZ}")
        kept.append(interval)
    return tuple(kept)


def clipped(series: Series, start: datetime, end: datetime) -> Series:
    """Return the part from start to end; intervals that reach beyond are cut."""
    return replace(series, intervals=tuple(_within(series.intervals, start, end)))


def overlaid(under: Series, over: Series) -> Series:
    """Return `over`, and `under` where `over` knows nothing: newer values win.

    Raises SeriesError for series of different units or scopes.
    """
    if (under.unit, under.scope) != (over.unit, over.scope):
        raise SeriesError(f"{under.unit} {under.scope} and {over.unit} {over.scope} do not mix")
    left: list[Interval] = []
    covers = iter(over.intervals)
    cover = next(covers, None)
    for interval in under.intervals:
        at = interval.start
        while cover is not None and cover.end <= at:
            cover = next(covers, None)
        while cover is not None and cover.start < interval.end:
            if at < cover.start:
                left.append(Interval(at, cover.start, interval.value))
            at = cover.end
            if at >= interval.end:
                break
            cover = next(covers, None)
        if at < interval.end:
            left.append(Interval(at, interval.end, interval.value))
    both = sorted((*left, *over.intervals), key=lambda i: i.start)
    return replace(over, intervals=tuple(both))


def edges(start: datetime, end: datetime, length: timedelta) -> tuple[datetime, ...]:
    """Return the instants that cut start..end into slots; the last slot may be shorter.

    Raises SeriesError for slots of no length and for more than MOST_INTERVALS.
    """
    if length <= timedelta(0):
        raise SeriesError(f"a slot of {length} has no length")
    if (end - start) / length > MOST_INTERVALS:
        raise SeriesError(f"more than {MOST_INTERVALS} slots of {length}")
    cuts = []
    while start < end:
        cuts.append(start)
        start += length
    return (*cuts, end)


def onto(series: Series, cuts: Sequence[datetime]) -> tuple[Decimal | None, ...]:
    """Return the time-weighted mean for each slot between two cuts; None where a part is unknown.

    cuts: rising instants (`edges`); n + 1 of them for n slots.
    """
    values: list[Decimal | None] = []
    first = 0
    for start, end in pairwise(cuts):
        while first < len(series.intervals) and series.intervals[first].end <= start:
            first += 1
        values.append(_mean(series.intervals, first, start, end))
    return tuple(values)


def averaged(series: Series, length: timedelta) -> Series:
    """Return the means over whole steps of a length, counted from midnight UTC.

    For contracts that are billed by the hour on a market of quarters. A step with a hole in it is
    left out.
    """
    if series.start is None or series.end is None:
        return series
    step = length / timedelta(seconds=1)
    begin = datetime.fromtimestamp(series.start.timestamp() // step * step, UTC)
    cuts = edges(begin, series.end, length)
    means = onto(series, cuts)
    whole = [
        Interval(start, end, value)
        for (start, end), value in zip(pairwise(cuts), means, strict=True)
        if value is not None and end - start == length
    ]
    return replace(series, intervals=tuple(whole))


def _mean(
    intervals: Sequence[Interval], first: int, start: datetime, end: datetime
) -> Decimal | None:
    weighted, at = Decimal(0), start
    for interval in islice(intervals, first, None):
        if interval.start > at or at >= end:
            break
        if at == start and interval.end >= end:
            return interval.value  # one value: unchanged, without the rounding of a division
        upto = min(interval.end, end)
        weighted += interval.value * _microseconds(upto - at)
        at = upto
    return weighted / _microseconds(end - start) if at >= end > start else None


def _within(intervals: Iterable[Interval], start: datetime, end: datetime) -> Iterator[Interval]:
    for interval in intervals:
        left, right = max(interval.start, start), min(interval.end, end)
        if left < right:
            yield Interval(left, right, interval.value)


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _short(value: Decimal) -> str:
    return f"{value:.6g}"
