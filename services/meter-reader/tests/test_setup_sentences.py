"""What an installer is told when a setting is wrong: the right sentence, in time, at the field."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from meter_profiles.catalogue import profile
from meter_profiles.quantity import Quantity
from meter_reader.bus import Outbox
from meter_reader.commands import MeterCommands
from meter_reader.core.record import Pace
from meter_reader.lines import Lines
from meter_reader.polling import Poller
from meter_reader.store import Store
from virtual_site.core.meter_fault import parsed
from virtual_site.meter_line import MeterLine, Transport
from virtual_site.modbus_meter import VirtualMeter
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.ports import free_port
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import nats_server
from volthus_wire.v1 import metering_pb2 as wire
from volthus_wire.v1.rpc_pb2 import Caller

TIMEOUT_S = 0.4  # in service 1 s, and 2 s for serial frames
CALLER_WAITS_S = 3.0  # in service 5 s
EVA = Caller(actor="eva", role="service", origin="site")
KINDS = {
    Transport.TCP: wire.TRANSPORT_KIND_TCP,
    Transport.RTU_OVER_TCP: wire.TRANSPORT_KIND_RTU_OVER_TCP,
}


@pytest.fixture
async def commands(tmp_path):
    clock = SystemClock()
    lines = Lines(clock, TIMEOUT_S, 2 * TIMEOUT_S)
    async with (
        nats_server() as nats,
        Bus.connect(nats.url, "test") as bus,
        asyncio.TaskGroup() as tasks,
    ):
        await bus.until_connected()
        poller = Poller(tasks, lines, clock, Pace(1.0), Outbox(bus, "demo"))
        commands = MeterCommands(poller, lines, Store(tmp_path), clock, charging_w=lambda: 11_000.0)
        yield commands


@asynccontextmanager
async def served(values, model="cg_em340", transport=Transport.TCP, unit_id=1, change=None):
    """Serve a meter of the virtual site. change: makes another model of the catalogue's one."""
    chosen = profile(model)
    meter = VirtualMeter(chosen if change is None else change(chosen))
    meter.show(values)
    line = MeterLine(transport, "127.0.0.1")
    line.put(unit_id, meter.answer)
    await line.start()
    try:
        yield line
    finally:
        await line.stop()


def question(port, model="cg_em340", kind=wire.TRANSPORT_KIND_TCP, unit_id=1, site_phases=3):
    transport = wire.MeterTransport(kind=kind, host="127.0.0.1", port=port, unit_id=unit_id)
    settings = wire.MeterSettings(model=model, role=wire.METER_ROLE_GRID, transport=transport)
    return wire.TestMeterRequest(settings=settings, site_phases=site_phases)


async def refusal(commands, asked):
    """Return the refusal of a test; it comes while the caller still waits."""
    began = time.monotonic()
    with pytest.raises(RefusedError) as caught:
        await commands.test(asked, EVA)
    assert time.monotonic() - began < CALLER_WAITS_S
    return caught.value


async def test_a_wrong_unit_id_is_answered_with_the_right_one(commands, partner):
    async with served(partner.values(), "kostal_ksem", unit_id=71) as line:
        no = await refusal(commands, question(line.port, "kostal_ksem", unit_id=1))
    assert (no.code, no.field, no.params) == (
        "wrong-unit-id",
        "/transport/unit_id",
        {"unit_id": "71"},
    )
    assert "does not answer, but unit id 71 does" in no.detail


async def test_a_unit_id_that_nobody_would_guess_is_told_as_silence(commands, partner):
    async with served(partner.values(), unit_id=133) as line:
        no = await refusal(commands, question(line.port))
    assert (no.code, no.field) == ("no-answer", "/transport/unit_id")
    assert "wrong unit id" in no.detail


async def test_a_port_where_nobody_listens(commands):
    no = await refusal(commands, question(free_port()))
    assert (no.code, no.field) == ("connection-refused", "/transport/port")
    assert "is there, but nothing listens on port" in no.detail


async def test_a_port_of_something_else_is_told_at_once(commands, partner):
    async with served(partner.values()) as line:
        await line.fail(parsed("garbage"))
        began = time.monotonic()
        no = await refusal(commands, question(line.port))
        assert time.monotonic() - began < 2 * TIMEOUT_S
    assert (no.code, no.field) == ("garbled-answer", "/transport/port")
    assert "not Modbus: wrong port or transport?" in no.detail


