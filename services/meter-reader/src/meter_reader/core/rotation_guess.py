"""Which rotation explains what the meter saw while a charger was pulsed. Pure estimation.

A pulse changes the current of known house phases by a known amount; the meter sees the change on
its own inputs. Only a pulse that treats the phases differently can tell rotations apart: one on L1
alone leaves two of the six, one on L1 and one on L2 leave one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from electrical.phases import PhaseCurrents
from electrical.rotation import Rotation, to_house

QUIET_A = 1.0  # a pulse whose phases differ by less says nothing about the order
CLEAR_A = 0.5  # the best must beat the next by this much per pulse, root mean square
MOST_ERROR_A = 2.0  # more unexplained current than this: the house was too busy


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse: what changed in the house, and what the meter's inputs saw of it (A)."""

    house_a: PhaseCurrents  # change by phase of the house, as the charger measured it
    meter_a: PhaseCurrents  # change by input of the meter, before any rotation


@dataclass(frozen=True, slots=True)
class Guess:
    """The rotations that explain the pulses, the best first; one alone is an answer."""

    fitting: tuple[Rotation, ...]
    error_a: float  # root mean square of what the best leaves unexplained

    @property
    def rotation(self) -> Rotation | None:
        """Return the rotation, None while several explain the pulses or none does."""
        return self.fitting[0] if len(self.fitting) == 1 else None


def guess(pulses: Sequence[Pulse]) -> Guess:
    """Return which rotations explain all pulses.

    Nothing fits when the house was too busy during the pulses; everything does when no pulse told
    the phases apart.
    """
    telling = [pulse for pulse in pulses if _spread_a(pulse.house_a) >= QUIET_A]
    if not telling:
        return Guess(tuple(Rotation), 0.0)
    errors = {rotation: _error_a(rotation, telling) for rotation in Rotation}
    best = min(errors.values())
    if best > MOST_ERROR_A:
        return Guess((), best)
    near = sorted((r for r in Rotation if errors[r] < best + CLEAR_A), key=errors.__getitem__)
    return Guess(tuple(near), best)


def _error_a(rotation: Rotation, pulses: Sequence[Pulse]) -> float:
    squares = [
        difference**2
        for pulse in pulses
        for difference in (to_house(rotation, pulse.meter_a) - pulse.house_a).values()
    ]
    return float((sum(squares) / len(squares)) ** 0.5)


def _spread_a(current_a: PhaseCurrents) -> float:
    return max(current_a.values()) - min(current_a.values())
