"""Registers of one poll to values. Meters are data; this code knows no brand."""

import math
from collections.abc import Iterable, Mapping

from meter_profiles.errors import DecodeError
from meter_profiles.profile import Datatype, Point, Sign
from meter_profiles.quantity import Quantity
from meter_profiles.words import bits_of, number_of

MAX_EXPONENT = 10  # SunSpec information model: a scale factor is -10 to 10


def decode(points: Iterable[Point], registers: Mapping[int, int]) -> dict[Quantity, float | None]:
    """Turn the registers of one poll into values in the units the quantities name.

    registers: address -> 16-bit word, at least for every register the points cover.
    Returns every quantity asked for; None is what the meter marks as not available, a number that
    is not finite, or a value whose scale factor is missing. Power comes out import positive.
    Raises DecodeError for a register that was not read.
    """
    return {point.quantity: value_of(point, registers) for point in points}


def value_of(point: Point, registers: Mapping[int, int]) -> float | None:
    """Return the value of one point; see `decode`."""
    raw = _number(point, point.address, registers)
    if raw is None:
        return None
    if point.minus_address is not None:
        export = _number(point, point.minus_address, registers)
        if export is None:
            return None
        raw -= export
    value = _scaled(point, raw, registers)
    if value is None or not math.isfinite(value):
        return None
    return as_meant(point, value)


def _number(point: Point, address: int, registers: Mapping[int, int]) -> float | None:
    """Return the plain number at an address, None for "not available"."""
    words = _words(point, address, point.datatype.words, registers)
    bits = bits_of(words, point.word_order)
    if bits == point.no_value:
        return None
    if bits >> 16 * (point.datatype.words - 1) == point.no_value_high_word:
        return None
    number = number_of(bits, point.datatype)
    return number if math.isfinite(number) else None


def _words(point: Point, address: int, count: int, registers: Mapping[int, int]) -> list[int]:
    try:
        return [registers[address + offset] for offset in range(count)]
    except KeyError as error:
        raise DecodeError(
            f"{point.quantity} needs register {error.args[0]}, which was not read"
        ) from error


def _scaled(point: Point, raw: float, registers: Mapping[int, int]) -> float | None:
    value = times(raw, point.scale)
    if point.scale_address is None:
        return value
    word = _words(point, point.scale_address, 1, registers)[0]
    exponent = int(number_of(word, Datatype.INT16))
    if abs(exponent) > MAX_EXPONENT:  # also 0x8000, SunSpec's "no scale factor"
        return None
    power = 10.0 ** abs(exponent)
    return value * power if exponent >= 0 else value / power


def times(raw: float, scale: float) -> float:
    """Multiply; 2301 / 10 is 230.1 where 2301 x 0.1 would be 230.10000000000002."""
    return raw * scale if scale >= 1 else raw / round(1 / scale)


def as_meant(point: Point, value: float) -> float:
    """Apply what a family does in its own way: sign, finer steps, four quadrants."""
    if point.sign is Sign.EXPORT_POSITIVE:
        value = -value
    if point.tenfold_above is not None and value > point.tenfold_above:
        value /= 10
    if point.four_quadrants and abs(value) > 1:
        value = math.copysign(2, value) - value
    return value + 0.0  # minus zero would print as a feed-in of nothing
