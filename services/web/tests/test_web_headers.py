"""What keeps browsers safe: a test for each header, over page and API, and for each cookie."""

import httpx
import pytest

ROOT = "http://door"
PAGES = ("/", "/settings", "/assets/app-1111.js", "/sw.js", "/manifest.webmanifest", "/gone.txt")
API = (
    "/api/v1/auth/me",  # 401 without a log-in
    "/api/v1/openapi.json",
    "/api/v1/version",
    "/api/v1/sites",
    "/api/v1/sites/nowhere/dashboard",  # 404
    "/api/v1/sites?limit=0",  # 422
    "/api/v2/nothing",  # 404 of no route
    "/api/docs",
    "/healthz",
    "/metrics",
)
HEADERS = {
    "content-security-policy": (
        "default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'",
        "form-action 'self'", "frame-ancestors 'none'", "connect-src 'self'",
    ),
    "x-content-type-options": ("nosniff",),
    "x-frame-options": ("DENY",),
    "referrer-policy": ("same-origin",),
    "cross-origin-opener-policy": ("same-origin",),
    "cross-origin-resource-policy": ("same-origin",),
    "permissions-policy": ("geolocation=(self)", "microphone=()", "payment=()"),
}  # fmt: skip
PASSWORD = "service-password"


@pytest.fixture
def built(door):
    """A page in the door's folder."""
    static = door.folder / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Volthus</title>")
    (static / "assets" / "app-1111.js").write_text("export {};")
    (static / "sw.js").write_text("self;")
    (static / "manifest.webmanifest").write_text("{}")


@pytest.mark.parametrize("name", HEADERS)
async def test_every_answer_has_the_header(name, service, anybody, built):
    for client in (service, anybody):
        for path in (*PAGES, *API):
            answer = await client.get(ROOT + path)
            told = answer.headers.get(name, "")
            for part in HEADERS[name]:
                assert part in told, (path, answer.status_code, told)


async def test_no_script_but_our_own_files_runs(anybody, built):
    """The policy allows neither scripts in the page nor strings that become code."""
    policy = (await anybody.get(f"{ROOT}/")).headers["content-security-policy"]
    script = next(one for one in policy.split("; ") if one.startswith("script-src"))
    assert script == "script-src 'self'"
    assert "http:" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_refusals_have_them_too(service, method):
    for path in ("/sites/demo/dashboard", "/nothing"):
        answer = await service.request(method, path, json={})
        assert set(HEADERS) <= set(answer.headers.keys())


async def test_so_does_a_body_that_is_too_large(service):
    answer = await service.post("/tokens", content=b"x" * 300_000)
    assert answer.status_code == 413
    assert set(HEADERS) <= set(answer.headers.keys())


async def test_so_does_a_failure_of_our_own(door, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr(door.parts.fleet, "find", fails)
    async with door.logged_in("service") as client:
        transport = httpx.ASGITransport(door.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ROOT) as raw:
            raw.headers["Authorization"] = client.headers["Authorization"]
            answer = await raw.get("/api/v1/sites")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert set(HEADERS) <= set(answer.headers.keys())


async def test_answers_of_the_api_are_stored_nowhere(service, anybody, built):
    for path in API:
        if path.startswith("/api/"):
            assert (await service.get(ROOT + path)).headers["cache-control"] == "no-store", path
    assert (await anybody.get(f"{ROOT}/")).headers["cache-control"] == "no-cache"


async def test_behind_tls_a_browser_is_told_to_stay_with_it(door, built):
    for scheme in ("http", "https"):
        transport = httpx.ASGITransport(door.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://door") as client:
            for path in ("/", "/api/v1/auth/me"):
                told = (await client.get(path)).headers.get("strict-transport-security")
                assert told == ("max-age=31536000" if scheme == "https" else None)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookie_is_for_our_page_alone(door, scheme):
    transport = httpx.ASGITransport(door.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://door") as client:
        body = {"username": "service", "password": PASSWORD}
        answer = await client.post("/api/v1/auth/session", json=body)
        cookie = answer.headers["set-cookie"].lower()
        for flag in ("httponly", "samesite=strict", "path=/api/"):
            assert flag in cookie
        assert ("secure" in cookie) is (scheme == "https")
        assert "domain" not in cookie


@pytest.mark.parametrize("came_from", ["cross-site", "same-site"])
async def test_no_other_page_logs_a_browser_in_or_changes_something(door, came_from):
    elsewhere = {"Sec-Fetch-Site": came_from}
    async with door.client() as client:
        body = {"username": "service", "password": PASSWORD}
        refused = await client.post("/auth/session", json=body, headers=elsewhere)
        assert (refused.status_code, refused.json()["code"]) == (403, "cross-site")
        assert "set-cookie" not in refused.headers
        ours = {"Sec-Fetch-Site": "same-origin"}
        me = (await client.post("/auth/session", json=body, headers=ours)).json()
        token = {"X-CSRF-Token": me["csrf_token"]}
        wanted = {"name": "T", "scopes": ["read"]}
        refused = await client.post("/tokens", json=wanted, headers=token | elsewhere)
        assert (refused.status_code, refused.json()["code"]) == (403, "cross-site")
        assert (await client.post("/tokens", json=wanted)).json()["code"] == "csrf-token-missing"
        assert (await client.post("/tokens", json=wanted, headers=token)).status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_a_form_of_another_page_logs_nobody_in(door, kind):
    """What a page can send without asking first is no JSON, whatever stands in it."""
    body = f'{{"username": "service", "password": "{PASSWORD}"}}'
    async with door.client() as client:
        headers = {"Content-Type": kind} if kind else {}
        answer = await client.post("/auth/session", content=body.encode(), headers=headers)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers


async def test_pages_elsewhere_may_ask_nothing_unless_it_is_set(door, opened, nats, tmp_path):
    origin = "https://board.example.com"
    asks = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    async with door.client() as client:
        for answer in (
            await client.options("/sites", headers=asks),
            await client.get("/version", headers={"Origin": origin}),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")]
    async with (
        opened(nats.url, tmp_path / "open", origins=(origin,)) as other,
        other.client() as client,
    ):
        allowed = await client.options("/sites", headers=asks)
        assert allowed.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in allowed.headers
        others = await client.options("/sites", headers=asks | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in others.headers
