"""What all chargers draw together when everything is silent, held against every fuse. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from electrical.phases import ALL_PHASES, Phase
from electrical.rotation import Rotation, house_phase

ROUNDING_A = 0.0005  # sums of decimals must not refuse what exactly fits


@dataclass(frozen=True, slots=True)
class Fuse:
    """A fuse and what hangs above it. id None: the main fuse; parent None: the main one.

    fuse_a, base_load_a: by phase of the house, only the phases there are.
    """

    id: str | None
    parent: str | None
    fuse_a: Mapping[Phase, float]
    base_load_a: Mapping[Phase, float]


@dataclass(frozen=True, slots=True)
class Falling:
    """A charger and the current it falls to (A). circuit None: on the main fuse."""

    ski: str
    failsafe_a: float
    phases: int
    wiring: str
    circuit: str | None


@dataclass(frozen=True, slots=True)
class Sum:
    """One phase of one fuse. parts: SKI and A of each charger below it."""

    circuit: str | None
    phase: Phase
    base_load_a: float
    parts: tuple[tuple[str, float], ...]
    fuse_a: float

    @property
    def sum_a(self) -> float:
        """Return all of it together."""
        return self.base_load_a + sum(part_a for _, part_a in self.parts)

    @property
    def fits(self) -> bool:
        """Return whether the fuse carries that."""
        return self.sum_a <= self.fuse_a + ROUNDING_A


def sums(fuses: Iterable[Fuse], chargers: Iterable[Falling]) -> tuple[Sum, ...]:
    """Return every phase of every fuse; the main fuse comes first."""
    known = {fuse.id: fuse for fuse in fuses}
    live = tuple(known[None].fuse_a) if None in known else ()
    falling = tuple(chargers)
    return tuple(
        Sum(
            fuse.id,
            phase,
            fuse.base_load_a.get(phase, 0.0),
            tuple(
                (charger.ski, charger.failsafe_a)
                for charger in falling
                if fuse.id in _above(charger.circuit, known) and phase in _wired(charger, live)
            ),
            fuse.fuse_a.get(phase, 0.0),
        )
        for fuse in sorted(known.values(), key=lambda fuse: fuse.id or "")
        for phase in live
    )


def _wired(charger: Falling, live: tuple[Phase, ...]) -> tuple[Phase, ...]:
    if len(live) == 1:
        return live
    rotation = Rotation(charger.wiring)
    return tuple(house_phase(rotation, c) for c in ALL_PHASES[: charger.phases])


def _above(circuit: str | None, known: Mapping[str | None, Fuse]) -> tuple[str | None, ...]:
    """Return a circuit and all above it; one that is not known hangs on the main fuse."""
    chain: list[str | None] = []
    while circuit in known and circuit is not None and circuit not in chain:
        chain.append(circuit)
        circuit = known[circuit].parent
    return (*chain, None)
