"""Circuits: fuses in a tree, the main fuse at its root (C12)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from electrical.phases import ZERO, PhaseCurrents

MAIN = "main"


@dataclass(frozen=True, slots=True)
class Circuit:
    """A fuse and what hangs below it: chargers name the circuit they are on.

    has_meter: a sub-meter sits behind the fuse; without one it feeds chargers only.
    """

    id: str
    fuse_a: PhaseCurrents
    margin_a: PhaseCurrents = ZERO
    children: tuple["Circuit", ...] = ()
    has_meter: bool = False

    def walk(self) -> Iterator[tuple["Circuit", frozenset[str]]]:
        """Yield every circuit with the ids of all circuits at and below it, root first."""
        below = [pair for child in self.children for pair in child.walk()]
        direct = (ids for circuit, ids in below if circuit in self.children)
        yield self, frozenset({self.id}).union(*direct)
        yield from below


@dataclass(frozen=True, slots=True)
class CircuitSettings:
    """A circuit as the electrician sets it; amperes per phase.

    parent: id of the circuit above. margin_a: None = as below the main fuse. meter: id of the
    sub-meter behind its fuse; "" = it feeds chargers only.
    """

    id: str
    fuse_a: PhaseCurrents
    name: str = ""
    parent: str = MAIN
    margin_a: float | None = None
    meter: str = ""
    revision: int = 0


def ancestry(circuit_id: str, circuits: Iterable[CircuitSettings]) -> tuple[str, ...]:
    """Return a circuit and all above it, the main fuse last.

    One that is not (or no longer) known hangs on the main fuse; a loop ends where it closes.
    """
    parents = {circuit.id: circuit.parent for circuit in circuits}
    chain: list[str] = []
    while circuit_id in parents and circuit_id not in chain:
        chain.append(circuit_id)
        circuit_id = parents[circuit_id]
    return (*chain, MAIN)
