"""Rows of strangers -> checked columns. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import isnan

import numpy as np

from smart_charging.provider.core import decoding
from smart_charging.provider.core.decoding import Json
from smart_charging.provider.core.errors import AnswerError
from smart_charging.solar.core.series import Quantity, Series

Row = tuple[int, int, Mapping[Quantity, float]]
NAN = float("nan")
MOST_AWAY_DEG = 1.0  # grids of weather models are up to half a degree wide


def number(value: Json, what: str) -> float:
    """Return a number as it is, and null as NaN. Raises AnswerError for anything else."""
    return NAN if value is None else float(decoding.number(value, what))


def seconds(moment: datetime) -> int:
    """Return seconds since 1970."""
    return int(moment.timestamp())


def series(source: str, rows: Iterable[Row]) -> Series:
    """Return rows of (start, end, values) in order of time; an exact repetition is dropped.

    Raises AnswerError for two values at one time, and whatever `Series` does not take.
    """
    by_start: dict[int, Row] = {}
    for row in rows:
        known = by_start.setdefault(row[0], row)
        if known[1] != row[1] or not _same(known[2], row[2]):
            raise AnswerError(f"two values for {row[0]} s since 1970")
    ordered = [by_start[start] for start in sorted(by_start)]
    told = [q for q in Quantity if any(q in row[2] for row in ordered)]
    starts, ends = (np.array([row[i] for row in ordered], dtype=np.int64) for i in (0, 1))
    columns = {q: np.array([row[2].get(q, NAN) for row in ordered]) for q in told}
    return Series(source, starts, ends, columns)


def near(latitude_deg: float, longitude_deg: float, wanted: tuple[float, float]) -> None:
    """Check that an answer is about the place asked for. Raises AnswerError."""
    north = abs(latitude_deg - wanted[0])
    east = abs((longitude_deg - wanted[1] + 180) % 360 - 180)
    if not (north <= MOST_AWAY_DEG and east <= MOST_AWAY_DEG):  # NaN is not near
        raise AnswerError(
            f"the answer is about {latitude_deg:.2f},{longitude_deg:.2f},"
            f" asked was {wanted[0]:.1f},{wanted[1]:.1f}"
        )


def _same(one: Mapping[Quantity, float], other: Mapping[Quantity, float]) -> bool:
    """Return whether two rows tell the same; NaN is like NaN."""
    return one.keys() == other.keys() and all(
        value == other[q] or (isnan(value) and isnan(other[q])) for q, value in one.items()
    )
