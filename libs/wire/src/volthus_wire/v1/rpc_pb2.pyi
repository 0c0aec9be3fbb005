from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Caller(_message.Message):
    __slots__ = ("actor", "role", "origin")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    actor: str
    role: str
    origin: str
    def __init__(self, actor: _Optional[str] = ..., role: _Optional[str] = ..., origin: _Optional[str] = ...) -> None: ...

class RpcRequest(_message.Message):
    __slots__ = ("body", "caller", "idempotency_key", "deadline_ms")
    BODY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    caller: Caller
    idempotency_key: str
    deadline_ms: int
    def __init__(self, body: _Optional[bytes] = ..., caller: _Optional[_Union[Caller, _Mapping]] = ..., idempotency_key: _Optional[str] = ..., deadline_ms: _Optional[int] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("code", "detail", "params", "field")
    class ParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    code: str
    detail: str
    params: _containers.ScalarMap[str, str]
    field: str
    def __init__(self, code: _Optional[str] = ..., detail: _Optional[str] = ..., params: _Optional[_Mapping[str, str]] = ..., field: _Optional[str] = ...) -> None: ...

class RpcReply(_message.Message):
    __slots__ = ("body", "refusal")
    BODY_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    refusal: Refusal
    def __init__(self, body: _Optional[bytes] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class Nothing(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
