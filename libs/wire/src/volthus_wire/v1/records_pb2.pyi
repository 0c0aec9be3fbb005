import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from volthus_wire.v1 import electrical_pb2 as _electrical_pb2
from volthus_wire.v1 import operator_pb2 as _operator_pb2
from volthus_wire.v1 import site_pb2 as _site_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChargingSession(_message.Message):
    __slots__ = ("session", "ski", "charger_name", "car", "started", "ended", "state", "energy_wh", "sun_wh", "grid_wh", "charging_s", "highest_w", "soc_start_percent", "soc_end_percent", "cost", "currency", "mode", "revision", "price_series", "co2_g", "at_once_cost", "at_once_co2_g")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    CHARGER_NAME_FIELD_NUMBER: _ClassVar[int]
    CAR_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    SUN_WH_FIELD_NUMBER: _ClassVar[int]
    GRID_WH_FIELD_NUMBER: _ClassVar[int]
    CHARGING_S_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_W_FIELD_NUMBER: _ClassVar[int]
    SOC_START_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SOC_END_PERCENT_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    PRICE_SERIES_FIELD_NUMBER: _ClassVar[int]
    CO2_G_FIELD_NUMBER: _ClassVar[int]
    AT_ONCE_COST_FIELD_NUMBER: _ClassVar[int]
    AT_ONCE_CO2_G_FIELD_NUMBER: _ClassVar[int]
    session: str
    ski: str
    charger_name: str
    car: str
    started: _timestamp_pb2.Timestamp
    ended: _timestamp_pb2.Timestamp
    state: str
    energy_wh: float
    sun_wh: float
    grid_wh: float
    charging_s: float
    highest_w: float
    soc_start_percent: float
    soc_end_percent: float
    cost: float
    currency: str
    mode: str
    revision: int
    price_series: str
    co2_g: float
    at_once_cost: float
    at_once_co2_g: float
    def __init__(self, session: _Optional[str] = ..., ski: _Optional[str] = ..., charger_name: _Optional[str] = ..., car: _Optional[str] = ..., started: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[str] = ..., energy_wh: _Optional[float] = ..., sun_wh: _Optional[float] = ..., grid_wh: _Optional[float] = ..., charging_s: _Optional[float] = ..., highest_w: _Optional[float] = ..., soc_start_percent: _Optional[float] = ..., soc_end_percent: _Optional[float] = ..., cost: _Optional[float] = ..., currency: _Optional[str] = ..., mode: _Optional[str] = ..., revision: _Optional[int] = ..., price_series: _Optional[str] = ..., co2_g: _Optional[float] = ..., at_once_cost: _Optional[float] = ..., at_once_co2_g: _Optional[float] = ...) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ("to", "ski", "cursor", "most")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    to: _timestamp_pb2.Timestamp
    ski: str
    cursor: str
    most: int
    def __init__(self, to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ski: _Optional[str] = ..., cursor: _Optional[str] = ..., most: _Optional[int] = ..., **kwargs) -> None: ...

