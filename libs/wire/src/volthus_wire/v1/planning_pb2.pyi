import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from volthus_wire.v1 import electrical_pb2 as _electrical_pb2
from volthus_wire.v1 import operating_pb2 as _operating_pb2
from volthus_wire.v1 import tariff_pb2 as _tariff_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetCatalogueRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlannedFunction(_message.Message):
    __slots__ = ("name", "row", "available")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    row: str
    available: bool
    def __init__(self, name: _Optional[str] = ..., row: _Optional[str] = ..., available: _Optional[bool] = ...) -> None: ...

class CatalogueReply(_message.Message):
    __slots__ = ("version", "functions", "price_sources", "co2_sources", "weather_sources")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    PRICE_SOURCES_FIELD_NUMBER: _ClassVar[int]
    CO2_SOURCES_FIELD_NUMBER: _ClassVar[int]
    WEATHER_SOURCES_FIELD_NUMBER: _ClassVar[int]
    version: str
    functions: _containers.RepeatedCompositeFieldContainer[PlannedFunction]
    price_sources: _containers.RepeatedCompositeFieldContainer[SourceInfo]
    co2_sources: _containers.RepeatedCompositeFieldContainer[SourceInfo]
    weather_sources: _containers.RepeatedCompositeFieldContainer[SourceInfo]
    def __init__(self, version: _Optional[str] = ..., functions: _Optional[_Iterable[_Union[PlannedFunction, _Mapping]]] = ..., price_sources: _Optional[_Iterable[_Union[SourceInfo, _Mapping]]] = ..., co2_sources: _Optional[_Iterable[_Union[SourceInfo, _Mapping]]] = ..., weather_sources: _Optional[_Iterable[_Union[SourceInfo, _Mapping]]] = ...) -> None: ...

class SourceInfo(_message.Message):
    __slots__ = ("name", "about", "zones", "needs_token", "available")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    ZONES_FIELD_NUMBER: _ClassVar[int]
    NEEDS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    about: str
    zones: _containers.RepeatedScalarFieldContainer[str]
    needs_token: bool
    available: bool
    def __init__(self, name: _Optional[str] = ..., about: _Optional[str] = ..., zones: _Optional[_Iterable[str]] = ..., needs_token: _Optional[bool] = ..., available: _Optional[bool] = ...) -> None: ...

class SiteProfile(_message.Message):
    __slots__ = ("site", "revision", "at", "planning", "tariff", "pv_systems", "phases", "fuse_a", "margin_a", "base_load_a", "has_meter", "contract_w", "circuits", "sessions")
    SITE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    PLANNING_FIELD_NUMBER: _ClassVar[int]
    TARIFF_FIELD_NUMBER: _ClassVar[int]
    PV_SYSTEMS_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    FUSE_A_FIELD_NUMBER: _ClassVar[int]
    MARGIN_A_FIELD_NUMBER: _ClassVar[int]
    BASE_LOAD_A_FIELD_NUMBER: _ClassVar[int]
    HAS_METER_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_W_FIELD_NUMBER: _ClassVar[int]
    CIRCUITS_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    site: str
    revision: int
    at: _timestamp_pb2.Timestamp
    planning: _tariff_pb2.PlanningSettings
    tariff: _tariff_pb2.Tariff
    pv_systems: _containers.RepeatedCompositeFieldContainer[_tariff_pb2.PvSystem]
    phases: int
    fuse_a: _electrical_pb2.Phases
    margin_a: _electrical_pb2.Phases
    base_load_a: _electrical_pb2.Phases
    has_meter: bool
    contract_w: float
    circuits: _containers.RepeatedCompositeFieldContainer[ProfileCircuit]
    sessions: _containers.RepeatedCompositeFieldContainer[ProfileSession]
    def __init__(self, site: _Optional[str] = ..., revision: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., planning: _Optional[_Union[_tariff_pb2.PlanningSettings, _Mapping]] = ..., tariff: _Optional[_Union[_tariff_pb2.Tariff, _Mapping]] = ..., pv_systems: _Optional[_Iterable[_Union[_tariff_pb2.PvSystem, _Mapping]]] = ..., phases: _Optional[int] = ..., fuse_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., margin_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., base_load_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., has_meter: _Optional[bool] = ..., contract_w: _Optional[float] = ..., circuits: _Optional[_Iterable[_Union[ProfileCircuit, _Mapping]]] = ..., sessions: _Optional[_Iterable[_Union[ProfileSession, _Mapping]]] = ...) -> None: ...

