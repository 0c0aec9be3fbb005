"""`meter-reader probe` against uModbus, a Modbus library that is not the one we read with."""

import asyncio
import json
import logging
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn

import pytest
from umodbus.server.tcp import RequestHandler, get_server

from meter_profiles.catalogue import profile, profiles
from meter_profiles.encode import encode
from meter_profiles.quantity import Quantity
from meter_reader import cli
from virtual_site.meter_line import MeterLine, Transport
from virtual_site.modbus_meter import VirtualMeter
from volthus_kit.ports import free_port

logging.getLogger("uModbus").setLevel(logging.CRITICAL + 1)  # it logs a client that leaves

SIGNED = {"current_signed_l1", "current_signed_l2", "current_signed_l3"}
SERVED = (
    "eastron_sdm630_v2",  # floats, high word first, function 4, a model without TCP of its own
    "cg_em340",  # integers, low word first
    "kostal_ksem",  # import and export kept apart, 64-bit counters, unit id 71
    "solaredge_meter",  # SunSpec behind an inverter, feed-in positive
    "siemens_pac2200",  # doubles
)


class Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextmanager
def umodbus(registers, unit_id, functions=(3, 4)):
    """Serve registers with uModbus; it knows nothing of ours and nothing of pymodbus."""
    server = get_server(Server, ("127.0.0.1", 0), RequestHandler)

    @server.route(slave_ids=[unit_id], function_codes=list(functions), addresses=range(65536))
    def word(slave_id, function_code, address):
        return registers.get(address, 0)

    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def probe(capsys):
    def run(*arguments):
        status = cli.run(["probe", *map(str, arguments), "--json"])
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err

    return run


def served(model, values):
    chosen = profile(model)
    unit_id = chosen.tcp.unit_id if chosen.tcp else 1
    return umodbus(encode(chosen, values), unit_id, (chosen.function,))


@pytest.mark.parametrize("model", profiles())
def test_every_model_is_read_at_a_host_under_exactly_the_catalogues_names(probe, partner, model):
    """Also those that have no TCP of their own: a gateway has."""
    chosen = profile(model)
    with served(model, partner.values(4.0, 5.0, 6.0)) as port:
        where = ("--host", "127.0.0.1", "--port", port)
        status, polls, err = probe("--model", model, *where, "--count", 2, "--interval", 0.05)
    assert (status, err, len(polls)) == (0, "", 2)
    for poll in polls:
        assert set(poll["quantities"]) == {q.value for q in chosen.quantities} | SIGNED
        assert poll["quality"] == "good"
    quantities = polls[0]["quantities"]
    if "voltage_l1" in quantities:
        assert quantities["voltage_l1"] == pytest.approx(230.0, abs=0.5)
    if {"current_l1", "power_l1"} <= set(quantities):
        assert quantities["current_signed_l1"] == pytest.approx(4.0, abs=0.05)
    if max(chosen.phases) == 1:
        assert quantities["current_signed_l2"] is None


@pytest.mark.parametrize("model", [m for m in profiles() if profile(m).serial is not None])
@pytest.mark.parametrize("transport", [Transport.RTU, Transport.RTU_OVER_TCP])
async def test_every_model_with_a_serial_port_is_read_in_its_frames(
    probe, partner, model, transport
):
    chosen = profile(model)
    line, meter = MeterLine(transport, "127.0.0.1"), VirtualMeter(chosen)
    meter.show(partner.values(4.0, 5.0, 6.0))
    line.put(chosen.serial.unit_id, meter.answer)
    await line.start()
    place = ["--serial", line.device]
    if transport is Transport.RTU_OVER_TCP:
        place = ["--host", "127.0.0.1", "--port", line.port, "--transport", "rtu-over-tcp"]
    unit = ("--unit", chosen.serial.unit_id)
    try:
        status, polls, err = await asyncio.to_thread(probe, "--model", model, *place, *unit)
    finally:
        await line.stop()
    assert (status, err, len(polls)) == (0, "", 1)
    assert set(polls[0]["quantities"]) == {q.value for q in chosen.quantities} | SIGNED
    assert polls[0]["quality"] == "good"


