import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartFailsafeTestRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class FailsafeTestRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class ListFailsafeTestsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListFailsafeTestsReply(_message.Message):
    __slots__ = ("tests",)
    TESTS_FIELD_NUMBER: _ClassVar[int]
    tests: _containers.RepeatedCompositeFieldContainer[FailsafeTest]
    def __init__(self, tests: _Optional[_Iterable[_Union[FailsafeTest, _Mapping]]] = ...) -> None: ...

class CancelFailsafeTestRequest(_message.Message):
    __slots__ = ("ski",)
    SKI_FIELD_NUMBER: _ClassVar[int]
    ski: str
    def __init__(self, ski: _Optional[str] = ...) -> None: ...

class FailsafeTest(_message.Message):
    __slots__ = ("ski", "state", "step", "until", "code", "failsafe_a", "before_a", "measured_a", "took_s", "ended")
    SKI_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FAILSAFE_A_FIELD_NUMBER: _ClassVar[int]
    BEFORE_A_FIELD_NUMBER: _ClassVar[int]
    MEASURED_A_FIELD_NUMBER: _ClassVar[int]
    TOOK_S_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    ski: str
    state: str
    step: str
    until: _timestamp_pb2.Timestamp
    code: str
    failsafe_a: float
    before_a: float
    measured_a: float
    took_s: float
    ended: _timestamp_pb2.Timestamp
    def __init__(self, ski: _Optional[str] = ..., state: _Optional[str] = ..., step: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., code: _Optional[str] = ..., failsafe_a: _Optional[float] = ..., before_a: _Optional[float] = ..., measured_a: _Optional[float] = ..., took_s: _Optional[float] = ..., ended: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AcceptanceProtocol(_message.Message):
    __slots__ = ("id", "signed", "electrician", "remarks", "actor", "document", "digest", "previous", "intact")
    ID_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIELD_NUMBER: _ClassVar[int]
    ELECTRICIAN_FIELD_NUMBER: _ClassVar[int]
    REMARKS_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    INTACT_FIELD_NUMBER: _ClassVar[int]
    id: str
    signed: _timestamp_pb2.Timestamp
    electrician: str
    remarks: str
    actor: str
    document: str
    digest: str
    previous: str
    intact: bool
    def __init__(self, id: _Optional[str] = ..., signed: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., electrician: _Optional[str] = ..., remarks: _Optional[str] = ..., actor: _Optional[str] = ..., document: _Optional[str] = ..., digest: _Optional[str] = ..., previous: _Optional[str] = ..., intact: _Optional[bool] = ...) -> None: ...

class SignAcceptanceRequest(_message.Message):
    __slots__ = ("electrician", "remarks", "document")
    ELECTRICIAN_FIELD_NUMBER: _ClassVar[int]
    REMARKS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    electrician: str
    remarks: str
    document: str
    def __init__(self, electrician: _Optional[str] = ..., remarks: _Optional[str] = ..., document: _Optional[str] = ...) -> None: ...

class AcceptanceReply(_message.Message):
    __slots__ = ("protocol",)
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    protocol: AcceptanceProtocol
    def __init__(self, protocol: _Optional[_Union[AcceptanceProtocol, _Mapping]] = ...) -> None: ...

class ListAcceptancesRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ListAcceptancesReply(_message.Message):
    __slots__ = ("protocols",)
    PROTOCOLS_FIELD_NUMBER: _ClassVar[int]
    protocols: _containers.RepeatedCompositeFieldContainer[AcceptanceProtocol]
    def __init__(self, protocols: _Optional[_Iterable[_Union[AcceptanceProtocol, _Mapping]]] = ...) -> None: ...
