import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from volthus_wire.v1 import electrical_pb2 as _electrical_pb2
from volthus_wire.v1 import evse_pb2 as _evse_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EebusIdentity(_message.Message):
    __slots__ = ("ski", "ship_id", "brand", "model", "qr_text", "port", "certificate_ends")
    SKI_FIELD_NUMBER: _ClassVar[int]
    SHIP_ID_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    QR_TEXT_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_ENDS_FIELD_NUMBER: _ClassVar[int]
    ski: str
    ship_id: str
    brand: str
    model: str
    qr_text: str
    port: int
    certificate_ends: _timestamp_pb2.Timestamp
    def __init__(self, ski: _Optional[str] = ..., ship_id: _Optional[str] = ..., brand: _Optional[str] = ..., model: _Optional[str] = ..., qr_text: _Optional[str] = ..., port: _Optional[int] = ..., certificate_ends: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class EebusDevice(_message.Message):
    __slots__ = ("ski", "ship_id", "brand", "model", "type", "host", "port", "requests_pairing")
    SKI_FIELD_NUMBER: _ClassVar[int]
    SHIP_ID_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PAIRING_FIELD_NUMBER: _ClassVar[int]
    ski: str
    ship_id: str
    brand: str
    model: str
    type: str
    host: str
    port: int
    requests_pairing: bool
    def __init__(self, ski: _Optional[str] = ..., ship_id: _Optional[str] = ..., brand: _Optional[str] = ..., model: _Optional[str] = ..., type: _Optional[str] = ..., host: _Optional[str] = ..., port: _Optional[int] = ..., requests_pairing: _Optional[bool] = ...) -> None: ...

class PairedDevice(_message.Message):
    __slots__ = ("device", "name", "connection", "detail", "own", "state", "role", "serial")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    device: EebusDevice
    name: str
    connection: _evse_pb2.Connection
    detail: str
    own: bool
    state: str
    role: str
    serial: str
    def __init__(self, device: _Optional[_Union[EebusDevice, _Mapping]] = ..., name: _Optional[str] = ..., connection: _Optional[_Union[_evse_pb2.Connection, str]] = ..., detail: _Optional[str] = ..., own: _Optional[bool] = ..., state: _Optional[str] = ..., role: _Optional[str] = ..., serial: _Optional[str] = ...) -> None: ...

class EebusPicture(_message.Message):
    __slots__ = ("identity", "discovered", "paired", "accepts_until")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    DISCOVERED_FIELD_NUMBER: _ClassVar[int]
    PAIRED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_UNTIL_FIELD_NUMBER: _ClassVar[int]
    identity: EebusIdentity
    discovered: _containers.RepeatedCompositeFieldContainer[EebusDevice]
    paired: _containers.RepeatedCompositeFieldContainer[PairedDevice]
    accepts_until: _timestamp_pb2.Timestamp
    def __init__(self, identity: _Optional[_Union[EebusIdentity, _Mapping]] = ..., discovered: _Optional[_Iterable[_Union[EebusDevice, _Mapping]]] = ..., paired: _Optional[_Iterable[_Union[PairedDevice, _Mapping]]] = ..., accepts_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetEebusPictureRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PairRequest(_message.Message):
    __slots__ = ("ski", "name", "host", "port")
    SKI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    ski: str
    name: str
    host: str
    port: int
    def __init__(self, ski: _Optional[str] = ..., name: _Optional[str] = ..., host: _Optional[str] = ..., port: _Optional[int] = ...) -> None: ...

class RenameRequest(_message.Message):
    __slots__ = ("ski", "name")
    SKI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ski: str
    name: str
    def __init__(self, ski: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class UnpairRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class PairedReply(_message.Message):
    __slots__ = ("paired",)
    PAIRED_FIELD_NUMBER: _ClassVar[int]
    paired: PairedDevice
    def __init__(self, paired: _Optional[_Union[PairedDevice, _Mapping]] = ...) -> None: ...

class AnnouncedUseCase(_message.Message):
    __slots__ = ("entity", "entity_type", "actor", "name", "scenarios", "used")
    ENTITY_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCENARIOS_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    entity: str
    entity_type: str
    actor: str
    name: str
    scenarios: _containers.RepeatedScalarFieldContainer[int]
    used: bool
    def __init__(self, entity: _Optional[str] = ..., entity_type: _Optional[str] = ..., actor: _Optional[str] = ..., name: _Optional[str] = ..., scenarios: _Optional[_Iterable[int]] = ..., used: _Optional[bool] = ...) -> None: ...

class LimitWrite(_message.Message):
    __slots__ = ("at", "kind", "current_a", "power_w", "ok", "error_number", "text", "answer_ms", "reaction_s")
    AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    OK_FIELD_NUMBER: _ClassVar[int]
    ERROR_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_MS_FIELD_NUMBER: _ClassVar[int]
    REACTION_S_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    kind: str
    current_a: _electrical_pb2.Conductors
    power_w: float
    ok: bool
    error_number: int
    text: str
    answer_ms: float
    reaction_s: float
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[str] = ..., current_a: _Optional[_Union[_electrical_pb2.Conductors, _Mapping]] = ..., power_w: _Optional[float] = ..., ok: _Optional[bool] = ..., error_number: _Optional[int] = ..., text: _Optional[str] = ..., answer_ms: _Optional[float] = ..., reaction_s: _Optional[float] = ...) -> None: ...

class HeldPowerLimit(_message.Message):
    __slots__ = ("kind", "active", "power_w", "duration_s", "failsafe_w")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_W_FIELD_NUMBER: _ClassVar[int]
    kind: str
    active: bool
    power_w: float
    duration_s: float
    failsafe_w: float
    def __init__(self, kind: _Optional[str] = ..., active: _Optional[bool] = ..., power_w: _Optional[float] = ..., duration_s: _Optional[float] = ..., failsafe_w: _Optional[float] = ...) -> None: ...

class DeviceDiagnostics(_message.Message):
    __slots__ = ("paired", "use_cases", "handshake", "writes", "reaction_s", "quirks", "connections", "connected_since", "last_error", "last_error_at", "heartbeat_age_s", "entities", "power_limits")
    PAIRED_FIELD_NUMBER: _ClassVar[int]
    USE_CASES_FIELD_NUMBER: _ClassVar[int]
    HANDSHAKE_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    REACTION_S_FIELD_NUMBER: _ClassVar[int]
    QUIRKS_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_SINCE_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_AT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_AGE_S_FIELD_NUMBER: _ClassVar[int]
    ENTITIES_FIELD_NUMBER: _ClassVar[int]
    POWER_LIMITS_FIELD_NUMBER: _ClassVar[int]
    paired: PairedDevice
    use_cases: _containers.RepeatedCompositeFieldContainer[AnnouncedUseCase]
    handshake: str
    writes: _containers.RepeatedCompositeFieldContainer[LimitWrite]
    reaction_s: float
    quirks: _containers.RepeatedScalarFieldContainer[str]
    connections: int
    connected_since: _timestamp_pb2.Timestamp
    last_error: str
    last_error_at: _timestamp_pb2.Timestamp
    heartbeat_age_s: float
    entities: _containers.RepeatedScalarFieldContainer[str]
    power_limits: _containers.RepeatedCompositeFieldContainer[HeldPowerLimit]
    def __init__(self, paired: _Optional[_Union[PairedDevice, _Mapping]] = ..., use_cases: _Optional[_Iterable[_Union[AnnouncedUseCase, _Mapping]]] = ..., handshake: _Optional[str] = ..., writes: _Optional[_Iterable[_Union[LimitWrite, _Mapping]]] = ..., reaction_s: _Optional[float] = ..., quirks: _Optional[_Iterable[str]] = ..., connections: _Optional[int] = ..., connected_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_error: _Optional[str] = ..., last_error_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., heartbeat_age_s: _Optional[float] = ..., entities: _Optional[_Iterable[str]] = ..., power_limits: _Optional[_Iterable[_Union[HeldPowerLimit, _Mapping]]] = ...) -> None: ...

class GetDiagnosticsRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class OpenAcceptWindowRequest(_message.Message):
    __slots__ = ("seconds",)
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    seconds: int
    def __init__(self, seconds: _Optional[int] = ...) -> None: ...

class AcceptWindow(_message.Message):
    __slots__ = ("until",)
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    until: _timestamp_pb2.Timestamp
    def __init__(self, until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
