import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from volthus_wire.v1 import electrical_pb2 as _electrical_pb2
from volthus_wire.v1 import evse_pb2 as _evse_pb2
from volthus_wire.v1 import metering_pb2 as _metering_pb2
from volthus_wire.v1 import operating_pb2 as _operating_pb2
from volthus_wire.v1 import operator_pb2 as _operator_pb2
from volthus_wire.v1 import planning_pb2 as _planning_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GridConnection(_message.Message):
    __slots__ = ("fuse_a", "phases", "margin_a", "base_load_a", "static_share_a", "revision", "unbalance_a")
    FUSE_A_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    MARGIN_A_FIELD_NUMBER: _ClassVar[int]
    BASE_LOAD_A_FIELD_NUMBER: _ClassVar[int]
    STATIC_SHARE_A_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    UNBALANCE_A_FIELD_NUMBER: _ClassVar[int]
    fuse_a: _electrical_pb2.Phases
    phases: int
    margin_a: float
    base_load_a: _electrical_pb2.Phases
    static_share_a: _electrical_pb2.Phases
    revision: int
    unbalance_a: float
    def __init__(self, fuse_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., phases: _Optional[int] = ..., margin_a: _Optional[float] = ..., base_load_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., static_share_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., revision: _Optional[int] = ..., unbalance_a: _Optional[float] = ...) -> None: ...

