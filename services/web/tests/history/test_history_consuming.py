"""The way of facts from a site's outbox over a leaf link into tables; and what backups do to it."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from history_facts import make_tables
from history_truth import differences
from postgres import PostgresServer
from record_sites import opened, write_step
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import QueuePool

from cem.records import bus as wire
from cem.records import draining
from cem.records.answers import RecordAnswers
from cem.records.draining import Drain
from cem.records.journal import Kept as KeptAtSite
from cem.records.recorder import Recorder
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.database import open_database, open_sqlite
from volthus_kit.streams import StreamPlan, WorkStream
from volthus_kit.testing import linked_servers
from web.history import gaps
from web.history.consuming import Historian, Stores
from web.history.rolling import Kept
from web.leases import Leases

PLAN = StreamPlan("FACTS", ("site.*.up.fact.>",), "cloud", "history", 50_000_000)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(draining, "MOST_WAIT_S", 0.3)
    monkeypatch.setattr(gaps, "GRACE", timedelta())
    monkeypatch.setattr(gaps, "ASK_AGAIN_AFTER", timedelta())


@dataclass(slots=True)
class Site:
    """A site that writes and delivers."""

    folder: Path
    bus: Bus
    step: int = 0

    @asynccontextmanager
    async def alive(self, steps: int) -> AsyncIterator[None]:
        """Write some steps, and let facts leave while inside."""
        store, journal = opened(self.folder)
        clock = SystemClock()
        recorder = Recorder(journal, clock, KeptAtSite())
        await wire.answer(self.bus, "demo", RecordAnswers(journal, recorder, clock, lambda: UTC))
        for _ in range(steps):
            await asyncio.to_thread(write_step, store, journal, self.step)
            self.step += 1
        drain = Drain(journal, self.bus, clock, site="demo", domain="cloud")
        task = asyncio.create_task(drain.run(recorder.written))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            store.close()
            journal.close()

    @property
    def database(self) -> Path:
        """Where its records lie."""
        return self.folder / "cem.sqlite"


@asynccontextmanager
async def site_and_cloud(folder: Path) -> AsyncIterator[tuple[Site, Bus]]:
    async with (
        linked_servers("demo") as (edge, cloud),
        Bus.connect(edge.url, "cem") as at_site,
        Bus.connect(cloud.url, "web") as in_cloud,
    ):
        await at_site.until_connected()
        await in_cloud.until_connected()
        await asyncio.to_thread(folder.mkdir)
        yield Site(folder, at_site), in_cloud


@asynccontextmanager
async def keeping(bus: Bus, engine: Engine) -> AsyncIterator[Historian]:
    clock = SystemClock()
    stores = Stores(WorkStream(bus, PLAN), engine, Kept())
    historian = Historian(bus, stores, Leases(engine, clock), clock)
    task = asyncio.create_task(historian.work())
    try:
        yield historian
    finally:
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(10):
            while _in_use(engine):  # a thread of it may still write
                await asyncio.sleep(0.02)


def _in_use(engine: Engine) -> int:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


async def until(
    holds: Callable[[], bool], meanwhile: Callable[[], Awaitable[None]] | None = None
) -> None:
    async with asyncio.timeout(40):
        while not await asyncio.to_thread(holds):
            if meanwhile is not None:
                await meanwhile()
            await asyncio.sleep(0.1)


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


class SqliteCloud:
    """The cloud's database in a file; a backup is a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "web.sqlite"

    def open(self) -> Engine:
        return open_sqlite(self._path)

    def back_up(self) -> None:
        with open_sqlite(self._path).connect() as connection:
            connection.execute(text(f"VACUUM INTO '{self._path}.backup'"))

    def restore(self) -> None:
        for name in (f"{self._path}-wal", f"{self._path}-shm"):
            Path(name).unlink(missing_ok=True)
        # Another file of this name: a thread that is not through yet holds a lock on the old one.
        shutil.copy(f"{self._path}.backup", f"{self._path}.new")
        Path(f"{self._path}.new").replace(self._path)


