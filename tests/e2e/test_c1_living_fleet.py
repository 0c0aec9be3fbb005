"""`make run-fleet`: a living cloud with simulated sites comes up, answers, and goes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from volthus_kit.ports import free_port

BIN = Path(sys.executable).parent
SITES = 30
ALIVE_S = 90


def start(state: Path, port: int, log: Path) -> "subprocess.Popen[bytes]":
    env = os.environ | {
        "VOLTHUS_STATE": str(state),
        "VOLTHUS_PORT": str(port),
        "VOLTHUS_SITES": str(SITES),
    }
    with log.open("wb") as out:
        return subprocess.Popen([BIN / "living-fleet"], env=env, stdout=out, stderr=out)


def until_alive(process, log: Path) -> None:
    by = time.monotonic() + ALIVE_S
    while "is alive" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < by, log.read_text()
        time.sleep(0.2)


async def test_a_living_cloud_shows_its_sites_gives_codes_and_leaves_nothing_behind(tmp_path):
    port, log = free_port(), tmp_path / "out.txt"
    users = tmp_path / "state" / "users.json"
    process = start(tmp_path / "state", port, log)
    children = []
    try:
        await asyncio.to_thread(until_alive, process, log)
        children = psutil.Process(process.pid).children(recursive=True)
        [operator] = json.loads(users.read_text())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1") as client:
            form = {"username": operator["username"], "password": operator["password"]}
            token = (await client.post("/auth/token", data=form)).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            listed = (await client.get("/sites")).json()
            assert listed["total"] >= 0.9 * SITES
            assert (await client.get("/fleet/summary")).json()["charging"] >= 0
            made = await client.post("/enrolments", json={"site": "green-street-4"})
            assert made.status_code == 201, made.text
            assert "volthus-enroll join" in made.json()["command"]
    finally:
        process.send_signal(signal.SIGINT)
        code = await asyncio.to_thread(process.wait, 20)
    assert code == 0
    assert [child for child in children if child.is_running()] == []
