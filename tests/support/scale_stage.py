"""A whole cloud with a fleet behind real leaf links, as processes that can be measured."""

import asyncio
import contextlib
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from enrolment_hub import certificate
from fleet_stage import BIN, FIRST_PASSWORD, OPERATOR, PASSWORD, USERS, Program
from sqlalchemy import Engine, create_engine, text
from talking import Talker, quiet

from bus_trust import Grant, Hub, KeyPair, Kind, user_jwt, written_creds
from enrolment import hub_cli
from fleet_sim import links
from volthus_kit.ports import free_port
from volthus_kit.testing import NatsServer

PREFIX, FEED = "fleet", "market"
SITES_A_SERVER = 250  # linked by one process
BULK_A_PROCESS = 4500
PATIENCE_S = 600.0
HUB_LEAFS = """leafnodes {{ listen: "127.0.0.1:{port}", no_advertise: true
  isolate_leafnode_interest: true
  compression: "off"
  tls {{ cert_file: "{folder}/hub.pem", key_file: "{folder}/hub.key", timeout: 10 }} }}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is started. linked: sites with a real link; backlog_minutes: facts that wait."""

    sites: int
    linked: int
    replicas: int
    backlog_minutes: int


@dataclass(frozen=True, slots=True)
class Database:
    """Where all programs keep what they share. postmaster: number of its first process."""

    url: str
    postmaster: int


@dataclass
class Fleet:
    """One process that speaks for some sites."""

    program: Program
    report: Path

    def told(self) -> dict[str, dict[str, int]]:
        """Return what it said of each site, once it ended."""
        return dict(json.loads(self.report.read_text())["sites"])


@dataclass
class ScaleStage:
    """What was started."""

    folder: Path
    hub: Hub
    nats: NatsServer
    leaf_port: int
    monitor_port: int
    engine: Engine
    database: Database
    size: Size
    webs: list[Program] = field(default_factory=list)
    planners: list[Program] = field(default_factory=list)
    fleets: list[Fleet] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def creds(self, role: str) -> Path:
        """Return the credentials of a program of the cloud."""
        return self.folder / "keys" / f"{role}.creds"

    def monitored(self, page: str) -> dict[str, object]:
        """Return a page of the hub's monitoring; empty while it is away."""
        return monitored(self.monitor_port, page)

    def links(self) -> int:
        """Return how many sites are linked now."""
        told = self.monitored("varz").get("leafnodes", 0)
        return told if isinstance(told, int) else 0

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return the processes of each part of the cloud."""
        postgres = psutil.Process(self.database.postmaster)
        return {
            "nats": [psutil.Process(self.nats.pid)],
            "web": [one.seen() for one in self.webs],
            "smart-charging": [one.seen() for one in self.planners],
            "postgres": [postgres, *postgres.children(recursive=True)],
        }

    def counted(self, statement: str) -> int:
        """Return one number of the database."""
        with self.engine.connect() as connection:
            return int(connection.execute(text(statement)).scalar() or 0)

    async def operator(self) -> Talker:
        """Return a client of the first front door that is logged in."""
        talker = Talker(self.ports[0])
        await talker.log_in(OPERATOR, PASSWORD)
        return talker


def monitored(port: int, page: str) -> dict[str, object]:
    """Return a page of a server's monitoring; empty while it is away."""
    url = f"http://127.0.0.1:{port}/{page}"
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return dict(json.load(answer))
    return {}


@asynccontextmanager
async def scaled(folder: Path, database: Database, size: Size) -> AsyncIterator[ScaleStage]:
    """Yield a cloud to which all sites begin to speak; everything is gone afterwards."""
    stage = await asyncio.to_thread(_furnished, folder, database, size)
    async with AsyncExitStack() as stack:
        stack.callback(stage.engine.dispose)
        await stage.nats.start()
        stack.push_async_callback(stage.nats.stop)
        for number in range(size.replicas):
            await _door(stage, stack, number)
            await _planner(stage, stack, number)
        for first in range(1, size.linked + 1, SITES_A_SERVER):
            await _linked(stage, stack, range(first, min(first + SITES_A_SERVER, size.linked + 1)))
        for first in range(size.linked + 1, size.sites + 1, BULK_A_PROCESS):
            await _bulk(stage, stack, range(first, min(first + BULK_A_PROCESS, size.sites + 1)))
        yield stage


async def until(holds, timeout_s: float = PATIENCE_S, every_s: float = 0.25) -> float:
    """Wait until `holds()` (run in a thread) is true; return the seconds it took."""
    began = time.monotonic()
    async with asyncio.timeout(timeout_s):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(every_s)
    return time.monotonic() - began


# --- inside --------------------------------------------------------------------------------------


