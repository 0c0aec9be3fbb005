import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpdatePhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPDATE_PHASE_UNSPECIFIED: _ClassVar[UpdatePhase]
    UPDATE_PHASE_IDLE: _ClassVar[UpdatePhase]
    UPDATE_PHASE_PATCHING: _ClassVar[UpdatePhase]
    UPDATE_PHASE_SETTLING: _ClassVar[UpdatePhase]
    UPDATE_PHASE_INSTALLED: _ClassVar[UpdatePhase]
    UPDATE_PHASE_ROLLING_BACK: _ClassVar[UpdatePhase]
    UPDATE_PHASE_ROLLED_BACK: _ClassVar[UpdatePhase]
    UPDATE_PHASE_FAILED: _ClassVar[UpdatePhase]
UPDATE_PHASE_UNSPECIFIED: UpdatePhase
UPDATE_PHASE_IDLE: UpdatePhase
UPDATE_PHASE_PATCHING: UpdatePhase
UPDATE_PHASE_SETTLING: UpdatePhase
UPDATE_PHASE_INSTALLED: UpdatePhase
UPDATE_PHASE_ROLLING_BACK: UpdatePhase
UPDATE_PHASE_ROLLED_BACK: UpdatePhase
UPDATE_PHASE_FAILED: UpdatePhase

class UpdateState(_message.Message):
    __slots__ = ("phase", "version", "reason", "element", "since", "declined", "can_go_back")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    DECLINED_FIELD_NUMBER: _ClassVar[int]
    CAN_GO_BACK_FIELD_NUMBER: _ClassVar[int]
    phase: UpdatePhase
    version: str
    reason: str
    element: str
    since: _timestamp_pb2.Timestamp
    declined: str
    can_go_back: bool
    def __init__(self, phase: _Optional[_Union[UpdatePhase, str]] = ..., version: _Optional[str] = ..., reason: _Optional[str] = ..., element: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., declined: _Optional[str] = ..., can_go_back: _Optional[bool] = ...) -> None: ...

class ApplyReleaseRequest(_message.Message):
    __slots__ = ("version", "image", "since", "one_way", "signature", "one_way_confirmed", "rollout")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    ONE_WAY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ONE_WAY_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    version: str
    image: str
    since: str
    one_way: bool
    signature: str
    one_way_confirmed: bool
    rollout: str
    def __init__(self, version: _Optional[str] = ..., image: _Optional[str] = ..., since: _Optional[str] = ..., one_way: _Optional[bool] = ..., signature: _Optional[str] = ..., one_way_confirmed: _Optional[bool] = ..., rollout: _Optional[str] = ...) -> None: ...

class DeclineReleaseRequest(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: str
    def __init__(self, version: _Optional[str] = ...) -> None: ...

class RollBackRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
