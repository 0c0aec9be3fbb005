"""Logging in with an OpenID provider: a real one, and one that lies; over real HTTP."""

import json
import time
import warnings
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from odd_provider import GOOD_CODE, new_key, odd_provider

from web.errors import OidcSettingsError
from web.oidc.desk import OidcSettings, open_desk

START = "http://door/api/v1/auth/oidc/start"
ROLES = json.dumps(
    [
        {"value": "fleet", "role": "operator"},
        {"value": "north", "role": "service", "tenant": "north"},
        {"claim": "realm.roles", "value": "electrician", "role": "service", "sites": ["demo"]},
    ]
)


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@asynccontextmanager
async def door_with(opened, nats, folder, issuer: str):
    given = OidcSettings(issuer, "volthus", "secret", None, ROLES, "Company")
    async with opened(nats.url, folder, oidc=given) as door:
        yield door


@pytest.fixture
def odd():
    with odd_provider() as provider:
        yield provider


@pytest.fixture
async def at_odd(opened, nats, tmp_path, odd):
    async with door_with(opened, nats, tmp_path, odd.url) as door:
        yield door


async def begin(client: httpx.AsyncClient, to: str = "/plan") -> dict[str, str]:
    """Start, and return what the browser carries to the provider."""
    answer = await client.get("/auth/oidc/start", params={"to": to})
    assert answer.status_code == 303
    return query(answer.headers["location"])


async def come_back(client: httpx.AsyncClient, **params) -> str:
    """Come back from the provider. Returns where the page goes on."""
    answer = await client.get("/auth/oidc/callback", params=params)
    assert answer.status_code == 303
    return answer.headers["location"]


# --- a real provider -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own
async def test_an_operator_logs_in_with_a_real_provider_and_out_again(opened, nats, tmp_path, site):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from oidc_provider_mock import User, run_server_in_thread  # noqa: PLC0415
    eva = User(sub="s-1", claims={"preferred_username": "eva", "groups": ["fleet"]})
    with run_server_in_thread(user_claims=[eva], require_nonce=True) as server:
        issuer = f"http://localhost:{server.server_port}"
        async with (
            door_with(opened, nats, tmp_path / "oidc", issuer) as door,
            door.client() as client,
            httpx.AsyncClient() as browser,
        ):
            methods = (await client.get("/auth/methods")).json()
            assert methods["oidc"]["name"] == "Company"
            to = await client.get("/auth/oidc/start", params={"to": "/plan"})
            asked = query(to.headers["location"])
            assert asked["code_challenge_method"] == "S256"
            assert asked["redirect_uri"] == "http://door/api/v1/auth/oidc/callback"
            back = await browser.post(to.headers["location"], data={"sub": "s-1"})
            ends_at = await client.get(back.headers["location"])
            assert ends_at.headers["location"] == "/log-in?signed-in=oidc&to=%2Fplan"
            cookie = ends_at.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=strict" in cookie
            me = (await client.get("/auth/me")).json()
            assert (me["username"], me["role"], me["tenant"]) == ("eva", "operator", "")
            again = await client.get(back.headers["location"])
            assert again.headers["location"] == "/log-in?problem=oidc-not-begun"
            headers = {"X-CSRF-Token": me["csrf_token"]}
            user = (await client.get("/users/eva")).json()
            assert (user["log_in"], user["must_change_password"]) == ("oidc", False)
            change = {"old_password": "x", "new_password": "three green cars"}
            no = await client.put("/me/password", json=change, headers=headers)
            assert no.json()["code"] == "password-elsewhere"
            out = await client.post("/auth/log-out", headers=headers)
            assert (await client.get("/auth/me")).status_code == 401
            there = out.json()["at_provider"]
            assert there.startswith(f"{issuer}/oauth2/end_session?")
            asked = query(there)
            assert asked["post_logout_redirect_uri"] == "http://door/log-in"
            assert asked["client_id"] == "volthus"
            assert asked["id_token_hint"].count(".") == 2
            shown = await browser.get(there)
            assert shown.status_code == 200
            confirmed = await browser.post(
                f"{issuer}/oauth2/end_session/confirm",
                params=shown.request.url.params,
                data=dict(shown.request.url.params),
            )
            assert confirmed.status_code in {200, 302, 303}


