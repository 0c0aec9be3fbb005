"""What can happen to the CEM: each event is a value that `apply` folds into the state."""

from dataclasses import dataclass
from enum import StrEnum

from cem.core import driving
from cem.core.appliances import Appliance
from cem.core.circuits import CircuitSettings
from cem.core.driving import ChargingMode, Goal, WallClock
from cem.core.operating import OperatorLimit, OperatorSettings
from cem.core.plan import Plan, Prices
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.tariff import PlanningSettings, PvSystem, Tariff
from electrical.phases import UNKNOWN, PhaseReadings


class Link(StrEnum):
    """How far a charger is connected; the words of the API."""

    NOT_CONNECTED = "not_connected"
    CONNECTING = "connecting"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class Car:
    """A plugged car as its charger tells it; None = unknown."""

    communication: str = ""
    phases: int | None = None
    min_a: float | None = None
    max_a: float | None = None
    operating_state: str = ""
    soc_percent: float | None = None
    plug: int = 0
    ev_id: str = ""  # what it calls itself over ISO 15118


@dataclass(frozen=True, slots=True)
class Accepted:
    """The limit a charger last accepted, by conductor; None = that conductor is not limited."""

    current_a: PhaseReadings
    is_fallback: bool = False
    controller_epoch: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a charger says of itself; currents and powers by conductor.

    measured_age_s: age of the currents; None = never measured. accepted: None = no limit was
    accepted since the car came. energy_wh: of this session, by the charger's counter.
    """

    ski: str
    name: str = ""
    own: bool = False
    link: Link = Link.CONNECTED
    detail: str = ""
    brand: str = ""
    model: str = ""
    operating_state: str = ""
    error_code: str = ""
    car: Car | None = None
    is_car_known: bool = True
    current_a: PhaseReadings = UNKNOWN
    power_w: PhaseReadings = UNKNOWN
    energy_wh: float | None = None
    measured_age_s: float | None = None
    accepted: Accepted | None = None
    limit_problem: str = ""
    reaction_s: float | None = None
    offered_phases: int | None = None  # by a charger that can switch; None = all that it has


@dataclass(frozen=True, slots=True)
class GridReading:
    """One poll of the grid meter, by phase of the house, plus = from the grid.

    age_s: since it was measured. is_good: the meter's reader believes in it.
    """

    meter: str
    current_a: PhaseReadings
    age_s: float = 0.0
    period_s: float = 1.0
    is_good: bool = True
    power_w: PhaseReadings = UNKNOWN
    power_total_w: float | None = None
    voltage_v: PhaseReadings = UNKNOWN
    frequency_hz: float | None = None


@dataclass(frozen=True, slots=True)
class GridRead:
    """The grid meter was read."""

    reading: GridReading


@dataclass(frozen=True, slots=True)
class GridMeterNamed:
    """The site has this grid meter, or (None) has none any more."""

    meter: str | None


@dataclass(frozen=True, slots=True)
class SunRead:
    """What all PV meters together produce; None = no usable reading."""

    power_w: float | None


@dataclass(frozen=True, slots=True)
class ChargerHeard:
    """A charger reported."""

    report: Report


@dataclass(frozen=True, slots=True)
class ChargersPaired:
    """These chargers are paired, and no others."""

    skis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GridConnectionSet:
    """The grid connection was set, or (None) never was."""

    settings: GridConnection | None


@dataclass(frozen=True, slots=True)
class EnergyManagementSet:
    """Energy management was switched."""

    settings: EnergyManagement


@dataclass(frozen=True, slots=True)
class ChargerSet:
    """A charger's settings were set."""

    settings: ChargerSettings


@dataclass(frozen=True, slots=True)
class PowerLimitSet:
    """The grid operator limits what all chargers draw together (W), None = no limit."""

    limit_w: float | None


@dataclass(frozen=True, slots=True)
class CircuitsSet:
    """These circuits hang below the main fuse, and no others."""

    circuits: tuple[CircuitSettings, ...]


@dataclass(frozen=True, slots=True)
class SubMeterRead:
    """The sub-meter of a circuit was read. reading.meter is of no account here."""

    circuit: str
    reading: GridReading


@dataclass(frozen=True, slots=True)
class ModeSet:
    """A driver chose how a charger charges."""

    ski: str
    mode: ChargingMode


