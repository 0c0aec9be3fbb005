import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from volthus_wire.v1 import electrical_pb2 as _electrical_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MeterRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METER_ROLE_UNSPECIFIED: _ClassVar[MeterRole]
    METER_ROLE_GRID: _ClassVar[MeterRole]
    METER_ROLE_PV: _ClassVar[MeterRole]
    METER_ROLE_BATTERY: _ClassVar[MeterRole]
    METER_ROLE_SUB: _ClassVar[MeterRole]
    METER_ROLE_CHARGER: _ClassVar[MeterRole]

class MeterQuality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METER_QUALITY_UNSPECIFIED: _ClassVar[MeterQuality]
    METER_QUALITY_GOOD: _ClassVar[MeterQuality]
    METER_QUALITY_STALE: _ClassVar[MeterQuality]
    METER_QUALITY_BAD: _ClassVar[MeterQuality]
    METER_QUALITY_FROZEN: _ClassVar[MeterQuality]
    METER_QUALITY_IMPLAUSIBLE: _ClassVar[MeterQuality]

class TransportKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSPORT_KIND_UNSPECIFIED: _ClassVar[TransportKind]
    TRANSPORT_KIND_TCP: _ClassVar[TransportKind]
    TRANSPORT_KIND_RTU: _ClassVar[TransportKind]
    TRANSPORT_KIND_RTU_OVER_TCP: _ClassVar[TransportKind]
    TRANSPORT_KIND_EEBUS: _ClassVar[TransportKind]
METER_ROLE_UNSPECIFIED: MeterRole
METER_ROLE_GRID: MeterRole
METER_ROLE_PV: MeterRole
METER_ROLE_BATTERY: MeterRole
METER_ROLE_SUB: MeterRole
METER_ROLE_CHARGER: MeterRole
METER_QUALITY_UNSPECIFIED: MeterQuality
METER_QUALITY_GOOD: MeterQuality
METER_QUALITY_STALE: MeterQuality
METER_QUALITY_BAD: MeterQuality
METER_QUALITY_FROZEN: MeterQuality
METER_QUALITY_IMPLAUSIBLE: MeterQuality
TRANSPORT_KIND_UNSPECIFIED: TransportKind
TRANSPORT_KIND_TCP: TransportKind
TRANSPORT_KIND_RTU: TransportKind
TRANSPORT_KIND_RTU_OVER_TCP: TransportKind
TRANSPORT_KIND_EEBUS: TransportKind

class MeterReading(_message.Message):
    __slots__ = ("meter", "role", "quality", "measured_at", "age_s", "sequence", "current_a", "power_w", "power_total_w", "voltage_v", "frequency_hz", "energy_import_wh", "energy_export_wh", "period_s", "energy_import_segment", "energy_export_segment")
    METER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    MEASURED_AT_FIELD_NUMBER: _ClassVar[int]
    AGE_S_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_A_FIELD_NUMBER: _ClassVar[int]
    POWER_W_FIELD_NUMBER: _ClassVar[int]
    POWER_TOTAL_W_FIELD_NUMBER: _ClassVar[int]
    VOLTAGE_V_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_HZ_FIELD_NUMBER: _ClassVar[int]
    ENERGY_IMPORT_WH_FIELD_NUMBER: _ClassVar[int]
    ENERGY_EXPORT_WH_FIELD_NUMBER: _ClassVar[int]
    PERIOD_S_FIELD_NUMBER: _ClassVar[int]
    ENERGY_IMPORT_SEGMENT_FIELD_NUMBER: _ClassVar[int]
    ENERGY_EXPORT_SEGMENT_FIELD_NUMBER: _ClassVar[int]
    meter: str
    role: MeterRole
    quality: MeterQuality
    measured_at: _timestamp_pb2.Timestamp
    age_s: float
    sequence: int
    current_a: _electrical_pb2.Phases
    power_w: _electrical_pb2.Phases
    power_total_w: float
    voltage_v: _electrical_pb2.Phases
    frequency_hz: float
    energy_import_wh: float
    energy_export_wh: float
    period_s: float
    energy_import_segment: int
    energy_export_segment: int
    def __init__(self, meter: _Optional[str] = ..., role: _Optional[_Union[MeterRole, str]] = ..., quality: _Optional[_Union[MeterQuality, str]] = ..., measured_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., age_s: _Optional[float] = ..., sequence: _Optional[int] = ..., current_a: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., power_w: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., power_total_w: _Optional[float] = ..., voltage_v: _Optional[_Union[_electrical_pb2.Phases, _Mapping]] = ..., frequency_hz: _Optional[float] = ..., energy_import_wh: _Optional[float] = ..., energy_export_wh: _Optional[float] = ..., period_s: _Optional[float] = ..., energy_import_segment: _Optional[int] = ..., energy_export_segment: _Optional[int] = ...) -> None: ...

