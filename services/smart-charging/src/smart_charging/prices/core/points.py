"""Points that tell only when they begin -> intervals with an end. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from smart_charging.prices.core.series import Interval
from smart_charging.provider.core.decoding import LONGEST_STEP
from smart_charging.provider.core.errors import AnswerError


def ended_by_neighbours(points: Iterable[tuple[datetime, Decimal | None]]) -> Sequence[Interval]:
    """Give points that tell only their start an end, and drop those without a value.

    A point lasts to its nearer neighbour, on either side, and at most an hour: so a row that is
    left out makes a hole instead of stretching the one before it. Raises AnswerError for two
    values at one time and for less than two points, whose length nobody could tell.
    """
    by_start: dict[datetime, Decimal | None] = {}
    for start, value in points:
        if start in by_start and by_start[start] != value:
            raise AnswerError(f"two values for {start:%Y-%m-%dT%H:%MZ}")
        by_start[start] = value
    starts = sorted(by_start)
    if len(starts) == 1:
        raise AnswerError("one time alone does not tell how long its value holds")
    gaps = [LONGEST_STEP, *(b - a for a, b in pairwise(starts)), LONGEST_STEP]
    intervals = []
    for index, start in enumerate(starts):
        value = by_start[start]
        if value is not None:
            length = min(gaps[index], gaps[index + 1], LONGEST_STEP)
            intervals.append(Interval(start, start + length, value))
    return intervals
