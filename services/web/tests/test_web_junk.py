"""Junk of every kind on every route: a documented problem, never a failure of ours."""

from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_routes import DOCUMENT, OPERATIONS, SKI

from web.answers import invalid

WITH_BODY = [
    (one, operation)
    for one in OPERATIONS
    if "requestBody" in (operation := DOCUMENT["paths"][one.path][one.method.lower()])
    and "/auth/" not in one.path
]
BODIES = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{}",
    b"{]",
    b"\xff\xfe",
    b"[" * 5000,
    b'{"ski":"\\ud800","name":"\\ud800"}',
    b'{"ski":"' + SKI.encode() + b'","name":"\\ud800"}',
    b'{"ski":"' + SKI.encode() + b'","port":99999999999999999999}',
    b'{"ski":{"$gt":""},"name":[]}',
    b'{"name":"\\u0000"}',
    b'{"\\ud800":1}',
    b'{"model":"umg-96","transport":{"kind":"tcp","host":"\\ud800"}}',
    b'{"max_a":1e308,"failsafe_a":-0.0}',
    b'{"fuse_a":{"l1":1e308,"l2":true}}',
    b'{"name":"\\ud800","fuse_a":{"l1":16}}',
    b'{"name":"x","ev_id":"\\ud800"}',
    b'{"mode":"off","smart":{"price":1e308}}',
    b'{"energy_wh":1,"departure":"0001-01-01T00:00:00+14:00"}',
    b'{"energy_wh":1,"departure":"2026-11-22T12:00:00","car":"\\ud800"}',
    b'{"limit_w":-0.0,"until":"9999-12-31T23:59:59-14:00","reference":"\\ud800"}',
    b'{"limit_w":1,"reference":"\\ud800"}',
    b'{"currency":"EUR","bought":{"markup_per_kwh":1e308},"zone":"\\ud800"}',
    b'{"currency":"EUR","source":"\\ud800"}',
    b'{"currency":"EUR","token":"\\ud800"}',
    b'{"time_zone":"../../etc/passwd"}',
    b'{"latitude":-0.0,"longitude":180,"weather_source":"\\ud800"}',
    b'{"name":"\\ud800","peak_w":1e-300,"tilt_deg":0,"azimuth_deg":359.999}',
    b'{"soc_percent":1e-300,"at":"9999-12-31T23:59:59-14:00"}',
    b'{"name":"x","scopes":["read"],"sites":["\\ud800"]}',
    b'{"name":"\\ud800","scopes":["read"]}',
    b'{"currency":"EUR","all_in":true,"prices":[{"start":"2000-01-01T00:00:00Z",'
    b'"end":"2199-12-31T00:00:00Z","per_kwh":-0.0}]}',
]


async def test_junk_for_a_body_is_a_documented_problem(service, site):
    for one, operation in WITH_BODY:
        for body in BODIES:
            answer = await service.request(
                one.method, one.url(), content=body, headers={"Content-Type": "application/json"}
            )
            assert str(answer.status_code) in operation["responses"], (one.path, body, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["code"]


async def test_json_sent_as_a_plain_form_logs_nobody_in(anybody, door):
    body = b'{"username":"service","password":"service-password"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await anybody.post("/auth/session", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers


@given(st.text(min_size=1, max_size=30).filter(lambda text: "/" not in text))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_odd_names_in_paths_are_not_found(service, site, name):
    for template in ("/sites/{}/dashboard", "/sites/demo/meters/{}", "/sites/demo/chargers/{}"):
        answer = await service.get(template.format(_quoted(name)))
        assert answer.status_code in {404, 405, 422}, (template, name)


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="replace").replace(".", "%2E")


def test_a_problem_without_a_place_still_reads_well():
    error = {"type": "json_invalid", "loc": ("body", 0), "msg": "no JSON", "input": {}}
    assert invalid([error]).problem.field == "/0"
