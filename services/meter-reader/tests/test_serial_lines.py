"""RTU and RTU over TCP, with the late answers that a serial frame cannot tell from fresh ones."""

import asyncio
import contextlib
import os
import select
import struct
import threading
import tty
from contextlib import asynccontextmanager

import pytest
from pymodbus import FramerType
from pymodbus.framer.rtu import FramerRTU
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from umodbus.client.serial.redundancy_check import CRCError
from umodbus.server.serial import get_server
from umodbus.server.serial.rtu import RTUServer

from meter_profiles.catalogue import profile
from meter_profiles.encode import encode
from meter_profiles.quantity import Quantity
from meter_reader.core.configuration import Line, TransportKind
from meter_reader.device import Device
from meter_reader.errors import ReadError

MODEL = profile("eastron_sdm630_v2")


def rtu_answer(unit: int, function: int, words: list[int]) -> bytes:
    body = struct.pack(f">BBB{len(words)}H", unit, function, 2 * len(words), *words)
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


@asynccontextmanager
async def tcp_server(serve):
    """Serve one client at a time and leave nothing open."""
    done = asyncio.Event()

    async def served(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        writer.close()
        done.set()

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait_for(done.wait(), 5)


async def test_rtu_frames_over_tcp_reach_a_meter_behind_a_gateway(lines, partner):
    image = encode(MODEL, partner.values(l2=-4.0))
    registers = SimData(
        0, values=[image.get(a, 0) for a in range(400)], datatype=DataType.REGISTERS
    )
    server = ModbusTcpServer(
        SimDevice(1, simdata=registers), address=("127.0.0.1", 0), framer=FramerType.RTU
    )
    await server.serve_forever(background=True)
    try:
        port = server.transport.sockets[0].getsockname()[1]
        line = Line(TransportKind.RTU_OVER_TCP, host="127.0.0.1", port=port)
        async with lines.lease(line) as owner:
            values = await Device(MODEL, owner, 1).read(everything=True)
    finally:
        await server.shutdown()
    assert values[Quantity.POWER_L2] == pytest.approx(-920)


async def test_modbus_tcp_to_an_rtu_gateway_is_told_as_no_answer(lines):
    async def swallow(reader, _):
        await reader.read()

    async with (
        tcp_server(swallow) as port,
        lines.lease(Line(TransportKind.TCP, host="127.0.0.1", port=port)) as owner,
    ):
        with pytest.raises(ReadError, match="RTU over TCP"):
            await owner.read(1, 4, 0, 2)


async def test_a_late_answer_never_passes_for_the_next_one(lines):
    async def late(reader, writer):
        while True:
            _, _, address = struct.unpack(">BBHxxxx", await reader.readexactly(8))
            if address == 10:
                await asyncio.sleep(0.4)  # the time-out is 0.3 s
            writer.write(rtu_answer(1, 4, [address, address]))

    async with tcp_server(late) as port:
        line = Line(TransportKind.RTU_OVER_TCP, host="127.0.0.1", port=port)
        async with lines.lease(line) as owner:
            assert await owner.read(1, 4, 5, 2) == [5, 5]
            with pytest.raises(ReadError):
                await owner.read(1, 4, 10, 2)
            with pytest.raises(ReadError):  # quiet time: nothing is asked
                await owner.read(1, 4, 50, 2)
            await asyncio.sleep(0.35)
            assert await owner.read(1, 4, 50, 2) == [50, 50]


async def test_a_serial_port_is_read(lines, partner):
    image = encode(MODEL, partner.values(l1=12.0))
    theirs, ours = os.openpty()
    os.set_blocking(theirs, False)
    device = os.ttyname(ours)
    loop = asyncio.get_running_loop()
    heard = bytearray()

    def answer():
        heard.extend(os.read(theirs, 64))
        while len(heard) >= 8:
            unit, function, address, count = struct.unpack(">BBHH", heard[:6])
            del heard[:8]
            words = [image.get(a, 0) for a in range(address, address + count)]
            os.write(theirs, rtu_answer(unit, function, words))

    loop.add_reader(theirs, answer)
    try:
        line = Line(
            TransportKind.RTU, device=device, baud=9600, parity="N", stop_bits=1, data_bits=8
        )
        async with lines.lease(line) as owner:
            values = await Device(MODEL, owner, 1).read(everything=True)
    finally:
        loop.remove_reader(theirs)
        os.close(ours)
        os.close(theirs)
    assert values[Quantity.CURRENT_L1] == pytest.approx(12.0)


async def test_a_serial_meter_of_a_foreign_library_is_read(lines, partner):
    """uModbus serves RTU on a pseudo terminal; it shares no code with our reader."""
    image, stop = encode(MODEL, partner.values(l1=12.0, l3=-3.0)), threading.Event()
    theirs, ours = os.openpty()
    tty.setraw(theirs)
    tty.setraw(ours)
    server = get_server(RTUServer, PtyPort(theirs))

    @server.route(slave_ids=[1], function_codes=[4], addresses=range(65536))
    def word(slave_id, function_code, address):
        return image.get(address, 0)

    def serve():
        while not stop.is_set():
            with contextlib.suppress(ValueError, struct.error, IndexError, CRCError):
                server.serve_once()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        line = Line(
            TransportKind.RTU,
            device=os.ttyname(ours),
            baud=9600,
            parity="N",
            stop_bits=1,
            data_bits=8,
        )
        async with lines.lease(line) as owner:
            values = await Device(MODEL, owner, 1).read(everything=True)
    finally:
        stop.set()
        thread.join()
        os.close(ours)
        os.close(theirs)
    assert values[Quantity.CURRENT_L1] == pytest.approx(12.0)
    assert values[Quantity.POWER_L3] == pytest.approx(-690.0)


class PtyPort:
    """Our end of the pair, in the shape of a serial port as uModbus wants it."""

    baudrate = 9600
    inter_byte_timeout = timeout = 0.0

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def read(self, count):
        ready, _, _ = select.select([self._descriptor], [], [], 0.02)
        return os.read(self._descriptor, count) if ready else b""

    def write(self, data):
        return os.write(self._descriptor, data)


async def test_a_pseudo_terminal_is_opened_again_whatever_parity_the_model_has(lines):
    theirs, ours = os.openpty()
    line = Line(
        TransportKind.RTU,
        device=os.ttyname(ours),
        baud=19200,
        parity="E",
        stop_bits=1,
        data_bits=8,
    )
    try:
        for _ in range(3):
            async with lines.lease(line) as owner:
                await owner.connect()
    finally:
        os.close(ours)
        os.close(theirs)
