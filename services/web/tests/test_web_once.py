"""Commands of the front door's own with an idempotency key: done once."""

import asyncio
import sqlite3
from datetime import UTC, datetime

import pytest
from fastapi import Response

from volthus_kit.database import open_database, open_sqlite
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from web.migrating import bring_up
from web.once import KEPT_S, Asked, Once

KEY = {"Idempotency-Key": "7f3c0b52-8a1e-4d0e-9d55-0c6a4c1f2b77"}
BO = {"username": "bo", "role": "standard"}


async def test_a_user_made_twice_with_a_key_is_made_once_and_told_the_same(service):
    first = await service.post("/users", json=BO, headers=KEY)
    again = await service.post("/users", json=BO, headers=KEY)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.json()["password"]
    for name in ("location", "etag", "content-type"):
        assert first.headers[name] == again.headers[name]
    assert (await service.post("/users", json=BO)).status_code == 409


async def test_the_same_key_for_something_else_is_refused(service):
    await service.post("/users", json=BO, headers=KEY)
    for path, body in (("/users", BO | {"username": "al"}), ("/tokens", BO)):
        refused = await service.post(path, json=body, headers=KEY)
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency-key-reused")


async def test_each_user_has_keys_of_their_own(door, service):
    await service.post("/users", json=BO, headers=KEY)
    async with door.logged_in("operator") as other:
        made = await other.post("/users", json=BO | {"username": "al"}, headers=KEY)
        assert made.status_code == 201


async def test_what_was_refused_may_be_tried_again_with_its_key(service):
    weak = await service.post("/users", json=BO | {"password": "short"}, headers=KEY)
    assert weak.status_code == 422
    wrong = await service.post("/users", json={"username": 7}, headers=KEY)
    assert wrong.status_code == 422
    assert (await service.post("/users", json=BO, headers=KEY)).status_code == 201


async def test_a_key_opens_no_door(anybody, standard):
    assert (await anybody.post("/users", json=BO, headers=KEY)).status_code == 401
    assert (await standard.post("/users", json=BO, headers=KEY)).status_code == 403
    bad = await standard.post("/tokens", json={}, headers={"Idempotency-Key": "with blank"})
    assert bad.json()["code"] == "idempotency-key-invalid"


async def test_the_database_tells_no_secret_of_an_answer(door, service):
    wanted = {"name": "Car", "scopes": ["read"]}
    token = (await service.post("/tokens", json=wanted, headers=KEY)).json()["token"]
    again = (await service.post("/tokens", json=wanted, headers=KEY)).json()["token"]
    assert token == again
    with sqlite3.connect(door.folder / "web.sqlite") as plain:
        (body,) = plain.execute("SELECT body FROM answers").fetchone()
        dump = "\n".join(plain.iterdump())
    plain.close()
    assert len(body) > 100
    assert token not in dump
    assert KEY["Idempotency-Key"] not in dump


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request, tmp_path):
    if request.param == "sqlite":
        opened = open_sqlite(tmp_path / "web.sqlite")
    else:
        opened = open_database(request.getfixturevalue("postgres_url"))
    bring_up(opened)
    yield opened
    opened.dispose()


async def test_two_replicas_that_get_it_at_once_do_it_once(engine):
    done = []

    async def work():
        await asyncio.sleep(0.3)
        done.append(1)
        return Response(b"made", 201, {"location": "/x"})

    asked = Asked("anna", "k1", b"POST /users {}")
    replicas = [Once(engine, FakeClock()) for _ in range(3)]
    answers = await asyncio.gather(*(one.answer(asked, work) for one in replicas))
    assert [(one.status_code, one.body) for one in answers] == [(201, b"made")] * 3
    assert done == [1]


async def test_a_command_whose_replica_died_is_not_done_again(engine, monkeypatch):
    asked = Asked("anna", "k1", b"POST /users {}")

    async def dies():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Once(engine, FakeClock()).answer(asked, dies)
    monkeypatch.setattr("web.once.AT_WORK_S", 0.2)
    with pytest.raises(RefusedError, match="idempotency-answer-lost"):
        await Once(engine, FakeClock()).answer(asked, dies)


async def test_a_key_is_forgotten_after_a_day(engine):
    clock, done = FakeClock(datetime(2026, 11, 22, tzinfo=UTC)), []

    async def work():
        done.append(1)
        return Response(b"x")

    asked = Asked("anna", "k1", b"x")
    for _ in range(2):
        await Once(engine, clock).answer(asked, work)
    clock.go_on(KEPT_S + 1)
    await Once(engine, clock).answer(asked, work)
    assert len(done) == 2
