"""What cars share on the way to their goals: every fuse above them, the contract, an order. Pure.

For the latest start only (`goals`): means over minutes, not what limits are drawn from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp

from cem.core.circuits import MAIN, ancestry
from cem.core.dividing import division
from cem.core.parameters import Parameters
from cem.core.site import GridConnection, tree
from cem.core.state import Estimate, Meter, State
from electrical.phases import ZERO, Phase, PhaseCurrents, combine
from electrical.power import NOMINAL_VOLTAGE_V

USUAL_OVER_S = 900.0  # of an hour's cooking something is left, of a kettle nothing
LEAST_A = 1.0


@dataclass(frozen=True, slots=True)
class Lane:
    """What the chargers below a circuit may draw together, on some phases added up (A)."""

    circuit: str
    phases: tuple[Phase, ...]
    room_a: float


def lanes(state: State, now: float, p: Parameters) -> tuple[Lane, ...]:
    """Return all that the cars of a site share, as it usually is. An order in force may last."""
    grid = state.grid
    return () if grid is None else tuple(_lanes(grid, state, now, p))


def above(circuit: str, state: State) -> frozenset[str]:
    """Return the circuits that carry what a charger on one of them draws."""
    return frozenset(ancestry(circuit, state.circuits))


def usual_a(meter: Meter, estimates: tuple[Estimate, ...]) -> PhaseCurrents | None:
    """Return the mean of what is drawn beside the chargers (A), brought up to the last estimate."""
    if not estimates:
        return meter.usual_a
    latest = estimates[-1]
    if meter.usual_a is None or not meter.estimates:
        return latest.raw_a
    part = 1.0 - exp(-max(0.0, latest.at_s - meter.estimates[-1].at_s) / USUAL_OVER_S)
    return meter.usual_a + (latest.raw_a - meter.usual_a) * part


def _lanes(grid: GridConnection, state: State, now: float, p: Parameters) -> Iterator[Lane]:
    house_a = _house_a(grid, state.meter)
    for circuit, _ in tree(grid, state.circuits, p).walk():
        sub = state.sub_meters.get(circuit.id) if circuit.has_meter else None
        other_a = house_a if circuit.id == MAIN else ZERO if sub is None else _beside_a(sub)
        for phase in grid.live:
            room_a = circuit.fuse_a[phase] - circuit.margin_a[phase] - other_a[phase]
            if circuit.id == MAIN and state.meter.id is None:
                room_a = grid.share_a(phase, p)
            yield Lane(circuit.id, (phase,), max(LEAST_A, room_a))
    if state.operator.contract_w is not None:
        left_a = state.operator.contract_w / NOMINAL_VOLTAGE_V - sum(house_a.values())
        yield Lane(MAIN, grid.live, max(LEAST_A, left_a))
    ordered_w = division(state, now, p).chargers_w
    if ordered_w is not None:
        yield Lane(MAIN, grid.live, max(LEAST_A, ordered_w / NOMINAL_VOLTAGE_V))


def _house_a(grid: GridConnection, meter: Meter) -> PhaseCurrents:
    """Return what the house usually takes: as seen, and never less than its design base load."""
    return combine(grid.base_load_a, _beside_a(meter), max)


def _beside_a(meter: Meter) -> PhaseCurrents:
    return ZERO if meter.usual_a is None else meter.usual_a.map(lambda a: max(0.0, a))
