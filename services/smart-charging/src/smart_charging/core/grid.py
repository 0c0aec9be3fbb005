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

    starts_s, ends_s: in order, without overlap; gaps and NaN values are holes. values: [spans], or
    [rows, spans] for many with the same times; then [rows, slots] is returned.
    """
    if not len(starts_s):
        return np.full((*values.shape[:-1], len(edges_s) - 1), np.nan)
    known = np.isfinite(values)
    sums = _between(starts_s, ends_s, np.where(known, values, 0.0), edges_s)
    seconds = _between(starts_s, ends_s, known.astype(np.float64), edges_s)
    means = np.full(sums.shape, np.nan)
    enough = (seconds >= 0.5 * np.diff(edges_s)) & (seconds > 0)
    np.divide(sums, seconds, out=means, where=enough)
    return means


def _between(starts_s: Instants, ends_s: Instants, values: Floats, edges_s: Instants) -> Floats:
    """Return value x seconds between each two edges."""
    lengths = ends_s - starts_s
    amounts = np.cumsum(values * lengths, axis=-1)
    span = np.searchsorted(starts_s, edges_s, side="right") - 1
    inside = np.clip(edges_s - starts_s[span], 0, lengths[span])
    passed = amounts[..., span] - values[..., span] * (lengths[span] - inside)
    sums: Floats = np.diff(np.where(span >= 0, passed, 0.0), axis=-1)
    return sums
