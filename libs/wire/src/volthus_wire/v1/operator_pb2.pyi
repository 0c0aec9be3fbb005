import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OperatorLimit(_message.Message):
    __slots__ = ("kind", "source", "ski", "state", "limit_w", "until", "failsafe_w", "failsafe_s", "connected", "since", "heard", "name")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_W_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_W_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_S_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    kind: str
    source: str
    ski: str
    state: str
    limit_w: float
    until: _timestamp_pb2.Timestamp
    failsafe_w: float
    failsafe_s: float
    connected: bool
    since: _timestamp_pb2.Timestamp
    heard: _timestamp_pb2.Timestamp
    name: str
    def __init__(self, kind: _Optional[str] = ..., source: _Optional[str] = ..., ski: _Optional[str] = ..., state: _Optional[str] = ..., limit_w: _Optional[float] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., failsafe_w: _Optional[float] = ..., failsafe_s: _Optional[float] = ..., connected: _Optional[bool] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., heard: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., name: _Optional[str] = ...) -> None: ...

class OperatorLimits(_message.Message):
    __slots__ = ("limits",)
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    limits: _containers.RepeatedCompositeFieldContainer[OperatorLimit]
    def __init__(self, limits: _Optional[_Iterable[_Union[OperatorLimit, _Mapping]]] = ...) -> None: ...

class OperatorSettings(_message.Message):
    __slots__ = ("credits_sun", "other_devices_w", "contract_w", "failsafe_w", "failsafe_s", "revision", "appliances")
    CREDITS_SUN_FIELD_NUMBER: _ClassVar[int]
    OTHER_DEVICES_W_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_W_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_W_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_S_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    APPLIANCES_FIELD_NUMBER: _ClassVar[int]
    credits_sun: bool
    other_devices_w: _containers.RepeatedScalarFieldContainer[float]
    contract_w: float
    failsafe_w: float
    failsafe_s: float
    revision: int
    appliances: _containers.RepeatedCompositeFieldContainer[ApplianceChoice]
    def __init__(self, credits_sun: _Optional[bool] = ..., other_devices_w: _Optional[_Iterable[float]] = ..., contract_w: _Optional[float] = ..., failsafe_w: _Optional[float] = ..., failsafe_s: _Optional[float] = ..., revision: _Optional[int] = ..., appliances: _Optional[_Iterable[_Union[ApplianceChoice, _Mapping]]] = ...) -> None: ...

class ApplianceChoice(_message.Message):
    __slots__ = ("ski", "limited")
    SKI_FIELD_NUMBER: _ClassVar[int]
    LIMITED_FIELD_NUMBER: _ClassVar[int]
    ski: str
    limited: bool
    def __init__(self, ski: _Optional[str] = ..., limited: _Optional[bool] = ...) -> None: ...

class Appliance(_message.Message):
    __slots__ = ("ski", "name", "only_this", "connected", "heard", "silent_s", "power_w", "nominal_w", "failsafe_w", "held_w", "answer", "problem", "answer_age_s", "asked_w")
    SKI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ONLY_THIS_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    SILENT_S_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    NOMINAL_W_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_W_FIELD_NUMBER: _ClassVar[int]
    HELD_W_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    ANSWER_AGE_S_FIELD_NUMBER: _ClassVar[int]
    ASKED_W_FIELD_NUMBER: _ClassVar[int]
    ski: str
    name: str
    only_this: bool
    connected: bool
    heard: bool
    silent_s: float
    power_w: float
    nominal_w: float
    failsafe_w: float
    held_w: float
    answer: str
    problem: str
    answer_age_s: float
    asked_w: float
    def __init__(self, ski: _Optional[str] = ..., name: _Optional[str] = ..., only_this: _Optional[bool] = ..., connected: _Optional[bool] = ..., heard: _Optional[bool] = ..., silent_s: _Optional[float] = ..., power_w: _Optional[float] = ..., nominal_w: _Optional[float] = ..., failsafe_w: _Optional[float] = ..., held_w: _Optional[float] = ..., answer: _Optional[str] = ..., problem: _Optional[str] = ..., answer_age_s: _Optional[float] = ..., asked_w: _Optional[float] = ...) -> None: ...

class Appliances(_message.Message):
    __slots__ = ("appliances",)
    APPLIANCES_FIELD_NUMBER: _ClassVar[int]
    appliances: _containers.RepeatedCompositeFieldContainer[Appliance]
    def __init__(self, appliances: _Optional[_Iterable[_Union[Appliance, _Mapping]]] = ...) -> None: ...

