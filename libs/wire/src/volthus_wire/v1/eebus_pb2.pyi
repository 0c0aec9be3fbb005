from volthus_wire.v1 import evse_pb2 as _evse_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EebusIdentity(_message.Message):
    __slots__ = ("ski", "ship_id", "brand", "model", "qr_text", "port")
    SKI_FIELD_NUMBER: _ClassVar[int]
    SHIP_ID_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    QR_TEXT_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    ski: str
    ship_id: str
    brand: str
    model: str
    qr_text: str
    port: int
    def __init__(self, ski: _Optional[str] = ..., ship_id: _Optional[str] = ..., brand: _Optional[str] = ..., model: _Optional[str] = ..., qr_text: _Optional[str] = ..., port: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("device", "name", "connection", "detail", "own", "state")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    device: EebusDevice
    name: str
    connection: _evse_pb2.Connection
    detail: str
    own: bool
    state: str
    def __init__(self, device: _Optional[_Union[EebusDevice, _Mapping]] = ..., name: _Optional[str] = ..., connection: _Optional[_Union[_evse_pb2.Connection, str]] = ..., detail: _Optional[str] = ..., own: _Optional[bool] = ..., state: _Optional[str] = ...) -> None: ...

class EebusPicture(_message.Message):
    __slots__ = ("identity", "discovered", "paired")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    DISCOVERED_FIELD_NUMBER: _ClassVar[int]
    PAIRED_FIELD_NUMBER: _ClassVar[int]
    identity: EebusIdentity
    discovered: _containers.RepeatedCompositeFieldContainer[EebusDevice]
    paired: _containers.RepeatedCompositeFieldContainer[PairedDevice]
    def __init__(self, identity: _Optional[_Union[EebusIdentity, _Mapping]] = ..., discovered: _Optional[_Iterable[_Union[EebusDevice, _Mapping]]] = ..., paired: _Optional[_Iterable[_Union[PairedDevice, _Mapping]]] = ...) -> None: ...

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
