"""A front door on a real bus, and a stand-in site behind it."""

import asyncio
import atexit
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import httpx
import pytest
from postgres import postgres, postgres_url  # noqa: F401 - fixtures
from sqlalchemy import Engine
from web_site import StandInSite

from volthus_kit.answer_book import AnswerBook
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.database import open_sqlite
from volthus_kit.testing import NatsServer, nats_server
from volthus_wire import subjects
from volthus_wire.v1 import planning_pb2
from web import hearing
from web.accounts import Accounts
from web.app import create_app
from web.attempts import SharedAttempts
from web.audit import Audit
from web.calling import CallRules
from web.changes import Changes
from web.first_users import FirstUsers
from web.fleet.beating import Beating
from web.fleet.desk import Fleet
from web.known import Known
from web.leases import Leases
from web.limits import Limits
from web.live import Live
from web.oidc.desk import OidcSettings, open_desk
from web.once import Once
from web.owners import Owners
from web.parts import Parts
from web.software.desk import Software
from web.store import FILE, open_store
from web.telling import Telling, TellingSettings
from web.tokens import ProgramTokens
from web.users import Users

USERS = [
    {"username": "service", "password": "service-password", "role": "service"},
    {"username": "standard", "password": "standard-password", "role": "standard"},
    {"username": "operator", "password": "operator-password", "role": "operator"},
    {
        "username": "elsewhere",
        "password": "elsewhere-password",
        "role": "service",
        "sites": ["other"],
    },
    {
        "username": "foreigner",
        "password": "foreigner-password",
        "role": "operator",
        "tenant": "north",
    },
    {
        "username": "newcomer",
        "password": "newcomer-password",
        "role": "operator",
        "tenant": "west",
        "must_change": True,
    },
]


@dataclass
class FrontDoor:
    """The front door with everything behind it, over ASGI."""

    app: object
    parts: Parts
    bus: Bus
    folder: Path

    def client(self, **options) -> httpx.AsyncClient:
        """Return a client that has not logged in."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, **options)
        return httpx.AsyncClient(transport=transport, base_url="http://door/api/v1")

    @asynccontextmanager
    async def logged_in(self, username: str) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client with a bearer token."""
        form = {"username": username, "password": f"{username}-password"}
        async with self.client() as client:
            answer = await client.post("/auth/token", data=form)
            assert answer.status_code == 200, answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            yield client


@pytest.fixture
async def nats() -> AsyncIterator[NatsServer]:
    async with nats_server() as server:
        yield server


