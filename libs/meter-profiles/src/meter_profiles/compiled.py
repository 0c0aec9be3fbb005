"""Decoding worked out in advance: what `decode` does point by point, as one function per request.

A poll runs every second for every meter; which bytes make which value never changes. The numbers of
a request are taken out of its bytes in one go, then each is scaled. The result is the same as that
of `decode`, which stays the readable one (a property test holds them together).
"""

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from struct import Struct

from meter_profiles.blocks import Block
from meter_profiles.decode import MAX_EXPONENT, as_meant, times
from meter_profiles.profile import Datatype, Point, Sign
from meter_profiles.quantity import Quantity
from meter_profiles.words import FORMATS, number_of

Values = dict[Quantity, float | None]
Decoder = Callable[[bytes], Values]
Cell = tuple[int, Datatype]  # a number among the registers
Raws = Sequence[float]  # the numbers of all cells
Read = Callable[[Raws], float | None]


def compiled(block: Block) -> Decoder:
    """Return what turns the bytes of this request's answer into values.

    The bytes are the registers as they come, two for each, high byte first. None is "not
    available", as in `decode`.
    """
    layers = _layers(block.points)
    place = {cell: index for index, cell in enumerate(cell for layer in layers for cell in layer)}
    is_big = all(point.word_order == "big" for point in block.points)
    unpacks = [_unpack(layer, block, is_big=is_big) for layer in layers]
    readers = tuple((point.quantity, _value(point, place)) for point in block.points)
    first, others = unpacks[0], unpacks[1:]

    def values(data: bytes) -> Values:
        if not is_big:
            data = _backwards(data)
        raws = first(data)
        for unpack in others:
            raws += unpack(data)
        return {quantity: read(raws) for quantity, read in readers}

    return values


def _backwards(data: bytes) -> bytes:
    """Return the registers in the opposite order: low words first become high words first."""
    registers = array("H", data)
    registers.reverse()
    return registers.tobytes()


def _cells(point: Point) -> Iterable[Cell]:
    yield point.address, point.datatype
    if point.minus_address is not None:
        yield point.minus_address, point.datatype
    if point.scale_address is not None:
        yield point.scale_address, Datatype.INT16


def _layers(points: Iterable[Point]) -> list[list[Cell]]:
    """Divide the numbers into passes without overlaps; nearly always there is one pass."""
    layers: list[list[Cell]] = []
    for cell in sorted({cell for point in points for cell in _cells(point)}):
        for layer in layers:
            address, datatype = layer[-1]
            if address + datatype.words <= cell[0]:
                layer.append(cell)
                break
        else:
            layers.append([cell])
    return layers


def _unpack(
    layer: Sequence[Cell], block: Block, *, is_big: bool
) -> Callable[[bytes], tuple[float, ...]]:
    """Return what takes the numbers of one pass out of the bytes, in the order of the cells."""
    layout, at = "", block.address
    for address, datatype in layer:
        gap, at = address - at, address + datatype.words
        layout += f"{2 * gap}x{FORMATS[datatype][1:]}" if gap else FORMATS[datatype][1:]
    layout += f"{2 * (block.end - at)}x"
    if is_big:
        return Struct(">" + layout).unpack
    forwards = Struct(">" + _mirrored(layer, block)).unpack
    return lambda data: forwards(data)[::-1]


def _mirrored(layer: Sequence[Cell], block: Block) -> str:
    layout, at = "", block.end
    for address, datatype in reversed(layer):
        gap = at - address - datatype.words
        layout += f"{2 * gap}x{FORMATS[datatype][1:]}" if gap else FORMATS[datatype][1:]
        at = address
    return f"{layout}{2 * (at - block.address)}x"


def _value(point: Point, place: dict[Cell, int]) -> Read:
    """Return what gives the value; nearly every point is a whole number times a fixed scale."""
    if _is_meant_so(point) and point.scale_address is None and point.minus_address is None:
        return _plain(point, place[point.address, point.datatype])
    return _worked_out(point, place)


def _is_meant_so(point: Point) -> bool:
    """Return whether the scaled number is the value, as `decode.as_meant` would leave it."""
    is_turned = point.sign is Sign.EXPORT_POSITIVE
    return not (is_turned or point.four_quadrants) and point.tenfold_above is None


def _plain(point: Point, index: int) -> Read:
    """Do in one step what the functions below do in three."""
    if point.datatype.is_float:
        return _times(point, lambda raws: _finite(raws[index]))
    low, beyond = _no_values(point)
    scale, divisor = point.scale, round(1 / point.scale)

    def multiplied(raws: Raws) -> float | None:
        raw = raws[index]
        return None if low <= raw < beyond else raw * scale + 0.0

    def divided(raws: Raws) -> float | None:
        raw = raws[index]
        return None if low <= raw < beyond else raw / divisor + 0.0

    return multiplied if scale >= 1 else divided


def _worked_out(point: Point, place: dict[Cell, int]) -> Read:
    scaled = _scaled(point, _difference(point, place), place)
    if _is_meant_so(point):
        return scaled

    def meant(raws: Raws) -> float | None:
        value = scaled(raws)
        return None if value is None else as_meant(point, value)

    return meant


def _scaled(point: Point, raw: Read, place: dict[Cell, int]) -> Read:
    if point.scale_address is None:
        return _times(point, raw)
    index, scale = place[point.scale_address, Datatype.INT16], point.scale

    def powered(raws: Raws) -> float | None:
        value, exponent = raw(raws), int(raws[index])
        if value is None or abs(exponent) > MAX_EXPONENT:
            return None
        value = times(value, scale)
        power = 10.0 ** abs(exponent)
        return _finite((value * power if exponent >= 0 else value / power) + 0.0)

    return powered


def _times(point: Point, raw: Read) -> Read:
    """Return the raw value times a fixed scale; see `decode.times` for why it may be a quotient."""
    scale, divisor = point.scale, round(1 / point.scale)

    def multiplied(raws: Raws) -> float | None:
        value = raw(raws)
        return None if value is None else _finite(value * scale + 0.0)

    def divided(raws: Raws) -> float | None:
        value = raw(raws)
        return None if value is None else value / divisor + 0.0

    return multiplied if scale >= 1 else divided


def _difference(point: Point, place: dict[Cell, int]) -> Read:
    number = _number(point, place[point.address, point.datatype])
    if point.minus_address is None:
        return number
    minus = _number(point, place[point.minus_address, point.datatype])

    def difference(raws: Raws) -> float | None:
        imported, exported = number(raws), minus(raws)
        return None if imported is None or exported is None else imported - exported

    return difference


def _number(point: Point, index: int) -> Read:
    """Return what gives one number, None for the pattern of "not available"."""
    if point.datatype.is_float:
        return lambda raws: _finite(raws[index])
    low, beyond = _no_values(point)
    return lambda raws: None if low <= raws[index] < beyond else raws[index]


def _no_values(point: Point) -> tuple[float, float]:
    """Return the range of numbers that mean "not available": its first, and the one behind it."""
    if point.no_value_high_word is not None:
        shift = 16 * (point.datatype.words - 1)
        first = number_of(point.no_value_high_word << shift, point.datatype)
        return first, first + (1 << shift)  # whatever the low words are
    if point.no_value is not None:
        first = number_of(point.no_value, point.datatype)
        return first, first + 1
    return 0, 0  # none


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