class MeterTransport(_message.Message):
    __slots__ = ("kind", "host", "port", "unit_id", "device", "baud", "parity", "stop_bits", "data_bits", "closes_after_poll", "ski")
    KIND_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    BAUD_FIELD_NUMBER: _ClassVar[int]
    PARITY_FIELD_NUMBER: _ClassVar[int]
    STOP_BITS_FIELD_NUMBER: _ClassVar[int]
    DATA_BITS_FIELD_NUMBER: _ClassVar[int]
    CLOSES_AFTER_POLL_FIELD_NUMBER: _ClassVar[int]
    SKI_FIELD_NUMBER: _ClassVar[int]
    kind: TransportKind
    host: str
    port: int
    unit_id: int
    device: str
    baud: int
    parity: str
    stop_bits: int
    data_bits: int
    closes_after_poll: bool
    ski: str
    def __init__(self, kind: _Optional[_Union[TransportKind, str]] = ..., host: _Optional[str] = ..., port: _Optional[int] = ..., unit_id: _Optional[int] = ..., device: _Optional[str] = ..., baud: _Optional[int] = ..., parity: _Optional[str] = ..., stop_bits: _Optional[int] = ..., data_bits: _Optional[int] = ..., closes_after_poll: _Optional[bool] = ..., ski: _Optional[str] = ...) -> None: ...

