from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetCatalogueRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlannedFunction(_message.Message):
    __slots__ = ("name", "row", "available")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    row: str
    available: bool
    def __init__(self, name: _Optional[str] = ..., row: _Optional[str] = ..., available: _Optional[bool] = ...) -> None: ...

class CatalogueReply(_message.Message):
    __slots__ = ("version", "functions")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    version: str
    functions: _containers.RepeatedCompositeFieldContainer[PlannedFunction]
    def __init__(self, version: _Optional[str] = ..., functions: _Optional[_Iterable[_Union[PlannedFunction, _Mapping]]] = ...) -> None: ...
