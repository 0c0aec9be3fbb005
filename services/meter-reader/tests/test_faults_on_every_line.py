"""Every fault of the virtual site's meters on every transport: told for what it is, and over."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from meter_profiles.catalogue import profile
from meter_profiles.quantity import Quantity
from meter_reader.core.configuration import Line, TransportKind
from meter_reader.device import Device
from meter_reader.errors import ReadError
from meter_reader.lines import Lines
from virtual_site.core.meter_fault import parsed
from virtual_site.meter_line import MeterLine, Transport
from virtual_site.modbus_meter import VirtualMeter
from volthus_kit.clock import SystemClock

MODEL = profile("eastron_sdm630_v2")
TIMEOUT_S = 0.4


def line_to(served: MeterLine) -> Line:
    if served.transport is Transport.RTU:
        return Line(TransportKind.RTU, "", 0, served.device, 115200, "N", 1, 8)
    is_tcp = served.transport is Transport.TCP
    kind = TransportKind.TCP if is_tcp else TransportKind.RTU_OVER_TCP
    return Line(kind, served.host, served.port)


@asynccontextmanager
async def reading(partner, transport, timeout_s=TIMEOUT_S):
    """Yield the line that is served, its meter, and a device that reads it."""
    served, meter = MeterLine(transport, "127.0.0.1"), VirtualMeter(MODEL)
    meter.show(partner.values(4.0, -5.0, 6.0))
    served.put(1, meter.answer)
    await served.start()
    lines = Lines(SystemClock(), timeout_s, timeout_s)
    try:
        async with lines.lease(line_to(served)) as owner:
            device = Device(MODEL, owner, 1)
            await device.read(everything=True)
            yield served, meter, device
    finally:
        await served.stop()


async def failure(device):
    with pytest.raises(ReadError) as caught:
        await device.read(everything=False)
    return caught.value.code


async def recovered(device):
    """Return what is read once the line is tried again: it rests after a fault, and waits."""
    async with asyncio.timeout(8):
        while True:
            try:
                return await device.read(everything=False)
            except ReadError:
                await asyncio.sleep(0.05)


TELLS = {
    "silence": {"no-answer"},
    "exception:4": {"modbus-exception"},
    "exception:11": {"gateway-target-silent"},
    "garbage": {"garbled-answer"},
    "late:0.6": {"no-answer"},
    "drop-out": {"connection-lost", "connection-refused"},
}


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize("fault", TELLS)
async def test_a_fault_is_told_and_the_meter_comes_back_by_itself(partner, transport, fault):
    async with reading(partner, transport) as (served, _, device):
        is_silence = fault == "drop-out" and transport is Transport.RTU  # a pulled serial plug
        await served.fail(parsed(fault))
        assert await failure(device) in (TELLS["silence"] if is_silence else TELLS[fault])
        await served.fail(None)
        values = await recovered(device)
    assert values[Quantity.POWER_L2] == pytest.approx(-1150)
    assert values[Quantity.CURRENT_L3] == pytest.approx(6.0)


@pytest.mark.parametrize("transport", Transport)
async def test_a_busy_meter_is_read_all_the_same(partner, transport):
    async with reading(partner, transport) as (served, _, device):
        await served.fail(parsed("busy"))
        assert (await device.read(everything=False))[Quantity.VOLTAGE_L1] == pytest.approx(230)


@pytest.mark.parametrize("transport", Transport)
async def test_a_frozen_meter_repeats_itself_and_goes_on(partner, transport):
    async with reading(partner, transport) as (_, meter, device):
        before = await device.read(everything=False)
        meter.is_frozen = True
        meter.show(partner.values(16.0))
        assert await device.read(everything=False) == before
        meter.is_frozen = False
        meter.show(partner.values(16.0))
        assert (await device.read(everything=False))[Quantity.CURRENT_L1] == pytest.approx(16.0)


@pytest.mark.parametrize(
    ("transport", "within_s"),
    [
        (Transport.TCP, 0.2),
        *((transport, 1.5) for transport in (Transport.RTU, Transport.RTU_OVER_TCP)),
    ],
)
async def test_garbage_is_told_well_before_the_time_out(partner, transport, within_s):
    async with reading(partner, transport, timeout_s=4.0) as (served, _, device):
        await served.fail(parsed("garbage"))
        began = time.monotonic()
        assert await failure(device) == "garbled-answer"
        assert time.monotonic() - began < within_s


async def test_a_frame_that_stays_in_parts_is_not_waited_for_to_the_end(partner):
    done = asyncio.Event()

    async def half(reader, writer):
        await reader.readexactly(12)
        writer.write(b"\0\x01\0\0\0\x63\x01\x04\x60")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(half, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        began = time.monotonic()
        async with Lines(SystemClock(), 4.0, 4.0).lease(partner.tcp(port)) as owner:
            with pytest.raises(ReadError) as caught:
                await owner.read(1, 4, 0, 48)
        assert caught.value.code == "garbled-answer"
        assert time.monotonic() - began < 1.5
        await asyncio.wait_for(done.wait(), 5)


async def test_an_answer_that_comes_too_late_is_called_late_and_harms_no_other(partner):
    async with reading(partner, Transport.TCP, timeout_s=0.3) as (served, _, device):
        await served.fail(parsed("late:0.4"))
        details = []
        for _ in range(2):
            with pytest.raises(ReadError) as caught:
                await device.read(everything=False)
            details.append(caught.value.detail)
        assert "later than 0.3 s" in details[-1]
        await served.fail(None)
        assert (await recovered(device))[Quantity.CURRENT_L1] == pytest.approx(4.0)
