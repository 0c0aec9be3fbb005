"""Seven days offline, drained over a real leaf link into the cloud's database; and its tables.

Run: .venv/bin/python tests/bench/history.py [days] [chargers]
It needs the server of PostgreSQL that the tests use (tests/support/postgres.py).
"""

import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import pytest
from history_facts import NOON, SKI, make_tables, minute
from history_truth import differences
from postgres import postgres_server
from record_sites import START, batch, opened
from sqlalchemy import Engine, text

from cem.records.core.minutes import Minute
from cem.records.draining import Drain
from cem.records.journal import Batch, Journal
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.database import open_database
from volthus_kit.parcels import Parcel
from volthus_kit.streams import StreamPlan, WorkStream
from volthus_kit.testing import linked_servers
from web.history import rolling
from web.history.consuming import Historian, Stores
from web.history.rolling import Kept
from web.leases import Leases

PLAN = StreamPlan("FACTS", ("site.*.up.fact.>",), "cloud", "history", 1_000_000_000)
SITE = "demo"
MINUTES_AT_ONCE = 60


def tell(line: str) -> None:
    """Write a line for the person who waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def written(folder: Path, days: int, chargers: int) -> Journal:
    """Return a site that wrote for days while nobody listened."""
    store, journal = opened(folder)
    skis = [f"{number:040x}" for number in range(chargers)]
    for first in range(0, days * 1440, MINUTES_AT_ONCE):
        whole = Batch()
        for step in range(first, first + MINUTES_AT_ONCE):
            one = batch(step)
            (gained,) = one.minutes.values()
            minute = Minute(
                gained.start, 120.0, 0.0, 30.0, dict.fromkeys(skis, 100.0), dict.fromkeys(skis, 9.0)
            )
            whole = whole.plus(
                Batch(one.sessions, one.told, {minute.start: minute}, {}, {}, (), one.entries)
            )
        journal.write(whole, START + timedelta(minutes=first + MINUTES_AT_ONCE, seconds=1))
    store.close()
    return journal


def rows(engine: Engine, table: str) -> int:
    """Return how many rows a table has."""
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


async def drained(folder: Path, engine: Engine, journal: Journal) -> None:
    """Let everything leave, and print how long it takes until the tables have it."""
    clock = SystemClock()
    facts = journal.backlog().waiting
    async with (
        linked_servers(SITE) as (edge, cloud),
        Bus.connect(edge.url, "cem") as at_site,
        Bus.connect(cloud.url, "web") as in_cloud,
    ):
        await at_site.until_connected()
        await in_cloud.until_connected()
        stores = Stores(WorkStream(in_cloud, PLAN), engine, Kept())
        historian = Historian(in_cloud, stores, Leases(engine, clock), clock)
        drain = Drain(journal, at_site, clock, site=SITE, domain="cloud")
        began, cpu = time.perf_counter(), time.process_time()
        tasks = [
            asyncio.create_task(historian.work()),
            asyncio.create_task(drain.run(asyncio.Event())),
        ]
        while rows(engine, "energy_minutes") < rows_wanted(journal):
            await asyncio.sleep(0.25)
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        while await asyncio.to_thread(differences, folder / "cem.sqlite", engine, SITE):
            await asyncio.sleep(0.25)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    tell(
        f"{facts} facts drained in {took_s:.1f} s: {facts / took_s:.0f} a second,"
        f" {1e3 * cpu_s / facts:.2f} ms of CPU each (site and cloud); missing 0, twice 0"
    )


async def taken_in(engine: Engine, sites: int, minutes: int) -> None:
    """Let many sites fill the stream, and print how quickly one replica empties it."""
    clock = SystemClock()
    async with linked_servers(SITE) as (_, cloud), Bus.connect(cloud.url, "web") as bus:
        await bus.until_connected()
        stream = WorkStream(bus, PLAN)
        await stream.begin()
        for number in range(minutes):
            at = NOON + timedelta(minutes=number)
            facts = [
                minute(number + 1, at, site=f"site-{site:05d}", chargers={SKI: (60.0, 9.0)})
                for site in range(sites)
            ]
            for first in range(0, sites, 500):
                parcels = [
                    Parcel(one.subject, one.body, one.key) for one in facts[first : first + 500]
                ]
                kept = await bus.deliver(parcels, site=SITE, domain="cloud", timeout_s=30)
                assert kept == len(parcels)
        before = rows(engine, "energy_minutes")
        historian = Historian(bus, Stores(stream, engine, Kept()), Leases(engine, clock), clock)
        began, cpu = time.perf_counter(), time.process_time()
        task = asyncio.create_task(historian._take_in())  # without the sums: they are told apart
        while rows(engine, "energy_minutes") < before + sites * minutes:
            await asyncio.sleep(0.25)
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        task.cancel()
        await asyncio.wait([task])
    count = sites * minutes
    tell(
        f"{count} minutes of {sites} sites taken in by one replica in {took_s:.1f} s:"
        f" {count / took_s:.0f} a second, {1e3 * cpu_s / count:.2f} ms of CPU each;"
        f" 1,000 sites take {1000 / 60 * cpu_s / count * 100:.1f} % of a core"
    )


def rows_wanted(journal: Journal) -> int:
    """Return how many minutes the site told."""
    return int(
        journal.look(
            lambda db: db.connection().execute(text("SELECT count(*) FROM cem_minute")).scalar_one()
        )
    )


def rolled_up(engine: Engine) -> None:
    """Add everything up, and print what an hour costs."""
    began, hours = time.perf_counter(), rows(engine, "energy_hours")
    while rolling.sum_up(engine, START + timedelta(days=100)):
        pass
    hours = rows(engine, "energy_hours")
    took_s = time.perf_counter() - began
    tell(f"{hours} hours added up in {took_s:.1f} s: {1e3 * took_s / max(1, hours):.1f} ms each")


def sized(engine: Engine) -> None:
    """Print what a row takes, with its index."""
    for table in ("energy_minutes", "energy_hours", "charging_sessions", "evidence_entries"):
        with engine.connect() as connection:
            size = text(f"SELECT pg_total_relation_size('{table}')")
            size_bytes = int(connection.execute(size).scalar_one())
        count = rows(engine, table)
        tell(f"{table}: {count} rows, {size_bytes / max(1, count):.0f} bytes each with its index")


def main() -> None:
    """Measure."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    chargers = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        engine = open_database(server.url)
        make_tables(engine)
        began = time.perf_counter()
        journal = written(Path(folder), days, chargers)
        tell(f"{days} days of {chargers} chargers written in {time.perf_counter() - began:.0f} s")
        asyncio.run(drained(Path(folder), engine, journal))
        rolled_up(engine)
        sized(engine)
        asyncio.run(taken_in(engine, 1000, 20))
        journal.close()
        engine.dispose()


if __name__ == "__main__":
    try:
        main()
    except pytest.skip.Exception as why:
        tell(str(why))