@pytest.mark.parametrize("model", SERVED)
def test_a_foreign_server_is_read_under_the_catalogues_names(probe, partner, model):
    values = partner.values(4.0, -5.0, 6.0)
    with served(model, values) as port:
        status, (poll,), err = probe("--model", model, "--host", "127.0.0.1", "--port", port)
    assert (status, err) == (0, "")
    assert set(poll) == {"t", "quality", "quantities"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", poll["t"])
    assert poll["quality"] == "good"
    quantities = poll["quantities"]
    assert set(quantities) == {q.value for q in profile(model).quantities} | SIGNED
    assert quantities["power_total"] == pytest.approx(1150, abs=1)
    assert quantities["power_l2"] == pytest.approx(-1150, abs=1)
    assert abs(quantities["current_l2"]) == pytest.approx(5.0, abs=0.01)
    assert quantities["current_signed_l2"] == pytest.approx(-5.0, abs=0.01)
    assert quantities["energy_import"] == pytest.approx(1_234_500, rel=1e-4)


def test_a_model_known_as_rtu_is_read_through_a_gateway_at_a_host(probe, partner):
    assert profile("eastron_sdm120").tcp is None
    with served("eastron_sdm120", partner.values()) as port:
        status, (poll,), _ = probe(
            "--model", "eastron_sdm120", "--host", "127.0.0.1", "--port", port, "--unit", 1
        )
    assert status == 0
    wanted = {q.value for q in profile("eastron_sdm120").quantities} | SIGNED
    assert set(poll["quantities"]) == wanted
    assert poll["quantities"]["current_signed_l2"] is None


def test_rotation_and_inversion_are_applied_once(probe, partner):
    where = ("--model", "cg_em340", "--host", "127.0.0.1", "--port")
    with served("cg_em340", partner.values(10.0, 20.0, 30.0)) as port:
        _, (turned,), _ = probe(*where, port, "--rotation", "STR")
        _, (inverted,), _ = probe(*where, port, "--rotation", "TRS", "--invert")
    amps = [turned["quantities"][f"current_l{n}"] for n in (1, 2, 3)]
    assert amps == [30.0, 10.0, 20.0]
    amps = [inverted["quantities"][f"current_signed_l{n}"] for n in (1, 2, 3)]
    assert amps == [-20.0, -30.0, -10.0]
    assert inverted["quantities"]["energy_import"] == pytest.approx(67_800)
    assert inverted["quantities"]["power_factor"] == -1.0


def test_unknown_values_are_null_from_the_first_object_on(probe, partner):
    values = partner.values() | {Quantity.VOLTAGE_L3: None, Quantity.POWER_L1: None}
    with served("siemens_pac2200", values) as port:
        _, (poll,), _ = probe("--model", "siemens_pac2200", "--host", "127.0.0.1", "--port", port)
    assert poll["quantities"]["voltage_l3"] is None
    assert poll["quantities"]["current_signed_l1"] is None
    assert poll["quantities"]["current_l1"] == 1.0


def test_polls_come_one_object_each_and_a_still_meter_is_frozen(probe, partner):
    with served("cg_em340", partner.values()) as port:
        where = ("--model", "cg_em340", "--host", "127.0.0.1", "--port", port)
        status, polls, _ = probe(*where, "--count", 6, "--interval", 0.9)
    assert status == 0
    assert [poll["quality"] for poll in polls] == ["good"] * 4 + ["frozen"] * 2
    assert len({poll["t"] for poll in polls}) == 6


def test_what_cannot_be_is_printed_as_implausible(probe, partner):
    with served("cg_em340", partner.values(volts=23.0)) as port:
        status, (poll,), _ = probe("--model", "cg_em340", "--host", "127.0.0.1", "--port", port)
    assert (status, poll["quality"]) == (0, "implausible")
    assert poll["quantities"]["voltage_l1"] == 23.0


def test_each_failure_has_its_exit_status_and_one_line(probe, partner):
    where = ("--model", "cg_em340", "--host", "127.0.0.1", "--timeout", 0.2, "--port")
    status, polls, err = probe(*where, free_port())
    assert (status, polls, err.count("\n")) == (3, [], 1)
    assert "nothing listens" in err
    with socket.create_server(("127.0.0.1", 0)) as silent:
        status, polls, err = probe(*where, silent.getsockname()[1])
    assert (status, polls, err.count("\n")) == (4, [], 1)
    with umodbus({}, 9) as port:  # uModbus answers a foreign unit with exception 2
        status, polls, err = probe(*where, port)
    assert (status, polls, err.count("\n")) == (5, [], 1)
    assert "exception 2" in err


def test_a_serial_port_that_is_not_there_is_no_connection(probe):
    status, polls, err = probe("--model", "eastron_sdm120", "--serial", "/dev/no-such-port")
    assert (status, polls, err.count("\n")) == (3, [], 1)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--host", "h"],
        ["--model", "cg_em340"],
        ["--model", "cg_em340", "--host", "h", "--serial", "/dev/x"],
        ["--model", "cg_em340", "--host", "h", "--unit", "256"],
        ["--model", "cg_em340", "--host", "h", "--rotation", "RSS"],
        ["--model", "cg_em340", "--host", "h", "--port", "many"],
        ["--model", "cg_em340", "--host", "h", "--count", "0"],
        ["--model", "cg_em340", "--host", "h", "--transport", "carrier-pigeon"],
        ["--model", "cg_em340", "--host", "h", "--colour"],
        [],
    ],
)
def test_arguments_that_cannot_be_end_with_two_and_one_line(probe, capsys, wrong):
    with pytest.raises(SystemExit) as ended:
        probe(*wrong)
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)