async def enter_at(client: httpx.AsyncClient, odd) -> dict[str, str]:
    """Log in, and return what changes need."""
    odd.forms.clear()
    asked = await begin(client)
    odd.nonce = asked["nonce"]
    place = await come_back(client, state=asked["state"], code=GOOD_CODE)
    assert place.startswith("/log-in?signed-in")
    return {"X-CSRF-Token": (await client.get("/auth/me")).json()["csrf_token"]}


@pytest.mark.parametrize(
    ("change", "is_sent_on"),
    [
        ({}, False),
        ({"end_session_endpoint": "http://evil.example.com/out"}, False),
        ({"end_session_endpoint": "https://id.example.com/out?x=1"}, True),
    ],
    ids=["not offered", "not private", "offered"],
)
async def test_a_log_out_goes_on_only_where_the_provider_offers_it(at_odd, odd, change, is_sent_on):
    odd.document = change
    async with at_odd.client() as client:
        headers = await enter_at(client, odd)
        told = (await client.post("/auth/log-out", headers=headers)).json()["at_provider"]
        assert (await client.get("/auth/me")).status_code == 401
    if is_sent_on:
        assert told.startswith("https://id.example.com/out?x=1&")
        assert query(told)["state"] == "signed-out"
    else:
        assert told is None


async def test_with_the_provider_away_a_log_out_still_ends_the_log_in_here(at_odd, odd):
    odd.document = {"end_session_endpoint": "https://id.example.com/out"}
    async with at_odd.client() as client:
        headers = await enter_at(client, odd)
        odd.document = {"issuer": "https://evil.example.com"}
        at_odd.parts.oidc.provider._endpoints = None  # an hour later
        told = await client.post("/auth/log-out", headers=headers)
        assert (told.status_code, told.json()) == (200, {"at_provider": None})
        assert (await client.get("/auth/me")).status_code == 401


async def test_a_long_id_token_is_no_part_of_an_address(at_odd, odd):
    odd.document = {"end_session_endpoint": "https://id.example.com/out"}
    odd.claims = {"groups": ["fleet", *(f"group-{n:05}" for n in range(500))]}
    async with at_odd.client() as client:
        headers = await enter_at(client, odd)
        told = (await client.post("/auth/log-out", headers=headers)).json()["at_provider"]
        assert "id_token_hint" not in query(told)
        assert len(told) < 1000


async def test_who_logged_in_with_a_password_is_sent_nowhere(at_odd, odd):
    odd.document = {"end_session_endpoint": "https://id.example.com/out"}
    async with at_odd.logged_in("service") as client:
        out = await client.post("/auth/log-out")
        assert (out.status_code, out.json()) == (200, {"at_provider": None})
        assert (await client.get("/auth/me")).status_code == 401


async def test_the_database_does_not_tell_what_the_provider_signed(at_odd, odd):
    async with at_odd.client() as client:
        await enter_at(client, odd)
    stored = b"".join(one.read_bytes() for one in at_odd.folder.glob("web.sqlite*"))
    assert odd.id_token().split(".")[0].encode() not in stored


async def test_tokens_of_programs_rest_until_their_user_logs_in_at_the_provider_again(
    at_odd, odd, monkeypatch
):
    tokens = at_odd.parts.tokens
    async with at_odd.client() as client, at_odd.client() as program:
        headers = await enter_at(client, odd)
        wanted = {"name": "Board", "scopes": ["read"]}
        made = (await client.post("/tokens", json=wanted, headers=headers)).json()
        assert made["rests_at"] < made["expires_at"]
        program.headers["Authorization"] = f"Bearer {made['token']}"
        assert (await program.get("/auth/me")).status_code == 200
        monkeypatch.setattr(tokens, "_provider_for", timedelta(seconds=0))
        at_odd.parts.known._forget()
        assert (await program.get("/auth/me")).status_code == 401
        (listed,) = (await client.get("/tokens")).json()["items"]
        assert listed["rests_at"] < made["rests_at"], "and the list says so"
        monkeypatch.setattr(tokens, "_provider_for", timedelta(days=1))
        await enter_at(client, odd)
        assert (await program.get("/auth/me")).status_code == 200


