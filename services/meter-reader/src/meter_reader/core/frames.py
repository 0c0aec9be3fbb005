"""Modbus frames as a reader sees them: a question out, the answer to exactly that question in.

Modbus application protocol V1.1b3 section 6.3 and 6.4, the TCP guide and the serial line guide.
"""

from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import NamedTuple

ERROR_BIT = 0x80
MOST_BYTES = 260  # of one frame
_TCP_QUESTION = Struct(">HHHBBHH")
_TCP_HEAD = Struct(">HHHBB")
_PDU = Struct(">BBHH")


class Question(NamedTuple):
    """Read so many registers; number: of the TCP header, which the answer repeats.

    A named tuple, because one is made for each request of each poll.
    """

    unit: int
    function: int
    address: int
    registers: int
    number: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """The device answered with a Modbus exception."""

    number: int


class Nothing(StrEnum):
    """Why there is no answer among what was heard so far."""

    YET = "not yet"  # what is there may become one
    GARBLED = "garbled"  # what is there never will


Answer = bytes | Refused | Nothing


def tcp_frame(question: Question) -> bytes:
    """Return the request with its TCP header."""
    unit, function, address, registers, number = question
    return _TCP_QUESTION.pack(number, 0, 6, unit, function, address, registers)


def rtu_frame(question: Question) -> bytes:
    """Return the request with its checksum."""
    plain = _PDU.pack(question.unit, question.function, question.address, question.registers)
    return plain + crc(plain)


def tcp_answer(question: Question, heard: bytes) -> tuple[Answer, bytes]:
    """Return the answer and what is left behind it.

    A whole answer to an earlier question is left out: it is late, and its number tells.
    """
    while len(heard) >= 8:
        number, protocol, length, unit, function = _TCP_HEAD.unpack_from(heard)
        if protocol != 0 or not 3 <= length <= MOST_BYTES - 6:
            return Nothing.GARBLED, b""
        end = 6 + length
        if len(heard) < end:
            return Nothing.YET, heard
        if number == question.number:
            if unit != question.unit:
                return Nothing.GARBLED, b""
            return _said(question, function, heard[8:end]), heard[end:]
        heard = heard[end:]
    return Nothing.YET, heard


def rtu_answer(question: Question, heard: bytes) -> tuple[Answer, bytes]:
    """Return the answer and what is left behind it; noise in front of it is passed over."""
    wanted = bytes((question.unit, question.function))
    refusal = bytes((question.unit, question.function | ERROR_BIT))
    for start in range(len(heard)):
        head = heard[start : start + 2]
        if len(head) < 2:
            is_start = head[0] == question.unit
            return (Nothing.YET, heard[start:]) if is_start else (Nothing.GARBLED, b"")
        if head not in (wanted, refusal):
            continue
        length = 5 if head == refusal else 5 + 2 * question.registers
        frame = heard[start : start + length]
        if head == wanted and len(frame) > 2 and frame[2] != 2 * question.registers:
            continue
        if len(frame) < length:
            return Nothing.YET, heard[start:]
        if crc(frame[:-2]) == frame[-2:]:
            return _said(question, frame[1], frame[2:-2]), heard[start + length :]
    return (Nothing.GARBLED if heard else Nothing.YET), b""


def _said(question: Question, function: int, body: bytes) -> Answer:
    if function == question.function | ERROR_BIT and len(body) == 1:
        return Refused(body[0])
    if function != question.function or len(body) != 1 + 2 * question.registers:
        return Nothing.GARBLED
    return body[1:] if body[0] == 2 * question.registers else Nothing.GARBLED


def crc(data: bytes) -> bytes:
    """Return the checksum of a serial frame, low byte first (serial line guide 6.2.2)."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_TABLE = tuple(_entry(byte) for byte in range(256))
