from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Rate(_message.Message):
    __slots__ = ("per_kwh", "from_minute", "until_minute", "months", "weekdays")
    PER_KWH_FIELD_NUMBER: _ClassVar[int]
    FROM_MINUTE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MINUTE_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    WEEKDAYS_FIELD_NUMBER: _ClassVar[int]
    per_kwh: float
    from_minute: int
    until_minute: int
    months: _containers.RepeatedScalarFieldContainer[int]
    weekdays: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, per_kwh: _Optional[float] = ..., from_minute: _Optional[int] = ..., until_minute: _Optional[int] = ..., months: _Optional[_Iterable[int]] = ..., weekdays: _Optional[_Iterable[int]] = ...) -> None: ...

class Rates(_message.Message):
    __slots__ = ("windows", "otherwise")
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    OTHERWISE_FIELD_NUMBER: _ClassVar[int]
    windows: _containers.RepeatedCompositeFieldContainer[Rate]
    otherwise: float
    def __init__(self, windows: _Optional[_Iterable[_Union[Rate, _Mapping]]] = ..., otherwise: _Optional[float] = ...) -> None: ...

class ImportTariff(_message.Message):
    __slots__ = ("energy", "markup_per_kwh", "grid_fee", "levies_per_kwh", "tax_percent", "billed_minutes")
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    MARKUP_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    GRID_FEE_FIELD_NUMBER: _ClassVar[int]
    LEVIES_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    TAX_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BILLED_MINUTES_FIELD_NUMBER: _ClassVar[int]
    energy: Rates
    markup_per_kwh: float
    grid_fee: Rates
    levies_per_kwh: float
    tax_percent: float
    billed_minutes: int
    def __init__(self, energy: _Optional[_Union[Rates, _Mapping]] = ..., markup_per_kwh: _Optional[float] = ..., grid_fee: _Optional[_Union[Rates, _Mapping]] = ..., levies_per_kwh: _Optional[float] = ..., tax_percent: _Optional[float] = ..., billed_minutes: _Optional[int] = ...) -> None: ...

class FeedInTariff(_message.Message):
    __slots__ = ("fixed_per_kwh", "market_percent", "deduction_per_kwh", "nothing_when_negative")
    FIXED_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    MARKET_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DEDUCTION_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    NOTHING_WHEN_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    fixed_per_kwh: float
    market_percent: float
    deduction_per_kwh: float
    nothing_when_negative: bool
    def __init__(self, fixed_per_kwh: _Optional[float] = ..., market_percent: _Optional[float] = ..., deduction_per_kwh: _Optional[float] = ..., nothing_when_negative: _Optional[bool] = ...) -> None: ...

class Tariff(_message.Message):
    __slots__ = ("source", "zone", "token", "has_token", "currency", "bought", "fed_in", "co2_source", "co2_zone", "revision")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    HAS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    BOUGHT_FIELD_NUMBER: _ClassVar[int]
    FED_IN_FIELD_NUMBER: _ClassVar[int]
    CO2_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CO2_ZONE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    source: str
    zone: str
    token: str
    has_token: bool
    currency: str
    bought: ImportTariff
    fed_in: FeedInTariff
    co2_source: str
    co2_zone: str
    revision: int
    def __init__(self, source: _Optional[str] = ..., zone: _Optional[str] = ..., token: _Optional[str] = ..., has_token: _Optional[bool] = ..., currency: _Optional[str] = ..., bought: _Optional[_Union[ImportTariff, _Mapping]] = ..., fed_in: _Optional[_Union[FeedInTariff, _Mapping]] = ..., co2_source: _Optional[str] = ..., co2_zone: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class GetTariffRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutTariffRequest(_message.Message):
    __slots__ = ("tariff",)
    TARIFF_FIELD_NUMBER: _ClassVar[int]
    tariff: Tariff
    def __init__(self, tariff: _Optional[_Union[Tariff, _Mapping]] = ...) -> None: ...

class TariffReply(_message.Message):
    __slots__ = ("tariff",)
    TARIFF_FIELD_NUMBER: _ClassVar[int]
    tariff: Tariff
    def __init__(self, tariff: _Optional[_Union[Tariff, _Mapping]] = ...) -> None: ...

class PlanningSettings(_message.Message):
    __slots__ = ("latitude", "longitude", "time_zone", "solar_threshold_w", "objective", "weather_source", "revision", "car_before_battery")
    LATITUDE_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    SOLAR_THRESHOLD_W_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    WEATHER_SOURCE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CAR_BEFORE_BATTERY_FIELD_NUMBER: _ClassVar[int]
    latitude: float
    longitude: float
    time_zone: str
    solar_threshold_w: float
    objective: str
    weather_source: str
    revision: int
    car_before_battery: bool
    def __init__(self, latitude: _Optional[float] = ..., longitude: _Optional[float] = ..., time_zone: _Optional[str] = ..., solar_threshold_w: _Optional[float] = ..., objective: _Optional[str] = ..., weather_source: _Optional[str] = ..., revision: _Optional[int] = ..., car_before_battery: _Optional[bool] = ...) -> None: ...

class GetPlanningRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutPlanningRequest(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: PlanningSettings
    def __init__(self, settings: _Optional[_Union[PlanningSettings, _Mapping]] = ...) -> None: ...

class PlanningReply(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: PlanningSettings
    def __init__(self, settings: _Optional[_Union[PlanningSettings, _Mapping]] = ...) -> None: ...

class PvSystem(_message.Message):
    __slots__ = ("system", "name", "peak_w", "tilt_deg", "azimuth_deg", "inverter_w", "loss_percent", "revision")
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PEAK_W_FIELD_NUMBER: _ClassVar[int]
    TILT_DEG_FIELD_NUMBER: _ClassVar[int]
    AZIMUTH_DEG_FIELD_NUMBER: _ClassVar[int]
    INVERTER_W_FIELD_NUMBER: _ClassVar[int]
    LOSS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    system: str
    name: str
    peak_w: float
    tilt_deg: float
    azimuth_deg: float
    inverter_w: float
    loss_percent: float
    revision: int
    def __init__(self, system: _Optional[str] = ..., name: _Optional[str] = ..., peak_w: _Optional[float] = ..., tilt_deg: _Optional[float] = ..., azimuth_deg: _Optional[float] = ..., inverter_w: _Optional[float] = ..., loss_percent: _Optional[float] = ..., revision: _Optional[int] = ...) -> None: ...

class ListPvSystemsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPvSystemsReply(_message.Message):
    __slots__ = ("systems",)
    SYSTEMS_FIELD_NUMBER: _ClassVar[int]
    systems: _containers.RepeatedCompositeFieldContainer[PvSystem]
    def __init__(self, systems: _Optional[_Iterable[_Union[PvSystem, _Mapping]]] = ...) -> None: ...

class PutPvSystemRequest(_message.Message):
    __slots__ = ("system",)
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    system: PvSystem
    def __init__(self, system: _Optional[_Union[PvSystem, _Mapping]] = ...) -> None: ...

class PvSystemReply(_message.Message):
    __slots__ = ("system",)
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    system: PvSystem
    def __init__(self, system: _Optional[_Union[PvSystem, _Mapping]] = ...) -> None: ...

class RemovePvSystemRequest(_message.Message):
    __slots__ = ("system",)
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    system: str
    def __init__(self, system: _Optional[str] = ...) -> None: ...
