"""The program as it is started: help, the document, a start without NATS, a quick stop."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

import httpx

from volthus_kit.bus import Bus
from volthus_kit.ports import free_port
from volthus_kit.testing import nats_server
from volthus_wire.subjects import SITE_STATE
from volthus_wire.v1.site_pb2 import SiteState

PYTHON = sys.executable


async def output_of(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        PYTHON, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode()


async def test_help_names_every_setting():
    code, text = await output_of("-m", "web.main", "--help")
    assert code == 0
    for name in ("VOLTHUS_WEB_PORT", "VOLTHUS_INITIAL_USERS", "VOLTHUS_NATS_URL"):
        assert name in text


async def test_the_document_is_printed_without_starting():
    code, text = await output_of("-m", "web.openapi")
    assert code == 0
    assert json.loads(text)["info"]["title"] == "Volthus"


async def test_it_starts_without_nats_finds_it_later_and_remembers_sites(tmp_path: Path):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    async with nats_server() as nats, httpx.AsyncClient(timeout=10) as client:
        await nats.stop()
        environment = os.environ | {
            "VOLTHUS_NATS_URL": nats.url,
            "VOLTHUS_WEB_PORT": str(port),
            "VOLTHUS_STATE_DIR": str(tmp_path / "state"),
        }
        process = await start(environment)
        try:
            await until_status(client, f"{base}/healthz", 200)
            assert (await client.get(f"{base}/readyz")).status_code == 503
            headers = await log_in(client, base, tmp_path)
            assert (await client.get(f"{base}/api/v1/sites", headers=headers)).json() == {
                "items": [],
                "next": None,
                "total": 0,
            }
            await nats.start()
            await until_status(client, f"{base}/readyz", 200)
            async with Bus.connect(nats.url, "site") as bus:
                await asyncio.wait_for(bus.until_connected(), 10)
                await bus.publish(SITE_STATE, SiteState(name="Demo"), site="demo")
                await until_status(client, f"{base}/api/v1/sites/demo", 200, headers)
                await until_stored(tmp_path / "state" / "web.sqlite")
            # A page that listens does not hold up the stop.
            async with client.stream("GET", f"{base}/api/v1/sites/demo/events", headers=headers):
                await stop(process)
        finally:
            await stop(process)
        assert process.returncode == 0

        await nats.stop()
        process = await start(environment)
        try:
            await until_status(client, f"{base}/healthz", 200)
            answer = await client.get(f"{base}/api/v1/sites/demo/dashboard", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "site-offline")
            assert answer.json()["last_seen"]
        finally:
            await stop(process)


async def start(environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        PYTHON, "-m", "web.main", env=environment, stderr=asyncio.subprocess.DEVNULL
    )


async def stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 10)


async def log_in(client: httpx.AsyncClient, base: str, folder: Path) -> dict[str, str]:
    """Log in as the first user, who changes the password that was made for them."""
    users = json.loads((folder / "state" / "initial-users.json").read_text())
    username, old, new = users[0]["username"], users[0]["password"], "three green cars"
    for password in (new, old):
        form = {"username": username, "password": password}
        answer = await client.post(f"{base}/api/v1/auth/token", data=form)
        if answer.is_success:
            break
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    if password == old:
        change = {"old_password": old, "new_password": new}
        changed = await client.put(f"{base}/api/v1/me/password", json=change, headers=headers)
        assert changed.status_code == 204, changed.text
    return headers


async def until_status(
    client: httpx.AsyncClient, url: str, status: int, headers: dict[str, str] | None = None
) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if (await client.get(url, headers=headers)).status_code == status:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


async def until_stored(path: Path) -> None:

    async with asyncio.timeout(10):
        while True:
            with sqlite3.connect(path) as database:
                found = database.execute("select count(*) from sites").fetchone()[0]
            database.close()
            if found:
                return
            await asyncio.sleep(0.05)
