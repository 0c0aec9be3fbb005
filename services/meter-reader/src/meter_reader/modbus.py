"""One Modbus connection, of our own making: reads registers and says precisely what went wrong.

It connects once, sends one request at a time and never repeats one. When to try again is its
owner's business (lines.py).
"""

import asyncio
import errno
import os
import socket
import termios
from pathlib import Path
from typing import Protocol

from serial import Serial, SerialException

from meter_reader.core.configuration import Line
from meter_reader.core.frames import (
    Answer,
    Nothing,
    Question,
    Refused,
    rtu_answer,
    rtu_frame,
    tcp_answer,
    tcp_frame,
)
from meter_reader.errors import GarbledError, LineError, ModbusExceptionError, SilentError

MOST_NUMBERS = 0x10000
MOST_HEARD = 1024  # more than any answer: something talks that was not asked


class Connection:
    """An open Modbus connection. Not for two users at once."""

    def __init__(self, line: Line, timeout_s: float) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._wire: _Wire | None = None
        self._heard = b""
        self._number = 0
        self._question: Question | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._deadline_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        is_numbered = line.numbers_answers
        self._frame = tcp_frame if is_numbered else rtu_frame
        self._found = tcp_answer if is_numbered else rtu_answer

    @property
    def is_open(self) -> bool:
        """Return whether the connection still stands, as far as this side knows."""
        return self._wire is not None

    async def open(self) -> None:
        """Connect. Raises LineError saying why not, after at most the time-out."""
        if self._line.is_serial:
            self.came(_opened_port(self._line, self))
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: _Socket(self), self._line.host, self._line.port
                )
        except (OSError, TimeoutError, UnicodeError) as error:
            raise refusal_of(error, self._line) from error
        if self._wire is None:
            raise self._lost()

    def close(self) -> None:
        """Close at once; harmless when closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._wire is not None:
            self._wire.close()
            self.went(self._wire)

    async def read(self, unit_id: int, function: int, address: int, count: int) -> bytes:
        """Return `count` registers, two bytes each, high byte first. Raises a ReadError."""
        if self._wire is None:
            raise self._lost()
        loop = asyncio.get_running_loop()
        self._number = (self._number + 1) % MOST_NUMBERS
        self._question = Question(unit_id, function, address, count, self._number)
        future: asyncio.Future[bytes] = loop.create_future()
        self._answer = future
        if not self._line.numbers_answers:
            self._heard = b""  # nothing that came before the question can be its answer
        self._wire.write(self._frame(self._question))
        self._deadline_s = loop.time() + self._timeout_s
        if self._timer is None:
            self._timer = loop.call_at(self._deadline_s, self._look, loop)
        try:
            return await future
        finally:
            self._question = self._answer = None

    # --- called by the wire ----------------------------------------------------------------------

    def came(self, wire: "_Wire") -> None:
        """Take over a wire that is connected."""
        self._wire = wire

    def went(self, wire: "_Wire") -> None:
        """Hear that the other side is gone."""
        if self._wire is wire:
            self._wire = None
            self._fail(self._lost())

    def hear(self, data: bytes) -> None:
        """Take what came, and the answer out of it once it is whole."""
        self._heard += data
        if self._question is None:
            self._heard = self._heard[-MOST_HEARD:] if self._line.numbers_answers else b""
            return
        answer, self._heard = self._found(self._question, self._heard)
        if answer is Nothing.GARBLED and not self._line.numbers_answers:
            self._heard = b"\0"  # noise on a serial line; what follows may still be the answer
            return
        self._take(answer, self._question.unit)

    def _take(self, answer: Answer, unit_id: int) -> None:
        future = self._answer
        if future is None or future.done() or answer is Nothing.YET:
            return
        if isinstance(answer, bytes):
            future.set_result(answer)
        elif isinstance(answer, Refused):
            self._fail(ModbusExceptionError(self._line.place, unit_id, answer.number))
        else:
            self._fail(GarbledError(self._line.place))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look whether the time of the question is up; one timer serves many quick answers."""
        self._timer = None
        if self._question is None:
            return
        if loop.time() < self._deadline_s:
            self._timer = loop.call_at(self._deadline_s, self._look, loop)
        else:
            self._give_up(self._question)

    def _give_up(self, question: Question) -> None:
        """Tell apart: nothing heard, and something that is no answer."""
        if self._heard:
            self._fail(GarbledError(self._line.place))
        else:
            other = "RTU over TCP" if self._line.numbers_answers else "Modbus TCP"
            place, is_serial = self._line.place, self._line.is_serial
            self._fail(SilentError(place, question.unit, is_serial=is_serial, other=other))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _lost(self) -> LineError:
        return LineError("connection-lost", f"{self._line.place} closed the connection.")


class _Wire(Protocol):
    """What carries the bytes."""

    def write(self, data: bytes, /) -> None:
        """Send."""

    def close(self) -> None:
        """Close at once."""


class _Socket(asyncio.Protocol):
    """A TCP connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the wire over."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._connection.came(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it
        """Tell that it is gone."""
        self._connection.went(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        self._connection.hear(data)

    def write(self, data: bytes, /) -> None:
        """Send."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Close at once; nothing that was asked still matters."""
        if self._transport is not None:
            self._transport.abort()


class _Port:
    """A serial port of this machine."""

    def __init__(self, port: Serial, connection: Connection) -> None:
        self._port = port
        self._descriptor: int = port.fileno()
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._hear)

    def write(self, data: bytes, /) -> None:
        """Send; a question fits into the port's buffer."""
        try:
            self._port.reset_input_buffer()
            os.write(self._descriptor, data)
        except OSError:
            self._gone()

    def close(self) -> None:
        """Close at once."""
        if self._port.is_open:
            self._loop.remove_reader(self._descriptor)
            self._port.close()

    def _hear(self) -> None:
        try:
            data = os.read(self._descriptor, MOST_HEARD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._connection.hear(data)
        else:
            self._gone()  # the adapter was pulled out

    def _gone(self) -> None:
        self.close()
        self._connection.went(self)


def _opened_port(line: Line, connection: Connection) -> _Port:
    # A pseudo terminal carries bytes, neither parity nor length: Linux refuses to set them again.
    is_pseudo = Path(line.device).resolve().is_relative_to("/dev/pts")
    try:
        port = Serial(
            line.device,
            baudrate=line.baud,
            bytesize=8 if is_pseudo else line.data_bits,
            parity="N" if is_pseudo else line.parity,
            stopbits=line.stop_bits,
            timeout=0,
            exclusive=True,
        )
    except (SerialException, OSError, ValueError, termios.error) as error:
        detail = f"Serial port {line.device} cannot be opened: {error}."
        raise LineError("serial-port-failed", detail, "/transport/device") from error
    return _Port(port, connection)


def refusal_of(error: Exception, line: Line) -> LineError:
    """Return what an operating system's connect error means to an installer."""
    host = "/transport/host"
    if isinstance(error, socket.gaierror | UnicodeError):
        return LineError("host-not-found", f"No host has the name {line.host}.", host)
    if isinstance(error, ConnectionRefusedError):
        detail = f"{line.host} is there, but nothing listens on port {line.port}."
        return LineError("connection-refused", detail, "/transport/port")
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM}:
        return LineError("connection-forbidden", f"{line.place} may not be reached: {error}.", host)
    return LineError("host-unreachable", f"{line.host} does not answer at all.", host)
