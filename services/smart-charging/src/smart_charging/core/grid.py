"""A row of equal slots in UTC, and series laid onto it. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]  # seconds since 1970, UTC

QUARTER_S = 900
MOST_SLOTS = 40_000  # a year of quarter-hours, and some


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots of one length, one after another. start_s: seconds since 1970, UTC."""

    start_s: int
    slots: int = 288  # 72 h
    slot_s: int = QUARTER_S

    def __post_init__(self) -> None:
        if self.slot_s <= 0 or not 0 < self.slots <= MOST_SLOTS:
            raise ValueError(f"{self.slots} slots of {self.slot_s} s are no grid")

    @classmethod
    def at(cls, now: datetime, slots: int = 288) -> "Grid":
        """Return quarter-hours from the one an instant lies in."""
        return cls(int(now.timestamp()) // QUARTER_S * QUARTER_S, slots)

    @property
    def edges_s(self) -> Instants:
        """Return slots + 1 instants."""
        return self.start_s + self.slot_s * np.arange(self.slots + 1, dtype=np.int64)

    @property
    def starts_s(self) -> Instants:
        """Return the start of each slot."""
        return self.edges_s[:-1]

    @property
    def middles_s(self) -> Floats:
        """Return the middle of each slot: where the sun is looked at."""
        return self.starts_s.astype(np.float64) + self.slot_s / 2

    @property
    def start(self) -> datetime:
        """Return the first instant."""
        return datetime.fromtimestamp(self.start_s, UTC)

    @property
    def end_s(self) -> int:
        """Return the instant after the last slot."""
        return self.start_s + self.slots * self.slot_s

    def widened(self, slots: int) -> "Grid":
        """Return the grid with so many slots more at either side."""
        return Grid(self.start_s - slots * self.slot_s, self.slots + 2 * slots, self.slot_s)


def laid(starts_s: Instants, ends_s: Instants, values: Floats, edges_s: Instants) -> Floats:
    """Return the time-weighted mean of spans between each two edges; NaN where half is unknown.

    starts_s, ends_s: in order, without overlap; gaps and NaN values are holes. values: [spans].
    """
    known = np.isfinite(values)
    starts, ends, held = starts_s[known], ends_s[known], values[known]
    if not len(held):
        return np.full(len(edges_s) - 1, np.nan)
    corners = np.empty(2 * len(held))
    corners[0::2], corners[1::2] = starts, ends
    return _means(corners, ends - starts, held, edges_s)


def _means(corners: Floats, lengths: Instants, values: Floats, edges_s: Instants) -> Floats:
    total, covered = np.zeros(len(corners)), np.zeros(len(corners))
    total[1::2], covered[1::2] = np.cumsum(values * lengths), np.cumsum(lengths)
    total[2::2], covered[2::2] = total[1:-1:2], covered[1:-1:2]
    sums = np.diff(np.interp(edges_s, corners, total))
    seconds = np.diff(np.interp(edges_s, corners, covered))
    enough = seconds >= 0.5 * np.diff(edges_s)
    means = np.full(len(sums), np.nan)
    np.divide(sums, seconds, out=means, where=enough)
    return means