class ApplianceLimit(_message.Message):
    __slots__ = ("ski", "limit_w", "until", "ttl_ms", "controller_epoch", "sequence", "sent_s", "fallback_w", "release")
    SKI_FIELD_NUMBER: _ClassVar[int]
    LIMIT_W_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SENT_S_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_W_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ski: str
    limit_w: float
    until: _timestamp_pb2.Timestamp
    ttl_ms: int
    controller_epoch: int
    sequence: int
    sent_s: float
    fallback_w: float
    release: bool
    def __init__(self, ski: _Optional[str] = ..., limit_w: _Optional[float] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ttl_ms: _Optional[int] = ..., controller_epoch: _Optional[int] = ..., sequence: _Optional[int] = ..., sent_s: _Optional[float] = ..., fallback_w: _Optional[float] = ..., release: _Optional[bool] = ...) -> None: ...

class ApplianceShare(_message.Message):
    __slots__ = ("ski", "name", "limited", "limit_w", "reserved_w", "state", "power_w", "problem", "nominal_w", "failsafe_w")
    SKI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LIMITED_FIELD_NUMBER: _ClassVar[int]
    LIMIT_W_FIELD_NUMBER: _ClassVar[int]
    RESERVED_W_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    NOMINAL_W_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_W_FIELD_NUMBER: _ClassVar[int]
    ski: str
    name: str
    limited: bool
    limit_w: float
    reserved_w: float
    state: str
    power_w: float
    problem: str
    nominal_w: float
    failsafe_w: float
    def __init__(self, ski: _Optional[str] = ..., name: _Optional[str] = ..., limited: _Optional[bool] = ..., limit_w: _Optional[float] = ..., reserved_w: _Optional[float] = ..., state: _Optional[str] = ..., power_w: _Optional[float] = ..., problem: _Optional[str] = ..., nominal_w: _Optional[float] = ..., failsafe_w: _Optional[float] = ...) -> None: ...

class GetOperatorRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OperatorReply(_message.Message):
    __slots__ = ("settings", "limits", "appliances")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    APPLIANCES_FIELD_NUMBER: _ClassVar[int]
    settings: OperatorSettings
    limits: _containers.RepeatedCompositeFieldContainer[OperatorLimit]
    appliances: _containers.RepeatedCompositeFieldContainer[ApplianceShare]
    def __init__(self, settings: _Optional[_Union[OperatorSettings, _Mapping]] = ..., limits: _Optional[_Iterable[_Union[OperatorLimit, _Mapping]]] = ..., appliances: _Optional[_Iterable[_Union[ApplianceShare, _Mapping]]] = ...) -> None: ...

class PutOperatorSettingsRequest(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: OperatorSettings
    def __init__(self, settings: _Optional[_Union[OperatorSettings, _Mapping]] = ...) -> None: ...

class PutOperatorLimitRequest(_message.Message):
    __slots__ = ("limit_w", "until", "reference")
    LIMIT_W_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    limit_w: float
    until: _timestamp_pb2.Timestamp
    reference: str
    def __init__(self, limit_w: _Optional[float] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reference: _Optional[str] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("number", "at", "event", "limit", "grid_import_w", "charging_w", "reached_s", "reference", "hash", "before", "appliances")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    GRID_IMPORT_W_FIELD_NUMBER: _ClassVar[int]
    CHARGING_W_FIELD_NUMBER: _ClassVar[int]
    REACHED_S_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    APPLIANCES_FIELD_NUMBER: _ClassVar[int]
    number: int
    at: _timestamp_pb2.Timestamp
    event: str
    limit: OperatorLimit
    grid_import_w: float
    charging_w: float
    reached_s: float
    reference: str
    hash: str
    before: str
    appliances: str
    def __init__(self, number: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event: _Optional[str] = ..., limit: _Optional[_Union[OperatorLimit, _Mapping]] = ..., grid_import_w: _Optional[float] = ..., charging_w: _Optional[float] = ..., reached_s: _Optional[float] = ..., reference: _Optional[str] = ..., hash: _Optional[str] = ..., before: _Optional[str] = ..., appliances: _Optional[str] = ...) -> None: ...

class ListEvidenceRequest(_message.Message):
    __slots__ = ("after", "most")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    after: int
    most: int
    def __init__(self, after: _Optional[int] = ..., most: _Optional[int] = ...) -> None: ...

class ListEvidenceReply(_message.Message):
    __slots__ = ("entries", "more", "intact")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    INTACT_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[Evidence]
    more: bool
    intact: bool
    def __init__(self, entries: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., more: _Optional[bool] = ..., intact: _Optional[bool] = ...) -> None: ...
