"""Facts of two sites into the cloud's tables while links are cut and programs are killed (C8).

Counted against the sites' own databases: every session, minute, entry of evidence and of the
audit is there once, and nothing else.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from history_truth import differences
from link import Link, linked
from postgres import postgres, postgres_url  # noqa: F401 - fixtures
from programs import Program
from sqlalchemy import create_engine, text

from volthus_kit.ports import free_port
from volthus_kit.testing import NatsServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SUPPORT = Path(__file__).parents[1] / "support"
STEPS = 400
PAUSE_S = 0.02
SITES = ("north", "south")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything between the sites' databases and the cloud's."""

    cloud: NatsServer
    links: dict[str, Link]
    sites: dict[str, Program]
    web: Program
    folder: Path
    database: str

    def truth(self, site: str) -> Path:
        """Return a site's own database."""
        return self.folder / site / "cem.sqlite"


@asynccontextmanager
async def running(folder: Path, database: str) -> AsyncIterator[Surroundings]:
    leaves = free_port()
    async with AsyncExitStack() as stack:
        (folder / "cloud").mkdir()
        cloud = NatsServer(
            folder / "cloud",
            f'jetstream {{ domain: "cloud", store_dir: "{folder}/cloud" }}\n'
            f'leafnodes {{ listen: "127.0.0.1:{leaves}", no_advertise: true }}\n',
        )
        await cloud.start()
        stack.push_async_callback(cloud.stop)
        links, sites = {}, {}
        for name in SITES:
            links[name] = await stack.enter_async_context(linked(leaves))
            sites[name] = await _site(stack, folder, name, links[name].port)
        (folder / "web").mkdir()
        page = free_port()
        environment = {
            "VOLTHUS_NATS_URL": cloud.url,
            "VOLTHUS_STATE_DIR": str(folder / "web"),
            "VOLTHUS_DATABASE_URL": database,
            "VOLTHUS_WEB_ORIGIN": "cloud",
            "VOLTHUS_WEB_PORT": str(page),
        }
        program = str(Path(sys.executable).parent / "web")
        web = Program([program], environment, folder / "web.log")
        await web.start()
        stack.push_async_callback(web.kill)
        yield Surroundings(cloud, links, sites, web, folder, database)


async def _site(stack: AsyncExitStack, folder: Path, name: str, uplink: int) -> Program:
    (folder / f"{name}-nats").mkdir()
    (folder / name).mkdir()
    server = NatsServer(
        folder / f"{name}-nats",
        f'jetstream {{ domain: "{name}", store_dir: "{folder}/{name}-nats" }}\n'
        f"leafnodes {{ reconnect: 1s, remotes: [\n"
        f'  {{ url: "nats-leaf://127.0.0.1:{uplink}"\n'
        '    deny_imports: ["site.*.local.>", "cloud.>", "_INBOX.>", "$JS.>"] }\n] }\n',
    )
    await server.start()
    stack.push_async_callback(server.stop)
    script = [sys.executable, str(SUPPORT / "fact_site.py"), str(folder / name), server.url]
    program = Program([*script, name, str(STEPS), str(PAUSE_S)], {}, folder / f"{name}.log")
    await program.start()
    stack.push_async_callback(program.kill)
    return program


async def until(holds: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.2)


async def test_everything_is_in_the_cloud_once_whatever_was_cut_or_killed(
    tmp_path: Path,
    postgres_url: str,  # noqa: F811 - the fixture
) -> None:
    engine = create_engine(postgres_url)

    def minutes(site: str) -> int:
        with contextlib.suppress(Exception), engine.connect() as connection:
            wanted = text("SELECT count(*) FROM energy_minutes WHERE site = :site")
            return int(connection.execute(wanted, {"site": site}).scalar_one())
        return 0  # no table yet

    async with running(tmp_path, postgres_url) as there:
        await until(lambda: all(minutes(site) > 10 for site in SITES), 60)
        there.links["north"].cut()
        await there.web.kill()  # with the lease in its hand, perhaps in the middle of a batch
        await there.sites["south"].kill()
        await there.web.start()
        await there.sites["south"].start()
        await asyncio.sleep(2)
        await there.cloud.stop()
        there.links["north"].heal()
        await asyncio.sleep(1)
        await there.cloud.start()
        there.links["south"].cut()
        await there.sites["north"].kill()
        await there.sites["north"].start()
        there.links["south"].heal()
        try:
            await until(lambda: all(minutes(site) == STEPS for site in SITES), 100)
            await until(lambda: not any(left(there, engine, site) for site in SITES), 30)
        except TimeoutError:
            pytest.fail("\n".join(line for site in SITES for line in left(there, engine, site)))
    engine.dispose()


def left(there: Surroundings, engine, site: str) -> list[str]:
    return differences(there.truth(site), engine, site)
