"""Every model over every transport, read by pymodbus, which shares no code with the line."""

import asyncio
from contextlib import asynccontextmanager, closing

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from meter_profiles.blocks import plan
from meter_profiles.catalogue import profile, profiles
from meter_profiles.decode import decode
from meter_profiles.quantity import Quantity
from virtual_site.core.meter_fault import MeterFaultError, parsed
from virtual_site.meter_line import MeterLine, Transport
from virtual_site.modbus_meter import VirtualMeter, default_unit_id

VALUES = {
    **{q: 230.0 for q in Quantity if q.unit == "V"},
    **{q: 5.0 for q in Quantity if q.unit == "A"},
    **{q: 1150.0 for q in Quantity if q.unit == "W"},
    **{q: 1_000_000.0 for q in Quantity if q.unit == "Wh"},
    Quantity.FREQUENCY: 50.0,
    Quantity.POWER_FACTOR: 1.0,
    Quantity.POWER_TOTAL: 3450.0,
    Quantity.POWER_TOTAL_EXPORT: 0.0,
}


def client_of(line, timeout_s=0.5):
    more = {"timeout": timeout_s, "retries": 0, "reconnect_delay": 0}
    if line.transport is Transport.RTU:
        return AsyncModbusSerialClient(line.device, baudrate=115200, **more)
    framer = FramerType.SOCKET if line.transport is Transport.TCP else FramerType.RTU
    return AsyncModbusTcpClient("127.0.0.1", port=line.port, framer=framer, **more)


@asynccontextmanager
async def served(model, transport=Transport.TCP, timeout_s=0.5):
    line, meter = MeterLine(transport, "127.0.0.1"), VirtualMeter(profile(model))
    meter.show(VALUES)
    line.put(default_unit_id(meter.profile), meter.answer)
    await line.start()
    try:
        with closing(client_of(line, timeout_s)) as client:
            assert await client.connect()
            yield line, meter, client
    finally:
        await line.stop()


async def ask(client, chosen, address, count):
    read = client.read_input_registers if chosen.function == 4 else client.read_holding_registers
    return await read(address, count=count, device_id=default_unit_id(chosen))


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize("model", sorted(profiles()))
async def test_every_model_is_served_over_every_transport(model, transport):
    chosen, registers = profile(model), {}
    async with served(model, transport) as (_, _, client):
        points = chosen.points_at()
        for block in plan(points, chosen.max_read, chosen.max_gap):
            answer = await ask(client, chosen, block.address, block.count)
            assert not answer.isError(), answer
            registers |= dict(enumerate(answer.registers, start=block.address))
    values = decode(points, registers)
    assert values[Quantity.POWER_TOTAL] == pytest.approx(VALUES[Quantity.POWER_TOTAL], abs=1) or (
        chosen.phases == (1,)
    )
    assert values.get(Quantity.VOLTAGE_L1, 230.0) == pytest.approx(230.0, abs=0.1)


@pytest.mark.parametrize("transport", Transport)
async def test_faults_look_as_they_do_in_the_field_and_end(transport):
    chosen = profile("eastron_sdm630_v2")
    async with served(chosen.model, transport, 0.3) as (line, _, client):
        for fault in ("silence", "garbage"):
            await line.fail(parsed(fault))
            with pytest.raises(ModbusException):
                await ask(client, chosen, 0, 2)
            await line.fail(None)
            await asyncio.sleep(0.05)  # a serial line needs its quiet after rubbish
            client.close()
            await client.connect()
            assert not (await ask(client, chosen, 0, 2)).isError()
        await line.fail(parsed("exception:11"))
        assert (await ask(client, chosen, 0, 2)).exception_code == 11
        await line.fail(parsed("busy"))
        answers = [await ask(client, chosen, 0, 2) for _ in range(3)]
        assert [getattr(answer, "exception_code", 0) for answer in answers] == [6, 6, 0]


async def test_a_late_answer_comes_after_the_reader_gave_up():
    chosen = profile("eastron_sdm630_v2")
    async with served(chosen.model, timeout_s=0.2) as (line, _, client):
        await line.fail(parsed("late:0.3"))
        with pytest.raises(ModbusException):
            await ask(client, chosen, 0, 2)
        await line.fail(None)
        assert (await ask(client, chosen, 0, 4)).registers[2:] == [0x4366, 0]


async def test_a_drop_out_closes_and_refuses_until_it_ends():
    chosen = profile("cg_em340")
    async with served(chosen.model) as (line, _, client):
        port = line.port
        await line.fail(parsed("drop-out"))
        await asyncio.sleep(0.05)
        assert not client.connected
        with pytest.raises(OSError, match="Connect"):
            await asyncio.open_connection("127.0.0.1", port)
        await line.fail(None)
        assert line.port == port
        assert await client.connect()
        assert not (await ask(client, chosen, 0, 2)).isError()


async def test_a_frozen_meter_repeats_what_it_showed():
    async with served("cg_em340") as (_, meter, client):
        meter.is_frozen = True
        meter.show(VALUES | {Quantity.VOLTAGE_L1: 111.0})
        assert (await ask(client, meter.profile, 0, 2)).registers == [2300, 0]


async def test_several_meters_share_a_gateway_and_one_of_them_fails():
    async with served("cg_em340") as (line, meter, client):
        other = VirtualMeter(profile("cg_em340"))
        other.show(VALUES | {Quantity.VOLTAGE_L1: 240.0})
        line.put(7, other.answer)
        await line.fail(parsed("exception:11"), unit_id=1)
        assert (await ask(client, meter.profile, 0, 2)).exception_code == 11
        seven = await client.read_input_registers(0, count=2, device_id=7)
        assert seven.registers == [2400, 0]


def test_a_fault_that_does_not_exist_is_named():
    with pytest.raises(MeterFaultError, match="drop-out"):
        parsed("fire")
    with pytest.raises(MeterFaultError, match="no number"):
        parsed("late:soon")
    assert parsed("none") is None
