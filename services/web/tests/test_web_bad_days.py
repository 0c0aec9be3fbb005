"""Refusals, silence, a lost bus, a database that takes nothing: each says what is wrong."""

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager
from unittest.mock import ANY

import pytest
from sqlalchemy import event, text

from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import SITE_STATE
from volthus_wire.v1.site_pb2 import SiteState
from web.accounts import Kind
from web.refusals import REFUSALS

ON = {"on": True, "confirmed_no_other": True}
GRID = {"fuse_a": {"l1": 25, "l2": 25, "l3": 25}}


def audit_of(door) -> list[tuple]:
    with sqlite3.connect(door.folder / "web.sqlite") as database:
        rows = database.execute(
            "select actor, role, site, action, about, outcome from audit "
            "where action not like 'auth.%' order by id"
        ).fetchall()
    database.close()
    return rows


async def test_every_refusal_of_an_owner_has_its_status_and_keeps_its_code(service, site):
    for code, status in REFUSALS.items():
        site.refuse = RefusedError(code, "The owner's sentence.", field="/on", value=3)
        answer = await service.put("/sites/demo/energy-management", json=ON)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.status_code == status
        assert answer.json() == {
            "type": f"urn:volthus:problem:{code}",
            "title": ANY,
            "status": status,
            "code": code,
            "detail": "The owner's sentence.",
            "params": {"value": "3"},
            "field": "/on",
        }


async def test_a_refusal_nobody_knows_is_never_a_success(service, site):
    site.refuse = RefusedError("brand-new-reason", "Something newer.")
    answer = await service.put("/sites/demo/energy-management", json=ON)
    assert (answer.status_code, answer.json()["code"]) == (502, "brand-new-reason")


async def test_every_write_is_in_the_audit_with_its_outcome(service, door, site):
    await service.put("/sites/demo/grid-connection", json=GRID)
    await service.put("/sites/demo/energy-management", json={"on": True})
    who = ("service", "service", "demo")
    assert audit_of(door) == [
        (*who, "cem.grid-connection-put", "grid-connection", "done"),
        (*who, "cem.energy-management-put", "energy-management", "confirmation-needed"),
    ]


async def test_a_service_that_is_gone_is_named(service, door, nats, until):
    async with stand_alone(nats.url) as speaker:
        await speak(speaker, door, until)
        for path, program in (
            ("/sites/demo/grid-connection", "cem"),
            ("/sites/demo/meters", "meter-reader"),
            ("/sites/demo/eebus/paired", "eebus-gateway"),
        ):
            answer = await service.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "service-silent")
            assert answer.json()["params"] == {"service": program, "site": "demo"}
        answer = await service.get("/smart-charging/catalogue")
        assert answer.json()["params"] == {"service": "smart-charging"}


async def test_a_site_that_is_silent_is_offline_with_the_time_last_seen(service, door, nats, until):
    async with stand_alone(nats.url) as speaker:
        await speak(speaker, door, until)
    heard = door.parts.live.heard("demo")
    heard.any_at -= 60
    heard.state_at -= 60
    answer = await service.put("/sites/demo/grid-connection", json=GRID)
    assert (answer.status_code, answer.json()["code"]) == (503, "site-offline")
    assert answer.json()["last_seen"] is not None
    assert answer.json()["params"]["cause"] == "site-silent"
    assert audit_of(door)[-1][-1] == "site-offline"
    assert (await service.get("/sites/demo")).json()["online"] is False
    shown = (await service.get("/sites/demo/dashboard")).json()
    assert shown["stale"] is True
    assert shown["age_s"] >= 60


async def test_a_lost_bus_is_told_at_once_and_recovers_by_itself(service, door, site, nats, until):
    assert (await service.get("http://door/readyz")).status_code == 200
    await nats.stop()
    await until(lambda: not door.bus.is_connected)
    began_s = time.monotonic()
    answer = await service.put("/sites/demo/grid-connection", json=GRID)
    assert (answer.status_code, answer.json()["code"]) == (503, "site-offline")
    assert answer.json()["params"]["cause"] == "bus-away"
    assert time.monotonic() - began_s < 2
    assert (await service.get("/sites/demo/dashboard")).status_code == 200
    assert (await service.get("http://door/readyz")).status_code == 503
    await nats.start()
    await until(lambda: door.bus.is_connected and site.bus.is_connected)
    await until_answered(service, "/sites/demo/grid-connection")
    assert site.grid.revision == 0  # nothing was kept to be done later


async def until_answered(client, path) -> None:
    for _ in range(200):
        if (await client.get(path)).status_code == 200:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path} never answered")


async def test_what_cannot_be_audited_is_not_done(service, door, site):
    engine = door.parts.accounts._engine
    with engine.begin() as connection:
        connection.execute(text("drop table audit"))
    answer = await service.put("/sites/demo/grid-connection", json=GRID)
    assert (answer.status_code, answer.json()["code"]) == (503, "store-failing")
    assert site.grid.revision == 0


