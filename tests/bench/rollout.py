"""What a look at a roll-out costs the front door: `python tests/bench/rollout.py [--sites N]`.

The real engine on SQLite, every site heard and with an updater; nobody is asked, since all of the
first ring are at work. A look is due every 5 s, its figures every 60 s. Needs no bus and stops by
itself.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from sqlmodel import Session

from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_wire.v1 import site_pb2, updating_pb2
from volthus_wire.v1.updating_pb2 import UpdateState
from web.core.rollouts.machine import Stage, State
from web.core.rollouts.rings import Ring
from web.fleet.tables import OverloadDayRow
from web.live import Live
from web.rollouts import kept
from web.rollouts.engine import RolloutEngine
from web.rollouts.tables import RolloutRow, RolloutSiteRow
from web.software.desk import Software
from web.store import open_store

DAY_S = 86_400
DAYS = 7
LOOKS = 5
NEWER = "9.9.0"


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fill(session: Session, sites: list[str], now_s: float) -> None:
    """Write a roll-out of all sites, and a week in which each was above its fuse a little."""
    row = RolloutRow(
        open_key="", tenant="", version=NEWER, state=State.RUNNING.value,
        rings=kept.written((Ring("first", sites=tuple(sites[:50])), Ring("all"))),
        actor="bench", started_s=now_s, judged_s=now_s, changed_s=now_s,
    )  # fmt: skip
    session.add(row)
    session.flush()
    today_s = int(now_s) // DAY_S * DAY_S
    for number, site in enumerate(sites):
        is_first = number < 50
        stage = Stage.ASKED if is_first else Stage.WAITING
        session.add(
            RolloutSiteRow(
                rollout=row.id or 0, site=site, ring=int(not is_first), stage=stage.value,
                asked_s=now_s if is_first else None,
            )
        )  # fmt: skip
        for day in range(DAYS):
            session.add(OverloadDayRow(site=site, day_s=today_s - day * DAY_S, seconds=1.0))


async def measure(folder: Path, count: int) -> None:
    """Look some times and print what each took."""
    engine, clock = open_store(folder), SystemClock()
    sites = [f"site-{number:05d}" for number in range(count)]
    live, software = Live(clock), Software(engine, clock)
    for number, site in enumerate(sites):
        picture = site_pb2.SiteState(site=site, name=site, version="0.1.0")
        live.heard_state(site, picture.SerializeToString())
        at_work = updating_pb2.UPDATE_PHASE_PATCHING if number < 50 else 1
        software.updaters.heard(
            site, UpdateState(phase=at_work, version=NEWER if number < 50 else "")
        )
    with Session(engine) as session:
        fill(session, sites, clock.now().timestamp())
        session.commit()
    async with Bus.connect("nats://127.0.0.1:9", "bench") as bus:
        work = RolloutEngine(engine, clock, bus, live, software, "cloud")
        for number in range(LOOKS):
            began, spent = time.perf_counter(), time.process_time()
            await work.look()
            took, busy = time.perf_counter() - began, time.process_time() - spent
            what = "first, with figures" if number == 0 else "again"
            say(f"{count:6} sites, {what}: {1000 * took:.0f} ms, processor {1000 * busy:.0f} ms")
    engine.dispose()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, nargs="+", default=[1000, 10_000])
    say(f"load {os.getloadavg()[0]:.1f}")
    for count in parser.parse_args().sites:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(Path(folder), min(count, 20_000)))


if __name__ == "__main__":
    main()
