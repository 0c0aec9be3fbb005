"""In the cloud the records of a site are read from the history, also while it is offline."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from history_facts import NOON, SKI, make_tables, minute, session
from sqlalchemy import Engine

from volthus_kit.database import open_sqlite
from web.history.core.energy import Since
from web.history.keeping import History
from web.history.writing import write


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = open_sqlite(tmp_path / "history.sqlite")
    make_tables(made)
    ended = NOON + timedelta(hours=1)
    batch = [
        session(1, NOON, ended=ended, revision=2, energy_wh=1000.0, cost=0.25, currency="EUR",
                at_once_cost=0.5, charging_s=600.0),
        minute(2, NOON, chargers={SKI: (20.0, 5.0)}),
        session(3, NOON + timedelta(hours=2)),
    ]  # fmt: skip
    write(made, batch, 0, Since(0, 0))
    return made


@pytest.fixture
async def cloud(door, engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    """A client below a site that was last heard yesterday."""
    door.app.state.parts = dataclasses.replace(door.parts, history=History(engine))
    door.parts.live.remember("away", "Away", datetime.now(UTC) - timedelta(days=1))
    async with door.logged_in("service") as client:
        client.base_url = httpx.URL("http://door/api/v1/sites/away")
        yield client
    engine.dispose()


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_site_that_is_offline_still_tells_its_records(
    cloud: httpx.AsyncClient, engine: Engine
) -> None:
    everything = [
        session(4, NOON, site="away", ended=NOON + timedelta(hours=1), cost=0.25, currency="EUR",
                at_once_cost=0.5, charging_s=600.0),
        session(5, NOON + timedelta(hours=2), site="away"),
        minute(6, NOON, site="away", chargers={SKI: (20.0, 5.0)}),
    ]  # fmt: skip
    write(engine, everything, 0, Since(0, 0))
    first = (await get(cloud, "/sessions?limit=1")).json()
    assert (first["items"][0]["state"], first["items"][0]["charger_name"]) == ("open", "Left")
    second = (await get(cloud, f"/sessions?limit=1&cursor={first['next']}")).json()
    assert (second["items"][0]["state"], second["next"]) == ("ended", None)
    assert len((await get(cloud, "/sessions.csv")).text.splitlines()) == 3
    (total,) = (await get(cloud, "/sessions/summary?by=car")).json()["items"]
    assert (total["count"], total["cost"], total["unpriced_count"]) == (2, 0.25, 1)
    span = "from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z"
    for step in ("minute", "quarter-hour", "hour", "day"):
        (energy,) = (await get(cloud, f"/energy?{span}&step={step}")).json()["items"]
        assert (energy["import_wh"], energy["charging_wh"]) == (10.0, 20.0)
    (saved,) = (await get(cloud, "/savings")).json()["items"]
    assert (saved["cost"], saved["at_once_cost"], saved["month"]) == (0.25, 0.5, "2026-11")
    evidence = (await get(cloud, "/operator/evidence")).json()
    assert (evidence["items"], evidence["intact"]) == ([], True)
    assert (await cloud.get("/timeline")).json()["code"] == "site-offline"


async def test_a_site_tells_nothing_of_another(cloud: httpx.AsyncClient) -> None:
    assert (await get(cloud, "/sessions")).json()["items"] == []