@asynccontextmanager
async def full_disk(door):
    """The database may not grow any more, as on a full disk; what is in it can be read."""

    def fill(connection, _):
        connection.execute("pragma query_only=on")

    engine = door.parts.accounts._engine
    event.listen(engine, "connect", fill)
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", fill)
        engine.dispose()


LOG_IN = {"username": "service", "password": "service-password"}


async def test_with_a_full_disk_one_can_log_in_look_and_log_out_but_not_change(door, site):
    async with full_disk(door), door.client() as page:
        assert (await page.post("/auth/session", json=LOG_IN)).status_code == 200
        assert (await page.get("/sites/demo/dashboard")).status_code == 200
        token = (await page.get("/auth/me")).json()["csrf_token"]
        sure = {"X-CSRF-Token": token}
        refused = await page.put("/sites/demo/grid-connection", json=GRID, headers=sure)
        assert (refused.status_code, refused.json()["code"]) == (503, "store-failing")
        assert site.grid.revision == 0
        assert (await page.delete("/auth/session", headers=sure)).status_code == 204
        assert (await page.get("/auth/me")).status_code == 401


async def test_with_a_full_disk_a_wrong_password_is_still_wrong(door):
    async with full_disk(door), door.client() as anybody:
        answer = await anybody.post("/auth/token", data=LOG_IN | {"password": "guessed"})
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-credentials")


async def test_a_log_in_kept_in_memory_ends_like_any_other(door):
    async with full_disk(door), door.client() as program:
        token = (await program.post("/auth/token", data=LOG_IN)).json()["access_token"]
        account = await door.parts.accounts.by_token(token, Kind.BEARER)
        assert account is not None
        assert await door.parts.accounts.is_valid(account)
        assert await door.parts.accounts.by_token(token, Kind.SESSION) is None
        door.parts.accounts._unsaved[account.digest].expires_s = 0
        assert await door.parts.accounts.by_token(token, Kind.BEARER) is None
        await program.post("/auth/token", data=LOG_IN)
        assert account.digest not in door.parts.accounts._unsaved


async def test_a_database_that_cannot_be_read_is_told(service, door, site):
    with door.parts.accounts._engine.begin() as connection:
        connection.execute(text("drop table tokens"))
    answer = await service.get("/sites")
    assert (answer.status_code, answer.json()["code"]) == (503, "store-failing")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fuse_a": {"l1": -1}}, "/fuse_a/l1"),
        ({"fuse_a": {"l1": "many"}}, "/fuse_a/l1"),
        ({}, "/fuse_a"),
        (GRID | {"phases": 2}, "/phases"),
        (GRID | {"fuse": 3}, "/fuse"),
    ],
)
async def test_a_request_of_the_wrong_shape_names_the_field(service, site, body, field):
    answer = await service.put("/sites/demo/grid-connection", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid-request"
    assert answer.json()["field"] == field
    assert answer.json()["fields"][0]["field"] == field


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
async def test_numbers_that_are_none_are_refused(service, site, number):
    body = f'{{"fuse_a": {{"l1": {number}}}}}'
    headers = {"Content-Type": "application/json"}
    answer = await service.put("/sites/demo/grid-connection", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_garbage_for_json_is_a_problem_too(service, site):
    headers = {"Content-Type": "application/json"}
    answer = await service.put("/sites/demo/grid-connection", content=b"{]", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_a_body_that_is_too_large_is_not_read(service, site):
    async def endless():
        for _ in range(100):
            yield b" " * 10_000

    for content in (b" " * 1_000_000, endless()):
        answer = await service.put(
            "/sites/demo/grid-connection",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_an_address_that_is_nothing_and_a_wrong_method_are_problems(service, door):
    answer = await service.get("/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    answer = await service.delete("/sites")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


async def test_metrics_are_for_this_machine_or_those_who_may(door):
    far = {"client": ("192.0.2.7", 1234)}
    async with door.client() as near, door.client(**far) as stranger:
        assert "volthus_bus_connected" in (await near.get("http://door/metrics")).text
        answer = await stranger.get("http://door/metrics")
        assert (answer.status_code, answer.json()["code"]) == (401, "not-logged-in")
        assert (await stranger.get("http://door/healthz")).status_code == 200


async def test_requests_are_counted_by_operation_not_by_address(service, site):
    await service.get("/sites/demo/dashboard")
    await service.get("/sites/another/dashboard")
    text = (await service.get("http://door/metrics")).text
    assert 'operation="get_dashboard",status="200"' in text
    assert "sites/another" not in text
    assert '="another"' not in text


async def speak(bus, door, until) -> None:
    await bus.publish(SITE_STATE, SiteState(site="demo", name="Demo"), site="demo")
    await until(lambda: door.parts.live.knows("demo"))


@asynccontextmanager
async def stand_alone(url: str):
    async with Bus.connect(url, "speaker") as bus:
        await asyncio.wait_for(bus.until_connected(), 10)
        yield bus
