"""One Modbus connection over pymodbus's async client. The only file that knows pymodbus.

It connects once, sends one request at a time and says precisely what went wrong. When to try
again is its owner's business (lines.py), so pymodbus's own retries and reconnects are off.

The wait for an answer is ours: pymodbus's frames, classes and transports do the rest. Its own wait
knows only the time-out, and on Python 3.11 may swallow a cancellation.
"""

import asyncio
import errno
import logging
import socket
import termios
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
)
from pymodbus.transport.serialtransport import SerialTransport

from meter_reader.core.configuration import Line, TransportKind
from meter_reader.errors import (
    GarbledError,
    LateError,
    LineError,
    ModbusExceptionError,
    ReadError,
    SilentError,
)

# It logs every time-out and dumps the last frames line by line: a dead meter would fill the disk.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

# So long after the last byte, what is no whole frame will not become one. A serial line may carry
# a stray byte first, and the slowest devices answer after 0.5 s.
QUIET_S, SERIAL_QUIET_S = 0.3, 0.6
CLOCK_S = 0.001  # a timer may fire that much too early

NO_PROTOCOL = b"\0\0\0"  # of a TCP header: the protocol is 0, the length below 256
SHORTEST = 3  # unit id, function and one byte

Client = AsyncModbusTcpClient | AsyncModbusSerialClient
Create = Callable[[], Coroutine[Any, Any, Any]]
Question = tuple[int, int, int, int]  # unit id, function, address, count


class _Bytes(ModbusPDU):
    """Keeps the bytes of an answer: our decoders take them as they come."""

    body = b""  # from the byte count on

    def decode(self, data: bytes) -> None:
        """Keep what came, without a number for each register."""
        self.body = data

    def __str__(self) -> str:
        """Say little: pymodbus asks for a text of each answer, whether it logs or not."""
        return "registers"


class HoldingBytes(_Bytes, ReadHoldingRegistersResponse):
    """An answer to function 3."""


class InputBytes(_Bytes, ReadInputRegistersResponse):
    """An answer to function 4."""


