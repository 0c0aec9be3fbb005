"""A model file (TOML) to a Profile, refusing what cannot be. Field names are the file's."""

import tomllib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from meter_profiles.errors import ModelFileError
from meter_profiles.profile import (
    MAX_READ,
    Datatype,
    Point,
    Profile,
    SerialDefaults,
    Sign,
    SunSpecLayout,
    TcpDefaults,
)
from meter_profiles.quantity import Quantity

Address = Annotated[int, Field(ge=0, le=0xFFFF)]
UnitId = Annotated[int, Field(ge=0, le=255)]
Confidence = Literal["high", "medium", "low"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Tcp(_Strict):
    port: Annotated[int, Field(ge=1, le=0xFFFF)]
    unit_id: UnitId


class _Serial(_Strict):
    unit_id: UnitId
    baud: int | None = None
    parity: Literal["N", "E", "O"] | None = None
    stop_bits: Literal[1, 2] | None = None
    checked: Literal["yes", "no", "conflict"]


class _SunSpec(_Strict):
    models: Annotated[tuple[Address, ...], Field(min_length=1)]
    before: tuple[tuple[Address, Address], ...]


class _HighWord(_Strict):
    high_word: Address


class _Value(_Strict):
    at: Address
    type: Datatype
    scale: Annotated[float, Field(gt=0)] = 1.0
    scale_at: Address | None = None
    minus_at: Address | None = None
    sign: Sign = Sign.IMPORT_POSITIVE
    tenfold_above: float | None = None
    four_quadrants: bool = False
    confidence: Confidence | None = None
    note: str = ""


class _File(_Strict):
    model: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    manufacturer: str
    name: str
    phases: Annotated[tuple[Literal[1, 3], ...], Field(min_length=1)]
    confidence: Confidence
    note: str = ""
    function: Literal[3, 4]
    also_function: Literal[3, 4] | None = None
    word_order: Literal["big", "little"]
    max_read: Annotated[int, Field(ge=4, le=MAX_READ)] = MAX_READ
    tcp: _Tcp | None = None
    serial: _Serial | None = None
    sunspec: _SunSpec | None = None
    no_value: dict[Datatype, int | _HighWord] = {}
    values: Annotated[dict[Quantity, _Value], Field(min_length=1)]

    @model_validator(mode="after")
    def _reachable(self) -> "_File":
        if self.tcp is None and self.serial is None:
            raise ValueError("neither [tcp] nor [serial]: nobody could reach it")
        return self


def parse(text: str) -> Profile:
    """Return the profile a model file describes. Raises ModelFileError saying what is wrong."""
    try:
        file = _File.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ModelFileError(str(error)) from error
    return Profile(
        model=file.model,
        manufacturer=file.manufacturer,
        name=file.name,
        phases=file.phases,
        function=file.function,
        other_function=file.also_function,
        max_read=file.max_read,
        points=tuple(_point(file, quantity, value) for quantity, value in file.values.items()),
        tcp=None if file.tcp is None else TcpDefaults(file.tcp.port, file.tcp.unit_id),
        serial=None if file.serial is None else _serial(file.serial),
        sunspec=None
        if file.sunspec is None
        else SunSpecLayout(file.sunspec.models, file.sunspec.before),
        confidence=file.confidence,
        note=file.note,
    )


def _serial(serial: _Serial) -> SerialDefaults:
    return SerialDefaults(
        unit_id=serial.unit_id,
        baud=serial.baud,
        parity=serial.parity,
        stop_bits=serial.stop_bits,
        checked=serial.checked,
    )


def _point(file: _File, quantity: Quantity, value: _Value) -> Point:
    no_value = file.no_value.get(value.type)
    return Point(
        quantity=quantity,
        address=value.at,
        datatype=value.type,
        word_order=file.word_order,
        scale=value.scale,
        scale_address=value.scale_at,
        minus_address=value.minus_at,
        sign=value.sign,
        no_value=no_value if isinstance(no_value, int) else None,
        no_value_high_word=no_value.high_word if isinstance(no_value, _HighWord) else None,
        tenfold_above=value.tenfold_above,
        four_quadrants=value.four_quadrants,
        confidence=value.confidence or file.confidence,
        note=value.note,
    )
