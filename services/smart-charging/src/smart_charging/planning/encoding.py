"""Plans as bytes. What all sites of a tariff share is written once and put before the rest.

Two encoded messages of one type, one after the other, are the encoding of both merged: that is
the format's own rule. Series are packed floats, straight from the array.
"""

from collections.abc import Iterable

import numpy as np

from smart_charging.core.grid import Floats

KILO = 1000.0


def field_of(number: int, body: bytes) -> bytes:
    """Return a field of length-delimited type."""
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def floats(number: int, values: Floats, scale: float = 1.0) -> bytes:
    """Return a field of packed floats, each multiplied by a scale."""
    return field_of(number, (values * scale).astype("<f4").tobytes())


def joined(parts: Iterable[bytes]) -> bytes:
    """Return parts of one message as one."""
    return b"".join(parts)


def float_row(values: Floats) -> list[float]:
    """Return an array as plain numbers that a message takes."""
    return [float(value) for value in np.asarray(values)]


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