def test_a_model_that_nobody_described_ends_with_two_and_one_line(probe):
    status, polls, err = probe("--model", "abacus", "--host", "h")
    assert (status, polls, err.count("\n")) == (2, [], 1)
    assert "abacus" in err
    status, _, err = probe("--model", "cg_em24_e1", "--serial", "/dev/x")
    assert (status, err.count("\n")) == (2, 1)


def test_all_models_are_listed(capsys):
    assert cli.run(["models", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)
    assert [one["model"] for one in models] == list(profiles())
    assert cli.run(["models"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 44


def test_the_program_itself_prints_nothing_else(partner):
    with served("cg_em340", partner.values()) as port:
        command = [sys.executable, "-m", "meter_reader", "probe", "--model", "cg_em340"]
        where = ["--host", "127.0.0.1", "--port", str(port), "--json"]
        ended = subprocess.run(
            [*command, *where], capture_output=True, text=True, timeout=30, check=False
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["quality"] == "good"


def test_the_other_framing_is_named_and_is_still_no_answer(probe):
    program = [sys.executable, "-m", "virtual_site.main", "meter", "--model", "cg_em340"]
    program += ["--transport", "rtu-over-tcp"]
    meter = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = json.loads(meter.stdout.readline())["port"]
        where = ("--model", "cg_em340", "--host", "127.0.0.1", "--port", port, "--timeout", 0.5)
        status, polls, err = probe(*where)
        assert (status, polls, err.count("\n")) == (4, [], 1)
        assert "RTU over TCP: choose that transport" in err
        status, (poll,), _ = probe(*where, "--transport", "rtu-over-tcp")
        assert (status, poll["quantities"]["voltage_l1"]) == (0, 230.0)
    finally:
        meter.kill()
        meter.communicate()


def test_a_meter_that_falls_silent_goes_stale_then_bad_without_values(probe):
    program = [sys.executable, "-m", "virtual_site.main", "meter", "--model", "cg_em340"]
    meter = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def silence():
        meter.stdin.write("fault silence\n")
        meter.stdin.flush()

    timer = threading.Timer(1.5, silence)
    try:
        port = json.loads(meter.stdout.readline())["port"]
        timer.start()
        where = ("--model", "cg_em340", "--host", "127.0.0.1", "--port", port, "--timeout", 0.3)
        status, polls, err = probe(*where, "--count", 15, "--interval", 0.5)
    finally:
        timer.cancel()
        meter.kill()
        meter.communicate()
    assert (status, err.count("\n")) == (4, 1)
    qualities = [poll["quality"] for poll in polls]
    assert qualities == sorted(qualities, key=["good", "stale", "bad"].index)
    assert set(qualities) == {"good", "stale", "bad"}
    assert polls[-1]["quantities"]["voltage_l1"] is None
    stale = next(poll for poll in polls if poll["quality"] == "stale")
    assert stale["quantities"]["voltage_l1"] == 230.0
    assert all(set(poll["quantities"]) == set(polls[0]["quantities"]) for poll in polls)
