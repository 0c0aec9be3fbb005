"""What charger and meter settle at while the charger is held at one level. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from cem.core.charger import Charger
from cem.core.state import State
from cem.rotation.core.estimate import Edge
from electrical.phases import ALL_PHASES, ZERO, PhaseCurrents, Phases
from electrical.rotation import to_device

SETTLED_S = 6.0  # so long before the end of a level all is still; before that the car follows
LATE_S = 1.5  # readings and reports of the last moments are still on the way
LEAST_READINGS = 2


@dataclass(frozen=True, slots=True)
class Level:
    """One level: the charger by conductor, the meter less all other chargers by phase (A)."""

    charger_a: PhaseCurrents
    meter_a: PhaseCurrents


def level_of(state: State, charger: Charger, ends_s: float) -> Level | None:
    """Return the level that ends now; None if the meter or the charger said too little."""
    window = (ends_s - SETTLED_S, ends_s - LATE_S)
    readings = [s.current_a for s in state.meter.samples if window[0] < s.at_s <= window[1]]
    own_a = drawn_a(charger, window)
    if own_a is None or len(readings) < LEAST_READINGS:
        return None
    others = [drawn_a(c, window) for c in state.chargers.values() if c.ski != charger.ski]
    others_a = sum((a for a in others if a is not None), start=ZERO)
    return Level(to_device(charger.settings.wiring, own_a), _median(readings) - others_a)


def edges(levels: Iterable[Level | None]) -> tuple[Edge, ...]:
    """Return what changed from each level to the next; one that is missing makes no edge."""
    found, before = [], None
    for level in levels:
        if level is not None and before is not None:
            change_a = level.charger_a - before.charger_a
            found.append(Edge(change_a, level.meter_a - before.meter_a))
        before = level
    return tuple(found)


def drawn_a(charger: Charger, window: tuple[float, float]) -> PhaseCurrents | None:
    """Return what a charger drew in a window, by phase of the house as it is set; None = unknown.

    Chargers tell what changes: without a sample in the window the one before still holds.
    """
    earlier = [s.current_a for s in charger.samples if s.at_s <= window[0]]
    within = [s.current_a for s in charger.samples if window[0] < s.at_s <= window[1]]
    return _median(within or earlier[-1:]) if within or earlier else None


def _median(values: list[PhaseCurrents]) -> PhaseCurrents:
    return Phases(*(median(value[phase] for value in values) for phase in ALL_PHASES))
