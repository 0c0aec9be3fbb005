"""Where virtual meters answer: a TCP port or a serial port of its own, with faults.

One line carries any number of meters, told apart by their unit ids, as behind a gateway.
"""

import asyncio
import os
import tty
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from virtual_site.core.meter_fault import BUSY_ANSWERS, MeterFault, MeterFaultKind
from virtual_site.core.modbus_frames import Framing, Request, answer, refusal, taken

GARBAGE = b"\x15\x03garbage from another protocol\r\n"

Answering = Callable[[Request], Sequence[int] | int]  # registers, or a Modbus exception


class MeterError(Exception):
    """The meter cannot be served; the text says what to change."""


class Transport(StrEnum):
    """How the registers travel."""

    TCP = "tcp"
    RTU = "rtu"  # a pair of pseudo terminals: `device` is the reader's end
    RTU_OVER_TCP = "rtu-over-tcp"


class _Writer(Protocol):
    def write(self, data: bytes, /) -> None:
        """Send."""


class MeterLine:
    """A line with its meters. Like most TCP meters it is silent for a unit id it does not have."""

    def __init__(self, transport: Transport = Transport.TCP, host: str = "", port: int = 0) -> None:
        self.transport = transport
        self.host = host
        self.port = port
        self.device = ""
        self.framing = Framing.TCP if transport is Transport.TCP else Framing.RTU
        self.requests = 0
        self.is_silent = False  # besides any fault: the scenario's own drop-out
        self._units: dict[int, Answering] = {}
        self._faults: dict[int | None, MeterFault] = {}
        self._busy = 0
        self._server: asyncio.Server | None = None
        self._pty: tuple[int, int] | None = None
        self._open: set[asyncio.Transport] = set()
        self._is_started = False

    @property
    def connections(self) -> int:
        """Return how many clients are connected now."""
        return len(self._open)

    def put(self, unit_id: int, answering: Answering) -> None:
        """Put a meter on the line."""
        self._units[unit_id] = answering

    async def fail(self, fault: MeterFault | None, unit_id: int | None = None) -> None:
        """Let the line, or one meter on it, fail from now on; None ends that."""
        before = self._faults.pop(unit_id, None)
        if fault is not None:
            self._faults[unit_id] = fault
        if unit_id is None and self._is_started:
            await self._follow(before, fault)

    async def start(self) -> None:
        """Answer from now on. Raises MeterError when the port is taken."""
        if self.transport is Transport.RTU:
            self._open_pty()
        else:
            await self._listen()
        self._is_started = True

    async def stop(self) -> None:
        """Close every connection."""
        self._is_started = False
        await self._hang_up()
        if self._pty is not None:
            theirs, ours = self._pty
            asyncio.get_running_loop().remove_reader(theirs)
            os.close(ours)
            os.close(theirs)
            self._pty = None

    def heard(self, data: bytes, writer: _Writer) -> bytes:
        """Answer every whole request in `data`; return what is left of it."""
        while data:
            request, data = taken(self.framing, data)
            if request is None:
                return data
            self.requests += 1
            self._answer(request, writer)
        return b""

    def joined(self, connection: asyncio.Transport) -> None:
        """Count a client in."""
        self._open.add(connection)

    def left(self, connection: asyncio.Transport) -> None:
        """Count a client out."""
        self._open.discard(connection)

    def _answer(self, request: Request, writer: _Writer) -> None:
        answering = self._units.get(request.unit)
        if answering is None or self.is_silent:
            return
        fault = self._faults.get(request.unit) or self._faults.get(None)
        kind = fault.kind if fault else None
        if fault is not None and kind is MeterFaultKind.EXCEPTION:
            writer.write(refusal(self.framing, request, fault.number))
        elif kind is MeterFaultKind.GARBAGE:
            writer.write(GARBAGE)
        elif fault is not None and kind is MeterFaultKind.BUSY and self._is_busy():
            writer.write(refusal(self.framing, request, fault.number))
        elif kind not in {MeterFaultKind.SILENCE, MeterFaultKind.DROP_OUT}:
            frame = self._frame(request, answering)
            if fault is not None and kind is MeterFaultKind.LATE:
                loop = asyncio.get_running_loop()
                loop.call_later(fault.delay_s, self._write_late, writer, frame)
            else:
                writer.write(frame)

    def _frame(self, request: Request, answering: Answering) -> bytes:
        words = answering(request)
        if isinstance(words, int):
            return refusal(self.framing, request, words)
        return answer(self.framing, request, words)

    def _is_busy(self) -> bool:
        self._busy = (self._busy + 1) % (BUSY_ANSWERS + 1)
        return self._busy != 0

    def _write_late(self, writer: _Writer, frame: bytes) -> None:
        is_gone = isinstance(writer, asyncio.Transport) and writer.is_closing()
        if self._is_started and not is_gone:
            writer.write(frame)

    async def _follow(self, before: MeterFault | None, after: MeterFault | None) -> None:
        was_out, is_out = (
            fault is not None and fault.kind is MeterFaultKind.DROP_OUT for fault in (before, after)
        )
        if self.transport is Transport.RTU or was_out == is_out:
            return  # a pulled serial plug is silence
        if is_out:
            await self._hang_up()
        else:
            await self._listen()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Client(self), self.host, self.port, reuse_address=True
            )
        except OSError as error:
            raise MeterError(
                f"the meter's port {self.port} on {self.host} is taken ({error.strerror})"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._open):
            connection.abort()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def _open_pty(self) -> None:
        theirs, ours = os.openpty()
        tty.setraw(ours)
        os.set_blocking(theirs, False)
        self._pty = (theirs, ours)
        self.device = os.ttyname(ours)
        asyncio.get_running_loop().add_reader(theirs, _Terminal(self, theirs).hear)


class _Client(asyncio.Protocol):
    """One connected client."""

    def __init__(self, line: MeterLine) -> None:
        self._line = line
        self._transport: asyncio.Transport | None = None
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._line.joined(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it
        """Forget the client."""
        if self._transport is not None:
            self._line.left(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        if self._transport is not None:
            self._heard = self._line.heard(self._heard + data, self._transport)


class _Terminal:
    """Our end of the pair of pseudo terminals."""

    def __init__(self, line: MeterLine, descriptor: int) -> None:
        self._line = line
        self._descriptor = descriptor
        self._heard = b""

    def hear(self) -> None:
        """Read what came and answer what is whole."""
        try:
            data = os.read(self._descriptor, 4096)
        except (BlockingIOError, OSError):
            return
        self._heard = self._line.heard(self._heard + data, self)

    def write(self, data: bytes, /) -> None:
        """Send to the reader's end."""
        os.write(self._descriptor, data)
