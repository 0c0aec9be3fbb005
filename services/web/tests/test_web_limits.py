"""How often one may ask, over all replicas; and pages elsewhere that may ask."""

import asyncio

import pytest

from volthus_kit.database import open_database
from volthus_kit.testing import FakeClock
from web.core.knocks import FREE
from web.limits import Limits
from web.migrating import bring_up


async def test_who_asks_too_often_waits_and_others_do_not(opened, nats, tmp_path):
    async with (
        opened(nats.url, tmp_path, rate_per_s=0.1) as door,
        door.logged_in("service") as client,
        door.logged_in("standard") as other,
    ):
        answers = [await client.get("/version") for _ in range(22)]
        assert [one.status_code for one in answers].count(200) in {20, 21}
        refused = answers[-1]
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert (await other.get("/version")).status_code == 200


async def test_a_command_with_an_idempotency_key_counts_once(opened, nats, tmp_path):
    async with (
        opened(nats.url, tmp_path, rate_per_s=0.001) as door,
        door.logged_in("service") as client,
    ):
        wanted = {"name": "T", "scopes": ["read"]}
        answers = [
            await client.post("/tokens", json=wanted, headers={"Idempotency-Key": f"k{n}"})
            for n in range(22)
        ]
        assert [one.status_code for one in answers].count(201) in {19, 20}


async def test_without_a_rate_nobody_waits(door, standard):
    answers = [await standard.get("/version") for _ in range(60)]
    assert {one.status_code for one in answers} == {200}


@pytest.fixture
def engine(postgres_url):
    opened = open_database(postgres_url)
    bring_up(opened)
    yield opened
    opened.dispose()


async def test_replicas_count_heavy_users_together(engine):
    clocks = FakeClock(), FakeClock()
    clocks[1].go_on(4000)  # what their clocks show does not matter
    one, other = (Limits(engine, clock, 1, 100) for clock in clocks)
    for limits in (one, other):
        for _ in range(60):
            assert limits.asked("anna", "10.0.0.1") == 0
    for limits in (one, other, one):
        await limits.share_once()
    assert one.asked("anna", "10.0.0.1") > 0
    assert other.asked("anna", "10.0.0.1") > 0
    assert one.asked("bo", "10.0.0.1") == 0


async def test_tokens_that_open_nothing_are_counted_together(engine):
    one, other = (Limits(engine, FakeClock(), 0, 1) for _ in range(2))
    for limits in (one, other):
        for _ in range(FREE - 5):
            assert limits.knocked("10.0.0.1") == 0
    for limits in (one, other, one):
        await limits.share_once()
    assert one.knocked("10.0.0.1") > 0


async def test_light_users_cost_the_database_nothing(engine):
    limits = Limits(engine, FakeClock(), 50, 200)
    for _ in range(30):
        limits.asked("anna", "10.0.0.1")
    await limits.share_once(is_forgetting=True)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM buckets").scalar() == 0


async def test_a_database_away_lets_everybody_ask(engine, postgres):
    limits = Limits(engine, FakeClock(), 1, 100)
    for _ in range(60):
        limits.asked("anna", "10.0.0.1")
    await asyncio.to_thread(postgres.stop)
    try:
        await limits.share_once()
    finally:
        await asyncio.to_thread(postgres.start)
    assert limits.asked("anna", "10.0.0.1") == 0


ELSEWHERE = {"Origin": "https://fleet.example.com"}
ASKS = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}


async def test_a_page_elsewhere_asks_only_where_that_is_set_and_never_with_a_cookie(
    opened, nats, tmp_path
):
    async with opened(nats.url, tmp_path, origins=("https://fleet.example.com",)) as door:
        async with door.client() as client:
            may = await client.options("/sites/demo/grid-connection", headers=ELSEWHERE | ASKS)
            assert may.status_code == 200
            assert may.headers["access-control-allow-origin"] == "https://fleet.example.com"
            assert "access-control-allow-credentials" not in may.headers
            other = ASKS | {"Origin": "https://evil.example.com"}
            assert (await client.options("/sites", headers=other)).status_code == 400
        async with door.logged_in("standard") as client:
            answer = await client.get("/sites", headers=ELSEWHERE)
            assert answer.headers["access-control-allow-origin"] == "https://fleet.example.com"
            assert "etag" in answer.headers["access-control-expose-headers"].lower()


async def test_by_default_no_page_elsewhere_may_ask(standard):
    answer = await standard.get("/sites", headers=ELSEWHERE)
    assert "access-control-allow-origin" not in answer.headers