def _furnished(folder: Path, database: Database, size: Size) -> ScaleStage:
    hub = hub_cli.write(folder / "keys", datetime.now(UTC))
    certificate(folder)
    (folder / "hub").mkdir()
    auth = (folder / "keys" / "auth.conf").read_text().replace("/data/", f"{folder}/")
    (folder / "hub" / "auth.conf").write_text(auth)
    (folder / "users.json").write_text(json.dumps(USERS))
    (folder / "simulator.creds").write_text(hub.simulator_creds(datetime.now(UTC)))
    leaf_port, monitor_port = free_port(), free_port()
    nats = NatsServer(
        folder / "hub",
        f'http: "127.0.0.1:{monitor_port}"\n'
        f'jetstream {{ domain: "cloud", store_dir: "{folder}/hub", max_file_store: 20GB }}\n'
        + HUB_LEAFS.format(port=leaf_port, folder=folder)
        + 'include "auth.conf"\n',
    )
    engine = create_engine(database.url)
    return ScaleStage(folder, hub, nats, leaf_port, monitor_port, engine, database, size)


async def _door(stage: ScaleStage, stack: AsyncExitStack, number: int) -> None:
    port = free_port()
    door = await _started(
        stage,
        stack,
        f"web-{number}",
        {
            "VOLTHUS_NATS_CREDENTIALS": str(stage.creds("web")),
            "VOLTHUS_DATABASE_URL": stage.database.url,
            "VOLTHUS_WEB_PORT": str(port),
            "VOLTHUS_WEB_ORIGIN": "cloud",
            "VOLTHUS_INITIAL_USERS": str(stage.folder / "users.json"),
            "VOLTHUS_RATE_PER_S": "0",
        },
    )
    stage.webs.append(door)
    stage.ports.append(port)
    talker = Talker(port)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with quiet():
                if (await talker.ask("GET", "/readyz", timeout_s=5)).status == 200:
                    break
            if door.process is not None and door.process.returncode is not None:
                raise RuntimeError(door.log.read_text()[-2000:])
            await asyncio.sleep(0.1)
    if number == 0:
        await talker.log_in(OPERATOR, FIRST_PASSWORD)
        wanted = {"old_password": FIRST_PASSWORD, "new_password": PASSWORD}
        await talker.ask("PUT", "/api/v1/me/password", body=json.dumps(wanted).encode())
    talker.close()


async def _planner(stage: ScaleStage, stack: AsyncExitStack, number: int) -> None:
    creds = {"VOLTHUS_NATS_CREDENTIALS": str(stage.creds("smart-charging"))}
    stage.planners.append(await _started(stage, stack, f"smart-charging-{number}", creds))


async def _started(
    stage: ScaleStage, stack: AsyncExitStack, name: str, environment: Mapping[str, str]
) -> Program:
    settings = {
        "VOLTHUS_NATS_URL": stage.nats.url,
        "VOLTHUS_STATE_DIR": str(stage.folder / name),
        "VOLTHUS_HEALTH_PORT": str(free_port()),
        "VOLTHUS_LOG_LEVEL": "WARNING",
    } | dict(environment)
    command = str(BIN / name.rpartition("-")[0])
    program = Program([command], settings, stage.folder / f"{name}.log")
    await program.start()
    stack.push_async_callback(program.end)
    return program


async def _linked(stage: ScaleStage, stack: AsyncExitStack, numbers: range) -> None:
    folder = stage.folder / f"links-{numbers[0]}"
    folder.mkdir()
    names = [f"{PREFIX}-{number:05d}" for number in numbers]
    credentials = await asyncio.to_thread(joined, stage.hub, folder, names)
    hub = links.Hub(f"tls://127.0.0.1:{stage.leaf_port}", stage.folder / "hub.pem")
    server = NatsServer(folder, links.leaf_configuration(hub, credentials))
    await server.start()
    stack.push_async_callback(server.stop)
    await _spoken(stage, stack, numbers, ("--nats-url", server.url))


def joined(hub: Hub, folder: Path, sites: Sequence[str]) -> dict[str, Path]:
    """Make what the enrolment gives each site: claims of its own key, and its credentials."""
    now, made = datetime.now(UTC), {}
    for site in sites:
        key = KeyPair.made(Kind.USER)
        grant = Grant(site, key.public, now + timedelta(days=30))
        jwt = user_jwt(grant, hub.keys.fleet.public, hub.keys.scoped["site"], now)
        made[site] = folder / f"{site}.creds"
        made[site].write_text(written_creds(jwt, key.seed))
    return made


async def _bulk(stage: ScaleStage, stack: AsyncExitStack, numbers: range) -> None:
    creds = str(stage.folder / "simulator.creds")
    arguments = ("--nats-url", stage.nats.url, "--credentials", creds)
    await _spoken(stage, stack, numbers, arguments)


async def _spoken(
    stage: ScaleStage, stack: AsyncExitStack, numbers: range, arguments: Sequence[str]
) -> None:
    first = numbers[0]
    report = stage.folder / f"told-{first}.json"
    whole = (
        *arguments,
        *("--first", str(first), "--sites", str(len(numbers)), "--prefix", PREFIX),
        *("--feed", FEED, "--backlog-minutes", str(stage.size.backlog_minutes)),
        *("--report-file", str(report)),
    )
    program = Program([str(BIN / "fleet-sim"), *whole], {}, stage.folder / f"fleet-{first}.log")
    await program.start()
    stack.push_async_callback(program.end)
    stage.fleets.append(Fleet(program, report))
