"""The last line: what chargers do on their own must fit under the fuse without any of us."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cem.core.charger import Charger
from cem.core.circuits import MAIN, Circuit, CircuitSettings, ancestry
from cem.core.conduct import Conduct
from cem.core.site import ChargerSettings, GridConnection
from electrical.phases import Phase

ROUNDING_A = 1e-9


@dataclass(frozen=True, slots=True)
class FailsafeExcess:
    """On this phase the failsafe currents and the design base load exceed a fuse; A.

    circuit: whose fuse; the design base load hangs on the main one.
    """

    phase: Phase
    failsafe_sum_a: float
    base_load_a: float
    fuse_a: float
    circuit: str = MAIN

    @property
    def by_a(self) -> float:
        """Return by how much the fuse is exceeded."""
        return self.failsafe_sum_a + self.base_load_a - self.fuse_a


def excess(
    grid: GridConnection,
    chargers: Iterable[ChargerSettings],
    circuits: tuple[CircuitSettings, ...] = (),
) -> FailsafeExcess | None:
    """Return the worst phase of a circuit on which the failsafe currents do not fit, else None."""
    return _excess(grid, tuple(chargers), circuits)


@lru_cache(maxsize=8)  # asked for every second, and settings change once a month
def _excess(
    grid: GridConnection,
    chargers: tuple[ChargerSettings, ...],
    circuits: tuple[CircuitSettings, ...],
) -> FailsafeExcess | None:
    above = {c.circuit: ancestry(c.circuit, circuits) for c in chargers}
    found = []
    fuses = [(MAIN, grid.fuse_a), *((circuit.id, circuit.fuse_a) for circuit in circuits)]
    for circuit, fuse_a in fuses:
        members = [c for c in chargers if circuit in above[c.circuit]]
        for phase in grid.live:
            sum_a = sum(c.failsafe_a for c in members if phase in c.wired(grid.phases))
            base_a = grid.base_load_a[phase] if circuit == MAIN else 0.0
            if sum_a > 0 and sum_a + base_a > fuse_a[phase] + ROUNDING_A:
                found.append(FailsafeExcess(phase, sum_a, base_a, fuse_a[phase], circuit))
    return max(found, key=lambda e: e.by_a, default=None)


def fallbacks_a(
    root: Circuit, grid: GridConnection, chargers: Iterable[Charger], most_a: float | None
) -> dict[str, float]:
    """Return what each charger falls back to when its lease ends (A), by priority.

    Its failsafe current; 0 A where that does not fit any more (loadmgmt A3), its mode is Off, or
    the operator's limit has no room for it. most_a: what an operator's limit leaves on all
    conductors together; None = there is none.
    """
    inside = tuple((circuit.id, ids) for circuit, ids in root.walk())
    left = {
        circuit.id: {
            phase: circuit.fuse_a[phase] - (grid.base_load_a[phase] if circuit.id == MAIN else 0.0)
            for phase in grid.live
        }
        for circuit, _ in root.walk()
    }
    fallback_a = {}
    for charger in sorted(chargers, key=lambda c: (c.settings.priority, c.ski)):
        settings = charger.settings
        wired = settings.wired(grid.phases)
        above = [left[at] for at, ids in inside if at == MAIN or settings.circuit in ids]
        failsafe_a = 0.0 if charger.intent.conduct is Conduct.OFF else settings.failsafe_a
        least_a = min([there[phase] for there in above for phase in wired])
        fits = least_a + ROUNDING_A >= failsafe_a
        if most_a is not None:
            fits &= failsafe_a * len(wired) <= most_a + ROUNDING_A
        fallback_a[charger.ski] = failsafe_a if fits else 0.0
        for there in above:
            for phase in wired:
                there[phase] -= fallback_a[charger.ski]
        if most_a is not None:
            most_a -= fallback_a[charger.ski] * len(wired)
    return fallback_a
