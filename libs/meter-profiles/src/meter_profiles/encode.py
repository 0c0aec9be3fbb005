"""Values to registers: the inverse of decode, for virtual meters and for tests."""

import math
from collections.abc import Iterable, Mapping

from meter_profiles.errors import EncodeError
from meter_profiles.profile import Datatype, Point, Profile, Sign
from meter_profiles.quantity import CURRENTS, Quantity
from meter_profiles.sunspec import chain
from meter_profiles.words import bits_from, words_of

NO_SCALE_FACTOR = 0x8000
EXPONENTS = range(-3, 11)  # thousandths where they fit, else as fine as the register allows
_NAN = {Datatype.FLOAT32: 0x7FC00000, Datatype.FLOAT64: 0x7FF8000000000000}


def encode(profile: Profile, values: Mapping[Quantity, float | None]) -> dict[int, int]:
    """Return address -> word as a meter of this model would answer.

    values: SI units, power import positive, currents with or without sign. What is missing or None
    is answered as "not available", or as 0 where the model has no such pattern.
    For a SunSpec model the whole chain comes along, the meter at its usual place.
    Registers between the values are left out: it is the server that answers them, with 0.
    Raises EncodeError for a value that does not fit.
    """
    registers = chain(profile)
    registers.update(encode_points(profile.points_at(), values))
    return registers


def encode_points(
    points: Iterable[Point], values: Mapping[Quantity, float | None]
) -> dict[int, int]:
    """Return the registers of some points at their own addresses; see `encode`."""
    points = tuple(points)
    registers: dict[int, int] = {}
    exponents = {
        address: _exponent(address, points, values)
        for address in {point.scale_address for point in points}
        if address is not None
    }
    for address, exponent in exponents.items():
        registers[address] = bits_from(exponent, Datatype.INT16)
    for point in points:
        exponent = exponents[point.scale_address] if point.scale_address is not None else 0
        registers.update(_registers(point, values.get(point.quantity), exponent))
    return registers


def _exponent(
    address: int, points: tuple[Point, ...], values: Mapping[Quantity, float | None]
) -> int:
    """Return the finest power of ten with which every value of the group still fits."""
    group = [p for p in points if p.scale_address == address]
    for exponent in EXPONENTS:
        if all(_fits(p, values.get(p.quantity), exponent) for p in group):
            return exponent
    raise EncodeError(f"no scale factor fits the values around register {address}")


def _fits(point: Point, value: float | None, exponent: int) -> bool:
    try:
        _registers(point, value, exponent)
    except EncodeError:
        return False
    return True


def _registers(point: Point, value: float | None, exponent: int) -> dict[int, int]:
    if value is None or not math.isfinite(value):
        return _placed(point, point.address, _no_value(point)) | _minus(point, 0)
    raw = _raw(point, value) / point.scale / 10.0**exponent
    if point.minus_address is None:
        return _placed(point, point.address, _bits(point, raw))
    imported, exported = max(raw, 0.0), max(-raw, 0.0)
    placed = _placed(point, point.address, _bits(point, imported))
    return placed | _minus(point, _bits(point, exported))


def _raw(point: Point, value: float) -> float:
    """Return the value as this family shows it: magnitude, turned round or as it is."""
    if point.sign is Sign.EXPORT_POSITIVE:
        return -value
    is_magnitude = point.sign is Sign.NONE or (
        point.quantity in CURRENTS and point.sign is Sign.VARIES
    )
    no_sign_bit = point.datatype.value.startswith("uint") and point.minus_address is None
    return abs(value) if is_magnitude or no_sign_bit else value


def _bits(point: Point, raw: float) -> int:
    try:
        return bits_from(raw, point.datatype)
    except OverflowError as error:
        raise EncodeError(f"{point.quantity}: {error}") from error


def _no_value(point: Point) -> int:
    if point.no_value is not None:
        return point.no_value
    if point.no_value_high_word is not None:
        return point.no_value_high_word << 16 * (point.datatype.words - 1)
    return _NAN.get(point.datatype, 0)


def _minus(point: Point, bits: int) -> dict[int, int]:
    if point.minus_address is None:
        return {}
    return _placed(point, point.minus_address, bits)


def _placed(point: Point, address: int, bits: int) -> dict[int, int]:
    words = words_of(bits, point.datatype.words, point.word_order)
    return {address + offset: word for offset, word in enumerate(words)}
