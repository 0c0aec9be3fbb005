"""Plans as bytes. What all sites of a tariff share is written once and put before the rest.

Two encoded messages of one type, one after the other, are the encoding of both merged: that is
the format's own rule. Series are packed floats, straight from the array.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats

KILO = 1000.0
WIRE_FLOAT = np.dtype("<f4")


def field_of(number: int, body: bytes) -> bytes:
    """Return a field of length-delimited type."""
    return _head(number, len(body)) + body


@lru_cache(maxsize=1024)
def _head(number: int, length: int) -> bytes:
    return _varint(number << 3 | 2) + _varint(length)


def floats(number: int, values: Floats, scale: float = 1.0) -> bytes:
    """Return a field of packed floats, each multiplied by a scale."""
    return field_of(number, (values * scale).astype(WIRE_FLOAT).tobytes())


def float_rows(first: int, rows: Sequence[Floats], scale: float = 1.0) -> bytes:
    """Return fields of packed floats, numbered from `first` on: rows of one length, scaled.

    The numbers are below 16 all or none, so that their heads are equally long.
    """
    size = WIRE_FLOAT.itemsize * len(rows[0])
    heads = _heads(first, len(rows), size)
    fields = np.empty((len(rows), heads.shape[1] + size), np.uint8)
    fields[:, : heads.shape[1]] = heads
    scaled = np.multiply(rows, scale).astype(WIRE_FLOAT)
    fields[:, heads.shape[1] :] = scaled.view(np.uint8)
    return fields.tobytes()


@lru_cache(maxsize=64)
def _heads(first: int, count: int, size: int) -> NDArray[np.uint8]:
    """Return the heads of fields numbered one after the other, all of one size, one row each."""
    heads = [_head(first + row, size) for row in range(count)]
    return np.frombuffer(b"".join(heads), np.uint8).reshape(count, -1)


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
