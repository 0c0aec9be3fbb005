from volthus_wire.v1 import electrical_pb2 as _electrical_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Connection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONNECTION_UNSPECIFIED: _ClassVar[Connection]
    CONNECTION_NOT_CONNECTED: _ClassVar[Connection]
    CONNECTION_CONNECTING: _ClassVar[Connection]
    CONNECTION_CONNECTED: _ClassVar[Connection]
CONNECTION_UNSPECIFIED: Connection
CONNECTION_NOT_CONNECTED: Connection
CONNECTION_CONNECTING: Connection
CONNECTION_CONNECTED: Connection

class Ev(_message.Message):
    __slots__ = ("communication", "asymmetric", "phases", "min_a", "max_a", "pause_a", "operating_state", "soc_percent", "takes_limits", "plug", "ev_id")
    COMMUNICATION_FIELD_NUMBER: _ClassVar[int]
    ASYMMETRIC_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    MIN_A_FIELD_NUMBER: _ClassVar[int]
    MAX_A_FIELD_NUMBER: _ClassVar[int]
    PAUSE_A_FIELD_NUMBER: _ClassVar[int]
    OPERATING_STATE_FIELD_NUMBER: _ClassVar[int]
    SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TAKES_LIMITS_FIELD_NUMBER: _ClassVar[int]
    PLUG_FIELD_NUMBER: _ClassVar[int]
    EV_ID_FIELD_NUMBER: _ClassVar[int]
    communication: str
    asymmetric: bool
    phases: int
    min_a: float
    max_a: float
    pause_a: float
    operating_state: str
    soc_percent: float
    takes_limits: bool
    plug: int
    ev_id: str
    def __init__(self, communication: _Optional[str] = ..., asymmetric: _Optional[bool] = ..., phases: _Optional[int] = ..., min_a: _Optional[float] = ..., max_a: _Optional[float] = ..., pause_a: _Optional[float] = ..., operating_state: _Optional[str] = ..., soc_percent: _Optional[float] = ..., takes_limits: _Optional[bool] = ..., plug: _Optional[int] = ..., ev_id: _Optional[str] = ...) -> None: ...

class LimitInForce(_message.Message):
    __slots__ = ("current_a", "controller_epoch", "sequence", "accepted_age_s", "is_fallback")
    CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_AGE_S_FIELD_NUMBER: _ClassVar[int]
    IS_FALLBACK_FIELD_NUMBER: _ClassVar[int]
    current_a: _electrical_pb2.Conductors
    controller_epoch: int
    sequence: int
    accepted_age_s: float
    is_fallback: bool
    def __init__(self, current_a: _Optional[_Union[_electrical_pb2.Conductors, _Mapping]] = ..., controller_epoch: _Optional[int] = ..., sequence: _Optional[int] = ..., accepted_age_s: _Optional[float] = ..., is_fallback: _Optional[bool] = ...) -> None: ...

class EvseState(_message.Message):
    __slots__ = ("ski", "name", "own", "connection", "detail", "brand", "model", "operating_state", "error_code", "ev", "ev_known", "current_a", "power_w", "energy_wh", "measured_age_s", "limit", "limit_problem", "reaction_s", "serial", "ship_id")
    SKI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    OPERATING_STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    EV_FIELD_NUMBER: _ClassVar[int]
    EV_KNOWN_FIELD_NUMBER: _ClassVar[int]
    CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    MEASURED_AGE_S_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    REACTION_S_FIELD_NUMBER: _ClassVar[int]
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    SHIP_ID_FIELD_NUMBER: _ClassVar[int]
    ski: str
    name: str
    own: bool
    connection: Connection
    detail: str
    brand: str
    model: str
    operating_state: str
    error_code: str
    ev: Ev
    ev_known: bool
    current_a: _electrical_pb2.Conductors
    power_w: _electrical_pb2.Conductors
    energy_wh: float
    measured_age_s: float
    limit: LimitInForce
    limit_problem: str
    reaction_s: float
    serial: str
    ship_id: str
    def __init__(self, ski: _Optional[str] = ..., name: _Optional[str] = ..., own: _Optional[bool] = ..., connection: _Optional[_Union[Connection, str]] = ..., detail: _Optional[str] = ..., brand: _Optional[str] = ..., model: _Optional[str] = ..., operating_state: _Optional[str] = ..., error_code: _Optional[str] = ..., ev: _Optional[_Union[Ev, _Mapping]] = ..., ev_known: _Optional[bool] = ..., current_a: _Optional[_Union[_electrical_pb2.Conductors, _Mapping]] = ..., power_w: _Optional[_Union[_electrical_pb2.Conductors, _Mapping]] = ..., energy_wh: _Optional[float] = ..., measured_age_s: _Optional[float] = ..., limit: _Optional[_Union[LimitInForce, _Mapping]] = ..., limit_problem: _Optional[str] = ..., reaction_s: _Optional[float] = ..., serial: _Optional[str] = ..., ship_id: _Optional[str] = ...) -> None: ...

class EvseRoster(_message.Message):
    __slots__ = ("skis",)
    SKIS_FIELD_NUMBER: _ClassVar[int]
    skis: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, skis: _Optional[_Iterable[str]] = ...) -> None: ...

class EvseLimit(_message.Message):
    __slots__ = ("ski", "current_a", "ttl_ms", "controller_epoch", "sequence", "sent_s", "fallback_a", "reason", "release", "least_a", "silent")
    SKI_FIELD_NUMBER: _ClassVar[int]
    CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SENT_S_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_A_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    LEAST_A_FIELD_NUMBER: _ClassVar[int]
    SILENT_FIELD_NUMBER: _ClassVar[int]
    ski: str
    current_a: _electrical_pb2.Conductors
    ttl_ms: int
    controller_epoch: int
    sequence: int
    sent_s: float
    fallback_a: float
    reason: str
    release: bool
    least_a: float
    silent: bool
    def __init__(self, ski: _Optional[str] = ..., current_a: _Optional[_Union[_electrical_pb2.Conductors, _Mapping]] = ..., ttl_ms: _Optional[int] = ..., controller_epoch: _Optional[int] = ..., sequence: _Optional[int] = ..., sent_s: _Optional[float] = ..., fallback_a: _Optional[float] = ..., reason: _Optional[str] = ..., release: _Optional[bool] = ..., least_a: _Optional[float] = ..., silent: _Optional[bool] = ...) -> None: ...