class PostgresCloud:
    """The cloud's PostgreSQL, backed up and restored as docs/operate/running.md says."""

    def __init__(self, server: PostgresServer, url: str, folder: Path) -> None:
        self._programs = server.programs
        self._url = make_url(url).set(drivername="postgresql").render_as_string()
        self._copy = folder / "cloud.dump"

    def open(self) -> Engine:
        return open_database(self._url)

    def back_up(self) -> None:
        self._run("pg_dump", "--format=custom", f"--file={self._copy}", self._url)

    def restore(self) -> None:
        self._run("pg_restore", "--clean", "--if-exists", f"--dbname={self._url}", str(self._copy))

    def _run(self, program: str, *arguments: str) -> None:
        path = self._programs / program
        if not path.exists():
            pytest.skip(f"no {program} beside the server of PostgreSQL")
        subprocess.run([str(path), *arguments], check=True, timeout=60)


Cloud = SqliteCloud | PostgresCloud


@pytest.fixture(params=["sqlite", "postgresql"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Cloud:
    made: Cloud = SqliteCloud(tmp_path)
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        made = PostgresCloud(server, request.getfixturevalue("postgres_url"), tmp_path)
    engine = made.open()
    make_tables(engine)
    engine.dispose()
    return made


async def test_a_restored_database_of_the_cloud_asks_for_what_it_lost(
    tmp_path: Path, cloud: Cloud
) -> None:
    async with site_and_cloud(tmp_path / "site") as (site, bus):
        engine = cloud.open()
        async with keeping(bus, engine), site.alive(12):
            await until(lambda: count(engine, "energy_minutes") == 12)
        await asyncio.to_thread(cloud.back_up)
        async with keeping(bus, engine), site.alive(20):
            await until(lambda: count(engine, "energy_minutes") == 32)
        engine.dispose()
        await asyncio.to_thread(cloud.restore)
        engine = cloud.open()
        assert count(engine, "energy_minutes") == 12
        async with site.alive(3), keeping(bus, engine) as historian:
            await until(lambda: not differences(site.database, engine, "demo"), historian.ask_again)
            assert gaps.tally(engine) == gaps.Tally(0, 0, 0, gaps.tally(engine).stale_hours)
        engine.dispose()


async def test_what_a_site_has_no_longer_is_lost_and_asked_for_no_more(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "web.sqlite")
    make_tables(engine)
    async with site_and_cloud(tmp_path / "site") as (site, bus):
        async with site.alive(0):
            pass
        await asyncio.to_thread(write_and_forget, site)
        async with site.alive(4), keeping(bus, engine) as historian:
            await until(
                lambda: gaps.tally(engine).lost > 0 and not gaps.tally(engine).missing,
                historian.ask_again,
            )
            await until(lambda: count(engine, "energy_minutes") == 4)
    engine.dispose()


def write_and_forget(site: Site) -> None:
    """Write steps whose facts were acknowledged more than a month ago, and are gone."""
    store, journal = opened(site.folder)
    for _ in range(5):
        write_step(store, journal, site.step)
        site.step += 1
    journal.sent(journal.waiting(1000), SystemClock().now() - timedelta(days=40))
    journal.forget(KeptAtSite(minutes=timedelta(days=4000)), SystemClock().now())
    store.close()
    journal.close()


async def test_a_restored_site_begins_anew_and_its_word_of_today_counts(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'web.sqlite'}")
    make_tables(engine)
    async with site_and_cloud(tmp_path / "site") as (site, bus):
        async with keeping(bus, engine):
            async with site.alive(10):
                await until(lambda: count(engine, "energy_minutes") == 10)
            shutil.copy(site.database, tmp_path / "backup.sqlite")
            async with site.alive(8):
                await until(lambda: count(engine, "energy_minutes") == 18)
            shutil.copy(tmp_path / "backup.sqlite", site.database)
            site.step = 10  # it lives through another afternoon from there
            async with site.alive(15):
                await until(lambda: count(engine, "energy_minutes") == 25)
                await until(lambda: count(engine, "fact_epochs") == 2)
        left = [line for line in differences(site.database, engine, "demo") if "facts" not in line]
        assert [line for line in left if "sessions" in line or "minutes" in line] == []
        assert count(engine, "fact_gaps") == 0
        assert count(engine, "evidence_entries") > 25 // 3, "what the lost part said stays"
    engine.dispose()
