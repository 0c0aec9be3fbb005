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
    __slots__ = ("credits_sun", "other_devices_w", "contract_w", "failsafe_w", "failsafe_s", "revision")
    CREDITS_SUN_FIELD_NUMBER: _ClassVar[int]
    OTHER_DEVICES_W_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_W_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_W_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_S_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    credits_sun: bool
    other_devices_w: _containers.RepeatedScalarFieldContainer[float]
    contract_w: float
    failsafe_w: float
    failsafe_s: float
    revision: int
    def __init__(self, credits_sun: _Optional[bool] = ..., other_devices_w: _Optional[_Iterable[float]] = ..., contract_w: _Optional[float] = ..., failsafe_w: _Optional[float] = ..., failsafe_s: _Optional[float] = ..., revision: _Optional[int] = ...) -> None: ...

class GetOperatorRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OperatorReply(_message.Message):
    __slots__ = ("settings", "limits")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    settings: OperatorSettings
    limits: _containers.RepeatedCompositeFieldContainer[OperatorLimit]
    def __init__(self, settings: _Optional[_Union[OperatorSettings, _Mapping]] = ..., limits: _Optional[_Iterable[_Union[OperatorLimit, _Mapping]]] = ...) -> None: ...

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
    __slots__ = ("number", "at", "event", "limit", "grid_import_w", "charging_w", "reached_s", "reference", "hash", "before")
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
    def __init__(self, number: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event: _Optional[str] = ..., limit: _Optional[_Union[OperatorLimit, _Mapping]] = ..., grid_import_w: _Optional[float] = ..., charging_w: _Optional[float] = ..., reached_s: _Optional[float] = ..., reference: _Optional[str] = ..., hash: _Optional[str] = ..., before: _Optional[str] = ...) -> None: ...

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