class ProfileCircuit(_message.Message):
    __slots__ = ("circuit", "parent", "room_a")
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ROOM_A_FIELD_NUMBER: _ClassVar[int]
    circuit: str
    parent: str
    room_a: _electrical_pb2.Phases
    def __init__(self, circuit: _Optional[str] = ..., parent: _Optional[str] = ..., room_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ...) -> None: ...

class ProfileSession(_message.Message):
    __slots__ = ("session", "ski", "charger_name", "car", "car_name", "phases", "min_a", "max_a", "mode", "smart", "needed_wh", "most_wh", "departure", "is_charging", "soc_percent", "soc_uncertainty_percent", "target_soc_percent", "battery_wh", "circuit", "priority", "must_charge")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    CHARGER_NAME_FIELD_NUMBER: _ClassVar[int]
    CAR_FIELD_NUMBER: _ClassVar[int]
    CAR_NAME_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    MIN_A_FIELD_NUMBER: _ClassVar[int]
    MAX_A_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    SMART_FIELD_NUMBER: _ClassVar[int]
    NEEDED_WH_FIELD_NUMBER: _ClassVar[int]
    MOST_WH_FIELD_NUMBER: _ClassVar[int]
    DEPARTURE_FIELD_NUMBER: _ClassVar[int]
    IS_CHARGING_FIELD_NUMBER: _ClassVar[int]
    SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SOC_UNCERTAINTY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TARGET_SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BATTERY_WH_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    MUST_CHARGE_FIELD_NUMBER: _ClassVar[int]
    session: str
    ski: str
    charger_name: str
    car: str
    car_name: str
    phases: _containers.RepeatedScalarFieldContainer[str]
    min_a: float
    max_a: float
    mode: str
    smart: _operating_pb2.SmartSwitches
    needed_wh: float
    most_wh: float
    departure: _timestamp_pb2.Timestamp
    is_charging: bool
    soc_percent: float
    soc_uncertainty_percent: float
    target_soc_percent: float
    battery_wh: float
    circuit: str
    priority: int
    must_charge: bool
    def __init__(self, session: _Optional[str] = ..., ski: _Optional[str] = ..., charger_name: _Optional[str] = ..., car: _Optional[str] = ..., car_name: _Optional[str] = ..., phases: _Optional[_Iterable[str]] = ..., min_a: _Optional[float] = ..., max_a: _Optional[float] = ..., mode: _Optional[str] = ..., smart: _Optional[_Union[_operating_pb2.SmartSwitches, _Mapping]] = ..., needed_wh: _Optional[float] = ..., most_wh: _Optional[float] = ..., departure: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., is_charging: _Optional[bool] = ..., soc_percent: _Optional[float] = ..., soc_uncertainty_percent: _Optional[float] = ..., target_soc_percent: _Optional[float] = ..., battery_wh: _Optional[float] = ..., circuit: _Optional[str] = ..., priority: _Optional[int] = ..., must_charge: _Optional[bool] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("plan", "site", "profile_revision", "made_at", "valid_until", "start", "slot_s", "import_price", "export_price", "co2_g_per_kwh", "sun_w", "sun_low_w", "load_w", "surplus_w", "currency", "objective", "sessions", "inputs", "value", "bound", "gap", "inputs_hash")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    PROFILE_REVISION_FIELD_NUMBER: _ClassVar[int]
    MADE_AT_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SLOT_S_FIELD_NUMBER: _ClassVar[int]
    IMPORT_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXPORT_PRICE_FIELD_NUMBER: _ClassVar[int]
    CO2_G_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    SUN_W_FIELD_NUMBER: _ClassVar[int]
    SUN_LOW_W_FIELD_NUMBER: _ClassVar[int]
    LOAD_W_FIELD_NUMBER: _ClassVar[int]
    SURPLUS_W_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    INPUTS_HASH_FIELD_NUMBER: _ClassVar[int]
    plan: str
    site: str
    profile_revision: int
    made_at: _timestamp_pb2.Timestamp
    valid_until: _timestamp_pb2.Timestamp
    start: _timestamp_pb2.Timestamp
    slot_s: _containers.RepeatedScalarFieldContainer[int]
    import_price: _containers.RepeatedScalarFieldContainer[float]
    export_price: _containers.RepeatedScalarFieldContainer[float]
    co2_g_per_kwh: _containers.RepeatedScalarFieldContainer[float]
    sun_w: _containers.RepeatedScalarFieldContainer[float]
    sun_low_w: _containers.RepeatedScalarFieldContainer[float]
    load_w: _containers.RepeatedScalarFieldContainer[float]
    surplus_w: _containers.RepeatedScalarFieldContainer[float]
    currency: str
    objective: str
    sessions: _containers.RepeatedCompositeFieldContainer[SessionPlan]
    inputs: _containers.RepeatedCompositeFieldContainer[PlanInput]
    value: float
    bound: float
    gap: float
    inputs_hash: str
    def __init__(self, plan: _Optional[str] = ..., site: _Optional[str] = ..., profile_revision: _Optional[int] = ..., made_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., slot_s: _Optional[_Iterable[int]] = ..., import_price: _Optional[_Iterable[float]] = ..., export_price: _Optional[_Iterable[float]] = ..., co2_g_per_kwh: _Optional[_Iterable[float]] = ..., sun_w: _Optional[_Iterable[float]] = ..., sun_low_w: _Optional[_Iterable[float]] = ..., load_w: _Optional[_Iterable[float]] = ..., surplus_w: _Optional[_Iterable[float]] = ..., currency: _Optional[str] = ..., objective: _Optional[str] = ..., sessions: _Optional[_Iterable[_Union[SessionPlan, _Mapping]]] = ..., inputs: _Optional[_Iterable[_Union[PlanInput, _Mapping]]] = ..., value: _Optional[float] = ..., bound: _Optional[float] = ..., gap: _Optional[float] = ..., inputs_hash: _Optional[str] = ...) -> None: ...

class SessionPlan(_message.Message):
    __slots__ = ("session", "ski", "power_w", "energy_wh", "sun_wh", "grid_wh", "cost", "at_once_cost", "co2_g", "shortfall_wh", "shortfall_s", "shortfall_code", "reached_at", "soc_at_departure_percent")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    SUN_WH_FIELD_NUMBER: _ClassVar[int]
    GRID_WH_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    AT_ONCE_COST_FIELD_NUMBER: _ClassVar[int]
    CO2_G_FIELD_NUMBER: _ClassVar[int]
    SHORTFALL_WH_FIELD_NUMBER: _ClassVar[int]
    SHORTFALL_S_FIELD_NUMBER: _ClassVar[int]
    SHORTFALL_CODE_FIELD_NUMBER: _ClassVar[int]
    REACHED_AT_FIELD_NUMBER: _ClassVar[int]
    SOC_AT_DEPARTURE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    session: str
    ski: str
    power_w: _containers.RepeatedScalarFieldContainer[float]
    energy_wh: float
    sun_wh: float
    grid_wh: float
    cost: float
    at_once_cost: float
    co2_g: float
    shortfall_wh: float
    shortfall_s: int
    shortfall_code: str
    reached_at: _timestamp_pb2.Timestamp
    soc_at_departure_percent: float
    def __init__(self, session: _Optional[str] = ..., ski: _Optional[str] = ..., power_w: _Optional[_Iterable[float]] = ..., energy_wh: _Optional[float] = ..., sun_wh: _Optional[float] = ..., grid_wh: _Optional[float] = ..., cost: _Optional[float] = ..., at_once_cost: _Optional[float] = ..., co2_g: _Optional[float] = ..., shortfall_wh: _Optional[float] = ..., shortfall_s: _Optional[int] = ..., shortfall_code: _Optional[str] = ..., reached_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., soc_at_departure_percent: _Optional[float] = ...) -> None: ...

class PlanInput(_message.Message):
    __slots__ = ("input", "source", "freshness", "known_until", "problem")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    KNOWN_UNTIL_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    input: str
    source: str
    freshness: str
    known_until: _timestamp_pb2.Timestamp
    problem: str
    def __init__(self, input: _Optional[str] = ..., source: _Optional[str] = ..., freshness: _Optional[str] = ..., known_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., problem: _Optional[str] = ...) -> None: ...

class PriceSeries(_message.Message):
    __slots__ = ("series", "revision", "currency", "start", "slot_s", "import_price", "export_price", "co2_g_per_kwh", "price", "co2")
    SERIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SLOT_S_FIELD_NUMBER: _ClassVar[int]
    IMPORT_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXPORT_PRICE_FIELD_NUMBER: _ClassVar[int]
    CO2_G_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CO2_FIELD_NUMBER: _ClassVar[int]
    series: str
    revision: int
    currency: str
    start: _timestamp_pb2.Timestamp
    slot_s: _containers.RepeatedScalarFieldContainer[int]
    import_price: _containers.RepeatedScalarFieldContainer[float]
    export_price: _containers.RepeatedScalarFieldContainer[float]
    co2_g_per_kwh: _containers.RepeatedScalarFieldContainer[float]
    price: PlanInput
    co2: PlanInput
    def __init__(self, series: _Optional[str] = ..., revision: _Optional[int] = ..., currency: _Optional[str] = ..., start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., slot_s: _Optional[_Iterable[int]] = ..., import_price: _Optional[_Iterable[float]] = ..., export_price: _Optional[_Iterable[float]] = ..., co2_g_per_kwh: _Optional[_Iterable[float]] = ..., price: _Optional[_Union[PlanInput, _Mapping]] = ..., co2: _Optional[_Union[PlanInput, _Mapping]] = ...) -> None: ...

class PlanInForce(_message.Message):
    __slots__ = ("plan", "profile_revision", "made_at", "valid_until", "state", "refused", "refused_code")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PROFILE_REVISION_FIELD_NUMBER: _ClassVar[int]
    MADE_AT_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_CODE_FIELD_NUMBER: _ClassVar[int]
    plan: str
    profile_revision: int
    made_at: _timestamp_pb2.Timestamp
    valid_until: _timestamp_pb2.Timestamp
    state: str
    refused: str
    refused_code: str
    def __init__(self, plan: _Optional[str] = ..., profile_revision: _Optional[int] = ..., made_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[str] = ..., refused: _Optional[str] = ..., refused_code: _Optional[str] = ...) -> None: ...

class PricesHeld(_message.Message):
    __slots__ = ("series", "revision", "known_until", "freshness")
    SERIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KNOWN_UNTIL_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    series: str
    revision: int
    known_until: _timestamp_pb2.Timestamp
    freshness: str
    def __init__(self, series: _Optional[str] = ..., revision: _Optional[int] = ..., known_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., freshness: _Optional[str] = ...) -> None: ...

class GetPlanRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlanReply(_message.Message):
    __slots__ = ("plan", "in_force")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    plan: Plan
    in_force: PlanInForce
    def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ..., in_force: _Optional[_Union[PlanInForce, _Mapping]] = ...) -> None: ...

