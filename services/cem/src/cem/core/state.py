"""Everything the CEM knows, as one frozen value: the only input of a decision besides the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cem.core import driving
from cem.core.appliances import Appliance
from cem.core.charger import Charger
from cem.core.circuits import CircuitSettings
from cem.core.conduct import KeptSoc, SocWord, Switching
from cem.core.driving import ChargingMode, Goal, WallClock
from cem.core.events import GridReading
from cem.core.operating import OperatorLimit, OperatorSettings
from cem.core.plan import Plan, Prices
from cem.core.reasons import Notice
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.tariff import PlanningSettings, PvSystem, Tariff
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
    usual_a: PhaseCurrents | None = None  # the mean beside the chargers, see `lanes.usual_a`


@dataclass(frozen=True, slots=True)
class State:
    """The whole memory of the control law. Monotonic seconds; never changed, only replaced.

    charger_settings, modes, goals: of every charger ever set, also of those not paired now.
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
    surplus_w: float = 0.0  # what house and other cars leave of the sun, by the last decision
    sub_meters: Mapping[str, Meter] = field(default_factory=dict)  # by circuit
    circuits: tuple[CircuitSettings, ...] = ()
    modes: Mapping[str, ChargingMode] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    cars: tuple[driving.Car, ...] = ()
    wall: WallClock | None = None
    operator: OperatorSettings = field(default_factory=OperatorSettings)
    operator_limits: tuple[OperatorLimit, ...] = ()
    operator_heard_s: float | None = None  # the gateway's last word on them
    api_limit: OperatorLimit | None = None
    power_limit_w: float | None = None  # set directly, for all chargers together
    appliances: tuple[Appliance, ...] = ()  # paired ones that can be limited
    appliances_heard_s: float | None = None
    is_store_failing: bool = False
    notices: tuple[Notice, ...] = ()
    tariff: Tariff = field(default_factory=Tariff)
    planning: PlanningSettings = field(default_factory=PlanningSettings)
    pv_systems: tuple[PvSystem, ...] = ()
    plan: Plan | None = None
    prices: Prices | None = None
    socs: Mapping[str, SocWord] = field(default_factory=dict)  # by car
    has_battery: bool = False
    battery_w: float | None = None  # charged with, - = discharging

    @property
    def site_phases(self) -> int:
        """Return the number of phases of the grid connection; three while it is unknown."""
        return 3 if self.grid is None else self.grid.phases

    def with_charger(self, charger: Charger) -> "State":
        """Return the state with one charger replaced."""
        return replace(self, chargers={**self.chargers, charger.ski: charger})


@dataclass(frozen=True, slots=True)
class Remembered:
    """What outlives a restart. grid_meter: None = the site has none; paired: their SKIs.

    operator_limits, api_limit: as last heard; they hold until their source is heard again.
    phase_switches: when each charger switched within the last hour, by wall time (aware).
    """

    grid: GridConnection | None = None
    energy_management: EnergyManagement = field(default_factory=EnergyManagement)
    charger_settings: Mapping[str, ChargerSettings] = field(default_factory=dict)
    paired: tuple[str, ...] = ()
    grid_meter: str | None = None
    circuits: tuple[CircuitSettings, ...] = ()
    modes: Mapping[str, ChargingMode] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    cars: tuple[driving.Car, ...] = ()
    operator: OperatorSettings = field(default_factory=OperatorSettings)
    operator_limits: tuple[OperatorLimit, ...] = ()
    api_limit: OperatorLimit | None = None
    phase_switches: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    tariff: Tariff = field(default_factory=Tariff)
    planning: PlanningSettings = field(default_factory=PlanningSettings)
    pv_systems: tuple[PvSystem, ...] = ()
    socs: Mapping[str, KeptSoc] = field(default_factory=dict)


def restored(remembered: Remembered, now: float, wall: datetime | None = None) -> State:
    """Return the state of a CEM that starts at `now` with what was remembered.

    wall: what time that is (aware); None = unknown, and phase switches count as of just now.
    """
    clock = None if wall is None else WallClock(now, wall)
    chargers = {
        ski: _restored_charger(ski, remembered, now, clock) for ski in sorted(remembered.paired)
    }
    settings = dict(remembered.charger_settings)
    return State(
        started_s=now,
        grid=remembered.grid,
        energy_management=remembered.energy_management,
        charger_settings=settings,
        chargers=chargers,
        meter=Meter(remembered.grid_meter, now),
        circuits=remembered.circuits,
        modes=dict(remembered.modes),
        goals=dict(remembered.goals),
        cars=remembered.cars,
        wall=clock,
        operator=remembered.operator,
        operator_limits=remembered.operator_limits,
        operator_heard_s=now if remembered.operator_limits else None,
        api_limit=remembered.api_limit,
        tariff=remembered.tariff,
        planning=remembered.planning,
        pv_systems=remembered.pv_systems,
        socs=_restored_socs(remembered.socs, clock),
    )


def _restored_socs(kept: Mapping[str, KeptSoc], clock: WallClock | None) -> dict[str, SocWord]:
    """Return what cars were told to hold; nothing while the wall time is unknown."""
    if clock is None:
        return {}
    return {
        car: SocWord(
            word.percent,
            clock.moment_s(word.told),
            word.source,
            word.uncertainty_percent,
            word.delivered_wh,
            None if word.left is None else clock.moment_s(word.left),
        )
        for car, word in kept.items()
    }


def kept_socs(state: State) -> dict[str, KeptSoc]:
    """Return what cars were told to hold, for `Remembered`; nothing without the wall time."""
    clock = state.wall
    if clock is None:
        return {}

    # Whole seconds, so that a clock that is corrected bit by bit changes nothing.
    def wall(moment_s: float) -> datetime:
        at = clock.at(moment_s) + timedelta(seconds=0.5)
        return at.astimezone(UTC).replace(microsecond=0)

    return {
        car: KeptSoc(
            word.percent,
            wall(word.told_s),
            word.source,
            word.uncertainty_percent,
            word.delivered_wh,
            None if word.left_s is None else wall(word.left_s),
        )
        for car, word in state.socs.items()
    }


def _restored_charger(
    ski: str, remembered: Remembered, now: float, clock: WallClock | None
) -> Charger:
    switches = remembered.phase_switches.get(ski, ())
    switched_s = (now if clock is None else min(now, clock.moment_s(at)) for at in switches)
    return Charger(
        ski,
        remembered.charger_settings.get(ski, ChargerSettings(ski)),
        known_since_s=now,
        is_restored=True,
        mode=remembered.modes.get(ski, ChargingMode()),
        goal=remembered.goals.get(ski),
        switching=Switching(switched_s=tuple(sorted(switched_s))),
    )


def phase_switches(state: State) -> dict[str, tuple[datetime, ...]]:
    """Return when each charger switched within the last hour, for `Remembered`.

    Empty while the wall time is unknown.
    """
    clock = state.wall
    if clock is None:
        return {}
    # Whole seconds, so that a clock that is corrected bit by bit changes nothing.
    return {
        ski: tuple(clock.at(at_s).replace(microsecond=0) for at_s in charger.switching.switched_s)
        for ski, charger in state.chargers.items()
        if charger.switching.switched_s
    }
