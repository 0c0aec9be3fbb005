"""Which model answers at an address: every model of the catalogue, served and found again."""

import asyncio
import json
import sys

import pytest

from meter_profiles.catalogue import profile, profiles
from meter_reader import cli
from meter_reader.core.configuration import Line, TransportKind
from meter_reader.errors import ReadError
from meter_reader.identify import identify, to_try
from meter_reader.lines import Lines
from volthus_kit.clock import SystemClock
from volthus_kit.ports import free_port

NAMELESS = {"eastron_sdm72d_m"}  # neither voltage nor current: nothing to judge it by
SERVED = sorted(set(profiles()) - NAMELESS)


@pytest.fixture
def found(lines):
    async def find(line, unit_ids=(1,), for_s=20.0):
        return await identify(lines, line, unit_ids, SystemClock(), for_s)

    return find


def models(identified):
    return [one.profile.model for one in identified.candidates]


def ties(identified):
    best = identified.candidates[0].fit.hits
    return {one.profile.model for one in identified.candidates if one.fit.hits == best}


@pytest.mark.parametrize("model", SERVED)
async def test_every_model_is_found_among_the_best(found, partner, model):
    chosen = profile(model)
    async with partner.meter(model, l1=4.0, l2=-5.0, l3=6.0) as meter:
        meter.functions = (chosen.function,)
        identified = await found(partner.tcp(meter.port))
        assert meter.connections == 1
        assert len(set(meter.requests)) == len(meter.requests), "no question is asked twice"
    assert model in ties(identified) or model in models(identified)[:4]
    assert identified.is_complete


async def test_a_makers_own_sunspec_sign_is_not_mistaken_for_another(found, partner):
    async with partner.meter("solaredge_meter") as meter:
        identified = await found(partner.tcp(meter.port))
    assert models(identified)[0] == "solaredge_meter"
    assert "kostal_ksem_sunspec" not in models(identified)
    assert "fronius_smart_meter" not in models(identified)


async def test_the_unit_id_is_found_where_none_was_said(partner):
    lines = Lines(SystemClock(), 0.05, 0.05)
    async with partner.meter("kostal_ksem", unit_id=71) as meter:
        identified = await identify(lines, partner.tcp(meter.port), (), SystemClock(), 20)
    assert identified.unit_id == 71
    assert models(identified)[0] == "kostal_ksem"


async def test_a_gateway_that_cannot_reach_a_unit_is_not_that_unit(found, partner):
    async with partner.meter("cg_em340", unit_id=3) as meter:
        meter.fault = lambda unit, *_: 11 if unit != 3 else ...
        identified = await found(partner.tcp(meter.port), (1, 2, 3))
    assert identified.unit_id == 3


async def test_something_else_that_speaks_modbus_fits_nothing(found, partner):
    async with partner.meter() as meter:
        meter.registers = dict.fromkeys(range(65536), 17)
        assert (await found(partner.tcp(meter.port))).candidates == ()
        meter.fault = lambda *_: 2
        assert (await found(partner.tcp(meter.port))).candidates == ()


async def test_silence_is_told_as_the_first_reason(found, partner):
    with pytest.raises(ReadError) as caught:
        await found(partner.tcp(free_port()))
    assert caught.value.code == "connection-refused"
    async with partner.meter() as meter:
        meter.fault = lambda *_: None
        with pytest.raises(ReadError) as caught:
            await found(partner.tcp(meter.port))
    assert caught.value.code == "no-answer"


async def test_when_the_time_is_up_what_was_found_is_told(partner):
    class Hasty(SystemClock):
        asked = 0

        def monotonic(self):
            self.asked += 1
            return float(self.asked)

    lines = Lines(SystemClock(), 0.3, 0.3)
    async with partner.meter("cg_em340") as meter:
        identified = await identify(lines, partner.tcp(meter.port), (1,), Hasty(), 20)
    assert not identified.is_complete


def test_a_serial_port_without_parameters_is_tried_with_the_usual_ones():
    tried = to_try(Line(TransportKind.RTU, device="/dev/ttyX"))
    assert (tried[0].baud, tried[0].parity, tried[0].stop_bits) == (9600, "N", 1)
    assert len({(line.baud, line.parity, line.stop_bits) for line in tried}) == len(tried) > 2
    (said,) = to_try(Line(TransportKind.RTU, device="x", baud=38400, parity="E", stop_bits=1))
    assert said.baud == 38400


def test_the_command_says_what_it_is_and_how_to_reach_it(capsys):
    port = free_port()
    assert cli.run(["identify", "--host", "127.0.0.1", "--port", str(port)]) == 3
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


async def test_the_program_identifies_and_its_output_feeds_a_probe(partner):
    async with partner.meter("phoenix_eem_mb371") as meter:
        command = [sys.executable, "-m", "meter_reader", "identify", "--host", "127.0.0.1"]
        process = await asyncio.create_subprocess_exec(
            *command, "--port", str(meter.port), "--json", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(), 30)
    told = json.loads(out)
    assert process.returncode == 0
    assert (told["transport"], told["unit_id"], told["complete"]) == ("tcp", 1, True)
    assert told["candidates"][0]["model"] == "phoenix_eem_mb371"
    assert told["candidates"][0]["quantities"]["current_signed_l1"] == 1.0
