import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from living_site.ports import PortTakenError, choose, choose_web_port
from living_site.settings import SettingsError, from_environment, how_to_forget
from living_site.supervisor import Program, Supervisor

ROOT = Path(__file__).parents[3]
SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(60)",
)


async def until(condition, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_what_dies_is_started_again(tmp_path):
    heard: list[str] = []
    supervisor = Supervisor(tmp_path, 0.05, heard.append)
    supervisor.start(Program("sleeper", SLEEPER))
    await until(lambda: "sleeper" in supervisor.pids())
    first = supervisor.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.pids()["sleeper"] != first)
    assert supervisor.restarts == {"sleeper": 1}
    assert "SIGKILL" in heard[0]
    await supervisor.stop()
    assert not psutil.pid_exists(supervisor.pids()["sleeper"])


async def test_a_program_deaf_to_term_is_killed_within_ten_seconds(tmp_path):
    supervisor = Supervisor(tmp_path, 0.05, lambda _: None)
    supervisor.start(Program("stubborn", STUBBORN))
    log = tmp_path / "stubborn.log"
    await until(lambda: log.exists() and log.read_text() == "deaf\n")
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 10
    assert not psutil.pid_exists(supervisor.pids()["stubborn"])


def test_programs_end_when_the_supervisor_is_killed(tmp_path):
    if sys.platform != "linux":
        pytest.skip("only Linux can tell a process that its parent died")
    program = f"""
import asyncio
from pathlib import Path
from living_site.supervisor import Program, Supervisor

async def main():
    supervisor = Supervisor(Path({str(tmp_path)!r}), 1, print)
    supervisor.start(Program("sleeper", {SLEEPER!r}))
    while not supervisor.pids():
        await asyncio.sleep(0.02)
    await asyncio.sleep(1)
    print(supervisor.pids()["sleeper"], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    child = psutil.Process(int(running.stdout.readline()))
    running.kill()
    running.communicate()
    assert child.wait(timeout=10) is None or not child.is_running()


def test_a_wanted_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=str(port)):
            choose_web_port(port)


def test_ports_stay_the_same_from_run_to_run(tmp_path):
    first = choose(tmp_path / "ports.json", taken=8080)
    assert choose(tmp_path / "ports.json", taken=8080) == first
    assert len(set(first.values())) == len(first)


def test_a_taken_port_of_the_virtual_meter_is_named_others_move(tmp_path):
    first = choose(tmp_path / "ports.json", taken=8080)
    with socket.create_server(("127.0.0.1", first["nats"])):
        assert choose(tmp_path / "ports.json", taken=8080)["nats"] != first["nats"]
    with (
        socket.create_server(("127.0.0.1", first["meter"])),
        pytest.raises(PortTakenError, match=f"virtual meter.*VOLTHUS_STATE={tmp_path} make clean"),
    ):
        choose(tmp_path / "ports.json", taken=8080)


def test_the_command_that_forgets_a_state_forgets_that_one_and_no_other(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert how_to_forget(from_environment({}).state) == "make clean-state"
    fleet = from_environment({"VOLTHUS_STATE": "my fleet"}).state
    assert how_to_forget(fleet) == f"VOLTHUS_STATE='{tmp_path}/my fleet' make clean-state"


@pytest.mark.parametrize("value", ["0", "65536", "abc", "-1", "80.5"])
def test_a_port_that_cannot_be_is_refused_by_name(value):
    with pytest.raises(SettingsError, match="VOLTHUS_PORT"):
        from_environment({"VOLTHUS_PORT": value})


def test_an_empty_variable_counts_as_not_set():
    names = ("STATE", "PORT", "SCENARIO", "METER_MODEL", "LOG_LEVEL", "CHARGERS", "NATS_URL")
    empty = {f"VOLTHUS_{name}": "" for name in names}
    assert from_environment(empty) == from_environment({})


def test_an_empty_environment_is_enough():
    settings = from_environment({})
    assert settings.state == Path(".state").absolute()
    assert settings.web_port is None
    assert not settings.lan


def clean(state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "clean-state"],
        env={**os.environ, "VOLTHUS_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_clean_state_forgets_a_living_site_and_nothing_else(tmp_path):
    ours, theirs = tmp_path / "a state", tmp_path / "photos"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "file").touch()
    (ours / "ports.json").touch()
    assert clean(ours).returncode == 0
    assert not ours.exists()
    refused = clean(theirs)
    assert refused.returncode == 1
    assert "no living site" in refused.stderr
    assert (theirs / "file").exists()
    assert clean(tmp_path / "not there").returncode == 0
