"""What a scenario says, as values. All times are seconds from its start (`cem-scenario/1`)."""

from dataclasses import dataclass, field
from enum import StrEnum

from electrical import PhaseCurrents, Rotation
from electrical.phases import on_every_phase
from virtual_site.core.car import CarModel
from virtual_site.core.relay import PhaseSwitching


class FaultKind(StrEnum):
    """What can go wrong; the first five by the format, the others are ours."""

    METER_DROPOUT = "meter_dropout"
    METER_FREEZE = "meter_freeze"
    METER_SPIKE = "meter_spike"
    LINK_LOSS = "link_loss"
    EV_IGNORES_LIMIT = "ev_ignores_limit"
    CHARGER_REBOOT = "charger_reboot"
    CHARGER_FAILURE = "charger_failure"


METER_FAULTS = frozenset({FaultKind.METER_DROPOUT, FaultKind.METER_FREEZE, FaultKind.METER_SPIKE})
CHARGER_FAULTS = frozenset(FaultKind) - METER_FAULTS


@dataclass(frozen=True, slots=True)
class MeterBehaviour:
    """How the grid meter samples and how late its registers show a sample."""

    period_s: float = 1.0
    latency_s: float = 0.0
    noise_a: float = 0.05
    seed: int = 7


@dataclass(frozen=True, slots=True)
class ChargerModel:
    """One charger: its limits and which house phase is behind its conductors 1, 2, 3."""

    id: str
    name: str
    wiring: Rotation = Rotation.RST
    min_a: float = 6.0
    max_a: float = 16.0
    step_a: float = 0.1
    failsafe_a: float = 6.0
    phase_switching: PhaseSwitching = PhaseSwitching.NONE
    switch_s: float = 10.0
    command_latency_s: float = 0.0
    measurement_latency_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Session:
    """A car that comes, wants energy and goes."""

    charger: str
    arrive_s: float
    depart_s: float
    car: CarModel


@dataclass(frozen=True, slots=True)
class Appliance:
    """A load event: power per phase for a time, perhaps cycling, perhaps with inrush."""

    start_s: float
    length_s: float
    power_w: PhaseCurrents
    cycle_s: tuple[float, float] | None = None  # on, off; starts on
    inrush_factor: float = 1.0
    inrush_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Household:
    """The base load between points, its noise, and the appliances."""

    points: tuple[tuple[float, PhaseCurrents], ...]
    noise_w: float = 0.0
    seed: int = 0
    appliances: tuple[Appliance, ...] = ()


@dataclass(frozen=True, slots=True)
class Sun:
    """Power of the roof between points, and how it is divided among the phases."""

    points: tuple[tuple[float, float], ...]
    share: PhaseCurrents = field(default_factory=lambda: on_every_phase(1 / 3))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something goes wrong for a time. charger: its id, None for the meter."""

    kind: FaultKind
    start_s: float
    length_s: float
    charger: str | None = None
    factor: float = 3.0  # of a spike
    add_a: float = 10.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day, or an hour, of a site."""

    id: str
    title: str
    duration_s: float
    voltage_v: float
    fuse_a: PhaseCurrents
    meter: MeterBehaviour
    chargers: tuple[ChargerModel, ...]
    sessions: tuple[Session, ...]
    household: Household
    sun: Sun | None = None
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()  # what the file asks for and the outside world cannot do
