"""The built page: files, the page's own addresses, headers; and what is said without it."""

import pytest

ROOT = "http://door"


@pytest.fixture
def built(door):
    folder = door.folder / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Volthus</title>")
    (folder / "assets" / "index-3f2a.js").write_text("export {};" * 500)
    (folder / "favicon.svg").write_text("<svg/>")
    (door.folder / "web-secret.txt").write_text("secret")
    return folder


async def test_a_page_that_was_not_built_says_what_to_do(anybody, door):
    answer = await anybody.get(f"{ROOT}/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


async def test_the_pages_own_addresses_give_its_index(anybody, built):
    for path in ("/", "/index.html", "/settings/meters", "/sites/demo"):
        answer = await anybody.get(ROOT + path)
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/html; charset=utf-8",
        )
        assert answer.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_kept_for_ever_and_compressed(anybody, built):
    answer = await anybody.get(f"{ROOT}/assets/index-3f2a.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert "javascript" in answer.headers["content-type"]
    assert (await anybody.get(f"{ROOT}/favicon.svg")).headers["cache-control"] == "no-cache"


async def test_what_makes_the_page_an_app_is_asked_for_each_time(anybody, built):
    (built / "sw.js").write_text("self;")
    (built / "manifest.webmanifest").write_text("{}")
    worker = await anybody.get(f"{ROOT}/sw.js")
    assert "javascript" in worker.headers["content-type"]
    manifest = await anybody.get(f"{ROOT}/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert {one.headers["cache-control"] for one in (worker, manifest)} == {"no-cache"}


async def test_a_file_that_is_not_there_is_not_the_index(anybody, built):
    for path in ("/assets/gone-1111.js", "/robots.txt", "/api", "/api/v2/sites"):
        answer = await anybody.get(ROOT + path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_nothing_outside_the_page_is_served(anybody, built):
    for path in ("/../web-secret.txt", "/%2e%2e/web-secret.txt", "/assets/..%2f..%2fweb.sqlite"):
        answer = await anybody.get(ROOT + path)
        assert "secret" not in answer.text
        assert not answer.content.startswith(b"SQLite")


async def test_every_answer_carries_protecting_headers(anybody, built):
    for path in ("/", "/api/v1/auth/me", "/healthz", "/nothing.txt"):
        headers = (await anybody.get(ROOT + path)).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert (await anybody.get(f"{ROOT}/api/v1/auth/me")).headers["cache-control"] == "no-store"


async def test_the_openapi_document_is_for_anybody(anybody, door):
    answer = await anybody.get("/openapi.json")
    assert answer.status_code == 200
    assert "/api/v1/sites/{site}/dashboard" in answer.json()["paths"]


async def test_the_api_can_be_read_as_a_page_without_scripts(anybody, door):
    answer = await anybody.get(f"{ROOT}/api/docs")
    assert answer.status_code == 200
    assert "/api/v1/sites/{site}/dashboard" in answer.text
    assert "<script" not in answer.text
