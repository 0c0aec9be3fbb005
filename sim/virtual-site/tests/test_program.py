"""The program `virtual-site` as a process: ready file, restart, stop, and refusals."""

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from virtual_site import settings as command_line

PROGRAM = [sys.executable, "-m", "virtual_site.main"]


@contextmanager
def program(folder, *arguments):
    ready = folder / "ready.json"
    command = [*PROGRAM, "--state", str(folder / "state"), "--ready-file", str(ready), *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        start = time.monotonic()
        while not ready.exists():
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() - start < 30
            time.sleep(0.05)
        yield process, json.loads(ready.read_text())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_keeps_identities_and_stops_at_once(tmp_path, number):
    skis = []
    for _ in range(2):
        with program(tmp_path, "--chargers", "4") as (process, ready):
            skis.append([charger["ski"] for charger in ready["chargers"]])
            assert ready["meter"]["model"] == "cg_em24_e1"
            answer = httpx.get(ready["chargers"][3]["url"] + "/api/state", timeout=5)
            assert answer.json()["car"]["plugged"] is False
            start = time.monotonic()
            process.send_signal(number)
            assert process.wait(10) == 0
            assert time.monotonic() - start < 3
            assert not (tmp_path / "ready.json").exists()
    assert skis[0] == skis[1]
    assert len(set(skis[0])) == 4


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--scenario", "nowhere"], "villa"),
        (["--meter-model", "abacus"], "abacus"),
        (["--scenario", "office", "--chargers", "2"], "needs 10 chargers"),
    ],
)
def test_what_cannot_be_played_is_refused_with_status_two(tmp_path, arguments, complaint):
    command = [*PROGRAM, "--state", str(tmp_path), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["--speed", "0"], "more than 0"), (["--port", "70000"], "no port"), ([], "--state")],
)
def test_a_wrong_command_line_is_refused_with_status_two(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.read([*arguments, *(["--state", "x"] if arguments else [])], {})
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_damaged_state_file_is_named(tmp_path):
    (tmp_path / "meter.json").write_text("{")
    command = [*PROGRAM, "--state", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "meter.json is damaged" in ended.stderr


def test_everything_stays_on_loopback_unless_the_lan_is_asked_for(tmp_path):
    alone = ["--state", str(tmp_path)]
    assert command_line.read(alone, {}).host == "127.0.0.1"
    assert command_line.read(alone, {"VOLTHUS_LAN": "1"}).lan
    assert command_line.read([*alone, "--lan"], {}).host == "0.0.0.0"  # noqa: S104


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*PROGRAM, "--state", str(tmp_path), "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert port in ended.stderr
