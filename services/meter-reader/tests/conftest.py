"""Partners for the meter reader: real Modbus servers on loopback."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from electrical.phases import ALL_PHASES
from meter_profiles.catalogue import profile
from meter_profiles.encode import encode
from meter_profiles.quantity import Quantity
from meter_reader.core.configuration import Line, TransportKind
from meter_reader.lines import Lines
from volthus_kit.clock import SystemClock

Answer = list[int] | int | bytes | None


class WireMeter:
    """A Modbus TCP server of a few lines, written from the specification and not with pymodbus.

    registers: what it has; the rest of a block answers 0. fault: called first with (unit, function,
    address, count); may return registers, an exception number, raw bytes, or None for silence;
    `...` means no fault.
    """

    def __init__(self, registers: dict[int, int], unit_id: int = 1, functions=(3, 4)) -> None:
        self.registers = registers
        self.unit_id = unit_id
        self.functions = functions
        self.fault: Callable[[int, int, int, int], object] = lambda *_: ...
        self.requests: list[tuple[int, int, int, int]] = []
        self.connections = 0
        self.most_at_once = 0
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None] | None] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            await self._server.wait_closed()
            await asyncio.gather(*(task for task in self._serving if task is not None))
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving.add(asyncio.current_task())
        self._open.add(writer)
        self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            while True:
                head = await reader.readexactly(12)
                number, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", head)
                self.requests.append((unit, function, address, count))
                answer = self._answer(unit, function, address, count)
                if isinstance(answer, bytes):
                    writer.write(answer)
                elif isinstance(answer, int):
                    body = struct.pack(">BBB", unit, function | 0x80, answer)
                    writer.write(struct.pack(">HHH", number, 0, len(body)) + body)
                elif isinstance(answer, list):
                    words = struct.pack(f">{len(answer)}H", *answer)
                    body = struct.pack(">BBB", unit, function, len(words)) + words
                    writer.write(struct.pack(">HHH", number, 0, len(body)) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, unit: int, function: int, address: int, count: int) -> Answer:
        fault = self.fault(unit, function, address, count)
        if fault is not ...:
            return fault  # type: ignore[return-value]
        if unit != self.unit_id:
            return None
        if function not in self.functions:
            return 1
        return [self.registers.get(a, 0) for a in range(address, address + count)]


def house(l1=1.0, l2=2.0, l3=3.0, volts=230.0) -> dict[Quantity, float | None]:
    """Return what a meter measures at these signed currents (A)."""
    values: dict[Quantity, float | None] = {Quantity.FREQUENCY: 50.0, Quantity.POWER_FACTOR: 1.0}
    for phase, amperes in zip(ALL_PHASES, (l1, l2, l3), strict=True):
        low = phase.lower()
        values[Quantity(f"current_{low}")] = amperes
        values[Quantity(f"voltage_{low}")] = volts
        values[Quantity(f"power_{low}")] = amperes * volts
    values[Quantity.POWER_TOTAL] = (l1 + l2 + l3) * volts
    values[Quantity.ENERGY_IMPORT] = 1_234_500.0
    values[Quantity.ENERGY_EXPORT] = 67_800.0
    return values


@asynccontextmanager
async def wire_meter(
    model: str = "cg_em24_e1", unit_id: int = 1, **amps
) -> AsyncIterator[WireMeter]:
    meter = WireMeter(encode(profile(model), house(**amps)), unit_id)
    await meter.start()
    try:
        yield meter
    finally:
        await meter.stop()


def tcp(port: int) -> Line:
    return Line(TransportKind.TCP, host="127.0.0.1", port=port)


@pytest.fixture
def lines() -> Lines:
    return Lines(SystemClock(), tcp_timeout_s=0.3, rtu_timeout_s=0.3)


@pytest.fixture
def partner():
    """Return the makers of partners, since test folders are no packages."""

    class Partner:
        meter = staticmethod(wire_meter)
        wire = WireMeter
        values = staticmethod(house)
        tcp = staticmethod(tcp)

    return Partner