async def test_tokens_of_users_with_a_password_do_not_rest(service):
    made = (await service.post("/tokens", json={"name": "T", "scopes": ["read"]})).json()
    assert made["rests_at"] is None


async def test_who_says_no_at_the_provider_is_back_at_the_log_in(at_odd, odd):
    async with at_odd.client() as client:
        asked = await begin(client)
        place = await come_back(client, state=asked["state"], error="access_denied")
        assert place == "/log-in?problem=oidc-refused"
    assert odd.forms == []


# --- one that lies -------------------------------------------------------------------------------


async def test_the_truth_is_believed(at_odd, odd):
    async with at_odd.client() as client:
        asked = await begin(client)
        odd.nonce = asked["nonce"]
        place = await come_back(client, state=asked["state"], code=GOOD_CODE)
        assert place.startswith("/log-in?signed-in")
        form = odd.forms[0]
        assert len(form["code_verifier"][0]) >= 43
        assert (await client.get("/auth/me")).json()["username"] == "eva"


LIES = {
    "another nonce": {"claims": {"nonce": "stolen"}},
    "no nonce": {"claims": {"nonce": None}},
    "expired": {"claims": {"exp": int(time.time()) - 3600}},
    "no end": {"claims": {"exp": None}},
    "another audience": {"claims": {"aud": "somebody-else"}},
    "given to another": {"claims": {"aud": ["volthus", "other"], "azp": "other"}},
    "many audiences": {"claims": {"aud": ["volthus", "other"]}},
    "another issuer": {"claims": {"iss": "https://evil.example.com"}},
    "nobody": {"claims": {"sub": None}},
    "from the future": {"claims": {"nbf": int(time.time()) + 3600}},
    "another's key": {"key": new_key("k1"), "told_keys": [new_key("k1")]},
    "a key nobody knows": {"key": new_key("k2"), "told_keys": [new_key("k1")]},
    "signed with the public key": {"header": {"alg": "HS256"}},
    "not signed": {"token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzLTEifQ."},
    "junk": {"token": "x"},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_logs_nobody_in(at_odd, odd, lie):
    async with at_odd.client() as client:
        asked = await begin(client)
        odd.nonce = asked["nonce"]
        for name, value in LIES[lie].items():
            setattr(odd, name, value)
        place = await come_back(client, state=asked["state"], code=GOOD_CODE)
        assert place == "/log-in?problem=oidc-token-wrong"
        assert (await client.get("/auth/me")).status_code == 401
    assert len(odd.forms) == 1


async def test_a_code_is_used_once_and_a_wrong_one_not_at_all(at_odd, odd):
    async with at_odd.client() as client:
        asked = await begin(client)
        odd.nonce = asked["nonce"]
        wrong = await come_back(client, state=asked["state"], code="guessed")
        assert wrong == "/log-in?problem=oidc-code-refused"
        for _ in range(2):  # the state is gone with the first use
            place = await come_back(client, state=asked["state"], code=GOOD_CODE)
            assert place == "/log-in?problem=oidc-not-begun"


async def test_a_log_in_that_another_browser_began_is_refused(at_odd, odd):
    """Else somebody could be logged in, unknowingly, as somebody else."""
    async with at_odd.client() as mallory, at_odd.client() as victim:
        asked = await begin(mallory)
        odd.nonce = asked["nonce"]
        place = await come_back(victim, state=asked["state"], code=GOOD_CODE)
        assert place == "/log-in?problem=oidc-not-begun"
        await begin(victim)
        place = await come_back(victim, state=asked["state"], code=GOOD_CODE)
        assert place == "/log-in?problem=oidc-not-begun"
    assert odd.forms == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"issuer": "https://evil.example.com"}, "oidc-provider-wrong"),
        ({"token_endpoint": "http://evil.example.com/token"}, "oidc-provider-wrong"),
        ({"jwks_uri": None}, "oidc-provider-wrong"),
    ],
)
async def test_a_provider_whose_document_is_odd_is_not_used(at_odd, odd, change, code):
    odd.document = change
    async with at_odd.client() as client:
        answer = await client.get("/auth/oidc/start")
        assert answer.headers["location"] == f"/log-in?problem={code}"