class GetTimelineRequest(_message.Message):
    __slots__ = ("to", "step_s")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    STEP_S_FIELD_NUMBER: _ClassVar[int]
    to: _timestamp_pb2.Timestamp
    step_s: int
    def __init__(self, to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., step_s: _Optional[int] = ..., **kwargs) -> None: ...

class Timeline(_message.Message):
    __slots__ = ("start", "slot_s", "now", "currency", "import_price", "export_price", "co2_g_per_kwh", "sun_w", "sun_forecast_w", "surplus_forecast_w", "load_w", "load_forecast_w", "grid_w", "lanes", "plan", "inputs", "prices_known_until", "room_w", "operator_limit_w", "contract_w", "time_zone")
    START_FIELD_NUMBER: _ClassVar[int]
    SLOT_S_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    IMPORT_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXPORT_PRICE_FIELD_NUMBER: _ClassVar[int]
    CO2_G_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    SUN_W_FIELD_NUMBER: _ClassVar[int]
    SUN_FORECAST_W_FIELD_NUMBER: _ClassVar[int]
    SURPLUS_FORECAST_W_FIELD_NUMBER: _ClassVar[int]
    LOAD_W_FIELD_NUMBER: _ClassVar[int]
    LOAD_FORECAST_W_FIELD_NUMBER: _ClassVar[int]
    GRID_W_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    PRICES_KNOWN_UNTIL_FIELD_NUMBER: _ClassVar[int]
    ROOM_W_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_LIMIT_W_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_W_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    start: _timestamp_pb2.Timestamp
    slot_s: _containers.RepeatedScalarFieldContainer[int]
    now: _timestamp_pb2.Timestamp
    currency: str
    import_price: _containers.RepeatedScalarFieldContainer[float]
    export_price: _containers.RepeatedScalarFieldContainer[float]
    co2_g_per_kwh: _containers.RepeatedScalarFieldContainer[float]
    sun_w: _containers.RepeatedScalarFieldContainer[float]
    sun_forecast_w: _containers.RepeatedScalarFieldContainer[float]
    surplus_forecast_w: _containers.RepeatedScalarFieldContainer[float]
    load_w: _containers.RepeatedScalarFieldContainer[float]
    load_forecast_w: _containers.RepeatedScalarFieldContainer[float]
    grid_w: _containers.RepeatedScalarFieldContainer[float]
    lanes: _containers.RepeatedCompositeFieldContainer[TimelineLane]
    plan: PlanInForce
    inputs: _containers.RepeatedCompositeFieldContainer[PlanInput]
    prices_known_until: _timestamp_pb2.Timestamp
    room_w: _containers.RepeatedScalarFieldContainer[float]
    operator_limit_w: _containers.RepeatedScalarFieldContainer[float]
    contract_w: float
    time_zone: str
    def __init__(self, start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., slot_s: _Optional[_Iterable[int]] = ..., now: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., currency: _Optional[str] = ..., import_price: _Optional[_Iterable[float]] = ..., export_price: _Optional[_Iterable[float]] = ..., co2_g_per_kwh: _Optional[_Iterable[float]] = ..., sun_w: _Optional[_Iterable[float]] = ..., sun_forecast_w: _Optional[_Iterable[float]] = ..., surplus_forecast_w: _Optional[_Iterable[float]] = ..., load_w: _Optional[_Iterable[float]] = ..., load_forecast_w: _Optional[_Iterable[float]] = ..., grid_w: _Optional[_Iterable[float]] = ..., lanes: _Optional[_Iterable[_Union[TimelineLane, _Mapping]]] = ..., plan: _Optional[_Union[PlanInForce, _Mapping]] = ..., inputs: _Optional[_Iterable[_Union[PlanInput, _Mapping]]] = ..., prices_known_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., room_w: _Optional[_Iterable[float]] = ..., operator_limit_w: _Optional[_Iterable[float]] = ..., contract_w: _Optional[float] = ..., time_zone: _Optional[str] = ...) -> None: ...

