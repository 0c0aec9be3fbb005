"""What people have set: grid connection, chargers, energy management, circuits."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from cem.core.circuits import MAIN, Circuit, CircuitSettings, ancestry
from cem.core.parameters import Parameters
from electrical.margin import usual_margin_a
from electrical.phases import (
    ALL_PHASES,
    UNKNOWN,
    ZERO,
    Phase,
    PhaseCurrents,
    PhaseReadings,
    on_every_phase,
)
from electrical.rotation import Rotation, house_phase


def margins_below(
    fuse_a: PhaseCurrents, margin_a: float | None, parameters: Parameters
) -> PhaseCurrents:
    """Return what stays free below a fuse: as set, else by parameters."""
    if margin_a is not None:
        return on_every_phase(margin_a)
    p = parameters
    return fuse_a.map(lambda a: usual_margin_a(a, p.margin_fixed_a, p.margin_of_fuse))


@dataclass(frozen=True, slots=True)
class GridConnection:
    """The main fuse and what is known of the house behind it (A3); amperes per phase.

    margin_a: None = by parameters. static_share_a: what all chargers together may draw when the
    meter is lost; None = what the design base load leaves. unbalance_a: how much the fullest
    phase may exceed the emptiest by what cars on one or two phases draw (VDE-AR-N 4100); None =
    as they like.
    """

    fuse_a: PhaseCurrents
    phases: int = 3
    margin_a: float | None = None
    base_load_a: PhaseCurrents = ZERO
    static_share_a: PhaseReadings = UNKNOWN
    revision: int = 0
    unbalance_a: float | None = None

    @property
    def live(self) -> tuple[Phase, ...]:
        """Return the phases this site has."""
        return ALL_PHASES if self.phases == 3 else (Phase.L1,)

    def margins_a(self, parameters: Parameters) -> PhaseCurrents:
        """Return what stays free below the fuse."""
        return margins_below(self.fuse_a, self.margin_a, parameters)

    def share_a(self, phase: Phase, parameters: Parameters) -> float:
        """Return what all chargers together may draw on a phase when the meter is lost."""
        left_a = self.fuse_a[phase] - self.margins_a(parameters)[phase]
        share_a = self.static_share_a[phase]
        if share_a is None:
            return left_a - self.base_load_a[phase]
        return min(share_a, left_a)


@lru_cache(maxsize=8)
def tree(
    grid: GridConnection, circuits: tuple[CircuitSettings, ...], parameters: Parameters
) -> Circuit:
    """Return the tree of circuits, the main fuse at its root.

    One whose parent is not known, or that hangs on itself, hangs on the main fuse.
    """
    known = {circuit.id for circuit in circuits}
    below: dict[str, list[CircuitSettings]] = {}
    for circuit in circuits:
        is_loose = circuit.parent not in known or circuit.id in ancestry(circuit.parent, circuits)
        below.setdefault(MAIN if is_loose else circuit.parent, []).append(circuit)

    def built(circuit: CircuitSettings) -> Circuit:
        margin_a = grid.margin_a if circuit.margin_a is None else circuit.margin_a
        margins_a = margins_below(circuit.fuse_a, margin_a, parameters)
        children = tuple(built(child) for child in below.get(circuit.id, ()))
        return Circuit(circuit.id, circuit.fuse_a, margins_a, children, bool(circuit.meter))

    children = tuple(built(circuit) for circuit in below.get(MAIN, ()))
    return Circuit(MAIN, grid.fuse_a, grid.margins_a(parameters), children)


class PhaseSwitching(StrEnum):
    """How a charger goes from three phases to one: EEBUS cannot command it (design section 3)."""

    NONE = "none"
    AUTOMATIC = "automatic"  # in the charger, by itself
    LOCAL_API = "local-api"  # by a driver, on our word


@dataclass(frozen=True, slots=True)
class ChargerSettings:
    """What the electrician knows of a charger; amperes per phase.

    start_a: what a freshly plugged car can draw before the first limit; None = max_a.
    guaranteed_a: kept for it before others get more than theirs; None = nothing.
    phase_switching_url: where a charger with a local API listens.
    is_phase_switching_confirmed: the notice about contactors and cars was accepted.
    """

    ski: str
    min_a: float = 6.0  # IEC 61851-1: no current between 0 and 6 A over PWM
    max_a: float = 32.0
    phases: int = 3
    wiring: Rotation = Rotation.RST
    failsafe_a: float = 6.0  # A3: 6 A by default
    priority: int = 2
    weight: float = 1.0
    circuit: str = MAIN
    start_a: float | None = None
    revision: int = 0
    phase_switching: PhaseSwitching = PhaseSwitching.NONE
    phase_switching_url: str = ""
    is_phase_switching_confirmed: bool = False
    guaranteed_a: float | None = None

    @property
    def can_switch(self) -> bool:
        """Return whether it can be told to offer one phase or three."""
        return (
            self.phase_switching is PhaseSwitching.LOCAL_API
            and self.is_phase_switching_confirmed
            and self.phases == 3
        )

    @property
    def may_switch_itself(self) -> bool:
        """Return whether it may go to one phase without anybody's word."""
        return self.phase_switching is PhaseSwitching.AUTOMATIC and self.phases == 3

    @property
    def least_summed_a(self) -> float | None:
        """Return the least limit on each conductor that it reads as one phase's minimum (A).

        None = it does not add them up.
        """
        return self.min_a / self.phases if self.may_switch_itself else None

    def wired(self, site_phases: int) -> tuple[Phase, ...]:
        """Return the house phases its conductors sit on, conductor a first."""
        return _wired(self.wiring, self.phases, site_phases)


@cache
def _wired(wiring: Rotation, phases: int, site_phases: int) -> tuple[Phase, ...]:
    if site_phases == 1:
        return (Phase.L1,)
    return tuple(house_phase(wiring, c) for c in ALL_PHASES[:phases])


@dataclass(frozen=True, slots=True)
class EnergyManagement:
    """Whether the CEM sends limits (A1)."""

    on: bool = False
    confirmed_no_other: bool = False
    revision: int = 0
