"""Two front doors, each a program of its own, on one PostgreSQL and one bus: they behave as one."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import text

from volthus_kit.bus import Bus
from volthus_kit.database import open_database
from volthus_kit.ports import free_port

USER = {"password": "three green cars", "must_change": False}
USERS = [
    {"username": "service", "role": "service", **USER},
    {"username": "nils", "role": "operator", "tenant": "north", **USER},
]
START_S = 60


@dataclass(frozen=True, slots=True)
class Replica:
    url: str

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=20)


@asynccontextmanager
async def replica(folder, nats_url: str, database_url: str) -> AsyncIterator[Replica]:
    folder.mkdir()
    users = folder / "users.json"
    users.write_text(json.dumps(USERS))
    port = free_port()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("VOLTHUS_")
    } | {
        "VOLTHUS_NATS_URL": nats_url,
        "VOLTHUS_DATABASE_URL": database_url,
        "VOLTHUS_WEB_ORIGIN": "cloud",
        "VOLTHUS_WEB_PORT": str(port),
        "VOLTHUS_STATE_DIR": str(folder),
        "VOLTHUS_INITIAL_USERS": str(users),
    }
    with (folder / "log").open("wb") as log:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "web.main", env=environment, stdout=log, stderr=log
        )
    try:
        await until_ready(f"http://127.0.0.1:{port}", program, folder)
        yield Replica(f"http://127.0.0.1:{port}")
    finally:
        if program.returncode is None:
            program.terminate()
        await program.wait()


async def until_ready(url: str, program, folder) -> None:
    async with asyncio.timeout(START_S), httpx.AsyncClient() as client:
        while True:
            assert program.returncode is None, (folder / "log").read_text()
            try:
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def log_in(client: httpx.AsyncClient, username: str, password: str = "") -> httpx.Response:
    form = {"username": username, "password": password or USER["password"]}
    return await client.post("/auth/token", data=form)


async def first_event(client: httpx.AsyncClient, last_id: str = "") -> tuple[str, str]:
    """Return kind and id of the first event of the site."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with (
        asyncio.timeout(20),
        client.stream("GET", "/sites/demo/events", headers=headers) as lines,
    ):
        assert lines.status_code == 200
        number = ""
        async for line in lines.aiter_lines():
            if line.startswith("id: "):
                number = line.removeprefix("id: ")
            if line.startswith("event: "):
                return line.removeprefix("event: "), number
    raise AssertionError("the stream ended")


@pytest.mark.timeout(240)
async def test_two_replicas_behave_as_one(nats, postgres_url, tmp_path, stand_in):
    async with (
        replica(tmp_path / "a", nats.url, postgres_url) as one,
        replica(tmp_path / "b", nats.url, postgres_url) as other,
        Bus.connect(nats.url, "stand-in") as bus,
    ):
        await asyncio.wait_for(bus.until_connected(), 10)
        site = await stand_in(bus)
        async with one.client() as at_a:
            token = (await log_in(at_a, "service")).json()["access_token"]
        async with one.client(token) as at_a, other.client(token) as at_b:
            await heard(site, at_a, at_b)
            await a_log_in_holds_at_both(at_a, at_b)
            await a_stream_resumes_at_the_other(at_a, at_b)
            await a_key_is_replayed_at_the_other(at_a, at_b)
            await a_tenant_sees_nothing_at_either(one, other)
            await a_lock_out_holds_at_both(one, other)
            await a_site_moves_to_another_tenant(postgres_url, at_a, at_b)
            assert (await at_a.delete("/auth/session")).status_code == 204
            await is_logged_out(at_b)


async def heard(site, *clients) -> None:
    async with asyncio.timeout(20):
        for client in clients:
            while (await client.get("/sites/demo")).status_code != 200:
                await site.speak()
                await asyncio.sleep(0.1)


async def a_log_in_holds_at_both(at_a, at_b) -> None:
    for client in (at_a, at_b):
        assert (await client.get("/auth/me")).json()["username"] == "service"
    listed = (await at_b.get("/me/log-ins")).json()["items"]
    assert [one["current"] for one in listed] == [True]


async def a_stream_resumes_at_the_other(at_a, at_b) -> None:
    """The last picture, heard at A, is not sent again at B: the id is the picture's own."""
    kind, number = await first_event(at_a)
    assert kind == "state"
    kind, _ = await first_event(at_b, number)
    assert kind == "eebus"


async def a_key_is_replayed_at_the_other(at_a, at_b) -> None:
    wanted = {"username": "bo", "role": "standard", "sites": ["demo"]}
    key = {"Idempotency-Key": "7f3c0b52"}
    first, again = await asyncio.gather(
        at_a.post("/users", json=wanted, headers=key),
        at_b.post("/users", json=wanted, headers=key),
    )
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


async def a_tenant_sees_nothing_at_either(*replicas) -> None:
    for each in replicas:
        async with each.client() as client:
            token = (await log_in(client, "nils")).json()["access_token"]
        async with each.client(token) as client:
            assert (await client.get("/sites")).json()["items"] == []
            assert (await client.get("/sites/demo")).status_code == 404


async def a_lock_out_holds_at_both(one, other) -> None:
    async with one.client() as at_a, other.client() as at_b:
        for client in (at_a, at_b, at_a, at_b, at_a):
            assert (await log_in(client, "bo", "wrong")).status_code == 401
        for client in (at_a, at_b):
            refused = await log_in(client, "bo", "wrong")
            assert (refused.status_code, refused.json()["code"]) == (429, "too-many-attempts")


async def is_logged_out(client) -> None:
    """The other replica is told over the bus, and would know by itself after some seconds."""
    async with asyncio.timeout(10):
        while (await client.get("/auth/me")).status_code != 401:
            await asyncio.sleep(0.05)


async def a_site_moves_to_another_tenant(database_url, *clients) -> None:
    """Each replica follows within its time: nothing of the site is left to its old tenant."""
    engine = open_database(database_url)
    with engine.begin() as connection:
        moved = text("UPDATE sites SET tenant = 'north' WHERE site = 'demo'")
        assert connection.execute(moved).rowcount == 1
    engine.dispose()
    async with asyncio.timeout(40):
        for client in clients:
            while (await client.get("/sites/demo")).status_code != 404:
                await asyncio.sleep(0.2)
