"""`make run`: starts, keeps its state, says what is wrong, and leaves no process behind."""

import os
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress

import psutil
import pytest
from living import LIVING_SITE, LivingSite, start_program, start_site, wait_until_alive

from volthus_kit.ports import free_port

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is for what a script starts in the background, and for what that starts in turn.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

STOP_S = 10.0


def everything_below(process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def gone_within(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=seconds)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_make_run_leaves_no_process_however_it_ends(tmp_path, number):
    """INT and TERM to make, and the sudden death of make; the second run keeps the state."""
    state = tmp_path / "state"
    made = start_program(["make", "run"], state, free_port())
    wait_until_alive(made, state)
    demo = state / "demo.json"
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    processes = everything_below(psutil.Process(made.pid))
    try:
        assert len(processes) >= 8
        began = time.monotonic()
        made.send_signal(number)
        made.wait(STOP_S)
        assert gone_within(processes, STOP_S - (time.monotonic() - began)) == []
        assert not demo.exists()
    finally:
        for left in processes:
            with suppress(psutil.NoSuchProcess):
                left.kill()
        made.wait()


async def test_a_second_run_keeps_pairings_settings_and_log_ins(tmp_path):
    state, port = tmp_path / "state", free_port()
    skis, users = [], []
    for _ in range(2):
        process = start_site(state, port)
        try:
            wait_until_alive(process, state)
            site = LivingSite(process, state, port)
            async with site.log_in() as client:
                paired = (await client.get("/eebus/paired")).json()["items"]
                fuse = (await client.get("/grid-connection")).json()["fuse_a"]
            assert fuse == {"l1": 25.0, "l2": 25.0, "l3": 25.0}
            skis.append(sorted((d["ski"], d["name"]) for d in paired))
            users.append(site.demo["users"])
        finally:
            process.terminate()
            process.wait(20)
    assert skis[0] == skis[1]
    assert len(skis[0]) == 3
    assert users[0] == users[1]


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [LIVING_SITE],
            env={**os.environ, "VOLTHUS_STATE": str(tmp_path / "s"), "VOLTHUS_PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