@cache
def _with_users() -> Path:
    """Return a database that has USERS, made once: hashing their passwords takes its time."""
    folder = Path(tempfile.mkdtemp(prefix="volthus-web-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    users = folder / "users.json"
    users.write_text(json.dumps(USERS))
    engine = open_store(folder)
    FirstUsers(users, folder).ensure(engine, SystemClock())
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / FILE


def _opened_store(folder: Path) -> Engine:
    folder.mkdir(exist_ok=True)
    if not (folder / FILE).exists():
        shutil.copy(_with_users(), folder / FILE)
    return open_store(folder)


@asynccontextmanager
async def opened_door(
    url: str,
    folder: Path,
    *,
    rate_per_s: float = 0,
    origins: tuple[str, ...] = (),
    oidc: OidcSettings | None = None,
) -> AsyncIterator[FrontDoor]:
    """Yield a front door as main builds it, without the listening sockets."""
    clock = SystemClock()
    engine = _opened_store(folder)
    live = Live(clock)
    hearing.recall(engine, live)
    audit = Audit(engine, clock)
    accounts = Accounts(engine, clock, timedelta(hours=12), timedelta(days=7))
    async with Bus.connect(url, "web") as bus:
        await hearing.hear(bus, live, clock)
        owners = Owners(bus, live, audit, "site")
        tokens = ProgramTokens(engine, clock)
        software = Software(
            engine, clock, str(folder / "releases.json"), command="make update VERSION={version}"
        )
        await software.updaters.hear(bus)
        fleet = Fleet(live, engine, clock, Beating(bus, clock, "test"))
        await fleet.hear(bus)
        known = Known(clock, bus)
        await known.hear()
        parts = Parts(
            clock=clock,
            accounts=accounts,
            audit=audit,
            attempts=SharedAttempts(engine, clock),
            live=live,
            owners=owners,
            tokens=tokens,
            users=Users(engine, clock),
            limits=Limits(engine, clock, rate_per_s, burst=20),
            known=known,
            once=Once(engine, clock),
            changes=Changes(engine),
            oidc=open_desk(engine, clock, oidc or OidcSettings()),
            software=software,
            telling=Telling(engine, clock, TellingSettings(CallRules(private=True))),
            fleet=fleet,
        )
        tasks = [
            asyncio.create_task(hearing.watch(bus, live)),
            asyncio.create_task(hearing.remember(engine, live)),
            asyncio.create_task(fleet.run(Leases(engine, clock))),
        ]
        await asyncio.wait_for(bus.until_connected(), 30)
        app = create_app(parts, folder / "static", {"bus": lambda: bus.is_connected}, origins)
        yield FrontDoor(app, parts, bus, folder)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    engine.dispose()


@pytest.fixture
def opened() -> Callable[..., AbstractAsyncContextManager[FrontDoor]]:
    """Open a front door with settings of one's own."""
    return opened_door


@pytest.fixture
async def door(nats: NatsServer, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    async with opened_door(nats.url, tmp_path) as front_door:
        yield front_door


@pytest.fixture
async def site(nats: NatsServer, door: FrontDoor) -> AsyncIterator[StandInSite]:
    async with Bus.connect(nats.url, "stand-in") as bus:
        await asyncio.wait_for(bus.until_connected(), 30)
        stand_in = await StandInSite(bus).open()
        await bus.serve(subjects.CATALOGUE_GET, _catalogue)
        await stand_in.speak()
        await wait_until(
            lambda: door.parts.live.knows("demo") and door.parts.live.heard("demo").eebus
        )
        yield stand_in


@pytest.fixture
def stand_in() -> Callable[[Bus], Awaitable[StandInSite]]:
    """A stand-in site on a bus of one's own."""

    async def opened(bus: Bus) -> StandInSite:
        return await StandInSite(bus).open()

    return opened


@pytest.fixture
def owner(
    nats: NatsServer, door: FrontDoor, tmp_path: Path
) -> Callable[[], AbstractAsyncContextManager[StandInSite]]:
    """An owner that can be stopped and started, and keeps answers as each of ours does."""

    @asynccontextmanager
    async def running() -> AsyncIterator[StandInSite]:
        engine = open_sqlite(tmp_path / "owner.sqlite")
        async with Bus.connect(nats.url, "owner", AnswerBook(lambda: engine)) as bus:
            await asyncio.wait_for(bus.until_connected(), 30)
            stand_in = await StandInSite(bus).open()
            await stand_in.speak()
            await wait_until(lambda: door.parts.live.knows("demo"))
            yield stand_in
        engine.dispose()

    return running


async def _catalogue(*_) -> planning_pb2.CatalogueReply:
    return planning_pb2.CatalogueReply(
        version="0.1.0", functions=[planning_pb2.PlannedFunction(name="price", row="B4")]
    )


async def wait_until(is_so: Callable[[], object], timeout_s: float = 30) -> None:
    """Wait until something is so, as long as a busy machine may take. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not is_so():
            await asyncio.sleep(0.01)


@pytest.fixture
async def service(door: FrontDoor) -> AsyncIterator[httpx.AsyncClient]:
    async with door.logged_in("service") as client:
        yield client


@pytest.fixture
async def standard(door: FrontDoor) -> AsyncIterator[httpx.AsyncClient]:
    async with door.logged_in("standard") as client:
        yield client


@pytest.fixture
async def anybody(door: FrontDoor) -> AsyncIterator[httpx.AsyncClient]:
    async with door.client() as client:
        yield client


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    return wait_until