class MeterSettings(_message.Message):
    __slots__ = ("meter", "name", "model", "role", "transport", "rotation", "invert", "phase", "revision")
    METER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    ROTATION_FIELD_NUMBER: _ClassVar[int]
    INVERT_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    meter: str
    name: str
    model: str
    role: MeterRole
    transport: MeterTransport
    rotation: str
    invert: bool
    phase: str
    revision: int
    def __init__(self, meter: _Optional[str] = ..., name: _Optional[str] = ..., model: _Optional[str] = ..., role: _Optional[_Union[MeterRole, str]] = ..., transport: _Optional[_Union[MeterTransport, _Mapping]] = ..., rotation: _Optional[str] = ..., invert: _Optional[bool] = ..., phase: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class MeterHealth(_message.Message):
    __slots__ = ("settings", "last", "problem", "problem_detail", "phases")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_DETAIL_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    settings: MeterSettings
    last: MeterReading
    problem: str
    problem_detail: str
    phases: int
    def __init__(self, settings: _Optional[_Union[MeterSettings, _Mapping]] = ..., last: _Optional[_Union[MeterReading, _Mapping]] = ..., problem: _Optional[str] = ..., problem_detail: _Optional[str] = ..., phases: _Optional[int] = ...) -> None: ...

class MeterRoster(_message.Message):
    __slots__ = ("meters",)
    METERS_FIELD_NUMBER: _ClassVar[int]
    meters: _containers.RepeatedCompositeFieldContainer[MeterHealth]
    def __init__(self, meters: _Optional[_Iterable[_Union[MeterHealth, _Mapping]]] = ...) -> None: ...

class MeterModel(_message.Message):
    __slots__ = ("model", "manufacturer", "name", "phases", "transports", "defaults", "quantities", "has_phase_currents", "note")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MANUFACTURER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    TRANSPORTS_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    QUANTITIES_FIELD_NUMBER: _ClassVar[int]
    HAS_PHASE_CURRENTS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    model: str
    manufacturer: str
    name: str
    phases: int
    transports: _containers.RepeatedScalarFieldContainer[TransportKind]
    defaults: MeterTransport
    quantities: _containers.RepeatedScalarFieldContainer[str]
    has_phase_currents: bool
    note: str
    def __init__(self, model: _Optional[str] = ..., manufacturer: _Optional[str] = ..., name: _Optional[str] = ..., phases: _Optional[int] = ..., transports: _Optional[_Iterable[_Union[TransportKind, str]]] = ..., defaults: _Optional[_Union[MeterTransport, _Mapping]] = ..., quantities: _Optional[_Iterable[str]] = ..., has_phase_currents: _Optional[bool] = ..., note: _Optional[str] = ...) -> None: ...

class ListMeterModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListMeterModelsReply(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[MeterModel]
    def __init__(self, models: _Optional[_Iterable[_Union[MeterModel, _Mapping]]] = ...) -> None: ...

class ListMetersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListMetersReply(_message.Message):
    __slots__ = ("meters",)
    METERS_FIELD_NUMBER: _ClassVar[int]
    meters: _containers.RepeatedCompositeFieldContainer[MeterHealth]
    def __init__(self, meters: _Optional[_Iterable[_Union[MeterHealth, _Mapping]]] = ...) -> None: ...

class AddMeterRequest(_message.Message):
    __slots__ = ("settings", "site_phases")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    SITE_PHASES_FIELD_NUMBER: _ClassVar[int]
    settings: MeterSettings
    site_phases: int
    def __init__(self, settings: _Optional[_Union[MeterSettings, _Mapping]] = ..., site_phases: _Optional[int] = ...) -> None: ...

class UpdateMeterRequest(_message.Message):
    __slots__ = ("settings", "site_phases")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    SITE_PHASES_FIELD_NUMBER: _ClassVar[int]
    settings: MeterSettings
    site_phases: int
    def __init__(self, settings: _Optional[_Union[MeterSettings, _Mapping]] = ..., site_phases: _Optional[int] = ...) -> None: ...

class RemoveMeterRequest(_message.Message):
    __slots__ = ("meter", "revision")
    METER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    meter: str
    revision: int
    def __init__(self, meter: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class MeterReply(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: MeterHealth
    def __init__(self, meter: _Optional[_Union[MeterHealth, _Mapping]] = ...) -> None: ...

class TestMeterRequest(_message.Message):
    __slots__ = ("settings", "site_phases")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    SITE_PHASES_FIELD_NUMBER: _ClassVar[int]
    settings: MeterSettings
    site_phases: int
    def __init__(self, settings: _Optional[_Union[MeterSettings, _Mapping]] = ..., site_phases: _Optional[int] = ...) -> None: ...

class TestMeterReply(_message.Message):
    __slots__ = ("reading", "warnings", "answer_ms", "findings")
    READING_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    ANSWER_MS_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    reading: MeterReading
    warnings: _containers.RepeatedScalarFieldContainer[str]
    answer_ms: float
    findings: _containers.RepeatedCompositeFieldContainer[MeterFinding]
    def __init__(self, reading: _Optional[_Union[MeterReading, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ..., answer_ms: _Optional[float] = ..., findings: _Optional[_Iterable[_Union[MeterFinding, _Mapping]]] = ...) -> None: ...

class MeterFinding(_message.Message):
    __slots__ = ("check", "phase", "verdict", "value", "detail")
    CHECK_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    check: str
    phase: str
    verdict: str
    value: float
    detail: str
    def __init__(self, check: _Optional[str] = ..., phase: _Optional[str] = ..., verdict: _Optional[str] = ..., value: _Optional[float] = ..., detail: _Optional[str] = ...) -> None: ...

class IdentifyMeterRequest(_message.Message):
    __slots__ = ("transport",)
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    transport: MeterTransport
    def __init__(self, transport: _Optional[_Union[MeterTransport, _Mapping]] = ...) -> None: ...

class MeterCandidate(_message.Message):
    __slots__ = ("model", "fit", "reading")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FIT_FIELD_NUMBER: _ClassVar[int]
    READING_FIELD_NUMBER: _ClassVar[int]
    model: MeterModel
    fit: float
    reading: MeterReading
    def __init__(self, model: _Optional[_Union[MeterModel, _Mapping]] = ..., fit: _Optional[float] = ..., reading: _Optional[_Union[MeterReading, _Mapping]] = ...) -> None: ...

class IdentifyMeterReply(_message.Message):
    __slots__ = ("candidates", "transport", "complete")
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    candidates: _containers.RepeatedCompositeFieldContainer[MeterCandidate]
    transport: MeterTransport
    complete: bool
    def __init__(self, candidates: _Optional[_Iterable[_Union[MeterCandidate, _Mapping]]] = ..., transport: _Optional[_Union[MeterTransport, _Mapping]] = ..., complete: _Optional[bool] = ...) -> None: ...
