"""What a site file may say: every section and every key may be left out, none may be unknown."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError

from cem.core.driving import Mode
from cem.core.site import PhaseSwitching
from cem.site_file.errors import SiteFileError
from cem.site_file.outlook import PlanningPart, PvSystemPart, TariffPart
from cem.site_file.parts import Amperes, Id, Part, Ski, Whole
from cem.site_file.yaml_text import Value
from electrical.rotation import Rotation


def _each(value: object) -> object:
    """Take one number as the same on each phase."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"l1": value, "l2": value, "l3": value} if is_number else value


class ByPhase(Part):
    """A number for each phase."""

    l1: Amperes | None = None
    l2: Amperes | None = None
    l3: Amperes | None = None


PerPhase = Annotated[ByPhase, BeforeValidator(_each)]


class EnergyManagementPart(Part):
    """Whether limits are sent."""

    enabled: bool = False
    confirmed_no_other: bool = False


class GridPart(Part):
    """The grid connection."""

    phases: Whole = 3
    fuse_a: PerPhase = ByPhase()
    margin_a: Amperes | None = None
    base_load_a: PerPhase = ByPhase()
    static_share_a: PerPhase = ByPhase()
    unbalance_a: Amperes | None = None


class CircuitPart(Part):
    """A circuit; new ones need a fuse."""

    name: str = ""
    parent: Id = "main"
    fuse_a: PerPhase = ByPhase()
    margin_a: Amperes | None = None
    meter: str = ""


class ModePart(Part):
    """How a charger charges."""

    mode: Mode = Mode.FAST
    forecast: bool = False
    surplus: bool = False
    price: bool = False


class WeeklyPart(Part):
    """A departure every week."""

    weekday: Whole
    minute: Whole


class GoalPart(Part):
    """What sessions are to reach."""

    soc_percent: float | None = None
    energy_wh: float | None = None
    departure: AwareDatetime | None = None
    weekly: tuple[WeeklyPart, ...] = ()
    car: str = ""


class ChargerPart(Part):
    """A charger's settings."""

    circuit: Id = "main"
    min_a: Amperes = 6.0
    max_a: Amperes = 32.0
    phases: Whole = 3
    wiring: Rotation = Rotation.RST
    failsafe_a: Amperes = 6.0
    start_a: Amperes | None = None
    priority: Whole = 2
    weight: float = 1.0
    guaranteed_a: Amperes | None = None
    phase_switching: PhaseSwitching = PhaseSwitching.NONE
    phase_switching_url: str = ""
    phase_switching_confirmed: bool = False
    mode: ModePart = ModePart()
    goal: GoalPart | None = None


class CarPart(Part):
    """A car."""

    name: str = ""
    battery_wh: float | None = None
    max_a: Amperes | None = None
    phases: Whole | None = None
    min_soc_percent: float | None = None
    ev_id: str = ""
    charger: str = ""


class OperatorPart(Part):
    """How the site obeys the grid operator."""

    credits_sun: bool = False
    other_devices_w: tuple[float, ...] = ()
    contract_w: float | None = None
    failsafe_w: float = 4200.0
    failsafe_s: float = 7200.0
    appliances: dict[Ski, bool] = Field(default_factory=dict)


def _number(value: object) -> object:
    """Return a version that is one: to Python true is 1."""
    return str(value) if isinstance(value, bool) else value


class SiteFile(Part):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(_number)]
    energy_management: EnergyManagementPart = EnergyManagementPart()
    grid_connection: GridPart = GridPart()
    circuits: dict[Id, CircuitPart] = Field(default_factory=dict)
    chargers: dict[Ski, ChargerPart] = Field(default_factory=dict)
    cars: dict[Id, CarPart] = Field(default_factory=dict)
    operator: OperatorPart = OperatorPart()
    tariff: TariffPart = TariffPart()
    planning: PlanningPart = PlanningPart()
    pv_systems: dict[Id, PvSystemPart] = Field(default_factory=dict)


def read(value: Value) -> SiteFile:
    """Return a site file's content. Raises SiteFileError with the pointer of what is wrong."""
    try:
        return SiteFile.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = [str(part) for part in first["loc"] if part != "[key]"]
        pointer = "".join(f"/{part}" for part in place)
        if first["type"] == "extra_forbidden":
            detail = f"{pointer} is no setting of a site file."
            raise SiteFileError(pointer, detail, "unknown-setting") from error
        raise SiteFileError(pointer, f"{pointer or 'The file'}: {first['msg']}.") from error
