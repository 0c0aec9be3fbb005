"""What a simulated or real car says of itself through the charger."""

from dataclasses import dataclass

MAX_A = 10_000.0  # far beyond any cable
MAX_WH = 1e7  # far beyond any battery
MAX_DEPARTURE_S = 7 * 24 * 3600.0  # what a curve may cover (CEVC)


@dataclass(frozen=True, slots=True)
class EvProfile:
    """A car at the charger. Currents in A per conductor.

    standard: iec61851, iso15118-2ed1 or iso15118-2ed2; the latter two offer OSCEV.
    phases: 1, 2 or 3. pause_a: the permitted value outside the range. soc_percent None: the car
    does not tell, EVSOC is not offered. ev_id: its EUI-48, None = unknown. plans: it plans its
    charging with the energy manager (CEVC) as soon as it speaks ISO 15118.
    """

    standard: str = "iec61851"
    phases: int = 3
    min_a: float = 6.0
    max_a: float = 16.0
    pause_a: float = 0.1
    soc_percent: float | None = None
    asymmetric: bool = False
    ev_id: str | None = None
    plans: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a car that cannot be."""
        if self.phases not in {1, 2, 3}:
            raise ValueError(f"a car uses 1, 2 or 3 phases, not {self.phases}")
        if not 0 <= self.pause_a < self.min_a <= self.max_a <= MAX_A:
            raise ValueError(f"expected 0 <= pause_a < min_a <= max_a <= {MAX_A:.0f}, got {self}")

    @property
    def is_iso15118(self) -> bool:
        """Whether car and charger speak ISO 15118."""
        return self.standard.startswith("iso15118")

    @property
    def is_planning(self) -> bool:
        """Whether it offers to plan its charging now."""
        return self.plans and self.is_iso15118


@dataclass(frozen=True, slots=True)
class CarDemand:
    """What a car asks for (CEVC scenario 1), Wh. None = it does not say.

    optimal_wh 0: nothing. departure_s: from now, None = unknown: it then charges directly.
    """

    optimal_wh: float
    min_wh: float | None = None
    max_wh: float | None = None
    departure_s: float | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a demand no car can have."""
        energies = [
            each for each in (self.optimal_wh, self.min_wh, self.max_wh) if each is not None
        ]
        if not all(0 <= each <= MAX_WH for each in energies):
            raise ValueError(f"energies are from 0 to {MAX_WH:.0f} Wh, got {self}")
        if self.departure_s is not None and not 0 < self.departure_s <= MAX_DEPARTURE_S:
            raise ValueError("a departure is in the next seven days")
