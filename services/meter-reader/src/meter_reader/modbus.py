"""One Modbus connection over pymodbus's async client. The only file that knows pymodbus.

It connects once, sends one request at a time and says precisely what went wrong. When to try
again is its owner's business (lines.py), so pymodbus's own retries and reconnects are off.
"""

import asyncio
import errno
import logging
import socket
import struct
import termios
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.transport.serialtransport import SerialTransport

from meter_reader.core.configuration import Line, TransportKind
from meter_reader.errors import (
    GarbledError,
    LineError,
    ModbusExceptionError,
    ReadError,
    SilentError,
)

# It logs every time-out and dumps the last frames line by line: a dead meter would fill the disk.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

Client = AsyncModbusTcpClient | AsyncModbusSerialClient
Create = Callable[[], Coroutine[Any, Any, Any]]


class Connection:
    """An open Modbus connection. Not for two users at once."""

    def __init__(self, line: Line, timeout_s: float) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._has_heard = False
        self._is_asking = False
        self._is_lost = False
        self._refusal: Exception | None = None
        self._client = self._built()
        self._client.ctx.call_create = self._noting(self._client.ctx.call_create)

    @property
    def is_open(self) -> bool:
        """Return whether the connection still stands, as far as this side knows."""
        return self._client.connected and not self._is_lost

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
        self._client.close()

    async def read(self, unit_id: int, function: int, address: int, count: int) -> bytes:
        """Return `count` registers, two bytes each, high byte first. Raises a ReadError."""
        if not self.is_open:
            raise self._lost()
        client = self._client
        ask = client.read_input_registers if function == 4 else client.read_holding_registers
        self._has_heard = False
        self._is_asking = True
        try:
            self._forget_old_bytes()
            answer = await ask(address, count=count, device_id=unit_id)
            heed_cancellation()
        except (OSError, termios.error) as error:
            raise self._lost() from error
        except ModbusException as error:
            raise self._unanswered(unit_id) from error
        finally:
            self._is_asking = False
        return self._registers(answer, unit_id, function, count)

    def _registers(self, answer: ModbusPDU, unit_id: int, function: int, count: int) -> bytes:
        """Return what was answered; pymodbus takes number 0 and unit id 0 for any, we do not."""
        is_other = self._line.numbers_answers and answer.transaction_id != self._client.ctx.next_tid
        if is_other or answer.dev_id != unit_id or answer.function_code & 0x7F != function:
            raise GarbledError(self._line.place)
        if isinstance(answer, ExceptionResponse):
            raise ModbusExceptionError(self._line.place, unit_id, answer.exception_code)
        if answer.isError() or len(answer.registers) != count:
            raise GarbledError(self._line.place)
        return struct.pack(f">{count}H", *answer.registers)

    def _unanswered(self, unit_id: int) -> ReadError:
        """Tell apart: link gone, nothing heard, something heard that is no answer."""
        line = self._line
        if self._has_heard:
            return GarbledError(line.place)
        if not self.is_open:
            return self._lost()
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
        self._has_heard = self._has_heard or not is_sent
        return packet

    def _turn(self, is_connected: bool) -> None:  # noqa: FBT001 - pymodbus's signature
        """End the question under way when the other side is gone; pymodbus would wait on."""
        self._is_lost = not is_connected
        future = self._client.ctx.response_future
        if self._is_lost and self._is_asking and not future.done():
            future.set_exception(ConnectionException("closed by the other side"))

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
