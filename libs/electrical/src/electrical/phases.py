"""Three values, one for each phase, and what can be said of them. Knows no unit and no device.

Two readings of one type: `PhaseCurrents` (all three known: limits, headroom, set values) and
`PhaseReadings` (measured: None is "unknown", which is not zero and stays unknown in sums).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")
V = TypeVar("V")


class Phase(StrEnum):
    """A phase of the house, or a conductor of a device, by its number."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"

    __hash__ = str.__hash__  # that of enums is Python code, and phases are keys everywhere


ALL_PHASES = L1, L2, L3 = (Phase.L1, Phase.L2, Phase.L3)


@dataclass(frozen=True, slots=True)
class Phases(Generic[T_co]):
    """One value for each of L1, L2 and L3."""

    l1: T_co
    l2: T_co
    l3: T_co

    def __getitem__(self, phase: Phase) -> T_co:
        # The hottest lines of a decision: `match` would compare texts, three times as long.
        if phase is L1:
            return self.l1
        if phase is L2:
            return self.l2
        if phase is L3:
            return self.l3
        raise KeyError(phase)

    def values(self) -> tuple[T_co, T_co, T_co]:
        """Return the three values in the order L1, L2, L3."""
        return (self.l1, self.l2, self.l3)

    def items(self) -> tuple[tuple[Phase, T_co], ...]:
        """Return (phase, value) in the order L1, L2, L3."""
        return tuple(zip(ALL_PHASES, self.values(), strict=True))

    def map(self, change: Callable[[T_co], U]) -> "Phases[U]":
        """Return `change` of each value."""
        return Phases(change(self.l1), change(self.l2), change(self.l3))

    def __add__(self: "Phases[float]", other: "Phases[float]") -> "Phases[float]":
        return Phases(self.l1 + other.l1, self.l2 + other.l2, self.l3 + other.l3)

    def __sub__(self: "Phases[float]", other: "Phases[float]") -> "Phases[float]":
        return Phases(self.l1 - other.l1, self.l2 - other.l2, self.l3 - other.l3)

    def __neg__(self: "Phases[float]") -> "Phases[float]":
        return Phases(-self.l1, -self.l2, -self.l3)

    def __mul__(self: "Phases[float]", factor: float) -> "Phases[float]":
        return Phases(self.l1 * factor, self.l2 * factor, self.l3 * factor)


PhaseCurrents = Phases[float]
PhaseReadings = Phases[float | None]

ZERO: PhaseCurrents = Phases(0.0, 0.0, 0.0)
UNKNOWN: PhaseReadings = Phases(None, None, None)


def on_every_phase(value: U) -> Phases[U]:
    """Return the same value for L1, L2 and L3."""
    return Phases(value, value, value)


def on_phases(phases: Iterable[Phase], value: U, elsewhere: U) -> Phases[U]:
    """Return `value` on the given phases and `elsewhere` on the others."""
    chosen = frozenset(phases)
    return Phases(*(value if phase in chosen else elsewhere for phase in ALL_PHASES))


def from_mapping(values: Mapping[Phase, U], elsewhere: U) -> Phases[U]:
    """Return the values of a mapping, `elsewhere` for a phase it does not name."""
    return Phases(*(values.get(phase, elsewhere) for phase in ALL_PHASES))


def with_phase(phases: Phases[U], phase: Phase, value: U) -> Phases[U]:
    """Return `phases` with one value replaced."""
    return replace(phases, **{phase.value.lower(): value})


def combine(first: Phases[U], second: Phases[V], join: Callable[[U, V], T_co]) -> Phases[T_co]:
    """Return `join` of both values, phase by phase."""
    return Phases(join(first.l1, second.l1), join(first.l2, second.l2), join(first.l3, second.l3))


def plus(first: PhaseReadings, second: PhaseReadings) -> PhaseReadings:
    """Add readings phase by phase; a sum with an unknown part is unknown."""
    return combine(first, second, lambda a, b: None if a is None or b is None else a + b)


def minus(first: PhaseReadings, second: PhaseReadings) -> PhaseReadings:
    """Subtract readings phase by phase; a difference with an unknown part is unknown."""
    return combine(first, second, lambda a, b: None if a is None or b is None else a - b)


def total(readings: PhaseReadings) -> float | None:
    """Return the sum over the phases, None as soon as one of them is unknown."""
    known = fully_known(readings)
    return None if known is None else sum(known.values())


def fully_known(readings: PhaseReadings) -> PhaseCurrents | None:
    """Return the readings as plain numbers, None as soon as one phase is unknown."""
    if readings.l1 is None or readings.l2 is None or readings.l3 is None:
        return None
    return Phases(readings.l1, readings.l2, readings.l3)


def known_phases(readings: PhaseReadings) -> frozenset[Phase]:
    """Return the phases that carry a number."""
    return frozenset(phase for phase, value in readings.items() if value is not None)
