"""One cloud, three sites, all that goes wrong between them: nothing lost, nothing twice (C8).

Counted in the cloud's PostgreSQL against what the sites' simulator made and against each site's own
database. `VOLTHUS_C8_CUT_S=180` cuts the links for minutes; the usual form takes half a minute.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cloud_counts import Counted, counted, made
from cloud_stage import Cloud, Disk, Site, joined_site, running_cloud
from history_truth import differences
from postgres import postgres, postgres_url  # noqa: F401 - fixtures
from sqlalchemy import Engine, create_engine

CUT_S = float(os.environ.get("VOLTHUS_C8_CUT_S", "2"))
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240 + 8 * CUT_S)]

PAUSE_S = 0.02
STEPS = (240 + int(CUT_S / PAUSE_S)) // 10 * 10
SITES = ("north", "south", "west")
CATCH_UP_S = 120 + 4 * CUT_S
DISK_MB, STREAM_MB = 6, 24


class Watch:
    """Looks at the tables all the time: what is there is never more than a beginning."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.last = dict.fromkeys(SITES, Counted())
        self.out_of_order: list[str] = []

    async def look(self) -> None:
        for site in SITES:
            found = await asyncio.to_thread(counted, self._engine, site)
            if found is None:
                continue
            if not found.is_in_order or found.facts < self.last[site].facts:
                self.out_of_order.append(f"{site}: {self.last[site]} then {found}")
            self.last[site] = found

    async def until(self, holds: Callable[[dict[str, Counted]], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while True:
                await self.look()
                if holds(self.last):
                    return
                await asyncio.sleep(0.2)

    async def until_all_is_in(self, there: dict[str, Site]) -> float:
        """Wait until each site's last minute is there; returns how long it took (s)."""
        began = time.monotonic()
        try:
            await self.until(lambda at: all(_is_all(at[name]) for name in there), CATCH_UP_S)
            await self.until(lambda _: not self._left(there), 30)
        except TimeoutError:
            pytest.fail("\n".join([*self._left(there), *map(str, self.last.items())]))
        return time.monotonic() - began

    def _left(self, there: dict[str, Site]) -> list[str]:
        found = (differences(site.truth, self._engine, name) for name, site in there.items())
        return [line for lines in found for line in lines]


def _is_all(there: Counted) -> bool:
    return (there.minutes, there.import_wh, there.sessions, there.charged_wh) == made(STEPS)


async def _all_sites(stack: AsyncExitStack, cloud: Cloud, folder: Path) -> dict[str, Site]:
    return {
        name: await stack.enter_async_context(
            joined_site(cloud, folder, name, steps=STEPS, pause_s=PAUSE_S)
        )
        for name in SITES
    }


@pytest.fixture
def tables(postgres_url) -> Iterator[Engine]:  # noqa: F811 - the fixture
    engine = create_engine(postgres_url)
    yield engine
    engine.dispose()


async def test_every_minute_and_session_is_in_the_cloud_once_and_in_order_whatever_was_killed(
    tmp_path: Path,
    tables: Engine,
    postgres,  # noqa: F811 - the fixture
    record_property,
) -> None:
    watch = Watch(tables)
    async with AsyncExitStack() as stack:
        url = tables.url.render_as_string(hide_password=False)
        cloud = await stack.enter_async_context(running_cloud(tmp_path / "cloud", url))
        there = await _all_sites(stack, cloud, tmp_path)
        north, south, west = there.values()
        await watch.until(lambda at: all(at[name].minutes > 10 for name in SITES), 60)
        for site in there.values():
            site.link.cut()
        (tmp_path / "gate").touch()
        await cloud.web.kill()  # perhaps in the middle of a batch
        await south.program.kill()
        await south.program.start()
        await _for(CUT_S, watch)
        await cloud.web.start()
        for site in (north, west):
            site.link.heal()
        await watch.until(lambda at: at["north"].minutes > 20, 60)
        await cloud.hub.stop()  # kill -9, as each `stop` of a server here
        await asyncio.to_thread(postgres.crash)
        await north.nats.stop()
        await north.program.kill()
        await north.nats.start()
        await north.program.start()
        await _for(CUT_S / 2, watch)
        await cloud.hub.start()
        await cloud.enrolment.kill()
        south.link.heal()
        west.link.cut()
        await west.nats.stop()
        await west.nats.start()
        await asyncio.sleep(0.5)
        west.link.heal()
        catch_up_s = await watch.until_all_is_in(there)
    _say(record_property, "links cut, servers killed", catch_up_s, watch)
    assert watch.out_of_order == []


async def test_full_disks_at_a_site_and_in_the_cloud_cost_no_minute(
    tmp_path: Path, tables: Engine, record_property
) -> None:
    watch = Watch(tables)
    (tmp_path / "cloud").mkdir()
    at_site, at_cloud = (
        Disk(tmp_path / "south", DISK_MB),
        Disk(tmp_path / "cloud" / "js", STREAM_MB),
    )
    async with AsyncExitStack() as stack:
        for disk in (at_site, at_cloud):
            if why_not := disk.make():
                pytest.skip(f"full disks are NOT tried here: {why_not}")
            stack.callback(disk.remove)
        url = tables.url.render_as_string(hide_password=False)
        cloud = await stack.enter_async_context(running_cloud(tmp_path / "cloud", url))
        there = await _all_sites(stack, cloud, tmp_path)
        south = there["south"]
        await watch.until(lambda at: all(at[name].minutes > 10 for name in SITES), 60)
        at_site.fill()
        (tmp_path / "gate").touch()
        await watch.until(lambda _: "refused" in south.log.read_text(), 60)
        at_cloud.fill()
        await _for(CUT_S, watch)
        at_site.empty()
        await south.program.kill()  # right after it came to life again
        await south.program.start()
        at_cloud.empty()
        await cloud.hub.stop()  # a stream that met a full disk stands still until a restart
        await cloud.hub.start()
        catch_up_s = await watch.until_all_is_in(there)
    _say(record_property, "disks full", catch_up_s, watch)
    assert watch.out_of_order == []


async def _for(seconds: float, watch: Watch) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await watch.look()
        await asyncio.sleep(0.2)


def _say(
    record_property: Callable[[str, object], None], what: str, catch_up_s: float, watch: Watch
) -> None:
    facts = sum(found.facts for found in watch.last.values())
    said = f"{what}: {facts} facts of {len(SITES)} sites, all in {catch_up_s:.1f} s after the last"
    record_property("c8", said)
    print(said)  # noqa: T201 - the figure of the longer form, with -s
