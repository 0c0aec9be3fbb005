"""What the edges of a square wave tell: on which phases of the meter a charger shows. Pure.

At each edge the charger's conductors change by known amounts; the meter shows that on some phases,
and on top of it whatever the household did meanwhile. Every way in which the charger can show is
a hypothesis, and each edge speaks for or against it. A household that steps at the wrong moment
is an outlier and speaks for nobody, however large it is.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from electrical.phases import ALL_PHASES, Phase, PhaseCurrents, Phases

TELLING_A = 2.0  # an edge on which no conductor changes by that much tells nothing
LIKE_OF_MOST = 0.5  # a conductor moves if it changes by that share of the one that changes most
NOISE_A = 0.4  # standard deviation of what a quiet house does between two levels
NOISE_OF_CHANGE = 0.05  # and of what meter and charger make of the same change
OUTLIERS = 0.15  # share of edges at which the household steps on a phase ...
OUTLIER_RANGE_A = 60.0  # ... by anything within that range
MOST_CERTAIN = 0.99  # what a model of a household can be believed


@dataclass(frozen=True, slots=True)
class Edge:
    """What changed from one level to the next (A): by conductor of the charger, by phase."""

    charger_a: PhaseCurrents
    meter_a: PhaseCurrents


@dataclass(frozen=True, slots=True)
class Shown:
    """One way in which the charger can show on the meter.

    signs: of each phase it shows on; -1 = its clamp sits the wrong way round.
    """

    signs: tuple[tuple[Phase, int], ...]

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the phases it shows on, in their order."""
        return tuple(phase for phase, _ in self.signs)

    @property
    def reversed(self) -> tuple[Phase, ...]:
        """Return the phases on which less is shown when more is drawn."""
        return tuple(phase for phase, sign in self.signs if sign < 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most probable way, and how sure that is.

    moving: the conductors that changed; none = the charger's current hardly changed. Where two
    or three change alike it is known on which phases they sit, not which sits where.
    confidence: 0 to 1. edges: how many told something.
    """

    moving: tuple[Phase, ...]
    shown: Shown
    confidence: float
    edges: int


def estimate(edges: Sequence[Edge]) -> Estimate:
    """Return what all edges together say; the same edges, the same answer."""
    telling = [edge for edge in edges if _largest(edge.charger_a) >= TELLING_A]
    moving = _moving(telling)
    if not moving:
        return Estimate((), Shown(()), 0.0, 0)
    weights = {shown: _log_likelihood(shown, moving, telling) for shown in ways(len(moving))}
    best = max(weights, key=weights.__getitem__)
    total = sum(math.exp(weight - weights[best]) for weight in weights.values())
    return Estimate(moving, best, min(1.0 / total, MOST_CERTAIN), len(telling))


def ways(conductors: int) -> Iterator[Shown]:
    """Yield every way in which so many conductors can show: on fewer phases too, or on none."""
    for count in range(conductors + 1):
        for phases in combinations(ALL_PHASES, count):
            for signs in product((1, -1), repeat=count):
                yield Shown(tuple(zip(phases, signs, strict=True)))


def _moving(edges: Sequence[Edge]) -> tuple[Phase, ...]:
    """Return the conductors that follow the pulse, over all edges."""
    sums = {c: sum(abs(edge.charger_a[c]) for edge in edges) for c in ALL_PHASES}
    most = max(sums.values())
    return tuple(c for c in ALL_PHASES if most > 0 and sums[c] >= LIKE_OF_MOST * most)


def _log_likelihood(shown: Shown, moving: Sequence[Phase], edges: Sequence[Edge]) -> float:
    return sum(_edge_likelihood(shown, moving, edge) for edge in edges)


def _edge_likelihood(shown: Shown, moving: Sequence[Phase], edge: Edge) -> float:
    change_a = sum(edge.charger_a[conductor] for conductor in moving) / len(moving)
    expected_a = Phases(*(change_a * dict(shown.signs).get(phase, 0) for phase in ALL_PHASES))
    deviation_a = NOISE_A + NOISE_OF_CHANGE * abs(change_a)
    return sum(_log_density(edge.meter_a[p] - expected_a[p], deviation_a) for p in ALL_PHASES)


def _log_density(error_a: float, deviation_a: float) -> float:
    """Return how probable it is that the house made this difference: noise, or a step."""
    noise = math.exp(-0.5 * (error_a / deviation_a) ** 2) / (deviation_a * math.sqrt(math.tau))
    return math.log((1 - OUTLIERS) * noise + OUTLIERS / OUTLIER_RANGE_A)


def _largest(current_a: PhaseCurrents) -> float:
    return max(abs(value) for value in current_a.values())
