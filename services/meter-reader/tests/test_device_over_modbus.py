import asyncio
import contextlib

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from meter_profiles.catalogue import profile, profiles
from meter_profiles.encode import encode
from meter_profiles.quantity import Quantity
from meter_reader.core.configuration import Line, TransportKind
from meter_reader.device import Device
from meter_reader.errors import LineError, ModbusExceptionError, ReadError, SunSpecError
from meter_reader.lines import Lines
from meter_reader.modbus import Connection
from volthus_kit.clock import SystemClock
from volthus_kit.ports import free_port

TCP_MODELS = sorted(p.model for p in profiles().values() if p.tcp is not None)


async def read(lines, line, model="cg_em24_e1", unit_id=1, everything=True):
    async with lines.lease(line) as owner:
        return await Device(profile(model), owner, unit_id).read(everything=everything)


@pytest.mark.parametrize("model", TCP_MODELS)
async def test_each_tcp_model_is_read_over_the_wire(lines, partner, model):
    async with partner.meter(model, l1=4.0, l2=-5.0, l3=6.0) as meter:
        values = await read(lines, partner.tcp(meter.port), model)
    assert set(values) == set(profile(model).quantities)
    assert values[Quantity.POWER_L2] == pytest.approx(-1150, abs=1)
    assert abs(values[Quantity.CURRENT_L3]) == pytest.approx(6.0, abs=0.01)
    assert values.get(Quantity.FREQUENCY, 50.0) == pytest.approx(50.0)
    assert meter.connections == 1


async def test_a_meter_served_by_pymodbus_reads_the_same(lines, partner):
    image = encode(profile("eastron_sdm630_v2"), partner.values(10.0, -3.0, 0.5))
    words = [image.get(address, 0) for address in range(400)]
    registers = SimData(0, values=words, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, simdata=registers), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        port = server.transport.sockets[0].getsockname()[1]
        values = await read(lines, partner.tcp(port), "eastron_sdm630_v2")
    finally:
        await server.shutdown()
    assert values[Quantity.CURRENT_L1] == pytest.approx(10.0)
    assert values[Quantity.CURRENT_L2] == pytest.approx(3.0)  # a magnitude
    assert values[Quantity.POWER_L2] == pytest.approx(-690.0)


async def test_nobody_listens(lines, partner):
    with pytest.raises(LineError) as caught:
        await read(lines, partner.tcp(free_port()))
    assert caught.value.code == "connection-refused"
    assert caught.value.field == "/transport/port"


async def test_a_host_that_does_not_exist(lines):
    with pytest.raises(LineError) as caught:
        await read(lines, Line(TransportKind.TCP, host="no-such-meter.invalid", port=502))
    assert caught.value.code == "host-not-found"


async def test_a_serial_port_that_does_not_exist(lines):
    line = Line(
        TransportKind.RTU,
        device="/dev/no-such-port",
        baud=9600,
        parity="N",
        stop_bits=1,
        data_bits=8,
    )
    with pytest.raises(LineError) as caught:
        await read(lines, line, "eastron_sdm630_v2")
    assert caught.value.code == "serial-port-failed"


async def test_a_wrong_unit_id_is_silence(lines, partner):
    async with partner.meter() as meter:
        with pytest.raises(ReadError) as caught:
            await read(lines, partner.tcp(meter.port), unit_id=7)
    assert caught.value.code == "no-answer"
    assert "unit id 7" in caught.value.detail


