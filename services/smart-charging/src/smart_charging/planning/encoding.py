"""Plans as bytes. What all sites of a tariff share is written once and put before the rest.

Two encoded messages of one type, one after the other, are the encoding of both merged: that is
the format's own rule. Series are packed floats, straight from the array.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats

KILO = 1000.0
WIRE_FLOAT = np.dtype("<f4")


def field_of(number: int, body: bytes) -> bytes:
    """Return a field of length-delimited type."""
    return head_of(number, len(body)) + body


@lru_cache(maxsize=1024)
def head_of(number: int, length: int) -> bytes:
    """Return what stands before a field of length-delimited type."""
    return _varint(number << 3 | 2) + _varint(length)


def float_fields(first: int, rows: Floats, scale: float = 1.0) -> list[bytes]:
    """Return fields of packed floats, numbered from `first` on, for each of many messages.

    rows: [messages, fields, values], each multiplied by a scale. The numbers are below 16 all or
    none, so that their heads are equally long.
    """
    messages, fields, values = rows.shape
    heads = _heads(first, fields, WIRE_FLOAT.itemsize * values)
    head = heads.shape[1]
    out = np.empty((messages, fields, head + WIRE_FLOAT.itemsize * values), np.uint8)
    out[:, :, :head] = heads
    out[:, :, head:] = np.multiply(rows, scale).astype(WIRE_FLOAT).view(np.uint8)
    return [message.tobytes() for message in out]


@lru_cache(maxsize=64)
def _heads(first: int, count: int, size: int) -> NDArray[np.uint8]:
    """Return the heads of fields numbered one after the other, all of one size, one row each."""
    heads = [head_of(first + row, size) for row in range(count)]
    return np.frombuffer(b"".join(heads), np.uint8).reshape(count, -1)


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
