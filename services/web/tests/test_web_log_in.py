"""Logging in and out: tokens for programs, sessions for the page, wrong passwords."""

import asyncio
import sqlite3
from datetime import datetime

import pytest
from sqlmodel import Session

from web.core.lockout import FREE_BY_USER
from web.passwords import digest_of
from web.store import TokenRow

CREDENTIALS = {"username": "service", "password": "service-password"}
WRONG = CREDENTIALS | {"password": "not-the-password"}


async def test_the_password_form_gives_a_bearer_token(anybody, site):
    answer = await anybody.post("/auth/token", data=CREDENTIALS | {"grant_type": "password"})
    assert answer.status_code == 200
    token = answer.json()
    assert token["token_type"] == "bearer"
    assert 43190 <= token["expires_in"] <= 43200
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    me = (await anybody.get("/auth/me", headers=headers)).json()
    assert (me["username"], me["role"], me["csrf_token"]) == ("service", "service", None)
    # A bearer token needs no CSRF token for a change.
    put = await anybody.put("/sites/demo/energy-management", json={"on": False}, headers=headers)
    assert put.status_code == 200


async def test_the_secret_of_a_token_is_stored_nowhere(door, service):
    token = service.headers["Authorization"].split()[1]
    with sqlite3.connect(door.folder / "web.sqlite") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert token not in dump
    assert digest_of(token) in dump
    assert "service-password" not in dump
    assert "$argon2id$" in dump


async def test_the_page_gets_a_cookie_no_script_can_read(anybody, door):
    answer = await anybody.post("/auth/session", json=CREDENTIALS)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/api/"):
        assert part in cookie
    assert "vt_" not in answer.text
    me = (await anybody.get("/auth/me")).json()
    assert me["role"] == "service"
    assert me["csrf_token"] == answer.json()["csrf_token"]
    assert datetime.fromisoformat(me["expires_at"]).tzinfo is not None


async def test_a_change_by_cookie_needs_the_csrf_token(anybody, site):
    me = (await anybody.post("/auth/session", json=CREDENTIALS)).json()
    for headers in ({}, {"X-CSRF-Token": "guessed"}, {"X-CSRF-Token": "gü"}):
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        put = await anybody.put("/sites/demo/energy-management", json={"on": False}, headers=raw)
        assert (put.status_code, put.json()["code"]) == (403, "csrf-token-missing")
    good = {"X-CSRF-Token": me["csrf_token"]}
    put = await anybody.put("/sites/demo/energy-management", json={"on": False}, headers=good)
    assert put.status_code == 200


async def test_a_session_secret_is_no_bearer_token_and_the_other_way_round(anybody, service):
    await anybody.post("/auth/session", json=CREDENTIALS)
    secret = anybody.cookies["volthus_session"]
    anybody.cookies.clear()
    as_bearer = await anybody.get("/auth/me", headers={"Authorization": f"Bearer {secret}"})
    assert as_bearer.status_code == 401
    token = service.headers["Authorization"].split()[1]
    as_cookie = await anybody.get("/auth/me", headers={"Cookie": f"volthus_session={token}"})
    assert as_cookie.status_code == 401


async def test_logging_out_ends_the_session_on_the_server(anybody, door):
    me = (await anybody.post("/auth/session", json=CREDENTIALS)).json()
    secret = anybody.cookies["volthus_session"]
    out = await anybody.delete("/auth/session", headers={"X-CSRF-Token": me["csrf_token"]})
    assert out.status_code == 204
    assert "volthus_session" not in anybody.cookies
    again = await anybody.get("/auth/me", headers={"Cookie": f"volthus_session={secret}"})
    assert again.status_code == 401


async def test_a_token_that_is_over_is_worth_nothing(door, service):
    token = service.headers["Authorization"].split()[1]
    with Session(door.parts.accounts._engine) as session:
        row = session.get(TokenRow, digest_of(token))
        row.expires_s = door.parts.clock.now().timestamp() - 1
        session.add(row)
        session.commit()
    assert (await service.get("/auth/me")).status_code == 401


@pytest.mark.parametrize("wrong", [WRONG, WRONG | {"username": "nobody"}])
async def test_wrong_credentials_do_not_say_which_part_is_wrong(anybody, door, wrong):
    for answer in (
        await anybody.post("/auth/token", data=wrong),
        await anybody.post("/auth/session", json=wrong),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-credentials")
        assert "set-cookie" not in answer.headers


async def test_guessing_is_slowed_down(anybody, door):
    for _ in range(FREE_BY_USER):
        assert (await anybody.post("/auth/token", data=WRONG)).status_code == 401
    answer = await anybody.post("/auth/token", data=CREDENTIALS)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert 1 <= int(answer.headers["retry-after"]) <= 15
    other = {"username": "standard", "password": "standard-password"}
    assert (await anybody.post("/auth/token", data=other)).status_code == 200


async def test_guessing_many_at_once_gains_nothing(anybody, door):
    answers = await asyncio.gather(
        *(anybody.post("/auth/token", data=WRONG) for _ in range(3 * FREE_BY_USER))
    )
    assert sum(answer.status_code == 401 for answer in answers) == FREE_BY_USER


async def test_log_ins_are_in_the_audit(door, anybody):
    await anybody.post("/auth/token", data=WRONG)
    await anybody.post("/auth/token", data=CREDENTIALS)
    with sqlite3.connect(door.folder / "web.sqlite") as database:
        rows = database.execute("select actor, action, outcome from audit order by id").fetchall()
    database.close()
    assert rows == [
        ("service", "auth.token", "wrong-credentials"),
        ("service", "auth.token", "done"),
    ]
