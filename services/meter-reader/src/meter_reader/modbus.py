"""One Modbus connection over pymodbus. The only file that knows pymodbus.

It connects once, sends one request at a time and says precisely what went wrong. When to try
again is its owner's business (lines.py), so pymodbus's own retries and reconnects are off.
"""

import asyncio
import errno
import logging
import socket

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

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


class Connection:
    """An open Modbus connection. Not for two users at once."""

    def __init__(self, line: Line, timeout_s: float) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._has_heard = False
        self._client = self._build()

    @property
    def is_open(self) -> bool:
        """Return whether the connection still stands, as far as this side knows."""
        return self._client.connected

    async def open(self) -> None:
        """Connect. Raises LineError saying why not, after at most twice the time-out."""
        try:
            is_open = await self._client.connect()
        except (OSError, ValueError) as error:  # a serial port that cannot be set so
            raise LineError("serial-port-failed", f"{self._line.place}: {error}.") from error
        heed_cancellation()
        if not is_open:
            raise await self._why_closed()

    def close(self) -> None:
        """Close at once; harmless when closed."""
        self._client.close()

    async def read(self, unit_id: int, function: int, address: int, count: int) -> list[int]:
        """Return `count` registers. Raises a ReadError."""
        ask = (
            self._client.read_input_registers
            if function == 4
            else self._client.read_holding_registers
        )
        self._has_heard = False
        try:
            answer = await ask(address, count=count, device_id=unit_id)
            heed_cancellation()
        except ConnectionException as error:
            raise self._lost() from error
        except ModbusException as error:
            raise self._unanswered(unit_id) from error
        return self._registers(answer, unit_id, count)

    def _registers(self, answer: ModbusPDU, unit_id: int, count: int) -> list[int]:
        if isinstance(answer, ExceptionResponse):
            raise ModbusExceptionError(self._line.place, unit_id, answer.exception_code)
        if answer.isError() or len(answer.registers) != count:
            raise GarbledError(self._line.place)
        return list(answer.registers)

    def _unanswered(self, unit_id: int) -> ReadError:
        """Tell apart: link gone, nothing heard, something heard that is no answer."""
        if self._has_heard:
            return GarbledError(self._line.place)
        if not self.is_open:
            return self._lost()
        return SilentError(self._line.place, unit_id, is_serial=self._line.is_serial)

    def _lost(self) -> LineError:
        return LineError("connection-lost", f"{self._line.place} closed the connection.")

    def _hear(self, is_sent: bool, packet: bytes) -> bytes:  # noqa: FBT001 - pymodbus's signature
        self._has_heard = self._has_heard or not is_sent
        return packet

    def _build(self) -> ModbusBaseClient:
        line = self._line
        if line.kind is TransportKind.RTU:
            return AsyncModbusSerialClient(
                line.device,
                baudrate=line.baud,
                bytesize=line.data_bits,
                parity=line.parity,
                stopbits=line.stop_bits,
                timeout=self._timeout_s,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._hear,
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
        )

    async def _why_closed(self) -> LineError:
        """Ask the operating system once more: pymodbus keeps the reason to itself."""
        if self._line.is_serial:
            detail = f"Serial port {self._line.device} cannot be opened."
            return LineError("serial-port-failed", detail, "/transport/device")
        try:
            async with asyncio.timeout(self._timeout_s):
                _, writer = await asyncio.open_connection(self._line.host, self._line.port)
            writer.close()
        except (OSError, TimeoutError, UnicodeError) as error:
            return refusal_of(error, self._line)
        return LineError("connection-lost", f"{self._line.place} closed the connection.")


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
