"""Modbus frames as a meter sees them: requests in, answers out, with a TCP header or with a CRC.

Written from the Modbus application protocol (V1.1b3), the TCP and the serial line guide; shares no
code with any Modbus library, so that a reader tested against it is tested against the standard.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

READS = frozenset({3, 4})
ERROR_BIT = 0x80
MOST_BYTES = 260  # the longest frame there can be; more than that is no Modbus
_SHORT = frozenset(range(1, 7))  # requests of eight bytes on a serial line
_LONG = frozenset({15, 16})


class Framing(StrEnum):
    """How a request is wrapped."""

    TCP = "tcp"  # header with a number
    RTU = "rtu"  # unit id in front, CRC behind


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks; count is 0 where it asks for no registers."""

    unit: int
    function: int
    address: int
    count: int
    number: int = 0  # of a TCP header; an RTU frame has none


def taken(framing: Framing, heard: bytes) -> tuple[Request | None, bytes]:
    """Return the first whole request and what is left; what cannot be a request is dropped."""
    return _taken_tcp(heard) if framing is Framing.TCP else _taken_rtu(heard)


def answer(framing: Framing, request: Request, words: Sequence[int]) -> bytes:
    """Return the frame that brings registers."""
    body = struct.pack(f">BB{len(words)}H", request.function, 2 * len(words), *words)
    return _framed(framing, request, body)


def refusal(framing: Framing, request: Request, number: int) -> bytes:
    """Return the frame that says no, with a Modbus exception."""
    return _framed(framing, request, bytes((request.function | ERROR_BIT, number)))


def crc(data: bytes) -> bytes:
    """Return the two bytes that end a serial frame, low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def _framed(framing: Framing, request: Request, body: bytes) -> bytes:
    if framing is Framing.TCP:
        return struct.pack(">HHHB", request.number, 0, len(body) + 1, request.unit) + body
    plain = bytes((request.unit,)) + body
    return plain + crc(plain)


def _taken_tcp(heard: bytes) -> tuple[Request | None, bytes]:
    if len(heard) < 8:
        return None, heard
    number, protocol, length, unit, function = struct.unpack(">HHHBB", heard[:8])
    if protocol != 0 or not 2 <= length <= MOST_BYTES - 6:
        return None, b""
    if len(heard) < 6 + length:
        return None, heard
    address, count = _span(heard[8 : 6 + length], function)
    return Request(unit, function, address, count, number), heard[6 + length :]


def _taken_rtu(heard: bytes) -> tuple[Request | None, bytes]:
    if len(heard) < 2:
        return None, heard
    length = _rtu_length(heard)
    if length is None:
        return None, b""
    if len(heard) < length:
        return None, heard
    frame, left = heard[:length], heard[length:]
    if crc(frame[:-2]) != frame[-2:]:
        return None, b""  # a device on a serial line stays silent then
    address, count = _span(frame[2:-2], frame[1])
    return Request(frame[0], frame[1], address, count), left


def _rtu_length(heard: bytes) -> int | None:
    """Return how long the frame is, None for one that cannot be; 260 while that is unknown."""
    if heard[1] in _SHORT:
        return 8
    if heard[1] not in _LONG:
        return None
    return 9 + heard[6] if len(heard) > 6 else MOST_BYTES


def _span(body: bytes, function: int) -> tuple[int, int]:
    if function not in READS or len(body) != 4:
        return 0, 0
    address, count = struct.unpack(">HH", body)
    return address, count
