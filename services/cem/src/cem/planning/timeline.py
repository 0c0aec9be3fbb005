"""Planned and real on one axis (B8): minutes, plans and prices, each as a mean of every step. Pure.

In the past planned values are those of the plan in force when a slot began. What is not known is
NaN, never 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, nan

Piece = tuple[float, float, float | None]  # start, end (Unix s), value


@dataclass(frozen=True, slots=True)
class Axis:
    """Equal steps from a start; Unix seconds."""

    start_s: int
    step_s: int
    count: int

    @property
    def end_s(self) -> int:
        """Return where it ends."""
        return self.start_s + self.count * self.step_s


@dataclass(frozen=True, slots=True)
class Measured:
    """How much of each step was measured, s by start of step: at all, of the grid, of the sun."""

    all_s: Mapping[int, float] = field(default_factory=dict)
    grid_s: Mapping[int, float] = field(default_factory=dict)
    sun_s: Mapping[int, float] = field(default_factory=dict)


def means(axis: Axis, pieces: Iterable[Piece]) -> list[float]:
    """Return the mean of what is known in every step, by time; NaN where nothing is."""
    sums, spans = [0.0] * axis.count, [0.0] * axis.count
    for start_s, end_s, value in pieces:
        if value is None or isnan(value):
            continue
        first = max(0, int((start_s - axis.start_s) // axis.step_s))
        last = min(axis.count - 1, int(-(-(end_s - axis.start_s) // axis.step_s)) - 1)
        for step in range(first, last + 1):
            begin_s = axis.start_s + step * axis.step_s
            span_s = min(end_s, begin_s + axis.step_s) - max(start_s, begin_s)
            if span_s > 0:
                sums[step] += value * span_s
                spans[step] += span_s
    return [total / span if span > 0 else nan for total, span in zip(sums, spans, strict=True)]


def powers(
    axis: Axis, energies: Mapping[int, float | None], known_s: Mapping[int, float]
) -> list[float]:
    """Return energies (Wh) as mean powers, over the part of each step that was measured.

    Both by start of step. The step that runs, and one in which we were not there all the time,
    count as far as they are known; others that nobody measured are NaN.
    """
    found = []
    for step in range(axis.count):
        start_s = axis.start_s + step * axis.step_s
        energy_wh, span_s = energies.get(start_s), known_s.get(start_s, 0.0)
        found.append(nan if energy_wh is None or span_s <= 0 else energy_wh * 3600 / span_s)
    return found


def pieces_of(edges_s: Sequence[float], values: Sequence[float], from_s: float) -> list[Piece]:
    """Return a series as pieces from a moment on."""
    return [
        (max(from_s, edges_s[number]), edges_s[number + 1], value)
        for number, value in enumerate(values)
        if edges_s[number + 1] > from_s
    ]
