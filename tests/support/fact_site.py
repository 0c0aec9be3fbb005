"""A site's records and its way to the cloud as a program: `python fact_site.py` and its arguments.

It is the CEM's own records package, driven with made-up minutes, sessions, evidence and settings;
killed at any moment, it goes on where its database stands; what the database does not take is tried
again, as the recorder does. Writes each step to standard output, and each refusal.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from record_sites import opened, write_minute, write_setting
from sqlmodel import Session, func, select

from cem.records import bus as wire
from cem.records.answers import RecordAnswers
from cem.records.draining import Drain
from cem.records.journal import Journal, Kept
from cem.records.recorder import Recorder
from cem.records.tables import MinuteRow
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.refusal import RefusedError

TRY_AGAIN_AFTER_S = 0.2


async def live(
    folder: Path, url: str, site: str, steps: int, *, pause_s: float, gate: Path | None
) -> None:
    """Write steps until there are so many, and let their facts leave; until killed.

    gate: the second half waits until this file is there.
    """
    store, journal = opened(folder)
    clock = SystemClock()
    recorder = Recorder(journal, clock, Kept())
    async with Bus.connect(url, "cem") as bus, asyncio.TaskGroup() as tasks:
        answers = RecordAnswers(journal, recorder, clock, lambda: UTC)
        await wire.answer(bus, site, answers)
        drain = Drain(journal, bus, clock, site=site, domain="cloud")
        tasks.create_task(drain.run(recorder.written))
        for step in range(_written(journal), steps):
            while gate is not None and step >= steps // 2 and not await _is_there(gate):
                await asyncio.sleep(pause_s)
            await _insisting(partial(write_minute, journal, step))
            await _insisting(partial(write_setting, store, step))
            recorder.written.set()
            await asyncio.to_thread(sys.stdout.write, f"{step} {datetime.now(UTC)}\n")
            await asyncio.sleep(pause_s)


async def _is_there(gate: Path) -> bool:
    return await asyncio.to_thread(gate.exists)


async def _insisting(write: Callable[[], None]) -> None:
    while True:
        try:
            return await asyncio.to_thread(write)
        except RefusedError as no:
            await asyncio.to_thread(sys.stdout.write, f"refused {no.code}\n")
            await asyncio.to_thread(sys.stdout.flush)
            await asyncio.sleep(TRY_AGAIN_AFTER_S)


def _written(journal: Journal) -> int:
    """Return the step to go on with: minutes are written one a step."""

    def count(db: Session) -> int:
        return int(db.exec(select(func.count()).select_from(MinuteRow)).one())

    return journal.look(count)


if __name__ == "__main__":
    place, server, name, most, pause, *doors = sys.argv[1:]
    door = Path(doors[0]) if doors else None
    asyncio.run(live(Path(place), server, name, int(most), pause_s=float(pause), gate=door))
