"""The tables of the settings. A new column needs a server default: old files get it added."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Field, SQLModel

from cem.records import outbox

ONLY = 1  # the key of a table with one row


class GridConnectionRow(SQLModel, table=True):
    """The grid connection; a phase the site does not have is 0 A."""

    __tablename__ = "cem_grid_connection"

    id: int = Field(default=ONLY, primary_key=True)
    phases: int
    fuse_l1_a: float
    fuse_l2_a: float
    fuse_l3_a: float
    margin_a: float | None
    base_load_l1_a: float
    base_load_l2_a: float
    base_load_l3_a: float
    static_share_l1_a: float | None
    static_share_l2_a: float | None
    static_share_l3_a: float | None
    revision: int
    unbalance_a: float | None = None


class EnergyManagementRow(SQLModel, table=True):
    """Whether limits are sent."""

    __tablename__ = "cem_energy_management"

    id: int = Field(default=ONLY, primary_key=True)
    on: bool
    confirmed_no_other: bool
    revision: int


class CircuitRow(SQLModel, table=True):
    """A fuse below the main one."""

    __tablename__ = "cem_circuit"

    id: str = Field(primary_key=True)
    name: str
    parent: str
    fuse_l1_a: float
    fuse_l2_a: float
    fuse_l3_a: float
    margin_a: float | None
    meter: str
    revision: int


class ChargerRow(SQLModel, table=True):
    """A charger's settings; kept when it is unpaired, so that it can come back."""

    __tablename__ = "cem_charger"

    ski: str = Field(primary_key=True)
    min_a: float
    max_a: float
    phases: int
    wiring: str
    failsafe_a: float
    priority: int
    revision: int
    circuit: str = Field(default="main", sa_column_kwargs={"server_default": "main"})
    start_a: float | None = None
    weight: float = Field(default=1.0, sa_column_kwargs={"server_default": text("1.0")})
    guaranteed_a: float | None = None
    phase_switching: str = Field(default="none", sa_column_kwargs={"server_default": "none"})
    phase_switching_url: str = Field(default="", sa_column_kwargs={"server_default": ""})
    phase_switching_confirmed: bool = Field(
        default=False, sa_column_kwargs={"server_default": text("0")}
    )


class ModeRow(SQLModel, table=True):
    """How a charger charges."""

    __tablename__ = "cem_mode"

    ski: str = Field(primary_key=True)
    mode: str
    forecast: bool
    surplus: bool
    price: bool
    revision: int


class CarRow(SQLModel, table=True):
    """A car that drivers told us of."""

    __tablename__ = "cem_car"

    id: str = Field(primary_key=True)
    name: str
    battery_wh: float | None
    max_a: float | None
    phases: int | None
    min_soc_percent: float | None
    ev_id: str
    charger: str
    revision: int


class GoalRow(SQLModel, table=True):
    """What a charger's sessions are to reach. departure: RFC 3339; weekly: JSON of pairs."""

    __tablename__ = "cem_goal"

    ski: str = Field(primary_key=True)
    soc_percent: float | None
    energy_wh: float | None
    departure: str | None
    weekly: str
    car: str
    revision: int


class OperatorRow(SQLModel, table=True):
    """How the site obeys the grid operator. other_devices_w, appliances: JSON."""

    __tablename__ = "cem_operator"

    id: int = Field(default=ONLY, primary_key=True)
    credits_sun: bool
    other_devices_w: str
    contract_w: float | None
    failsafe_w: float
    failsafe_s: float
    revision: int
    appliances: str = Field(default="[]", sa_column_kwargs={"server_default": "[]"})


class OperatorLimitRow(SQLModel, table=True):
    """A limit of the grid operator as last heard: it holds until its source speaks again.

    Times are RFC 3339.
    """

    __tablename__ = "cem_operator_limit"

    source: str = Field(primary_key=True)
    ski: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    state: str
    limit_w: float | None
    until: str | None
    failsafe_w: float | None
    failsafe_s: float | None
    since: str | None
    name: str
    reference: str


class TariffRow(SQLModel, table=True):
    """What the site pays. bought, fed_in: JSON."""

    __tablename__ = "cem_tariff"

    id: int = Field(default=ONLY, primary_key=True)
    source: str
    zone: str
    has_token: bool
    currency: str
    bought: str
    fed_in: str
    co2_source: str
    co2_zone: str
    revision: int


class TokenRow(SQLModel, table=True):
    """The customer's own key at the price source."""

    __tablename__ = "cem_tariff_token"

    id: int = Field(default=ONLY, primary_key=True)
    secret: str


class PlanningRow(SQLModel, table=True):
    """Where the site is and what its plans go for."""

    __tablename__ = "cem_planning"

    id: int = Field(default=ONLY, primary_key=True)
    latitude: float | None
    longitude: float | None
    time_zone: str
    solar_threshold_w: float | None
    objective: str
    weather_source: str
    car_before_battery: bool
    revision: int


class PvSystemRow(SQLModel, table=True):
    """One roof."""

    __tablename__ = "cem_pv_system"

    id: str = Field(primary_key=True)
    name: str
    peak_w: float
    tilt_deg: float
    azimuth_deg: float
    inverter_w: float | None
    loss_percent: float
    revision: int


class CarSocRow(SQLModel, table=True):
    """What was told last of a car's battery, or estimated when it left. Times: RFC 3339."""

    __tablename__ = "cem_car_soc"

    car: str = Field(primary_key=True)
    percent: float
    told: str
    source: str
    uncertainty_percent: float
    delivered_wh: float | None
    left: str | None


class PhaseSwitchRow(SQLModel, table=True):
    """When a charger switched phases within the last hour. at: RFC 3339."""

    __tablename__ = "cem_phase_switch"

    ski: str = Field(primary_key=True)
    at: str = Field(primary_key=True)


class PairedRow(SQLModel, table=True):
    """A charger that was paired when we last heard of it."""

    __tablename__ = "cem_paired"

    ski: str = Field(primary_key=True)


class MemoryRow(SQLModel, table=True):
    """The rest: which grid meter there is, and the epoch of this controller."""

    __tablename__ = "cem_memory"

    id: int = Field(default=ONLY, primary_key=True)
    grid_meter: str | None = None
    controller_epoch: int = 0


class ManagedRow(SQLModel, table=True):
    """A setting that the last applied site file set. pointer: its JSON pointer in the file."""

    __tablename__ = "cem_managed"

    pointer: str = Field(primary_key=True)


class AuditRow(SQLModel, table=True):
    """Who changed which setting from what to what; before and after are JSON."""

    __tablename__ = "cem_audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    actor: str
    role: str
    origin: str
    setting: str
    before: str
    after: str


MODELS: tuple[type[SQLModel], ...] = (
    GridConnectionRow,
    EnergyManagementRow,
    CircuitRow,
    ChargerRow,
    ModeRow,
    CarRow,
    GoalRow,
    OperatorRow,
    OperatorLimitRow,
    TariffRow,
    TokenRow,
    PlanningRow,
    PvSystemRow,
    CarSocRow,
    PhaseSwitchRow,
    PairedRow,
    MemoryRow,
    ManagedRow,
    AuditRow,
    *outbox.TABLES,
)
TABLES = tuple(str(model.__tablename__) for model in MODELS)