class Connection:
    """An open Modbus connection. Not for two users at once."""

    def __init__(self, line: Line, timeout_s: float) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._quiet_s = QUIET_S if line.numbers_answers else SERIAL_QUIET_S
        self._loop = asyncio.get_running_loop()
        self._questions: dict[Question, ModbusPDU] = {}
        self._asked: Question = (0, 0, 0, 0)  # under way
        self._number = b""  # of the question under way, as it stands in front of a TCP answer
        self._heard = 0  # arrivals since the question that are no whole answer
        self._heard_before = 0  # ... at the last look
        self._asked_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False  # an older question was answered while this one waited
        self._is_lost = False
        self._refusal: Exception | None = None
        self._client = self._built()
        for answer in (HoldingBytes, InputBytes):
            self._client.register(answer)
        self._client.ctx.call_create = self._noting(self._client.ctx.call_create)

    @property
    def is_open(self) -> bool:
        """Return whether the connection still stands, as far as this side knows."""
        return not self._is_lost and self._client.connected

    async def open(self) -> None:
        """Connect. Raises LineError saying why not, after at most the time-out."""
        try:
            is_open = await self._client.connect()
            if self._line.is_serial:
                for _ in range(2):  # pymodbus takes two more turns until its port is set up
                    await asyncio.sleep(0)
            heed_cancellation()
        except asyncio.CancelledError:
            self.close()
            raise
        except (OSError, ValueError, termios.error) as error:
            raise self._why_closed(error) from error
        if not is_open:
            raise self._why_closed(self._refusal or TimeoutError())
        if not self.is_open:
            raise self._lost()

    def close(self) -> None:
        """Close at once; harmless when closed."""
        if self._timer is not None:
            self._timer.cancel()
        self._client.close()

    async def read(self, unit_id: int, function: int, address: int, count: int) -> bytes:
        """Return `count` registers, two bytes each, high byte first. Raises a ReadError."""
        if not self.is_open:
            raise self._lost()
        self._asked = (unit_id, function, address, count)
        self._heard, self._heard_before, self._is_late = 0, 0, False
        self._asked_s = self._loop.time()
        waiting = self._client.ctx.response_future = self._loop.create_future()
        try:
            self._send(self._asked)
            if self._timer is None:
                self._look_in(min(self._quiet_s, self._timeout_s))
            answer: ModbusPDU = await waiting
        except (OSError, termios.error) as error:
            waiting.cancel()
            raise self._lost() from error
        return self._registers(answer)

    def _send(self, question: Question) -> None:
        """Send the frame of a question; frames of questions asked before are at hand."""
        ctx = self._client.ctx
        request = self._questions.get(question)
        if request is None:
            unit_id, function, address, count = question
            kind = ReadInputRegistersRequest if function == 4 else ReadHoldingRegistersRequest
            request = kind(address=address, count=count, dev_id=unit_id)
            self._questions[question] = request
        if self._line.is_serial:
            self._forget_old_bytes()
        ctx.recv_buffer = b""
        request.transaction_id = number = ctx.getNextTID()
        self._number = number.to_bytes(2, "big") if self._line.numbers_answers else b""
        ctx.pdu_send(request)

    def _registers(self, answer: ModbusPDU) -> bytes:
        """Return what was answered; pymodbus takes number 0 and unit id 0 for any, we do not."""
        unit_id, function, _, count = self._asked
        is_other = self._line.numbers_answers and answer.transaction_id != self._client.ctx.next_tid
        if is_other or answer.dev_id != unit_id or answer.function_code & 0x7F != function:
            raise GarbledError(self._line.place)
        if isinstance(answer, _Bytes):
            size = 2 * count
            if len(answer.body) == size + 1 and answer.body[0] == size:
                return answer.body[1:]
        elif isinstance(answer, ExceptionResponse):
            raise ModbusExceptionError(self._line.place, unit_id, answer.exception_code)
        raise GarbledError(self._line.place)

    def _look(self) -> None:
        """Give up early what will be no answer any more, and all else at the time-out.

        One timer for all questions: one each would cost more than what it is for.
        """
        self._timer = None
        waiting = self._client.ctx.response_future
        if waiting.done():
            return
        waited_s = self._loop.time() - self._asked_s
        if self._heard and self._heard == self._heard_before:
            waiting.set_exception(GarbledError(self._line.place))
        elif waited_s >= self._timeout_s - CLOCK_S:
            waiting.set_exception(self._unanswered())
        else:
            self._heard_before = self._heard
            self._look_in(min(self._quiet_s, self._timeout_s - waited_s))

    def _look_in(self, wait_s: float) -> None:
        self._timer = self._loop.call_later(wait_s, self._look)

    def _unanswered(self) -> ReadError:
        """Tell apart at the time-out: link gone, nothing heard, or something that is no answer."""
        line, unit_id = self._line, self._asked[0]
        if self._heard:
            return GarbledError(line.place)
        if not self.is_open:
            return self._lost()
        if self._is_late:
            return LateError(line.place, unit_id, self._timeout_s)
        other = "RTU over TCP" if line.numbers_answers else "Modbus TCP"
        return SilentError(line.place, unit_id, is_serial=line.is_serial, other=other)

    def _lost(self) -> LineError:
        return LineError("connection-lost", f"{self._line.place} closed the connection.")

    def _why_closed(self, error: Exception) -> LineError:
        if self._line.is_serial:
            detail = f"Serial port {self._line.device} cannot be opened: {error}."
            return LineError("serial-port-failed", detail, "/transport/device")
        return refusal_of(error, self._line)

    def _forget_old_bytes(self) -> None:
        """Drop what a serial port holds: nothing that came before the question answers it."""
        transport = self._client.ctx.transport
        if isinstance(transport, SerialTransport) and transport.sync_serial:
            transport.sync_serial.reset_input_buffer()

    # --- called by pymodbus ----------------------------------------------------------------------

    def _noting(self, create: Create) -> Create:
        """Return what connects, keeping the reason of a failure: pymodbus only returns False."""

        async def noted() -> Any:  # noqa: ANN401 - whatever pymodbus makes of it
            try:
                return await create()
            except OSError as error:
                self._refusal = error
                raise

        return noted

    def _hear(self, is_sent: bool, packet: bytes) -> bytes:  # noqa: FBT001 - pymodbus's signature
        """Look at what arrived, all of it since the last whole frame, before pymodbus does.

        What cannot be Modbus TCP, or answers something else, ends the question at once; pymodbus
        would wait on, or close the connection.
        """
        if is_sent:
            return packet
        if self._number and len(packet) > 7:
            unit_id, function, _, _ = self._asked
            if packet[2:5] != NO_PROTOCOL or packet[5] < SHORTEST:
                return self._not_modbus()
            if packet[:2] != self._number:
                self._is_late = True
                return packet
            if packet[6] != unit_id or packet[7] & 0x7F != function:
                return self._not_modbus()
        self._heard += 1
        return packet

    def _not_modbus(self) -> bytes:
        self._fail(GarbledError(self._line.place))
        return b""

    def _turn(self, is_connected: bool) -> None:  # noqa: FBT001 - pymodbus's signature
        """End the question under way when the other side is gone; pymodbus would wait on."""
        self._is_lost = not is_connected
        if self._is_lost:
            self._fail(self._lost())

    def _fail(self, error: ReadError) -> None:
        """End the question under way, if there is one."""
        waiting = self._client.ctx.response_future
        if self._asked[1] and not waiting.done():
            waiting.set_exception(error)

    def _built(self) -> Client:
        line = self._line
        if line.kind is TransportKind.RTU:
            # A pseudo terminal carries bytes, neither parity nor length: Linux refuses to set them
            # again.
            is_pseudo = Path(line.device).resolve().is_relative_to("/dev/pts")
            return AsyncModbusSerialClient(
                line.device,
                baudrate=line.baud,
                bytesize=8 if is_pseudo else line.data_bits,
                parity="N" if is_pseudo else line.parity,
                stopbits=line.stop_bits,
                timeout=self._timeout_s,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._hear,
                trace_connect=self._turn,
            )
        is_tcp = line.kind is TransportKind.TCP
        return AsyncModbusTcpClient(
            line.host,
            port=line.port,
            framer=FramerType.SOCKET if is_tcp else FramerType.RTU,
            timeout=self._timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._hear,
            trace_connect=self._turn,
        )


def heed_cancellation() -> None:
    """Raise CancelledError if this task was told to stop and somebody below swallowed it.

    Until Python 3.12 `asyncio.wait_for`, which pymodbus uses, returns the result instead of
    stopping when both come in the same turn of the loop; a poll would then go on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
