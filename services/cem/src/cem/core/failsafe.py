"""The last line: what chargers do on their own must fit under the fuse without any of us."""

from collections.abc import Iterable
from dataclasses import dataclass

from cem.core.site import ChargerSettings, GridConnection
from electrical.phases import Phase


@dataclass(frozen=True, slots=True)
class FailsafeExcess:
    """On this phase the failsafe currents and the design base load exceed the fuse; A."""

    phase: Phase
    failsafe_sum_a: float
    base_load_a: float
    fuse_a: float


def excess(grid: GridConnection, chargers: Iterable[ChargerSettings]) -> FailsafeExcess | None:
    """Return the worst phase on which the failsafe currents do not fit, None when they do."""
    chargers = tuple(chargers)
    found = []
    for phase in grid.live:
        sum_a = sum(c.failsafe_a for c in chargers if phase in c.wired(grid.phases))
        base_a, fuse_a = grid.base_load_a[phase], grid.fuse_a[phase]
        if sum_a > 0 and sum_a + base_a > fuse_a + 1e-9:
            found.append(FailsafeExcess(phase, sum_a, base_a, fuse_a))
    return max(found, key=lambda e: e.failsafe_sum_a + e.base_load_a - e.fuse_a, default=None)


def fallbacks_a(grid: GridConnection, chargers: Iterable[ChargerSettings]) -> dict[str, float]:
    """Return what each charger falls back to when its lease ends (A).

    Its failsafe current, or 0 A where that does not fit any more (loadmgmt A3), by priority.
    """
    left = {phase: grid.fuse_a[phase] - grid.base_load_a[phase] for phase in grid.live}
    fallback_a = {}
    for charger in sorted(chargers, key=lambda c: (c.priority, c.ski)):
        wired = charger.wired(grid.phases)
        fits = all(left[phase] + 1e-9 >= charger.failsafe_a for phase in wired)
        fallback_a[charger.ski] = charger.failsafe_a if fits else 0.0
        for phase in wired:
            left[phase] -= fallback_a[charger.ski]
    return fallback_a
