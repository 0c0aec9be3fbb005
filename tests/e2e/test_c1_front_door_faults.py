"""Row C1: database, bus and front door killed in turn under load; nothing acknowledged is lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from fleet_stage import Stage, staged
from postgres import PostgresServer, postgres, postgres_url  # noqa: F401 - fixtures
from sqlalchemy import create_engine, text
from talking import Talker, quiet

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SITES = 300
KNOWN = 290  # who spoke but once may not have been written down yet
BACKLOG_MIN = 3
WATCHED = ("fleet-00002", "fleet-00003")
DOWN_S = 2.0
LOOK_S = 0.1
RECOVERED_WITHIN_S = 45.0  # a site speaks every 2 s; the machine may be busy


@dataclass
class Heard:
    """What somebody who follows sites and asks for lists has had."""

    events: int = 0
    lists: int = 0
    failures: int = 0
    lines: int = 0


async def follow(talker: Talker, site: str, heard: Heard) -> None:
    """Listen as a browser does: when the line is cut, open it again after a moment."""
    while True:
        with quiet():
            async with talker.events(f"/api/v1/sites/{site}/events") as pieces:
                heard.lines += 1
                async for piece in pieces:
                    heard.events += piece.count(b"\nevent: state")
        await asyncio.sleep(0.3)


async def ask(talker: Talker, heard: Heard) -> None:
    """Ask for lists, ten a second."""
    while True:
        heard.failures += 1
        with quiet():
            answer = await talker.ask("GET", "/api/v1/sites?limit=50&sort=-power", timeout_s=5)
            if answer.status == 200 and answer.json()["total"] >= KNOWN:
                heard.lists += 1
                heard.failures -= 1
        await asyncio.sleep(0.1)


async def recovered(heard: Heard, after: str) -> None:
    """Wait until lists are answered and pictures come again. Raises AssertionError."""
    events, lists = heard.events, heard.lists
    for _ in range(round(RECOVERED_WITHIN_S / LOOK_S)):
        if heard.events >= events + 3 and heard.lists >= lists + 5:
            return
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"after {after}: {heard}, of that {events} events, {lists} lists before")


async def test_after_each_kill_lists_and_listeners_come_back_and_no_fact_is_lost(
    postgres: PostgresServer,  # noqa: F811 - the fixture
    postgres_url: str,  # noqa: F811
) -> None:
    options = ("--backlog-minutes", str(BACKLOG_MIN), "--state-every", "2")
    environment = {"VOLTHUS_DATABASE_URL": postgres_url}
    async with staged(SITES, *options, environment=environment) as stage:
        talker, heard = await stage.operator(), Heard()
        tasks = [asyncio.create_task(follow(talker, site, heard)) for site in WATCHED]
        tasks.append(asyncio.create_task(ask(talker, heard)))
        await recovered(heard, "the start")
        for name, kill, start in faults(stage, postgres):
            await kill()
            await asyncio.sleep(DOWN_S)
            await start()
            await recovered(heard, name)
        assert heard.lines > len(WATCHED)  # the front door's death cut every line
        await stage.fleet.end()
        acknowledged = json.loads(stage.report.read_text())["sites"]
        assert sum(one["minutes"] for one in acknowledged.values()) >= 0.9 * SITES * BACKLOG_MIN
        await all_kept(postgres_url, acknowledged)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def faults(
    stage: Stage, server: PostgresServer
) -> list[tuple[str, Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]]:
    """Return how to kill each part, and how it comes back."""

    async def start_web() -> None:
        await stage.web.start()
        await stage.until_answering()

    return [
        (
            "the database's end",
            lambda: asyncio.to_thread(server.stop),
            lambda: asyncio.to_thread(server.start),
        ),
        ("the bus's end", stage.nats.stop, stage.nats.start),
        ("the front door's end", stage.web.kill, start_web),
    ]


async def all_kept(url: str, acknowledged: dict[str, dict[str, int]]) -> None:
    """Wait until every acknowledged minute stands in the tables, once. Raises AssertionError."""
    engine = create_engine(url)
    wanted = text("SELECT site, count(*) FROM energy_minutes GROUP BY site")

    def kept() -> dict[str, int]:
        with engine.connect() as connection:
            return dict(connection.execute(wanted).all())

    missing = list(acknowledged)
    for _ in range(80):
        counts = await asyncio.to_thread(kept)
        missing = [s for s, one in acknowledged.items() if counts.get(s, 0) < one["minutes"]]
        if not missing:
            break
        await asyncio.sleep(0.5)
    engine.dispose()
    assert missing == []
