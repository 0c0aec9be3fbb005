"""Tokens of programs: scopes, sites, role, end; told once, kept nowhere; on every route."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from web_routes import GUARDED

from web.core.knocks import FREE, Knocks
from web.core.scopes import Scope
from web.passwords import digest_of

SITE = "/sites/demo"
PUSH = {"name": "Telematics", "scopes": ["soc:write"], "sites": ["demo"], "role": "standard"}


@asynccontextmanager
async def program(door, secret):
    async with door.client() as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        yield client


@pytest.fixture
async def operator_client(door):
    async with door.logged_in("operator") as client:
        yield client


async def made(client, **change):
    answer = await client.post("/tokens", json=PUSH | change)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_telematics_push_a_state_of_charge_and_can_do_nothing_else(door, standard, site):
    token = await made(standard)
    async with program(door, token["token"]) as telematics:
        put = await telematics.put(f"{SITE}/cars/car-1/soc", json={"soc_percent": 43})
        assert (put.status_code, put.json()["source"]) == (200, "push")
        assert site.callers[-1].actor == "standard (Telematics)"
        for path in ("/sites", f"{SITE}/dashboard", f"{SITE}/cars"):
            answer = await telematics.get(path)
            assert (answer.status_code, answer.json()["code"]) == (403, "scope-not-allowed")
            assert answer.json()["params"] == {"needed": "read"}


async def test_a_token_is_told_once_and_only_its_digest_is_kept(door, standard, site):
    token = await made(standard)
    listed = await standard.get("/tokens")
    assert token["token"] not in listed.text
    assert listed.json()["items"][0]["id"] == token["id"]
    with sqlite3.connect(door.folder / "web.sqlite") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert token["token"] not in dump
    assert digest_of(token["token"]) in dump
    assert "tokens.create" in dump


async def test_a_revoked_token_opens_nothing_any_more(door, standard, site):
    token = await made(standard, scopes=["read"])
    async with program(door, token["token"]) as client:
        assert (await client.get("/sites")).status_code == 200
        [shown] = (await standard.get("/tokens")).json()["items"]
        assert shown["used_at"] is not None
        assert (await standard.delete(f"/tokens/{token['id']}")).status_code == 204
        assert (await client.get("/sites")).json()["code"] == "not-logged-in"
        assert (await standard.get(f"/tokens/{token['id']}")).json()["code"] == "unknown-token"


async def test_a_token_that_is_over_opens_nothing(door, standard, site):
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    token = await made(standard, scopes=["read"], expires_at=soon.isoformat())
    async with program(door, token["token"]) as client, asyncio.timeout(10):
        while (await client.get("/sites")).status_code == 200:
            pass


async def test_a_token_may_no_more_than_its_user_may_now(door, service, site):
    token = await made(service, role="service", scopes=["read", "settings"])
    async with program(door, token["token"]) as client:
        assert (await client.get(f"{SITE}/tariff")).status_code == 200
        with sqlite3.connect(door.folder / "web.sqlite") as database:
            database.execute("UPDATE users SET role = 'standard', sites = 'demo'")
        database.close()
        door.parts.known._forget()  # written past the program, as nobody does
        assert (await client.get(f"{SITE}/tariff")).json()["code"] == "role-not-allowed"
        assert (await client.get("/auth/me")).json()["sites"] == ["demo"]
        with sqlite3.connect(door.folder / "web.sqlite") as database:
            database.execute("UPDATE users SET sites = 'other'")
        database.close()
        door.parts.known._forget()  # written past the program, as nobody does
        assert (await client.get(f"{SITE}/dashboard")).json()["code"] == "unknown-site"


async def test_a_token_sees_only_its_sites(door, service, site):
    door.parts.live.remember("other", "Other", datetime.now(UTC))
    token = await made(service, scopes=["read"], sites=["other"])
    async with program(door, token["token"]) as client:
        assert [one["id"] for one in (await client.get("/sites")).json()["items"]] == ["other"]
        assert (await client.get(f"{SITE}/dashboard")).json()["code"] == "unknown-site"


REFUSED = [
    ({"role": "service"}, 403, "role-not-allowed"),
    ({"sites": ["elsewhere"]}, 404, "unknown-site"),
    ({"scopes": ["settings"]}, 403, "scope-not-grantable"),
    ({"scopes": ["prices:write"]}, 403, "scope-not-grantable"),
    ({"scopes": ["everything"]}, 422, "invalid-request"),
    ({"scopes": []}, 422, "invalid-request"),
    ({"expires_at": "2001-01-01T00:00:00Z"}, 422, "expiry-out-of-range"),
    ({"expires_at": "2100-01-01T00:00:00Z"}, 422, "expiry-out-of-range"),
]


@pytest.mark.parametrize(("change", "status", "code"), REFUSED)
async def test_nobody_gives_a_token_more_than_they_may(standard, site, change, status, code):
    answer = await standard.post("/tokens", json=PUSH | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_token_makes_and_sees_no_tokens(door, service, site):
    token = await made(service, role="service", scopes=[str(scope) for scope in Scope])
    async with program(door, token["token"]) as client:
        for method, path in (("GET", "/tokens"), ("POST", "/tokens"), ("DELETE", "/auth/session")):
            answer = await client.request(
                method, path, **({"json": PUSH} if method == "POST" else {})
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "log-in-needed")
        assert sorted((await client.get("/auth/me")).json()["scopes"]) == sorted(Scope)


async def test_prices_are_pushed_with_a_token_for_it(door, service, site):
    token = await made(service, role="service", scopes=["prices:write"])
    feed = {
        "currency": "EUR",
        "all_in": False,
        "prices": [
            {"start": "2026-11-22T12:00:00Z", "end": "2026-11-22T13:00:00Z", "per_kwh": 0.2}
        ],
    }
    async with program(door, token["token"]) as client:
        assert (await client.put("/price-feeds/mine", json=feed)).status_code == 200
        assert (await client.get("/price-sources")).json()["code"] == "scope-not-allowed"


async def test_a_service_user_ends_the_tokens_of_others_and_a_standard_user_does_not(
    door, service, standard, site
):
    own = await made(standard)
    other = await made(service, scopes=["read"])
    assert (await standard.delete(f"/tokens/{other['id']}")).status_code == 404
    assert [one["id"] for one in (await standard.get("/tokens")).json()["items"]] == [own["id"]]
    async with door.logged_in("elsewhere") as elsewhere:
        assert (await elsewhere.get("/tokens")).json()["items"] == []
    assert len((await service.get("/tokens")).json()["items"]) == 2
    assert (await service.delete(f"/tokens/{own['id']}")).status_code == 204


async def test_many_tokens_that_open_nothing_have_to_wait_and_good_ones_do_not(
    door, standard, site
):
    token = await made(standard, scopes=["read"])
    async with program(door, "vp_guessed") as guesser:
        answers = [await guesser.get("/sites") for _ in range(FREE + 2)]
    assert answers[FREE - 1].status_code == 401
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "too-many-attempts")
    assert int(answers[-1].headers["retry-after"]) >= 1
    async with program(door, token["token"]) as client:
        assert (await client.get("/sites")).status_code == 200


def test_an_address_that_waited_may_fail_again():
    knocks = Knocks()
    assert [knocks.failed("a", 0.0) for _ in range(FREE)] == [0] * FREE
    assert knocks.failed("a", 0.0) > 0
    assert knocks.failed("b", 0.0) == 0
    assert knocks.failed("a", 10.0) == 0


def test_what_changes_needs_another_scope_than_what_reads():
    for one in GUARDED:
        if one.scope is not None and not one.path.endswith("/preview"):
            assert (one.scope == "read") is (one.method == "GET"), one.path


async def test_a_password_that_was_reset_stops_the_programs_of_its_user_too(
    door, operator_client, site
):
    async with door.logged_in("standard") as standard:
        token = await made(standard, scopes=["read"])
    async with program(door, token["token"]) as reader:
        assert (await reader.get("/sites/demo/dashboard")).status_code == 200
        reset = await operator_client.post("/users/standard/password")
        assert reset.status_code == 200, reset.text
        refused = await reader.get("/sites/demo/dashboard")
        assert (refused.status_code, refused.json()["code"]) == (403, "password-change-needed")


async def test_a_token_gets_no_answer_that_was_kept_for_its_user(door, service, site):
    key = {"Idempotency-Key": "once-and-for-all"}
    wanted = {"url": "https://example.com/", "events": ["alert.fired"], "sites": ["demo"]}
    first = await service.post("/webhooks", json=wanted, headers=key)
    assert first.status_code == 201, first.text
    again = await service.post("/webhooks", json=wanted, headers=key)
    assert again.json()["secret"] == first.json()["secret"]
    token = await made(service, role="service", scopes=["read"])
    async with program(door, token["token"]) as reader:
        refused = await reader.post("/webhooks", json=wanted, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-not-allowed")