async def test_a_new_key_of_the_provider_is_learned(at_odd, odd):
    async with at_odd.client() as client:
        for name in ("k1", "k2"):
            odd.forms.clear()
            odd.key = new_key(name)
            at_odd.parts.oidc.provider._keys = at_odd.parts.oidc.provider._keys and (
                at_odd.parts.oidc.provider._keys[0] - 60,
                at_odd.parts.oidc.provider._keys[1],
            )
            asked = await begin(client)
            odd.nonce = asked["nonce"]
            place = await come_back(client, state=asked["state"], code=GOOD_CODE)
            assert place.startswith("/log-in?signed-in"), name


# --- who one is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"groups": ["x", "north"]}, ("service", None, "north")),
        ({"groups": [], "realm": {"roles": ["electrician"]}}, ("service", ["demo"], "")),
        ({"groups": ["x"]}, None),
        ({"groups": None}, None),
    ],
)
async def test_claims_become_role_sites_and_tenant(at_odd, odd, claims, expected):
    odd.claims = claims
    async with at_odd.client() as client:
        asked = await begin(client)
        odd.nonce = asked["nonce"]
        place = await come_back(client, state=asked["state"], code=GOOD_CODE)
        if expected is None:
            assert place == "/log-in?problem=oidc-no-role"
            return
        me = (await client.get("/auth/me")).json()
        assert (me["role"], me["sites"], me["tenant"]) == expected


async def test_a_local_user_is_never_taken_over_by_name(at_odd, odd):
    odd.claims = {"preferred_username": "service"}
    async with at_odd.client() as client:
        asked = await begin(client)
        odd.nonce = asked["nonce"]
        await come_back(client, state=asked["state"], code=GOOD_CODE)
        me = (await client.get("/auth/me")).json()
        assert me["username"].startswith("service-")
    async with at_odd.logged_in("service") as ours:
        assert (await ours.get("/auth/me")).json()["role"] == "service"


async def test_who_is_disabled_here_stays_out(at_odd, odd):
    async with at_odd.client() as client, at_odd.logged_in("operator") as boss:
        for place_begins, disabled in (("signed-in", True), ("problem=oidc-user-disabled", False)):
            odd.forms.clear()
            asked = await begin(client)
            odd.nonce = asked["nonce"]
            place = await come_back(client, state=asked["state"], code=GOOD_CODE)
            assert place.startswith(f"/log-in?{place_begins}")
            off = {"role": "operator", "disabled": disabled}
            assert (await boss.put("/users/eva", json=off)).status_code == 200


@pytest.mark.parametrize("to", ["//evil.example.com", "https://evil.example.com", "/\\evil", "x"])
async def test_a_log_in_leads_to_our_own_page_only(at_odd, odd, to):
    async with at_odd.client() as client:
        asked = await begin(client, to)
        odd.nonce = asked["nonce"]
        place = await come_back(client, state=asked["state"], code=GOOD_CODE)
        assert query(place)["to"] == "/"


async def test_without_a_provider_there_is_no_such_log_in(anybody):
    assert (await anybody.get("/auth/methods")).json() == {"password": True, "oidc": None}
    assert (await anybody.get("/auth/oidc/start")).status_code == 404
    assert (await anybody.get("/auth/oidc/callback")).status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        OidcSettings("http://provider.example.com", "volthus", "", None, ROLES),
        OidcSettings("https://provider.example.com", "", "", None, ROLES),
        OidcSettings("https://provider.example.com", "volthus", "", None, "[]"),
        OidcSettings("https://provider.example.com", "volthus", "", None, '[{"role": "king"}]'),
    ],
)
def test_settings_that_cannot_be_stop_the_start(given):
    with pytest.raises(OidcSettingsError):
        open_desk(None, None, given)