class TimelineLane(_message.Message):
    __slots__ = ("ski", "name", "session", "car_name", "power_w", "planned_w", "departure", "plan")
    SKI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    CAR_NAME_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    PLANNED_W_FIELD_NUMBER: _ClassVar[int]
    DEPARTURE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    ski: str
    name: str
    session: str
    car_name: str
    power_w: _containers.RepeatedScalarFieldContainer[float]
    planned_w: _containers.RepeatedScalarFieldContainer[float]
    departure: _timestamp_pb2.Timestamp
    plan: SessionPlan
    def __init__(self, ski: _Optional[str] = ..., name: _Optional[str] = ..., session: _Optional[str] = ..., car_name: _Optional[str] = ..., power_w: _Optional[_Iterable[float]] = ..., planned_w: _Optional[_Iterable[float]] = ..., departure: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., plan: _Optional[_Union[SessionPlan, _Mapping]] = ...) -> None: ...

class GetSavingsRequest(_message.Message):
    __slots__ = ("to",)
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    to: _timestamp_pb2.Timestamp
    def __init__(self, to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class Saving(_message.Message):
    __slots__ = ("month", "sessions", "unknown", "energy_wh", "cost", "at_once_cost", "co2_g", "at_once_co2_g", "currency")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    AT_ONCE_COST_FIELD_NUMBER: _ClassVar[int]
    CO2_G_FIELD_NUMBER: _ClassVar[int]
    AT_ONCE_CO2_G_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    month: str
    sessions: int
    unknown: int
    energy_wh: float
    cost: float
    at_once_cost: float
    co2_g: float
    at_once_co2_g: float
    currency: str
    def __init__(self, month: _Optional[str] = ..., sessions: _Optional[int] = ..., unknown: _Optional[int] = ..., energy_wh: _Optional[float] = ..., cost: _Optional[float] = ..., at_once_cost: _Optional[float] = ..., co2_g: _Optional[float] = ..., at_once_co2_g: _Optional[float] = ..., currency: _Optional[str] = ...) -> None: ...

class SavingsReply(_message.Message):
    __slots__ = ("months",)
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    months: _containers.RepeatedCompositeFieldContainer[Saving]
    def __init__(self, months: _Optional[_Iterable[_Union[Saving, _Mapping]]] = ...) -> None: ...

class PutCarSocRequest(_message.Message):
    __slots__ = ("car", "soc_percent", "at", "source")
    CAR_FIELD_NUMBER: _ClassVar[int]
    SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    car: str
    soc_percent: float
    at: _timestamp_pb2.Timestamp
    source: str
    def __init__(self, car: _Optional[str] = ..., soc_percent: _Optional[float] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[str] = ...) -> None: ...

class CarSoc(_message.Message):
    __slots__ = ("car", "soc_percent", "uncertainty_percent", "told_at", "source")
    CAR_FIELD_NUMBER: _ClassVar[int]
    SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    UNCERTAINTY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TOLD_AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    car: str
    soc_percent: float
    uncertainty_percent: float
    told_at: _timestamp_pb2.Timestamp
    source: str
    def __init__(self, car: _Optional[str] = ..., soc_percent: _Optional[float] = ..., uncertainty_percent: _Optional[float] = ..., told_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[str] = ...) -> None: ...

class GetCarSocRequest(_message.Message):
    __slots__ = ("car",)
    CAR_FIELD_NUMBER: _ClassVar[int]
    car: str
    def __init__(self, car: _Optional[str] = ...) -> None: ...

class PreviewTariffRequest(_message.Message):
    __slots__ = ("tariff", "time_zone", "to", "site")
    TARIFF_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    tariff: _tariff_pb2.Tariff
    time_zone: str
    to: _timestamp_pb2.Timestamp
    site: str
    def __init__(self, tariff: _Optional[_Union[_tariff_pb2.Tariff, _Mapping]] = ..., time_zone: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., site: _Optional[str] = ..., **kwargs) -> None: ...

class PreviewTariffReply(_message.Message):
    __slots__ = ("prices",)
    PRICES_FIELD_NUMBER: _ClassVar[int]
    prices: PriceSeries
    def __init__(self, prices: _Optional[_Union[PriceSeries, _Mapping]] = ...) -> None: ...

class PushPricesRequest(_message.Message):
    __slots__ = ("zone", "currency", "start", "slot_s", "per_kwh", "all_in")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SLOT_S_FIELD_NUMBER: _ClassVar[int]
    PER_KWH_FIELD_NUMBER: _ClassVar[int]
    ALL_IN_FIELD_NUMBER: _ClassVar[int]
    zone: str
    currency: str
    start: _timestamp_pb2.Timestamp
    slot_s: _containers.RepeatedScalarFieldContainer[int]
    per_kwh: _containers.RepeatedScalarFieldContainer[float]
    all_in: bool
    def __init__(self, zone: _Optional[str] = ..., currency: _Optional[str] = ..., start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., slot_s: _Optional[_Iterable[int]] = ..., per_kwh: _Optional[_Iterable[float]] = ..., all_in: _Optional[bool] = ...) -> None: ...

class PushPricesReply(_message.Message):
    __slots__ = ("taken", "known_until")
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    KNOWN_UNTIL_FIELD_NUMBER: _ClassVar[int]
    taken: int
    known_until: _timestamp_pb2.Timestamp
    def __init__(self, taken: _Optional[int] = ..., known_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PreviewForecastRequest(_message.Message):
    __slots__ = ("planning", "systems")
    PLANNING_FIELD_NUMBER: _ClassVar[int]
    SYSTEMS_FIELD_NUMBER: _ClassVar[int]
    planning: _tariff_pb2.PlanningSettings
    systems: _containers.RepeatedCompositeFieldContainer[_tariff_pb2.PvSystem]
    def __init__(self, planning: _Optional[_Union[_tariff_pb2.PlanningSettings, _Mapping]] = ..., systems: _Optional[_Iterable[_Union[_tariff_pb2.PvSystem, _Mapping]]] = ...) -> None: ...

class PreviewForecastReply(_message.Message):
    __slots__ = ("start", "slot_s", "sun_w", "sun_low_w", "weather")
    START_FIELD_NUMBER: _ClassVar[int]
    SLOT_S_FIELD_NUMBER: _ClassVar[int]
    SUN_W_FIELD_NUMBER: _ClassVar[int]
    SUN_LOW_W_FIELD_NUMBER: _ClassVar[int]
    WEATHER_FIELD_NUMBER: _ClassVar[int]
    start: _timestamp_pb2.Timestamp
    slot_s: _containers.RepeatedScalarFieldContainer[int]
    sun_w: _containers.RepeatedScalarFieldContainer[float]
    sun_low_w: _containers.RepeatedScalarFieldContainer[float]
    weather: PlanInput
    def __init__(self, start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., slot_s: _Optional[_Iterable[int]] = ..., sun_w: _Optional[_Iterable[float]] = ..., sun_low_w: _Optional[_Iterable[float]] = ..., weather: _Optional[_Union[PlanInput, _Mapping]] = ...) -> None: ...

class ReplicaBeat(_message.Message):
    __slots__ = ("replica", "is_leaving", "sites")
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    IS_LEAVING_FIELD_NUMBER: _ClassVar[int]
    SITES_FIELD_NUMBER: _ClassVar[int]
    replica: str
    is_leaving: bool
    sites: int
    def __init__(self, replica: _Optional[str] = ..., is_leaving: _Optional[bool] = ..., sites: _Optional[int] = ...) -> None: ...