@pytest.mark.parametrize("garbage", [b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\x00", b"\xff" * 200])
async def test_garbage_is_told_apart_from_silence(lines, partner, garbage):
    async with partner.meter() as meter:
        meter.fault = lambda *_: garbage
        with pytest.raises(ReadError) as caught:
            await read(lines, partner.tcp(meter.port))
        assert caught.value.code == "garbled-answer"
        meter.fault = lambda *_: ...


async def test_the_other_function_code_is_tried_once(lines, partner):
    async with partner.meter() as meter:
        meter.functions = (3,)
        await read(lines, partner.tcp(meter.port))
        assert [function for _, function, _, _ in meter.requests][:2] == [4, 3]
        meter.functions = ()
        with pytest.raises(ModbusExceptionError) as caught:
            await read(lines, partner.tcp(meter.port))
        assert caught.value.number == 1


async def test_a_gateway_without_its_target_keeps_the_connection(lines, partner):
    async with partner.meter() as meter, lines.lease(partner.tcp(meter.port)) as owner:
        meter.fault = lambda *_: 11
        device = Device(profile("cg_em24_e1"), owner, 1)
        for _ in range(5):
            with pytest.raises(ModbusExceptionError) as caught:
                await device.read(everything=True)
            assert caught.value.code == "gateway-target-silent"
        assert meter.connections == 1


async def test_a_busy_device_is_asked_again(lines, partner):
    async with partner.meter() as meter:
        busy = iter([6, 5])
        meter.fault = lambda *_: next(busy, ...)
        values = await read(lines, partner.tcp(meter.port))
    assert values[Quantity.VOLTAGE_L1] == 230.0


async def test_a_refused_block_is_divided_and_remembered(lines, partner):
    refused = 51  # the frequency of this model
    async with partner.meter() as meter, lines.lease(partner.tcp(meter.port)) as owner:
        meter.fault = lambda u, f, address, count: (
            2 if address <= refused < address + count else ...
        )
        device = Device(profile("cg_em24_e1"), owner, 1)
        values = await device.read(everything=True)
        assert values[Quantity.FREQUENCY] is None
        assert values[Quantity.POWER_TOTAL] == pytest.approx(1380)
        meter.requests.clear()
        assert await device.read(everything=True) == values
        assert not any(a <= refused < a + count for _, _, a, count in meter.requests)


async def test_a_current_that_was_refused_once_is_asked_for_again(lines, partner):
    async with partner.meter() as meter, lines.lease(partner.tcp(meter.port)) as owner:
        meter.fault = lambda u, f, address, count: 2 if address < 24 else ...
        device = Device(profile("cg_em24_e1"), owner, 1)
        values = await device.read(everything=True)
        assert values[Quantity.CURRENT_L1] is None
        meter.fault = lambda *_: ...
        assert (await device.read(everything=False))[Quantity.CURRENT_L1] is None
        assert (await device.read(everything=True))[Quantity.CURRENT_L1] == 1.0


async def test_a_device_that_refuses_everything_is_not_this_model(lines, partner):
    async with partner.meter() as meter:
        meter.fault = lambda *_: 2
        with pytest.raises(ModbusExceptionError) as caught:
            await read(lines, partner.tcp(meter.port))
        assert caught.value.code == "modbus-exception"


async def test_slow_values_are_not_asked_for_every_time(lines, partner):
    async with partner.meter() as meter, lines.lease(partner.tcp(meter.port)) as owner:
        device = Device(profile("cg_em24_e1"), owner, 1)
        everything = await device.read(everything=False)  # the first on a connection takes all
        meter.requests.clear()
        fast = await device.read(everything=False)
        assert set(everything) == set(profile("cg_em24_e1").quantities)
        assert Quantity.CURRENT_L1 in fast
        assert len(meter.requests) == 2


async def test_no_sunspec_meter_is_no_silence(lines, partner):
    async with partner.meter() as meter:
        with pytest.raises(SunSpecError) as caught:
            await read(lines, partner.tcp(meter.port), "fronius_smart_meter")
    assert caught.value.code == "no-sunspec-mark"


async def test_a_sunspec_block_that_moved_is_found_after_the_reconnect(lines, partner):
    model = "kostal_ksem_sunspec"
    async with partner.meter(model) as meter, lines.lease(partner.tcp(meter.port)) as owner:
        device = Device(profile(model), owner, 1)
        before = await device.read(everything=True)
        moved = {(a if a < 40004 else a - 1): word for a, word in meter.registers.items()}
        moved[40003] = 65
        await meter.stop()
        meter.registers = moved
        await meter.start()
        for _ in range(3):
            owner.try_now()
            try:
                after = await device.read(everything=True)
            except ReadError:
                continue
            break
        assert after == before


async def test_two_unit_ids_share_one_connection_and_take_turns(lines, partner):
    async with partner.meter() as meter:
        meter.fault = lambda unit, f, a, count: [0] * count if unit == 2 else ...
        line = partner.tcp(meter.port)
        first, second = await asyncio.gather(read(lines, line), read(lines, line, unit_id=2))
        assert first[Quantity.VOLTAGE_L1] == 230.0
        assert second[Quantity.VOLTAGE_L1] == 0.0
        assert meter.connections == 1
        assert meter.most_at_once == 1
        assert len(lines) == 0


async def test_three_silences_end_the_connection_and_the_next_read_makes_a_new_one(lines, partner):
    async with partner.meter() as meter, lines.lease(partner.tcp(meter.port)) as owner:
        meter.fault = lambda *_: None
        for _ in range(3):
            with pytest.raises(ReadError):
                await owner.read(1, 4, 0, 2)
        assert owner.retry_at_s is not None
        meter.fault = lambda *_: ...
        owner.try_now()
        assert await owner.read(1, 4, 0, 2) == [2300, 0]
        assert meter.connections == 2


async def test_a_line_that_fails_is_not_tried_more_often_than_the_backoff_allows(partner):
    class Still(SystemClock):
        def monotonic(self) -> float:
            return 1000.0

    port = free_port()
    still = Lines(Still(), 0.3, 0.3)
    async with still.lease(partner.tcp(port)) as owner:
        for _ in range(3):
            with pytest.raises(LineError, match="nothing listens"):
                await owner.read(1, 4, 0, 2)
        assert owner.retry_at_s == pytest.approx(1000.1, abs=0.03)


async def test_a_line_is_closed_when_its_last_user_leaves(lines, partner):
    async with partner.meter() as meter:
        await read(lines, partner.tcp(meter.port))
        assert len(lines) == 0
        async with asyncio.timeout(2):
            while meter._open:
                await asyncio.sleep(0.01)


async def test_one_serial_port_cannot_have_two_sets_of_parameters(lines):
    slow = Line(TransportKind.RTU, device="/dev/ttyX", baud=9600)
    async with lines.lease(slow):
        with pytest.raises(LineError, match="other transmission parameters"):
            async with lines.lease(Line(TransportKind.RTU, device="/dev/ttyX", baud=19200)):
                pass


async def test_a_cancelled_poll_stops_whenever_the_answer_comes(lines, partner):
    async def poll(line):
        async with lines.lease(line) as owner:
            while True:
                await owner.read(1, 4, 0, 2)

    async with partner.meter() as meter:
        for turns in range(60):  # some of them hit the turn in which the answer arrives
            task = asyncio.create_task(poll(partner.tcp(meter.port)))
            while len(meter.requests) < 2:
                await asyncio.sleep(0)
            for _ in range(turns % 15):
                await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=2)
            assert done, f"still polling when cancelled {turns % 15} turns after an answer"
            meter.requests.clear()


async def test_a_socket_given_back_between_polls_forgets_nothing(lines, partner):
    async with partner.meter() as meter, lines.lease(partner.tcp(meter.port)) as owner:
        device = Device(profile("cg_em24_e1"), owner, 1)
        await device.read(everything=True)
        await owner.release()
        assert owner.retry_at_s is None
        async with asyncio.timeout(2):
            while meter._open:
                await asyncio.sleep(0.01)
        meter.requests.clear()
        await device.read(everything=False)
        assert len(meter.requests) == 2, "only what changes fast"
        assert meter.connections == 2


async def served(answer, ask):
    """Answer each question of one client with what `answer` makes of it; None closes."""
    connections, done = 0, asyncio.Event()

    async def serve(reader, writer):
        nonlocal connections
        connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while (data := answer(await reader.readexactly(12))) is not None:
                writer.write(data)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = Connection(Line(TransportKind.TCP, host="127.0.0.1", port=port), 5.0)
        await connection.open()
        try:
            async with asyncio.timeout(2):  # well before the time-out
                await ask(connection)
        finally:
            connection.close()
            await asyncio.wait_for(done.wait(), 5)
    assert connections == 1


async def test_a_connection_that_ends_during_a_question_is_told_at_once():
    async def ask(connection):
        with pytest.raises(LineError) as caught:
            await connection.read(1, 4, 0, 1)
        assert caught.value.code == "connection-lost"
        assert not connection.is_open

    await served(lambda _: None, ask)


@pytest.mark.parametrize(
    ("unit_id", "answer"),
    [
        (1, lambda q: b"\0\0" + q[2:4] + b"\0\x05\x01\x04\x02\0\x07"),  # number 0
        (0, lambda q: q[:4] + b"\0\x05\x09\x04\x02\0\x07"),  # another unit id
        (1, lambda q: q[:4] + b"\0\x05\x01\x03\x02\0\x07"),  # another function
        (1, lambda q: q[:4] + b"\0\x07\x01\x04\x04\0\x07\0\x07"),  # more than asked
    ],
)
async def test_an_answer_to_another_question_is_never_taken(unit_id, answer):
    async def ask(connection):
        with pytest.raises(ReadError) as caught:
            await connection.read(unit_id, 4, 0, 1)
        assert caught.value.code == "garbled-answer"

    await served(answer, ask)
