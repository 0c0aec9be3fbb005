"""Rows A1 to A7 and the bad input of the issue, through the API of a living site."""

import pytest
from living import until

from volthus_kit.ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GRID = {
    "fuse_a": {"l1": 25.0, "l2": 25.0, "l3": 25.0},
    "phases": 3,
    "margin_a": None,
    "base_load_a": {"l1": 4.0, "l2": 4.0, "l3": 4.0},
    "static_share_a": {"l1": 12.0, "l2": 12.0, "l3": 12.0},
}


def same_on_all(value: float) -> dict[str, float]:
    return {"l1": value, "l2": value, "l3": value}


def is_problem(answer, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == code, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"fuse_a": same_on_all(0.0)}, 422, "fuse-out-of-range"),
        ({"base_load_a": same_on_all(20.0)}, 409, "failsafe-sum-too-high"),
        ({"phases": 2}, 422, "invalid-request"),
        ({"fuse_a": {"l1": "many", "l2": 1, "l3": 1}}, 422, "invalid-request"),
    ],
)
async def test_a_grid_connection_that_cannot_be_is_refused_with_the_reason(
    site, change, status, code
):
    async with site.log_in() as client:
        before = (await client.get("/grid-connection")).json()
        answer = await client.put("/grid-connection", json=GRID | change)
        is_problem(answer, status, code)
        assert (await client.get("/grid-connection")).json() == before


async def test_two_who_change_the_same_setting_do_not_overwrite_each_other(site):
    async with site.log_in() as client:
        etag = (await client.get("/grid-connection")).headers["ETag"]
        first = await client.put("/grid-connection", json=GRID, headers={"If-Match": etag})
        assert first.is_success, first.text
        second = await client.put("/grid-connection", json=GRID, headers={"If-Match": etag})
        is_problem(second, 412, "revision-conflict")


def meter(site_meter: dict, **change) -> dict:
    transport = dict(site_meter["transport"]) | change.pop("transport", {})
    return {"model": site_meter["model"], "role": "sub", "transport": transport} | change


async def test_meter_mistakes_are_told_apart(site):
    async with site.log_in() as client:
        known = (await client.get("/meters")).json()["items"][0]
        dead = free_port()
        for change, code in (
            ({"model": "no-such-model"}, "unknown-model"),
            ({"transport": {"unit_id": 77}}, "no-answer"),
            ({"transport": {"port": dead}}, "connection-refused"),
        ):
            answer = await client.post("/meters/test", json=meter(known, **change), timeout=20)
            assert answer.status_code in {404, 409, 422, 502, 504}, answer.text
            assert answer.json()["code"] == code, answer.text
        good = await client.post("/meters/test", json=meter(known), timeout=20)
        assert good.is_success, good.text
        assert good.json()["reading"]["voltage_v"]["l1"] == pytest.approx(230, abs=30)


async def test_the_list_of_compatible_meters_has_every_tcp_model(site):
    async with site.log_in() as client:
        answer = await client.get(f"{site.api_url}/meter-models")
    models = answer.json()["items"]
    assert sum("tcp" in model["transports"] for model in models) >= 17


async def test_standard_users_see_the_dashboard_and_no_settings(site):
    async with site.log_in("standard") as client:
        assert (await client.get("/dashboard")).is_success
        is_problem(await client.get("/grid-connection"), 403, "role-not-allowed")
        is_problem(await client.put("/grid-connection", json=GRID), 403, "role-not-allowed")


@pytest.mark.parametrize(
    ("role", "heard"), [("standard", {"state"}), ("service", {"state", "eebus"})]
)
async def test_the_dashboard_is_live(site, role, heard):
    async with site.log_in(role) as client:
        kinds = []
        async with client.stream("GET", "/events", timeout=30) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            async for line in stream.aiter_lines():
                if line.startswith("event:"):
                    kinds.append(line.split(":", 1)[1].strip())
                if kinds.count("state") >= 4:
                    break
        assert set(kinds) == heard


async def test_a_peer_that_sends_garbage_disturbs_nobody(site):
    import asyncio  # noqa: PLC0415

    async with site.log_in() as client:
        identity = (await client.get("/eebus/identity")).json()
        for junk in (b"\x00" * 4096, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 900):
            reader, writer = await asyncio.open_connection("127.0.0.1", identity["port"])
            writer.write(junk)
            await writer.drain()
            writer.close()
            del reader

        async def all_green() -> bool:
            items = (await client.get("/eebus/paired")).json()["items"]
            return all(item["connection"] == "connected" for item in items)

        await until("all stay green", all_green, 10)

        async def counted() -> bool:
            health = site.demo["programs"]["eebus-gateway"]["health"]
            text = (await client.get(f"{health}/metrics")).text
            rows = [r for r in text.splitlines() if r.startswith("volthus_eebus_callers_refused ")]
            return float(rows[0].split()[1]) >= 3

        await until("the callers are counted", counted, 15)
