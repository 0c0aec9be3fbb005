"""What records cost: writing a minute, letting facts leave over a real leaf link, disk a day.

Run: .venv/bin/python tests/bench/records.py
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import nats

from cem.core.decide import decide
from cem.core.events import Car, ChargerHeard, ChargersPaired, Report
from cem.core.folding import apply
from cem.core.state import Remembered, restored
from cem.records.core.minutes import Minute
from cem.records.draining import Drain
from cem.records.journal import Batch, Journal, Kept
from cem.records.recorder import Recorder
from electrical.phases import on_every_phase
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.testing import FakeClock, linked_servers

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from record_sites import START, batch, opened

MINUTES = 1440
SITE = "demo"


def tell(line: str) -> None:
    """Write a line for the person who waits."""
    sys.stdout.write(f"{line}\n")


def busy(minute: int, chargers: int) -> Batch:
    """Return a minute in which every charger charges and tells a reason twice."""
    one = batch(minute)
    (gained,) = one.minutes.values()
    skis = [f"{number:040x}" for number in range(chargers)]
    whole = Minute(
        gained.start, 120.0, 0.0, 30.0, dict.fromkeys(skis, 100.0), dict.fromkeys(skis, 10.0)
    )
    told = tuple(replace(shown, ski=ski) for ski in skis for shown in one.decisions)
    return replace(one, minutes={whole.start: whole}, decisions=told)


def written(folder: Path, chargers: int) -> Journal:
    """Write a day and print what it took."""
    store, journal = opened(folder)
    durations = []
    for minute in range(MINUTES):
        made = busy(minute, chargers)
        started = time.perf_counter()
        journal.write(made, START + timedelta(minutes=minute, seconds=61))
        durations.append(time.perf_counter() - started)
    store.close()
    durations.sort()
    size_mb = (folder / "cem.sqlite").stat().st_size / 1e6
    with closing(sqlite3.connect(folder / "cem.sqlite")) as db:
        rows = {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("cem_minute", "cem_charger_minute", "cem_decision", "cem_outbox")
        }
    tell(
        f"{chargers:4d} chargers: a minute is written in {1e3 * durations[MINUTES // 2]:.1f} ms"
        f" (p99 {1e3 * durations[MINUTES * 99 // 100]:.1f} ms); a day is {size_mb:.1f} MB, {rows}"
    )
    return journal


def folded(folder: Path, chargers: int) -> None:
    """Fold seconds of a busy site, and print what one costs the thread, and the loop."""
    clock = FakeClock()
    journal = Journal(folder)
    recorder = Recorder(journal, clock, Kept())
    skis = tuple(f"{number:040x}" for number in range(chargers))
    state = apply(restored(Remembered(), clock.monotonic()), ChargersPaired(skis), 1000.0)
    decision = decide(state, clock.monotonic())
    taking_s = 0.0
    for second in range(60):
        clock.go_on(1)
        started = time.process_time()
        for ski in skis:
            report = Report(
                ski, car=Car(phases=3, plug=1), power_w=on_every_phase(2400.0),
                energy_wh=2.0 * second, measured_age_s=0.0,
            )  # fmt: skip
            recorder.happened(ChargerHeard(report), state, clock.monotonic())
        recorder.decided(decision, clock.monotonic())
        taking_s += time.process_time() - started
    started = time.process_time()
    asyncio.run(recorder.work())
    folding_s = time.process_time() - started
    journal.close()
    tell(
        f"{chargers:4d} chargers: a second takes the loop {1e3 * taking_s / 60:.2f} ms"
        f" and the thread {1e3 * folding_s / 60:.2f} ms"
    )


async def drained(journal: Journal) -> None:
    """Let everything leave, and print how quickly."""
    async with linked_servers(SITE) as (edge, cloud):
        there = await nats.connect(cloud.url)
        await there.jetstream().add_stream(name="FACTS", subjects=["site.*.up.fact.>"])
        async with Bus.connect(edge.url, "cem") as bus:
            await bus.until_connected()
            drain = Drain(journal, bus, SystemClock(), site=SITE, domain="cloud")
            count = journal.backlog().waiting
            while journal.backlog().waiting == count:
                await drain.once()
            left = journal.backlog().waiting
            started = time.perf_counter()
            while not await drain.once():
                pass
            rate = left / (time.perf_counter() - started)
        await there.close()
    tell(f"{count} facts left over a leaf link, {rate:.0f} a second")


def main() -> None:
    """Measure a small and a large site."""
    for chargers in (1, 10, 100):
        with tempfile.TemporaryDirectory(prefix="volthus-records-") as folder:
            journal = written(Path(folder), chargers)
            folded(Path(folder), chargers)
            if chargers == 10:
                asyncio.run(drained(journal))
            journal.close()


if __name__ == "__main__":
    main()
