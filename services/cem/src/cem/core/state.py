"""Everything the CEM knows, as one frozen value: the only input of a decision besides the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cem.core.charger import Charger
from cem.core.events import GridReading
from cem.core.reasons import Notice
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from electrical.phases import PhaseCurrents


@dataclass(frozen=True, slots=True)
class MeterSample:
    """One usable reading: what flowed at the grid connection point at a moment."""

    at_s: float
    current_a: PhaseCurrents


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the house took beside the chargers at the moment of one reading (A per phase).

    raw_a: the smallest change that explains the reading.
    confirmed_a: the same without rises that no second sample has confirmed yet.
    most_a: the most that explains it: the chargers drew the least they can have drawn.
    """

    at_s: float
    meter_a: PhaseCurrents
    raw_a: PhaseCurrents
    confirmed_a: PhaseCurrents
    most_a: PhaseCurrents


@dataclass(frozen=True, slots=True)
class Meter:
    """The grid meter. id None: the site has none, load management is static."""

    id: str | None = None
    known_since_s: float = 0.0
    last: GridReading | None = None  # the last usable one
    last_at_s: float | None = None  # when that one was measured
    samples: tuple[MeterSample, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    same_count: int = 0
    same_since_s: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """The whole memory of the control law. Monotonic seconds; never changed, only replaced.

    charger_settings: of every charger ever set, also of those not paired now.
    is_roster_known: whether the gateway has told us who is paired since our start.
    """

    started_s: float = 0.0
    grid: GridConnection | None = None
    energy_management: EnergyManagement = field(default_factory=EnergyManagement)
    charger_settings: Mapping[str, ChargerSettings] = field(default_factory=dict)
    chargers: Mapping[str, Charger] = field(default_factory=dict)
    is_roster_known: bool = False
    meter: Meter = field(default_factory=Meter)
    sun_w: float | None = None
    power_limit_w: float | None = None  # of the grid operator, for all chargers together
    is_store_failing: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def site_phases(self) -> int:
        """Return the number of phases of the grid connection; three while it is unknown."""
        return 3 if self.grid is None else self.grid.phases

    def with_charger(self, charger: Charger) -> "State":
        """Return the state with one charger replaced."""
        return replace(self, chargers={**self.chargers, charger.ski: charger})


@dataclass(frozen=True, slots=True)
class Remembered:
    """What outlives a restart. grid_meter: None = the site has none; paired: their SKIs."""

    grid: GridConnection | None = None
    energy_management: EnergyManagement = field(default_factory=EnergyManagement)
    charger_settings: Mapping[str, ChargerSettings] = field(default_factory=dict)
    paired: tuple[str, ...] = ()
    grid_meter: str | None = None


def restored(remembered: Remembered, now: float) -> State:
    """Return the state of a CEM that starts at `now` with what was remembered."""
    settings = dict(remembered.charger_settings)
    chargers = {
        ski: Charger(
            ski, settings.get(ski, ChargerSettings(ski)), known_since_s=now, is_restored=True
        )
        for ski in sorted(remembered.paired)
    }
    return State(
        started_s=now,
        grid=remembered.grid,
        energy_management=remembered.energy_management,
        charger_settings=settings,
        chargers=chargers,
        meter=Meter(remembered.grid_meter, now),
    )
