"""The command line: two processes that pair, plug, limit and stop."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from eebus.cli import main
from eebus.console import arguments as given
from eebus.events import TrustedPeer
from eebus.identity import load_or_create


class Program:
    """A running `eebus` command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict] = []

    async def until(self, wanted: Callable[[dict], object], within_s: float = 20) -> dict:
        """Return the first line that fits, reading on as needed."""
        for line in self.lines:
            if wanted(line):
                return line
        assert self.process.stdout
        async with asyncio.timeout(within_s):
            while text := await self.process.stdout.readline():
                self.lines.append(json.loads(text))
                if wanted(self.lines[-1]):
                    return self.lines[-1]
        raise AssertionError(f"ended without it: {self.lines}")

    async def tell(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode() + b"\n")
        await self.process.stdin.drain()

    async def ask(self, number: int, **command) -> dict:
        await self.tell(json.dumps({"id": number, **command}))
        return await self.until(lambda line: line["event"] == "result" and line["id"] == number)


@asynccontextmanager
async def _program(*arguments: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from eebus.cli import main; sys.exit(main())",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 10)


def _is(event: str, **values) -> Callable[[dict], bool]:
    return lambda line: (
        line["event"] == event and all(line.get(name) == value for name, value in values.items())
    )


async def test_two_programs_pair_plug_limit_and_quit(tmp_path: Path):
    box = load_or_create(tmp_path / "box", "box").ski
    hems = load_or_create(tmp_path / "hems", "hems").ski
    state = ("--no-mdns", "--state")
    async with _program("charger", *state, str(tmp_path / "box"), "--trust", hems) as charger:
        listening = await charger.until(_is("listening", ski=box))
        dial = f"127.0.0.1:{listening['port']}"
        async with _program(
            "cem", *state, str(tmp_path / "hems"), "--trust", box, "--dial", dial
        ) as cem:
            connected = await cem.until(_is("connection", ski=box, state="connected"))
            assert connected["t"].endswith("Z")
            await cem.until(_is("use_cases", actor="EVSE"))

            assert (await charger.ask(1, cmd="plug", phases=3, max_a=16))["ok"]
            car = await cem.until(_is("ev", plugged=True, state="normalOperation"))
            assert (car["communication"], car["min_a"], car["max_a"]) == ("iec61851", 6.0, 16.0)

            answer = await cem.ask(1, cmd="limit", ski=box, a=[10, 10, 10])
            assert (answer["ok"], answer["error_number"], answer["cmd"]) == (True, 0, "limit")
            assert answer["ms"] > 0
            told = await charger.until(_is("limits", kind="opev", active=True))
            assert (told["values"], told["ski"]) == ([10.0, 10.0, 10.0], hems)

            assert (await charger.ask(2, cmd="draw", a=9.5))["ok"]
            measured = await cem.until(_is("measurement", current_a=[9.5, 9.5, 9.5]))
            assert measured["power_w"] == [2185.0, 2185.0, 2185.0]

            assert (await cem.ask(2, cmd="pause", ski=box))["ok"]
            await charger.until(_is("limits", values=[0.1, 0.1, 0.1]))
            assert (await cem.ask(3, cmd="limit", ski=box, a="off"))["ok"]
            await charger.until(_is("limits", active=False))

            assert (await charger.ask(3, cmd="update", standard="iso15118-2ed1", min_a=2.2))["ok"]
            await cem.until(_is("ev", communication="iso15118-2ed1", min_a=2.2))
            assert (await charger.ask(4, cmd="state", value="finished"))["ok"]
            await cem.until(_is("ev", state="finished"))
            assert (await charger.ask(5, cmd="unplug"))["ok"]
            await cem.until(_is("ev", plugged=False, communication=None))

            assert (await cem.ask(4, cmd="quit"))["ok"]
            assert await asyncio.wait_for(cem.process.wait(), 10) == 0
        await charger.until(
            lambda line: line["event"] == "connection" and line["state"] != "connected"
        )


async def test_a_pairing_window_a_plan_and_a_limit_for_the_whole_charger(tmp_path: Path):
    state = ("--no-mdns", "--state")
    async with _program("charger", *state, str(tmp_path / "box"), "--accept", "60") as charger:
        listening = await charger.until(_is("listening"))
        box, dial = listening["ski"], f"127.0.0.1:{listening['port']}"
        await charger.until(_is("pairing", ski=None, open=True))
        more = ("--trust", listening["qr"], "--dial", dial, "--plans")
        async with _program("cem", *state, str(tmp_path / "hems"), *more) as cem:
            hems = (await cem.until(_is("listening")))["ski"]
            await charger.until(_is("pairing", ski=hems, open=False))
            await cem.until(_is("connection", ski=box, state="connected"))
            assert json.loads((tmp_path / "box" / "trusted.json").read_text())[0]["ski"] == hems

            plug = {"standard": "iso15118-2ed1", "min_a": 2.2, "plans": True}
            assert (await charger.ask(1, cmd="plug", **plug))["ok"]
            assert (await charger.ask(2, cmd="demand", optimal_wh=9000, departure_s=7200))["ok"]
            demand = await cem.until(_is("demand", curve_due=True, prices_due=True))
            assert (demand["strategy"], demand["optimal_wh"]) == ("timed", 9000.0)
            slots = [[0, 3600, 0], [3600, 7200, 11000]]
            assert (await cem.ask(1, cmd="curve", ski=box, slots=slots))["ok"]
            assert (await charger.until(_is("curve", ski=hems)))["slots"] == slots
            assert (await cem.ask(2, cmd="prices", ski=box, slots=[[0, 7200, 0.3]]))["ok"]
            assert (await charger.until(_is("prices")))["currency"] == "EUR"
            assert (await charger.ask(3, cmd="plan", slots=slots))["ok"]
            assert (await cem.until(_is("plan", ski=box)))["slots"] == slots

            assert (await cem.ask(3, cmd="lpc", ski=box, w=6000, duration_s=600))["ok"]
            held = await charger.until(_is("limits", kind="lpc", state="limited"))
            assert (held["values"], held["active"], held["ski"]) == ([6000.0], True, hems)
            assert (await charger.ask(4, cmd="draw", a=10))["ok"]
            await cem.until(_is("meter", use_case="mpc", power_w=6900.0))
            await charger.tell('{"id":5,"cmd":"quit"}')
            assert (await charger.until(_is("result", id=5)))["ok"]


async def test_commands_still_open_when_the_program_ends_are_answered_too(tmp_path: Path):
    hems = load_or_create(tmp_path / "hems", "hems")
    state = ("--no-mdns", "--state")
    async with _program("charger", *state, str(tmp_path / "box"), "--trust", hems.ski) as charger:
        box = await charger.until(_is("listening"))
        dial = ("--trust", box["ski"], "--dial", f"127.0.0.1:{box['port']}")
        async with _program("cem", *state, str(tmp_path / "hems"), *dial) as cem:
            await cem.until(_is("connection", state="connected"))
            assert (await charger.ask(1, cmd="plug"))["ok"]
            await cem.until(_is("ev", plugged=True, state="normalOperation"))
            charger.process.send_signal(signal.SIGSTOP)  # it will not answer
            try:
                await cem.tell(json.dumps({"id": 1, "cmd": "limit", "ski": box["ski"], "a": 8}))
                assert (await cem.ask(2, cmd="quit"))["ok"]
                unanswered = await cem.until(_is("result", id=1))
                assert (unanswered["ok"], unanswered["text"]) == (False, "this program stops")
                assert await asyncio.wait_for(cem.process.wait(), 10) == 0
            finally:
                charger.process.send_signal(signal.SIGCONT)


def test_the_text_of_a_qr_code_is_read(capsys):
    assert main(["qr", f"SHIP;SKI:{'ab' * 20};BRAND:Demo;CAT:3;ENDSHIP;"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["ski"], told["brand"]) == ("qr", "ab" * 20, "Demo")
    assert main(["qr", "WIFI:S:x;;"]) == 1
    assert "SHIP" in capsys.readouterr().err


@pytest.mark.parametrize(
    "of", [(), ("discover",), ("qr",), ("cem",), ("charger",), ("controlbox",), ("meter",)]
)
def test_the_help_fits_a_terminal_and_shows_what_can_be_typed(capsys, monkeypatch, of):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as leaving:
        main([*of, "--help"])
    assert leaving.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 100 for line in lines)
    for line in lines:
        if line.strip().startswith("{"):
            assert json.loads(line)["cmd"]


async def test_a_recording_and_the_trust_survive_a_restart(tmp_path: Path):
    box = load_or_create(tmp_path / "box", "box").ski
    hems = load_or_create(tmp_path / "hems", "hems").ski
    charger_state = ("--no-mdns", "--state", str(tmp_path / "box"))
    cem_state = ("--no-mdns", "--state", str(tmp_path / "hems"))
    async with _program("charger", *charger_state) as charger:
        port = (await charger.until(_is("listening")))["port"]
        assert (await charger.ask(1, cmd="trust", ski=hems))["ok"]
        async with _program("cem", *cem_state) as cem:
            await cem.until(_is("listening"))
            assert (await cem.ask(1, cmd="trust", ski=box, host="127.0.0.1", port=port))["ok"]
            await cem.until(_is("connection", ski=box, state="connected"))
            await cem.until(_is("entity", ski=box, entity=[1], type="EVSE", change="added"))
    async with _program("charger", *charger_state, "--listen", str(port)) as charger:
        record = tmp_path / "record.jsonl"
        async with _program("cem", *cem_state, "--record", str(record)) as cem:
            await cem.until(_is("connection", ski=box, state="connected"))
            assert (await cem.ask(2, cmd="untrust", ski=box))["ok"]
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert {line["type"] for line in lines} == {0, 1, 2, 3}
    assert {line["from"] for line in lines} == {"CEM", box}
    assert json.loads((tmp_path / "hems" / "trusted.json").read_text()) == []


async def test_a_control_box_limits_an_energy_manager(tmp_path: Path):
    hems = load_or_create(tmp_path / "hems", "hems").ski
    box = load_or_create(tmp_path / "box", "box").ski
    state = ("--no-mdns", "--state")
    offer = ("--lpc", "32000", "--trust", box)
    async with _program("cem", *state, str(tmp_path / "hems"), *offer) as cem:
        dial = f"127.0.0.1:{(await cem.until(_is('listening')))['port']}"
        async with _program(
            "controlbox", *state, str(tmp_path / "box"), "--trust", hems, "--dial", dial
        ) as guard:
            await guard.until(_is("limits", kind="lpc", active=False))
            await cem.until(_is("limits", kind="lpc", state="unlimited_controlled"))
            answer = await guard.ask(1, cmd="lpc", ski=hems, w=4200, duration_s=3600)
            assert (answer["ok"], answer["error_number"]) == (True, 0)
            held = await cem.until(_is("limits", state="limited", active=True))
            assert (held["values"], held["ski"]) == ([4200.0], box)
            assert (await guard.ask(2, cmd="failsafe", ski=hems, w=5000, duration_s=7200))["ok"]
            await cem.until(_is("failsafe", w=5000.0, duration_s=7200.0))
            assert (await guard.ask(3, cmd="lpc", ski=hems, w=None))["ok"]
            assert not (await guard.ask(4, cmd="lpp", ski=hems, w=1000))["ok"]
            assert not (await guard.ask(5, cmd="lpc", ski=hems, w=1, duration_s=0))["ok"]
            assert (await guard.ask(6, cmd="heartbeat", on=False))["ok"]


async def test_an_energy_manager_reads_a_meter(tmp_path: Path):
    hems = load_or_create(tmp_path / "hems", "hems").ski
    state = ("--no-mdns", "--state")
    async with _program("meter", *state, str(tmp_path / "meter"), "--trust", hems) as meter:
        told = await meter.until(_is("listening"))
        dial = ("--trust", told["ski"], "--dial", f"127.0.0.1:{told['port']}")
        async with _program("cem", *state, str(tmp_path / "hems"), *dial) as cem:
            await cem.until(_is("connection", state="connected"))
            values = {"power_w": -575, "current_a": [1, 2, -0.5]}
            assert (await meter.ask(1, cmd="measure", **values))["ok"]
            shown = await cem.until(_is("meter", use_case="mgcp", power_w=-575.0))
            assert (shown["current_a"], shown["frequency_hz"]) == ([1.0, 2.0, -0.5], None)


async def test_nonsense_is_answered_and_the_program_goes_on(tmp_path: Path):
    async with _program("charger", "--no-mdns", "--state", str(tmp_path)) as program:
        await program.until(_is("listening"))
        for n, (text, said) in enumerate(
            [
                ("{", "not JSON"),
                ("x" * 200_000, "not JSON"),
                ("[1]", "JSON object"),
                ('{"id":7,"cmd":"dance"}', "unknown command"),
                ('{"id":7,"cmd":"trust","ski":"42"}', ""),
                ('{"id":7,"cmd":"plug","phases":4}', "phases"),
                ('{"id":7,"cmd":"draw","a":[1,2]}', "no car"),
                ('{"id":7,"cmd":"update","standard":"iso15118-2ed1"}', "no car"),
            ]
        ):
            await program.tell(text)
            await program.until(lambda _, n=n: _results(program) > n)
            answer = [line for line in program.lines if line["event"] == "result"][-1]
            assert not answer["ok"]
            assert said in answer["text"]
        assert (await program.ask(8, cmd="quit"))["ok"]
        assert await asyncio.wait_for(program.process.wait(), 10) == 0


async def test_a_termination_signal_ends_the_program_cleanly(tmp_path: Path):
    async with _program("cem", "--no-mdns", "--state", str(tmp_path)) as program:
        await program.until(_is("listening"))
        program.process.terminate()
        assert await asyncio.wait_for(program.process.wait(), 10) == 0


async def test_a_program_nobody_listens_to_any_more_ends_cleanly(tmp_path: Path):
    async with _program("charger", "--no-mdns", "--state", str(tmp_path)) as program:
        await program.until(_is("listening"))
        program.process._transport.get_pipe_transport(1).close()
        await asyncio.sleep(0)
        await program.tell('{"cmd":"unplug"}')
        assert await asyncio.wait_for(program.process.wait(), 10) == 0


@pytest.mark.parametrize(
    "arguments",
    [("--trust", "12"), ("--dial", "127.0.0.1:1"), ("--trust", "ab" * 20, "--dial", "somewhere")],
)
def test_a_command_line_that_makes_no_sense_is_refused(tmp_path: Path, capsys, arguments):
    assert main(["cem", "--state", str(tmp_path), *arguments]) == 1
    assert capsys.readouterr().err.startswith("eebus: ")


@pytest.mark.parametrize(
    ("dial", "host", "port"),
    [
        ("192.0.2.7:4712", "192.0.2.7", 4712),
        ("box.example:4712", "box.example", 4712),
        ("[2001:db8::7]:4712", "2001:db8::7", 4712),
        ("[fe80::7%eth0]:4712", "fe80::7%eth0", 4712),
        ("fe80::7%2:4712", "fe80::7%2", 4712),
    ],
)
def test_a_device_is_entered_by_hand_with_any_kind_of_address(dial, host, port):
    arguments = given.read(["cem", "--state", "x", "--trust", "AB" * 20, "--dial", dial])
    assert given.trusted(arguments) == [TrustedPeer("ab" * 20, None, host, port)]


def test_a_port_that_is_taken_is_said_on_one_line(tmp_path: Path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["cem", "--no-mdns", "--state", str(tmp_path), "--listen", port]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("eebus: ")
    assert port in said.err
    assert said.out == ""


def _results(program: Program) -> int:
    return sum(line["event"] == "result" for line in program.lines)


@pytest.mark.parametrize("name", ["key.pem", "certificate.pem"])
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN nothing-----"])
def test_a_lost_or_damaged_identity_is_said_and_never_made_anew(
    tmp_path: Path, capsys, name, content
):
    load_or_create(tmp_path, "us")
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(["cem", "--no-mdns", "--state", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("eebus: ")
    assert "every device has to be paired again" in said.err
    assert said.out == ""
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