@dataclass(frozen=True, slots=True)
class CarsSet:
    """Drivers told us of these cars, and of no others."""

    cars: tuple[driving.Car, ...]


@dataclass(frozen=True, slots=True)
class GoalSet:
    """A charger's sessions have this goal, or (None) none any more."""

    ski: str
    goal: Goal | None


@dataclass(frozen=True, slots=True)
class OperatorSet:
    """How the site obeys the grid operator was set."""

    settings: OperatorSettings


@dataclass(frozen=True, slots=True)
class TariffSet:
    """What the site pays was set."""

    tariff: Tariff


@dataclass(frozen=True, slots=True)
class PlanningSet:
    """Where the site is and what its plans go for was set."""

    settings: PlanningSettings


@dataclass(frozen=True, slots=True)
class PvSystemsSet:
    """These roofs have PV systems, and no others."""

    systems: tuple[PvSystem, ...]


@dataclass(frozen=True, slots=True)
class SessionsNamed:
    """These sessions are open: pairs of SKI and session id; chargers left out have none."""

    sessions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanHeard:
    """A plan that was checked is in force, or (None) none is any more."""

    plan: Plan | None


@dataclass(frozen=True, slots=True)
class PricesHeard:
    """What a kWh costs was told; None = nothing is known any more."""

    prices: Prices | None


@dataclass(frozen=True, slots=True)
class CarSocTold:
    """Somebody said what a car's battery holds (%), so many seconds ago.

    source: push, connector, user.
    """

    car: str
    percent: float
    age_s: float = 0.0
    source: str = "user"


@dataclass(frozen=True, slots=True)
class BatteryRead:
    """What the home batteries together are charged with (W, - = they discharge).

    None = one of them does not say. is_there: the site has any.
    """

    is_there: bool
    power_w: float | None = None


@dataclass(frozen=True, slots=True)
class OperatorLimitsHeard:
    """The gateway's word, every second: the limits of all paired control boxes."""

    limits: tuple[OperatorLimit, ...]


@dataclass(frozen=True, slots=True)
class AppliancesHeard:
    """The gateway's word, every second: all paired appliances that can be limited."""

    appliances: tuple[Appliance, ...]


@dataclass(frozen=True, slots=True)
class ApiLimitSet:
    """The operator set a limit by API, or (None) lifted it."""

    limit: OperatorLimit | None


@dataclass(frozen=True, slots=True)
class PhasesSwitched:
    """A charger with a local API says how many phases it offers; None = it does not say."""

    ski: str
    phases: int | None


@dataclass(frozen=True, slots=True)
class PulseAsked:
    """A charging car shall take exactly this current (A), or less where its share is smaller.

    until_s: monotonic; the pulse ends by itself then.
    """

    ski: str
    current_a: float
    until_s: float


@dataclass(frozen=True, slots=True)
class PulseEnded:
    """A charger is no more under a pulse."""

    ski: str


@dataclass(frozen=True, slots=True)
class ProvingAsked:
    """A charger's own failsafe is proven: all it can draw is kept free for it.

    is_silent: from now on it hears nothing of us. until_s: monotonic; it ends by itself then.
    """

    ski: str
    is_silent: bool
    until_s: float


@dataclass(frozen=True, slots=True)
class ProvingEnded:
    """A charger hears us again."""

    ski: str


@dataclass(frozen=True, slots=True)
class StoreChecked:
    """The database took a change, or (is_failing) did not."""

    is_failing: bool


Event = (
    GridRead
    | GridMeterNamed
    | SunRead
    | ChargerHeard
    | ChargersPaired
    | GridConnectionSet
    | EnergyManagementSet
    | ChargerSet
    | PowerLimitSet
    | StoreChecked
    | CircuitsSet
    | SubMeterRead
    | ModeSet
    | CarsSet
    | GoalSet
    | WallClock
    | OperatorSet
    | OperatorLimitsHeard
    | AppliancesHeard
    | ApiLimitSet
    | PhasesSwitched
    | PulseAsked
    | PulseEnded
    | ProvingAsked
    | ProvingEnded
    | TariffSet
    | PlanningSet
    | PvSystemsSet
    | SessionsNamed
    | PlanHeard
    | PricesHeard
    | CarSocTold
    | BatteryRead
)
