import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChargingMode(_message.Message):
    __slots__ = ("mode", "smart", "revision")
    MODE_FIELD_NUMBER: _ClassVar[int]
    SMART_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    mode: str
    smart: SmartSwitches
    revision: int
    def __init__(self, mode: _Optional[str] = ..., smart: _Optional[_Union[SmartSwitches, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class SmartSwitches(_message.Message):
    __slots__ = ("forecast", "surplus", "price")
    FORECAST_FIELD_NUMBER: _ClassVar[int]
    SURPLUS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    forecast: bool
    surplus: bool
    price: bool
    def __init__(self, forecast: _Optional[bool] = ..., surplus: _Optional[bool] = ..., price: _Optional[bool] = ...) -> None: ...

class PutModeRequest(_message.Message):
    __slots__ = ("ski", "mode")
    SKI_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ski: str
    mode: ChargingMode
    def __init__(self, ski: _Optional[str] = ..., mode: _Optional[_Union[ChargingMode, _Mapping]] = ...) -> None: ...

class ModeReply(_message.Message):
    __slots__ = ("ski", "mode")
    SKI_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ski: str
    mode: ChargingMode
    def __init__(self, ski: _Optional[str] = ..., mode: _Optional[_Union[ChargingMode, _Mapping]] = ...) -> None: ...

class Car(_message.Message):
    __slots__ = ("car", "name", "battery_wh", "max_a", "phases", "min_soc_percent", "ev_id", "charger", "revision")
    CAR_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BATTERY_WH_FIELD_NUMBER: _ClassVar[int]
    MAX_A_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    MIN_SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EV_ID_FIELD_NUMBER: _ClassVar[int]
    CHARGER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    car: str
    name: str
    battery_wh: float
    max_a: float
    phases: int
    min_soc_percent: float
    ev_id: str
    charger: str
    revision: int
    def __init__(self, car: _Optional[str] = ..., name: _Optional[str] = ..., battery_wh: _Optional[float] = ..., max_a: _Optional[float] = ..., phases: _Optional[int] = ..., min_soc_percent: _Optional[float] = ..., ev_id: _Optional[str] = ..., charger: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ListCarsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListCarsReply(_message.Message):
    __slots__ = ("cars", "goals")
    CARS_FIELD_NUMBER: _ClassVar[int]
    GOALS_FIELD_NUMBER: _ClassVar[int]
    cars: _containers.RepeatedCompositeFieldContainer[Car]
    goals: _containers.RepeatedCompositeFieldContainer[Goal]
    def __init__(self, cars: _Optional[_Iterable[_Union[Car, _Mapping]]] = ..., goals: _Optional[_Iterable[_Union[Goal, _Mapping]]] = ...) -> None: ...

class PutCarRequest(_message.Message):
    __slots__ = ("car",)
    CAR_FIELD_NUMBER: _ClassVar[int]
    car: Car
    def __init__(self, car: _Optional[_Union[Car, _Mapping]] = ...) -> None: ...

class CarReply(_message.Message):
    __slots__ = ("car",)
    CAR_FIELD_NUMBER: _ClassVar[int]
    car: Car
    def __init__(self, car: _Optional[_Union[Car, _Mapping]] = ...) -> None: ...

class RemoveCarRequest(_message.Message):
    __slots__ = ("car", "revision")
    CAR_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    car: str
    revision: int
    def __init__(self, car: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class Goal(_message.Message):
    __slots__ = ("ski", "soc_percent", "energy_wh", "departure", "weekly", "car", "revision")
    SKI_FIELD_NUMBER: _ClassVar[int]
    SOC_PERCENT_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    DEPARTURE_FIELD_NUMBER: _ClassVar[int]
    WEEKLY_FIELD_NUMBER: _ClassVar[int]
    CAR_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ski: str
    soc_percent: float
    energy_wh: float
    departure: _timestamp_pb2.Timestamp
    weekly: _containers.RepeatedCompositeFieldContainer[WeeklyDeparture]
    car: str
    revision: int
    def __init__(self, ski: _Optional[str] = ..., soc_percent: _Optional[float] = ..., energy_wh: _Optional[float] = ..., departure: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., weekly: _Optional[_Iterable[_Union[WeeklyDeparture, _Mapping]]] = ..., car: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class WeeklyDeparture(_message.Message):
    __slots__ = ("weekday", "minute")
    WEEKDAY_FIELD_NUMBER: _ClassVar[int]
    MINUTE_FIELD_NUMBER: _ClassVar[int]
    weekday: int
    minute: int
    def __init__(self, weekday: _Optional[int] = ..., minute: _Optional[int] = ...) -> None: ...

class PutGoalRequest(_message.Message):
    __slots__ = ("goal",)
    GOAL_FIELD_NUMBER: _ClassVar[int]
    goal: Goal
    def __init__(self, goal: _Optional[_Union[Goal, _Mapping]] = ...) -> None: ...

class GoalReply(_message.Message):
    __slots__ = ("goal",)
    GOAL_FIELD_NUMBER: _ClassVar[int]
    goal: Goal
    def __init__(self, goal: _Optional[_Union[Goal, _Mapping]] = ...) -> None: ...