class Circuit(_message.Message):
    __slots__ = ("circuit", "name", "parent", "fuse_a", "margin_a", "meter", "revision")
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    FUSE_A_FIELD_NUMBER: _ClassVar[int]
    MARGIN_A_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    circuit: str
    name: str
    parent: str
    fuse_a: _electrical_pb2.Phases
    margin_a: float
    meter: str
    revision: int
    def __init__(self, circuit: _Optional[str] = ..., name: _Optional[str] = ..., parent: _Optional[str] = ..., fuse_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., margin_a: _Optional[float] = ..., meter: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ListCircuitsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListCircuitsReply(_message.Message):
    __slots__ = ("circuits",)
    CIRCUITS_FIELD_NUMBER: _ClassVar[int]
    circuits: _containers.RepeatedCompositeFieldContainer[Circuit]
    def __init__(self, circuits: _Optional[_Iterable[_Union[Circuit, _Mapping]]] = ...) -> None: ...

class PutCircuitRequest(_message.Message):
    __slots__ = ("circuit",)
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    circuit: Circuit
    def __init__(self, circuit: _Optional[_Union[Circuit, _Mapping]] = ...) -> None: ...

class CircuitReply(_message.Message):
    __slots__ = ("circuit",)
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    circuit: Circuit
    def __init__(self, circuit: _Optional[_Union[Circuit, _Mapping]] = ...) -> None: ...

class RemoveCircuitRequest(_message.Message):
    __slots__ = ("circuit", "revision")
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    circuit: str
    revision: int
    def __init__(self, circuit: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ChargerSettings(_message.Message):
    __slots__ = ("ski", "min_a", "max_a", "phases", "wiring", "failsafe_a", "priority", "revision", "circuit", "start_a", "phase_switching", "phase_switching_url", "phase_switching_confirmed", "weight", "guaranteed_a")
    SKI_FIELD_NUMBER: _ClassVar[int]
    MIN_A_FIELD_NUMBER: _ClassVar[int]
    MAX_A_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    WIRING_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_A_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    START_A_FIELD_NUMBER: _ClassVar[int]
    PHASE_SWITCHING_FIELD_NUMBER: _ClassVar[int]
    PHASE_SWITCHING_URL_FIELD_NUMBER: _ClassVar[int]
    PHASE_SWITCHING_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    GUARANTEED_A_FIELD_NUMBER: _ClassVar[int]
    ski: str
    min_a: float
    max_a: float
    phases: int
    wiring: str
    failsafe_a: float
    priority: int
    revision: int
    circuit: str
    start_a: float
    phase_switching: str
    phase_switching_url: str
    phase_switching_confirmed: bool
    weight: float
    guaranteed_a: float
    def __init__(self, ski: _Optional[str] = ..., min_a: _Optional[float] = ..., max_a: _Optional[float] = ..., phases: _Optional[int] = ..., wiring: _Optional[str] = ..., failsafe_a: _Optional[float] = ..., priority: _Optional[int] = ..., revision: _Optional[int] = ..., circuit: _Optional[str] = ..., start_a: _Optional[float] = ..., phase_switching: _Optional[str] = ..., phase_switching_url: _Optional[str] = ..., phase_switching_confirmed: _Optional[bool] = ..., weight: _Optional[float] = ..., guaranteed_a: _Optional[float] = ...) -> None: ...

class EnergyManagement(_message.Message):
    __slots__ = ("on", "confirmed_no_other", "revision")
    ON_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_NO_OTHER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    on: bool
    confirmed_no_other: bool
    revision: int
    def __init__(self, on: _Optional[bool] = ..., confirmed_no_other: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class LimitedBy(_message.Message):
    __slots__ = ("kind", "element", "phase", "value", "since", "until")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    kind: str
    element: str
    phase: str
    value: float
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[str] = ..., element: _Optional[str] = ..., phase: _Optional[str] = ..., value: _Optional[float] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ChargerState(_message.Message):
    __slots__ = ("ski", "name", "own", "connection", "state", "power_w", "current_a", "limit_a", "limited_by", "communication", "soc_percent", "session_energy_wh", "settings", "brand", "model", "measured_age_s", "detail", "error_code", "mode", "pending", "session", "car", "goal", "phases", "reaction_s", "car_range", "plan", "soc")
    SKI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    LIMIT_A_FIELD_NUMBER: _ClassVar[int]
    LIMITED_BY_FIELD_NUMBER: _ClassVar[int]
    COMMUNICATION_FIELD_NUMBER: _ClassVar[int]
    SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SESSION_ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MEASURED_AGE_S_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    CAR_FIELD_NUMBER: _ClassVar[int]
    GOAL_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    REACTION_S_FIELD_NUMBER: _ClassVar[int]
    CAR_RANGE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    SOC_FIELD_NUMBER: _ClassVar[int]
    ski: str
    name: str
    own: bool
    connection: _evse_pb2.Connection
    state: str
    power_w: float
    current_a: _electrical_pb2.Phases
    limit_a: _electrical_pb2.Phases
    limited_by: LimitedBy
    communication: str
    soc_percent: float
    session_energy_wh: float
    settings: ChargerSettings
    brand: str
    model: str
    measured_age_s: float
    detail: str
    error_code: str
    mode: _operating_pb2.ChargingMode
    pending: _containers.RepeatedCompositeFieldContainer[PendingChange]
    session: str
    car: str
    goal: _operating_pb2.Goal
    phases: _containers.RepeatedScalarFieldContainer[str]
    reaction_s: float
    car_range: CarRange
    plan: _planning_pb2.SessionPlan
    soc: _planning_pb2.CarSoc
    def __init__(self, ski: _Optional[str] = ..., name: _Optional[str] = ..., own: _Optional[bool] = ..., connection: _Optional[_Union[_evse_pb2.Connection, str]] = ..., state: _Optional[str] = ..., power_w: _Optional[float] = ..., current_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., limit_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., limited_by: _Optional[_Union[LimitedBy, _Mapping]] = ..., communication: _Optional[str] = ..., soc_percent: _Optional[float] = ..., session_energy_wh: _Optional[float] = ..., settings: _Optional[_Union[ChargerSettings, _Mapping]] = ..., brand: _Optional[str] = ..., model: _Optional[str] = ..., measured_age_s: _Optional[float] = ..., detail: _Optional[str] = ..., error_code: _Optional[str] = ..., mode: _Optional[_Union[_operating_pb2.ChargingMode, _Mapping]] = ..., pending: _Optional[_Iterable[_Union[PendingChange, _Mapping]]] = ..., session: _Optional[str] = ..., car: _Optional[str] = ..., goal: _Optional[_Union[_operating_pb2.Goal, _Mapping]] = ..., phases: _Optional[_Iterable[str]] = ..., reaction_s: _Optional[float] = ..., car_range: _Optional[_Union[CarRange, _Mapping]] = ..., plan: _Optional[_Union[_planning_pb2.SessionPlan, _Mapping]] = ..., soc: _Optional[_Union[_planning_pb2.CarSoc, _Mapping]] = ...) -> None: ...

class CarRange(_message.Message):
    __slots__ = ("min_a", "max_a")
    MIN_A_FIELD_NUMBER: _ClassVar[int]
    MAX_A_FIELD_NUMBER: _ClassVar[int]
    min_a: float
    max_a: float
    def __init__(self, min_a: _Optional[float] = ..., max_a: _Optional[float] = ...) -> None: ...

class PendingChange(_message.Message):
    __slots__ = ("kind", "at", "value")
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    at: _timestamp_pb2.Timestamp
    value: float
    def __init__(self, kind: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., value: _Optional[float] = ...) -> None: ...

class CircuitState(_message.Message):
    __slots__ = ("settings", "current_a", "reserved_a", "headroom_a")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    RESERVED_A_FIELD_NUMBER: _ClassVar[int]
    HEADROOM_A_FIELD_NUMBER: _ClassVar[int]
    settings: Circuit
    current_a: _electrical_pb2.Phases
    reserved_a: _electrical_pb2.Phases
    headroom_a: _electrical_pb2.Phases
    def __init__(self, settings: _Optional[_Union[Circuit, _Mapping]] = ..., current_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., reserved_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., headroom_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("code", "severity", "params", "since")
    class ParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    code: str
    severity: str
    params: _containers.ScalarMap[str, str]
    since: _timestamp_pb2.Timestamp
    def __init__(self, code: _Optional[str] = ..., severity: _Optional[str] = ..., params: _Optional[_Mapping[str, str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SiteState(_message.Message):
    __slots__ = ("site", "name", "at", "energy_management", "grid_connection", "load_management", "ladder", "meter_age_s", "grid_current_a", "grid_import_w", "grid_export_w", "charging_power_w", "other_load_a", "reserved_a", "headroom_a", "sun_w", "chargers", "notices", "meters", "version", "circuits", "operator_limits", "operator_share_w", "plan", "prices", "overload_s", "time_zone")
    SITE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ENERGY_MANAGEMENT_FIELD_NUMBER: _ClassVar[int]
    GRID_CONNECTION_FIELD_NUMBER: _ClassVar[int]
    LOAD_MANAGEMENT_FIELD_NUMBER: _ClassVar[int]
    LADDER_FIELD_NUMBER: _ClassVar[int]
    METER_AGE_S_FIELD_NUMBER: _ClassVar[int]
    GRID_CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    GRID_IMPORT_W_FIELD_NUMBER: _ClassVar[int]
    GRID_EXPORT_W_FIELD_NUMBER: _ClassVar[int]
    CHARGING_POWER_W_FIELD_NUMBER: _ClassVar[int]
    OTHER_LOAD_A_FIELD_NUMBER: _ClassVar[int]
    RESERVED_A_FIELD_NUMBER: _ClassVar[int]
    HEADROOM_A_FIELD_NUMBER: _ClassVar[int]
    SUN_W_FIELD_NUMBER: _ClassVar[int]
    CHARGERS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    METERS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CIRCUITS_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_LIMITS_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_SHARE_W_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    OVERLOAD_S_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    site: str
    name: str
    at: _timestamp_pb2.Timestamp
    energy_management: EnergyManagement
    grid_connection: GridConnection
    load_management: str
    ladder: str
    meter_age_s: float
    grid_current_a: _electrical_pb2.Phases
    grid_import_w: float
    grid_export_w: float
    charging_power_w: float
    other_load_a: _electrical_pb2.Phases
    reserved_a: _electrical_pb2.Phases
    headroom_a: _electrical_pb2.Phases
    sun_w: float
    chargers: _containers.RepeatedCompositeFieldContainer[ChargerState]
    notices: _containers.RepeatedCompositeFieldContainer[Notice]
    meters: _containers.RepeatedCompositeFieldContainer[_metering_pb2.MeterHealth]
    version: str
    circuits: _containers.RepeatedCompositeFieldContainer[CircuitState]
    operator_limits: _containers.RepeatedCompositeFieldContainer[_operator_pb2.OperatorLimit]
    operator_share_w: float
    plan: _planning_pb2.PlanInForce
    prices: _planning_pb2.PricesHeld
    overload_s: float
    time_zone: str
    def __init__(self, site: _Optional[str] = ..., name: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., energy_management: _Optional[_Union[EnergyManagement, _Mapping]] = ..., grid_connection: _Optional[_Union[GridConnection, _Mapping]] = ..., load_management: _Optional[str] = ..., ladder: _Optional[str] = ..., meter_age_s: _Optional[float] = ..., grid_current_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., grid_import_w: _Optional[float] = ..., grid_export_w: _Optional[float] = ..., charging_power_w: _Optional[float] = ..., other_load_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., reserved_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., headroom_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., sun_w: _Optional[float] = ..., chargers: _Optional[_Iterable[_Union[ChargerState, _Mapping]]] = ..., notices: _Optional[_Iterable[_Union[Notice, _Mapping]]] = ..., meters: _Optional[_Iterable[_Union[_metering_pb2.MeterHealth, _Mapping]]] = ..., version: _Optional[str] = ..., circuits: _Optional[_Iterable[_Union[CircuitState, _Mapping]]] = ..., operator_limits: _Optional[_Iterable[_Union[_operator_pb2.OperatorLimit, _Mapping]]] = ..., operator_share_w: _Optional[float] = ..., plan: _Optional[_Union[_planning_pb2.PlanInForce, _Mapping]] = ..., prices: _Optional[_Union[_planning_pb2.PricesHeld, _Mapping]] = ..., overload_s: _Optional[float] = ..., time_zone: _Optional[str] = ...) -> None: ...

class GetGridConnectionRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutGridConnectionRequest(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: GridConnection
    def __init__(self, settings: _Optional[_Union[GridConnection, _Mapping]] = ...) -> None: ...

class GridConnectionReply(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: GridConnection
    def __init__(self, settings: _Optional[_Union[GridConnection, _Mapping]] = ...) -> None: ...

class GetEnergyManagementRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutEnergyManagementRequest(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: EnergyManagement
    def __init__(self, settings: _Optional[_Union[EnergyManagement, _Mapping]] = ...) -> None: ...

class EnergyManagementReply(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: EnergyManagement
    def __init__(self, settings: _Optional[_Union[EnergyManagement, _Mapping]] = ...) -> None: ...

class PutChargerRequest(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: ChargerSettings
    def __init__(self, settings: _Optional[_Union[ChargerSettings, _Mapping]] = ...) -> None: ...

class ChargerReply(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: ChargerSettings
    def __init__(self, settings: _Optional[_Union[ChargerSettings, _Mapping]] = ...) -> None: ...

class GetSiteStateRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Watch(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StartRotationTestRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class RotationTestRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class CancelRotationTestRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class RotationTest(_message.Message):
    __slots__ = ("ski", "state", "step", "until", "code", "proposed_wiring", "proposed_rotation", "confidence", "phases", "reversed", "ended")
    SKI_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_WIRING_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_ROTATION_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    REVERSED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    ski: str
    state: str
    step: str
    until: _timestamp_pb2.Timestamp
    code: str
    proposed_wiring: str
    proposed_rotation: str
    confidence: float
    phases: _containers.RepeatedScalarFieldContainer[str]
    reversed: bool
    ended: _timestamp_pb2.Timestamp
    def __init__(self, ski: _Optional[str] = ..., state: _Optional[str] = ..., step: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., code: _Optional[str] = ..., proposed_wiring: _Optional[str] = ..., proposed_rotation: _Optional[str] = ..., confidence: _Optional[float] = ..., phases: _Optional[_Iterable[str]] = ..., reversed: _Optional[bool] = ..., ended: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
