"""The virtual meter, read by a real Modbus client and decoded with the product's own profiles."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from electrical import Phases
from meter_profiles.blocks import plan
from meter_profiles.catalogue import profile, profiles
from meter_profiles.decode import decode
from meter_profiles.profile import Sign
from meter_profiles.quantity import CURRENTS, POWERS, Quantity
from virtual_site.core.meter import Distortion, Meter, measure
from virtual_site.core.scenario import MeterBehaviour
from virtual_site.modbus_meter import MeterError, ModbusMeter

HONEST = Distortion()
CURRENT = Phases(10.0, -4.5, 0.0)
THREE_PHASE_TCP = [p.model for p in profiles().values() if p.tcp is not None and 3 in p.phases]


@asynccontextmanager
async def metering(model, currents=CURRENT, timeout_s=3.0):
    meter = ModbusMeter(profile(model), "127.0.0.1", 0)
    meter.show(measure(Meter(MeterBehaviour(noise_a=0)), 0, currents, HONEST), 230.0)
    await meter.start()
    client = AsyncModbusTcpClient("127.0.0.1", port=meter.port, retries=0, timeout=timeout_s)
    await client.connect()
    try:
        yield meter, client
    finally:
        client.close()
        await meter.stop()


async def ask(meter, client, address, count, unit_id=None):
    read = (
        client.read_input_registers
        if meter.profile.function == 4
        else client.read_holding_registers
    )
    return await read(address, count=count, device_id=meter.unit_id if unit_id is None else unit_id)


async def read_all(meter, client):
    points, registers = meter.profile.points_at(), {}
    for block in plan(points, meter.profile.max_read):
        answer = await ask(meter, client, block.address, block.count)
        assert not answer.isError(), f"{block.address} x {block.count}: {answer}"
        registers |= dict(enumerate(answer.registers, start=block.address))
    return decode(points, registers)


@pytest.mark.parametrize("model", THREE_PHASE_TCP)
async def test_every_three_phase_model_shows_the_true_currents(model):
    async with metering(model) as (meter, client):
        values = await read_all(meter, client)
    for quantity, expected in zip(CURRENTS, (10.0, -4.5, 0.0), strict=True):
        if quantity in values:
            assert abs(values[quantity]) == pytest.approx(abs(expected), abs=0.06)
    total = next(p for p in profile(model).points if p.quantity is Quantity.POWER_TOTAL)
    if total.sign is not Sign.NONE:
        assert values[Quantity.POWER_TOTAL] == pytest.approx(5.5 * 230, abs=10)


async def test_the_default_meter_tells_the_direction_of_each_phase():
    async with metering("cg_em24_e1") as (meter, client):
        values = await read_all(meter, client)
    assert values[POWERS[1]] == pytest.approx(-4.5 * 230, abs=0.1)


async def test_a_read_sees_what_was_shown_last():
    async with metering("cg_em24_e1") as (meter, client):
        later = measure(Meter(MeterBehaviour(noise_a=0)), 1, Phases(21.0, 0.0, 0.0), HONEST)
        meter.show(later, 230.0)
        assert (await read_all(meter, client))[CURRENTS[0]] == pytest.approx(21, abs=0.001)


async def test_the_meter_refuses_what_the_model_refuses():
    async with metering("tq_em420") as (_, client):
        wrong_function = await client.read_input_registers(0, count=2, device_id=1)
        nowhere = await client.read_holding_registers(9000, count=2, device_id=1)
        written = await client.write_register(0, 1, device_id=1)
    assert (wrong_function.exception_code, nowhere.exception_code) == (1, 2)
    assert written.isError()


async def test_a_model_with_a_narrow_limit_refuses_wide_reads():
    async with metering("cg_em540") as (meter, client):
        assert (await ask(meter, client, 0, 21)).exception_code == 3
        assert not (await ask(meter, client, 0, 20)).isError()


@pytest.mark.parametrize("silent", [True, False])
async def test_a_wrong_unit_or_a_silent_meter_gets_no_answer_at_all(silent):
    async with metering("cg_em24_e1", timeout_s=0.2) as (meter, client):
        meter.is_silent = silent
        with pytest.raises(ModbusIOException):
            await ask(meter, client, 0, 2, unit_id=1 if silent else 9)
        meter.is_silent = False
        assert not (await ask(meter, client, 0, 2)).isError()


async def test_a_taken_port_is_said_and_not_shared():
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(MeterError, match=str(port)):
        await ModbusMeter(profile("cg_em24_e1"), "127.0.0.1", port).start()
    server.close()
    await server.wait_closed()
