"""Series on slots: what is not known comes as NaN over the bus, and leaves as null."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from volthus_wire.convert import from_timestamp
from web.messages.plain import NotUnderstoodError
from web.models.plan import Series, Slot

# A day of quarters, three days long, many times over: what is longer is no answer of ours.
MOST_SLOTS = 5000


def slots(start: Timestamp, seconds: Sequence[int]) -> list[Slot]:
    """Return the spans of a list of slots. Raises NotUnderstoodError for an impossible list."""
    if len(seconds) > MOST_SLOTS:
        raise NotUnderstoodError(f"{len(seconds)} slots are more than {MOST_SLOTS}")
    found: list[Slot] = []
    at = from_timestamp(start)
    for length_s in seconds:
        end = _later(at, length_s)
        found.append(Slot(start=at, end=end))
        at = end
    return found


def _later(at: datetime, seconds: int) -> datetime:
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError as error:
        raise NotUnderstoodError(f"a slot of {seconds} s ends beyond all dates") from error


def series(values: Sequence[float], count: int) -> Series:
    """Return one value for each of `count` slots; what is missing or no number is null.

    Values travel as 32-bit floats: they are rounded to what those hold.
    """
    known = [finite(value) for value in values[:count]]
    return known + [None] * (count - len(known))


def finite(value: float) -> float | None:
    """Return a number, None for one that is none. 7 digits are what a float carries."""
    return float(f"{value:.7g}") if math.isfinite(value) else None