@pytest.mark.parametrize(
    ("spoken", "asked", "word"),
    [
        (Transport.RTU_OVER_TCP, Transport.TCP, "Modbus RTU over TCP"),
        (Transport.TCP, Transport.RTU_OVER_TCP, "Modbus TCP"),
    ],
)
async def test_the_wrong_framing_is_answered_with_the_right_one(
    commands, partner, spoken, asked, word
):
    async with served(partner.values(), transport=spoken) as line:
        no = await refusal(commands, question(line.port, kind=KINDS[asked]))
    assert (no.code, no.field) == ("wrong-transport", "/transport/kind")
    assert no.params == {"kind": spoken.value.replace("-", "_")}
    assert f"answers as {word}: choose that transport" in no.detail


async def test_a_device_that_hangs_up_on_the_wrong_framing_is_understood_too(commands, partner):
    """Many Modbus TCP servers close the connection when the header makes no sense to them."""
    async with served(partner.values()) as line:
        good = line.heard
        line.heard = lambda data, writer: (
            good(data, writer) if data[2:4] == b"\0\0" else writer.abort()
        )
        no = await refusal(commands, question(line.port, kind=wire.TRANSPORT_KIND_RTU_OVER_TCP))
    assert (no.code, no.params) == ("wrong-transport", {"kind": "tcp"})


@pytest.mark.parametrize("model", ["cg_em340", "eastron_sdm630_v2", "siemens_pac2200"])
async def test_the_other_word_order_is_caught_by_the_voltage(commands, partner, model):
    def swapped(chosen):
        other = {"big": "little", "little": "big"}
        points = (replace(p, word_order=other[p.word_order]) for p in chosen.points)
        return replace(chosen, points=tuple(points))

    async with served(partner.values(), model, change=swapped) as line:
        no = await refusal(commands, question(line.port, model))
    assert (no.code, no.field) == ("implausible-voltage", "/model")
    assert no.params["quantity"] == "voltage_l1"
    assert "wrong model, word order or unit id?" in no.detail


async def test_reversed_clamps_show_against_a_running_charger(commands, partner):
    async with served(partner.values(-16.0, -16.0, -16.0)) as line:
        told = await commands.test(question(line.port), EVA)
    assert list(told.warnings) == ["reversed-clamps-suspected"]
    (whole,) = (f for f in told.findings if f.verdict == "suspect" and not f.phase)
    assert whole.check == "direction"
    assert "Chargers draw 11000 W, yet the meter shows 11040 W of feed-in" in whole.detail
    assert "invert the direction" in whole.detail


async def test_a_single_reversed_clamp_is_named_by_its_phase(commands, partner):
    async with served(partner.values(5.0, -6.0, 7.0)) as line:
        told = await commands.test(question(line.port), EVA)
    (one,) = (f for f in told.findings if f.verdict == "suspect")
    assert (one.check, one.phase) == ("direction", "L2")
    assert "its clamp alone may sit the wrong way round" in one.detail


async def test_a_one_phase_meter_on_three_phases_is_refused_before_it_is_asked(commands):
    no = await refusal(commands, question(free_port(), "eastron_sdm120"))
    assert (no.code, no.field) == ("one-phase-meter", "/model")
    assert "measures one phase, the grid connection has three" in no.detail


async def test_a_meter_of_a_family_that_turns_out_to_have_one_phase_is_refused(commands, partner):
    one = {q: v for q, v in partner.values().items() if q.phase in {None, "L1"}}
    async with served(one, "sunspec_20x") as line:
        no = await refusal(commands, question(line.port, "sunspec_20x"))
    assert no.code == "one-phase-meter"


async def test_a_slow_device_is_told_to_be_slow(commands, partner):
    async with served(partner.values()) as line:
        await line.fail(parsed("late:0.6"))
        no = await refusal(commands, question(line.port))
    assert no.code == "no-answer"


async def test_a_meter_without_connected_inputs_says_so(commands, partner):
    nothing = dict.fromkeys(partner.values()) | {Quantity.FREQUENCY: None}
    async with served(nothing, "siemens_pac2200") as line:
        no = await refusal(commands, question(line.port, "siemens_pac2200"))
    assert (no.code, no.field) == ("no-values", "/model")


async def test_a_meter_is_identified_although_the_wrong_framing_was_said(commands, partner):
    async with served(partner.values(4.0, -5.0, 6.0), transport=Transport.RTU_OVER_TCP) as line:
        asked = wire.IdentifyMeterRequest(transport=question(line.port).settings.transport)
        found = await commands.identify(asked, EVA)
    assert "cg_em340" in [one.model.model for one in found.candidates]
    assert found.transport.kind == wire.TRANSPORT_KIND_RTU_OVER_TCP
