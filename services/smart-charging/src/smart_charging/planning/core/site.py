"""What is planned for: a site with its room and its plugged cars, as values. No message here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats

VOLTAGE_V = 230.0
PHASE_BITS = {"L1": 1, "L2": 2, "L3": 4}


@dataclass(frozen=True, slots=True)
class Session:
    """One plugged car. Powers in kW and energies in kWh at the charger; None = not known.

    phases: bits of the house phases it loads (L1 = 1, L2 = 2, L3 = 4). needed: still missing to its
    goal. most: what the battery still takes. departure_s: Unix seconds.
    """

    id: str
    ski: str
    mode: str
    phases: int
    least_kw: float
    most_kw: float
    looks_at_forecast: bool = False
    looks_at_surplus: bool = False
    looks_at_price: bool = False
    needed_kwh: float | None = None
    most_kwh: float | None = None
    departure_s: float | None = None
    is_charging: bool = False
    soc_percent: float | None = None
    target_percent: float | None = None
    battery_kwh: float | None = None
    circuit: str = ""
    must_charge: bool = False

    @property
    def looks_at_anything(self) -> bool:
        """Return whether a plan may shift its charging at all."""
        return self.looks_at_forecast or self.looks_at_surplus or self.looks_at_price

    @property
    def has_due_need(self) -> bool:
        """Return whether it is known what it needs, and by when."""
        return self.departure_s is not None and self.needed_kwh is not None


@dataclass(frozen=True, slots=True)
class Site:
    """A site's room and cars. room_kw: fuse less margin, by phase. base_kw: design base load.

    clock_ahead_s: how far the site's clock runs before ours.
    """

    id: str
    revision: int
    room_kw: tuple[float, ...]
    base_kw: tuple[float, ...]
    has_meter: bool = True
    contract_kw: float | None = None
    objective: str = "cost"
    threshold_kw: float | None = None
    circuits: dict[str, float] = field(default_factory=dict)  # room by phase, kW
    sessions: tuple[Session, ...] = ()
    clock_ahead_s: float = 0.0
    parents: dict[str, str] = field(default_factory=dict)  # of circuits that are below another one

    def above(self, session: Session) -> tuple[str, ...]:
        """Return the circuits that carry what a session draws, without the main one."""
        found: list[str] = []
        at = session.circuit
        while at in self.circuits and at not in found:
            found.append(at)
            at = self.parents.get(at, "")
        return tuple(found)

    @property
    def last_departure_s(self) -> float | None:
        """Return when the last car leaves that said so."""
        known = [s.departure_s for s in self.sessions if s.departure_s is not None]
        return max(known, default=None)


@dataclass(frozen=True, slots=True)
class Trusted:
    """How far one input may be trusted (message PlanInput)."""

    input: str
    source: str
    freshness: str
    known_until_s: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a kWh costs on the slots of a plan; shared by all sites of a tariff.

    bought, sold, co2 (g/kWh): finite, what is not known filled by the rule of `pricing`. shown: the
    same three as rows, NaN where they are truly not known.
    """

    bought: Floats
    sold: Floats
    co2: Floats | None
    shown: Floats
    currency: str
    inputs: tuple[Trusted, ...]
    is_flat: bool = False  # all hours cost the same, or no price is known at all
    _variants: dict[str, Floats] = field(default_factory=dict, compare=False, repr=False)
    _digests: dict[int, tuple[Floats, bytes]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def digest(self, values: Floats) -> bytes:
        """Return a hash of one of these series, or of one made from them: reckoned only once."""
        known = self._digests.get(id(values))
        if known is None:  # with the series itself, so that no other one gets its id
            known = self._digests[id(values)] = values, sha256(values.tobytes()).digest()
        return known[1]

    def variant(self, name: str, make: Callable[[], Floats]) -> Floats:
        """Return a series made from these prices: the same object each time, for the planner."""
        made = self._variants.get(name)
        if made is None:
            made = self._variants[name] = make()
        return made


@dataclass(frozen=True, slots=True)
class Outlook:
    """What sun and house will do on the slots of a plan: kw [4, slots], finite.

    Rows: sun; low sun (there is more in 4 of 5 cases); load; high load (less in 4 of 5 cases).
    """

    kw: Floats | NDArray[np.float32]
    inputs: tuple[Trusted, ...] = ()