class ListSessionsReply(_message.Message):
    __slots__ = ("sessions", "next")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[ChargingSession]
    next: str
    def __init__(self, sessions: _Optional[_Iterable[_Union[ChargingSession, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class SummarizeSessionsRequest(_message.Message):
    __slots__ = ("to", "month", "ski", "by_month", "by_charger", "by_car")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    BY_MONTH_FIELD_NUMBER: _ClassVar[int]
    BY_CHARGER_FIELD_NUMBER: _ClassVar[int]
    BY_CAR_FIELD_NUMBER: _ClassVar[int]
    to: _timestamp_pb2.Timestamp
    month: str
    ski: str
    by_month: bool
    by_charger: bool
    by_car: bool
    def __init__(self, to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., month: _Optional[str] = ..., ski: _Optional[str] = ..., by_month: _Optional[bool] = ..., by_charger: _Optional[bool] = ..., by_car: _Optional[bool] = ..., **kwargs) -> None: ...

class SessionTotals(_message.Message):
    __slots__ = ("month", "ski", "charger_name", "car", "count", "energy_wh", "sun_wh", "grid_wh", "charging_s", "cost", "currency", "unpriced", "co2_g", "unweighed")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    CHARGER_NAME_FIELD_NUMBER: _ClassVar[int]
    CAR_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    SUN_WH_FIELD_NUMBER: _ClassVar[int]
    GRID_WH_FIELD_NUMBER: _ClassVar[int]
    CHARGING_S_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    UNPRICED_FIELD_NUMBER: _ClassVar[int]
    CO2_G_FIELD_NUMBER: _ClassVar[int]
    UNWEIGHED_FIELD_NUMBER: _ClassVar[int]
    month: str
    ski: str
    charger_name: str
    car: str
    count: int
    energy_wh: float
    sun_wh: float
    grid_wh: float
    charging_s: float
    cost: float
    currency: str
    unpriced: int
    co2_g: float
    unweighed: int
    def __init__(self, month: _Optional[str] = ..., ski: _Optional[str] = ..., charger_name: _Optional[str] = ..., car: _Optional[str] = ..., count: _Optional[int] = ..., energy_wh: _Optional[float] = ..., sun_wh: _Optional[float] = ..., grid_wh: _Optional[float] = ..., charging_s: _Optional[float] = ..., cost: _Optional[float] = ..., currency: _Optional[str] = ..., unpriced: _Optional[int] = ..., co2_g: _Optional[float] = ..., unweighed: _Optional[int] = ...) -> None: ...

class SummarizeSessionsReply(_message.Message):
    __slots__ = ("time_zone", "to", "totals")
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    time_zone: str
    to: _timestamp_pb2.Timestamp
    totals: _containers.RepeatedCompositeFieldContainer[SessionTotals]
    def __init__(self, time_zone: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., totals: _Optional[_Iterable[_Union[SessionTotals, _Mapping]]] = ..., **kwargs) -> None: ...

class EnergySpan(_message.Message):
    __slots__ = ("start", "end", "import_wh", "export_wh", "sun_wh", "charging_wh", "charging_sun_wh", "charger_wh", "charger_sun_wh", "revision")
    class ChargerWhEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ChargerSunWhEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    IMPORT_WH_FIELD_NUMBER: _ClassVar[int]
    EXPORT_WH_FIELD_NUMBER: _ClassVar[int]
    SUN_WH_FIELD_NUMBER: _ClassVar[int]
    CHARGING_WH_FIELD_NUMBER: _ClassVar[int]
    CHARGING_SUN_WH_FIELD_NUMBER: _ClassVar[int]
    CHARGER_WH_FIELD_NUMBER: _ClassVar[int]
    CHARGER_SUN_WH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    start: _timestamp_pb2.Timestamp
    end: _timestamp_pb2.Timestamp
    import_wh: float
    export_wh: float
    sun_wh: float
    charging_wh: float
    charging_sun_wh: float
    charger_wh: _containers.ScalarMap[str, float]
    charger_sun_wh: _containers.ScalarMap[str, float]
    revision: int
    def __init__(self, start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., import_wh: _Optional[float] = ..., export_wh: _Optional[float] = ..., sun_wh: _Optional[float] = ..., charging_wh: _Optional[float] = ..., charging_sun_wh: _Optional[float] = ..., charger_wh: _Optional[_Mapping[str, float]] = ..., charger_sun_wh: _Optional[_Mapping[str, float]] = ..., revision: _Optional[int] = ...) -> None: ...

class GetEnergyRequest(_message.Message):
    __slots__ = ("to", "step_s")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    STEP_S_FIELD_NUMBER: _ClassVar[int]
    to: _timestamp_pb2.Timestamp
    step_s: int
    def __init__(self, to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., step_s: _Optional[int] = ..., **kwargs) -> None: ...

class GetEnergyReply(_message.Message):
    __slots__ = ("spans",)
    SPANS_FIELD_NUMBER: _ClassVar[int]
    spans: _containers.RepeatedCompositeFieldContainer[EnergySpan]
    def __init__(self, spans: _Optional[_Iterable[_Union[EnergySpan, _Mapping]]] = ...) -> None: ...

class DecisionRecord(_message.Message):
    __slots__ = ("number", "at", "ski", "limit_a", "limited_by", "mode", "ladder")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    LIMIT_A_FIELD_NUMBER: _ClassVar[int]
    LIMITED_BY_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    LADDER_FIELD_NUMBER: _ClassVar[int]
    number: int
    at: _timestamp_pb2.Timestamp
    ski: str
    limit_a: _electrical_pb2.Phases
    limited_by: _site_pb2.LimitedBy
    mode: str
    ladder: str
    def __init__(self, number: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ski: _Optional[str] = ..., limit_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., limited_by: _Optional[_Union[_site_pb2.LimitedBy, _Mapping]] = ..., mode: _Optional[str] = ..., ladder: _Optional[str] = ...) -> None: ...

class ListDecisionsRequest(_message.Message):
    __slots__ = ("ski", "to", "cursor", "most")
    SKI_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    ski: str
    to: _timestamp_pb2.Timestamp
    cursor: str
    most: int
    def __init__(self, ski: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cursor: _Optional[str] = ..., most: _Optional[int] = ..., **kwargs) -> None: ...

class ListDecisionsReply(_message.Message):
    __slots__ = ("decisions", "next")
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[DecisionRecord]
    next: str
    def __init__(self, decisions: _Optional[_Iterable[_Union[DecisionRecord, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("site", "epoch", "sequence", "at", "session", "energy", "evidence", "audit")
    SITE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    AUDIT_FIELD_NUMBER: _ClassVar[int]
    site: str
    epoch: int
    sequence: int
    at: _timestamp_pb2.Timestamp
    session: ChargingSession
    energy: EnergySpan
    evidence: _operator_pb2.Evidence
    audit: AuditEntry
    def __init__(self, site: _Optional[str] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., session: _Optional[_Union[ChargingSession, _Mapping]] = ..., energy: _Optional[_Union[EnergySpan, _Mapping]] = ..., evidence: _Optional[_Union[_operator_pb2.Evidence, _Mapping]] = ..., audit: _Optional[_Union[AuditEntry, _Mapping]] = ...) -> None: ...

class AuditEntry(_message.Message):
    __slots__ = ("at", "actor", "role", "origin", "setting", "before", "after")
    AT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    SETTING_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    actor: str
    role: str
    origin: str
    setting: str
    before: str
    after: str
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., role: _Optional[str] = ..., origin: _Optional[str] = ..., setting: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class OutboxState(_message.Message):
    __slots__ = ("epoch", "waiting", "oldest")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    waiting: int
    oldest: _timestamp_pb2.Timestamp
    def __init__(self, epoch: _Optional[int] = ..., waiting: _Optional[int] = ..., oldest: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResendFactsRequest(_message.Message):
    __slots__ = ("epoch", "first", "last")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    first: int
    last: int
    def __init__(self, epoch: _Optional[int] = ..., first: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class ResendFactsReply(_message.Message):
    __slots__ = ("first_kept", "last_kept", "resent")
    FIRST_KEPT_FIELD_NUMBER: _ClassVar[int]
    LAST_KEPT_FIELD_NUMBER: _ClassVar[int]
    RESENT_FIELD_NUMBER: _ClassVar[int]
    first_kept: int
    last_kept: int
    resent: int
    def __init__(self, first_kept: _Optional[int] = ..., last_kept: _Optional[int] = ..., resent: _Optional[int] = ...) -> None: ...

class GetSiteFileRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SiteFileReply(_message.Message):
    __slots__ = ("yaml", "managed")
    YAML_FIELD_NUMBER: _ClassVar[int]
    MANAGED_FIELD_NUMBER: _ClassVar[int]
    yaml: str
    managed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, yaml: _Optional[str] = ..., managed: _Optional[_Iterable[str]] = ...) -> None: ...

class ApplySiteFileRequest(_message.Message):
    __slots__ = ("yaml", "dry_run", "release", "restore")
    YAML_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FIELD_NUMBER: _ClassVar[int]
    yaml: str
    dry_run: bool
    release: bool
    restore: bool
    def __init__(self, yaml: _Optional[str] = ..., dry_run: _Optional[bool] = ..., release: _Optional[bool] = ..., restore: _Optional[bool] = ...) -> None: ...

class SiteFileChange(_message.Message):
    __slots__ = ("pointer", "before", "after")
    POINTER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    pointer: str
    before: str
    after: str
    def __init__(self, pointer: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class ApplySiteFileReply(_message.Message):
    __slots__ = ("changes", "applied")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[SiteFileChange]
    applied: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[SiteFileChange, _Mapping]]] = ..., applied: _Optional[bool] = ...) -> None: ...
