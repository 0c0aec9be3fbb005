"""16-bit registers to numbers and back. Knows byte and word order, no meter."""

import struct
from collections.abc import Sequence
from typing import Literal

from meter_profiles.profile import Datatype

WordOrder = Literal["big", "little"]

FORMATS = {
    Datatype.INT16: ">h",
    Datatype.UINT16: ">H",
    Datatype.INT32: ">i",
    Datatype.UINT32: ">I",
    Datatype.INT64: ">q",
    Datatype.UINT64: ">Q",
    Datatype.FLOAT32: ">f",
    Datatype.FLOAT64: ">d",
}


def bits_of(words: Sequence[int], order: WordOrder) -> int:
    """Return the words as one unsigned number, the high word in front."""
    bits = 0
    for word in words if order == "big" else reversed(words):
        bits = bits << 16 | word
    return bits


def words_of(bits: int, count: int, order: WordOrder) -> list[int]:
    """Return `count` words of an unsigned number, in the order they stand in the meter."""
    words = [bits >> 16 * place & 0xFFFF for place in reversed(range(count))]
    return words if order == "big" else words[::-1]


def number_of(bits: int, datatype: Datatype) -> float:
    """Return the number the bits stand for; may be NaN or infinite for a float."""
    value: int | float = struct.unpack(FORMATS[datatype], bits.to_bytes(2 * datatype.words, "big"))[
        0
    ]
    return value


def bits_from(number: float, datatype: Datatype) -> int:
    """Return the bits of a number, rounded for an integer type.

    Raises OverflowError if it does not fit.
    """
    try:
        packed = struct.pack(FORMATS[datatype], number if datatype.is_float else round(number))
    except struct.error as error:
        raise OverflowError(f"{number} does not fit into {datatype}") from error
    return int.from_bytes(packed, "big")
