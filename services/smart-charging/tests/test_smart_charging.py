"""Smart charging started as a program, with a real NATS server."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from smart_charging.core.catalogue import CATALOGUE
from volthus_kit.bus import Bus
from volthus_kit.ports import free_port
from volthus_kit.refusal import NotAnsweredError
from volthus_kit.testing import NatsServer, nats_server
from volthus_wire.subjects import CATALOGUE_GET
from volthus_wire.v1.planning_pb2 import CatalogueReply, GetCatalogueRequest

PROGRAM = str(Path(sys.executable).parent / "smart-charging")


@pytest.fixture
async def nats() -> AsyncIterator[NatsServer]:
    async with nats_server() as server:
        yield server


@pytest.fixture
async def health_url(nats: NatsServer, tmp_path: Path) -> AsyncIterator[str]:
    port = free_port()
    env = {
        "VOLTHUS_NATS_URL": nats.url,
        "VOLTHUS_HEALTH_PORT": str(port),
        "VOLTHUS_STATE_DIR": str(tmp_path),
    }
    process = await asyncio.create_subprocess_exec(PROGRAM, env=env)
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def answered(url: str) -> httpx.Response:
    async with asyncio.timeout(20), httpx.AsyncClient() as client:
        while True:
            try:
                response = await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if response.status_code == 200:
                return response
            await asyncio.sleep(0.05)


async def asked(url: str) -> CatalogueReply:
    async with Bus.connect(url, "test") as bus, asyncio.timeout(20):
        await bus.until_connected()
        while True:
            try:
                return await bus.ask(CATALOGUE_GET, GetCatalogueRequest(), timeout_s=1)
            except NotAnsweredError:
                await asyncio.sleep(0.05)


async def test_it_becomes_ready_and_says_honestly_what_it_can_do(
    nats: NatsServer, health_url: str
) -> None:
    ready = await answered(f"{health_url}/readyz")
    assert ready.json()["checks"] == {"bus": True, "planner": True}
    assert "volthus_build_info" in (await answered(f"{health_url}/metrics")).text
    reply = await asked(nats.url)
    assert [each.name for each in reply.functions] == [each.name for each in CATALOGUE]
    assert all(each.available for each in reply.functions)
    assert {"sample", "push", "entsoe", "tibber"} <= {each.name for each in reply.price_sources}
    assert next(s for s in reply.price_sources if s.name == "entsoe").needs_token
    assert "climatology" in {each.name for each in reply.weather_sources}
    assert re.fullmatch(r"\d+\.\d+\.\d+", reply.version)


async def test_it_lives_without_nats_and_is_ready_when_nats_is_back(
    nats: NatsServer, health_url: str
) -> None:
    await answered(f"{health_url}/readyz")
    await nats.stop()
    async with asyncio.timeout(10), httpx.AsyncClient() as client:
        while (await client.get(f"{health_url}/readyz")).status_code == 200:
            await asyncio.sleep(0.05)
    assert (await answered(f"{health_url}/healthz")).json() == {"status": "ok"}
    await nats.start()
    await answered(f"{health_url}/readyz")
    assert (await asked(nats.url)).functions


def test_help_names_the_environment() -> None:
    shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    assert "VOLTHUS_NATS_URL" in shown.stdout


def test_a_setting_that_cannot_be_ends_with_a_clear_line() -> None:
    env = {"VOLTHUS_LOG_LEVEL": "LOUD"}
    ended = subprocess.run([PROGRAM], capture_output=True, text=True, check=False, env=env)
    assert ended.returncode == 2
    assert "LOUD" in ended.stderr


def test_every_function_has_one_name_and_a_row_of_the_product() -> None:
    names = [each.name for each in CATALOGUE]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[BC]\d+", each.row) for each in CATALOGUE)
