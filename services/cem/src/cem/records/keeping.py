"""Puts the records together beside the controller; knows everyone here, decides nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from cem.core.events import StoreChecked
from cem.loop import Controller
from cem.noticeboard import Noticeboard
from cem.records import bus as wire
from cem.records.answers import RecordAnswers
from cem.records.draining import Drain
from cem.records.journal import Journal, Kept
from cem.records.recorder import Recorder
from cem.replaying.recording import Recording
from cem.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.metrics import version_of

logger = logging.getLogger(__name__)

AGAIN_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the records need of the rest of the CEM."""

    bus: Bus
    controller: Controller
    settings: Settings
    clock: Clock
    board: Noticeboard


@dataclass(frozen=True, slots=True)
class Books:
    """What others need of the records."""

    recorder: Recorder
    answers: RecordAnswers
    journal: Journal


async def keep(around: Surroundings, tasks: asyncio.TaskGroup) -> Books:
    """Keep the records of the controller's site until the tasks are cancelled."""
    bus, controller, settings = around.bus, around.controller, around.settings
    clock, site = around.clock, around.settings.site
    journal = Journal(settings.state_dir)
    kept = Kept(settings.minutes_kept, settings.decisions_kept)
    recorder = Recorder(journal, clock, kept)
    recorder.failed = lambda is_failing: controller.happened(StoreChecked(is_failing))
    recorder.lost = lambda count: around.board.put("records-lost", "alarm", count=str(count))
    controller.observers.append(recorder)
    await wire.hear(bus, site, recorder, clock, lambda: controller.state)
    answers = RecordAnswers(journal, recorder, clock, lambda: controller.zone)
    await wire.answer(bus, site, answers)
    drain = Drain(journal, bus, clock, site=site, domain=settings.cloud_domain)
    tasks.create_task(_lasting("records", recorder.run), name="records")
    drained = partial(drain.run, recorder.written)
    tasks.create_task(_lasting("outbox", drained), name="outbox")
    if settings.record is not None:
        most_bytes = settings.record_mb * 1_000_000
        recording = Recording(settings.record, most_bytes, version_of("volthus-cem"), clock)
        controller.observers.append(recording)
        tasks.create_task(_lasting("recording", recording.run), name="recording")
    return Books(recorder, answers, journal)


async def _lasting(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled; a fault in the records must not end the control of a fuse."""
    while True:
        try:
            await run()
        except Exception:
            logger.exception("records failed", extra={"task": name})
            await asyncio.sleep(AGAIN_AFTER_S)
