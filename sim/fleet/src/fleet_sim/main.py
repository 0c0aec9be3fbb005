"""Puts the simulator together: one bus, one fleet, what is played."""

import asyncio
import contextlib
import json
import logging
import signal
import sys
from dataclasses import asdict

from fleet_sim.answers import Answers
from fleet_sim.fleet import Fleet
from fleet_sim.playing import Playing
from fleet_sim.settings import Settings, settings_of
from volthus_kit import logs
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock, SystemClock

logger = logging.getLogger(__name__)

TELL_EVERY_S = 10.0
READY_LOOK_S = 0.2


async def serve(settings: Settings) -> None:
    """Speak until cancelled, or for as long as the settings say."""
    clock = SystemClock()
    async with Bus.connect(settings.nats_url, "fleet-sim", None, settings.credentials) as bus:
        fleet = Fleet(settings, bus, clock)
        await fleet.hear()
        await Answers(fleet.sites, clock).start(bus)
        await bus.until_connected()
        try:
            async with asyncio.timeout(settings.seconds or None), asyncio.TaskGroup() as tasks:
                tasks.create_task(fleet.run(), name="fleet")
                tasks.create_task(Playing(settings, fleet, bus, clock).run(), name="playing")
                tasks.create_task(_tell(settings, fleet, clock), name="telling")
        except TimeoutError:
            logger.info("time is up")
        finally:
            if settings.report_file is not None:
                settings.report_file.write_text(json.dumps(fleet.report()))


async def _tell(settings: Settings, fleet: Fleet, clock: Clock) -> None:
    began_s = told_s = clock.monotonic()
    ready_file = settings.ready_file
    while True:
        await asyncio.sleep(READY_LOOK_S)
        if ready_file is not None and fleet.told.states >= len(fleet.sites):
            ready_file.write_text(json.dumps({"sites": len(fleet.sites)}))
            ready_file = None
        if clock.monotonic() - told_s >= TELL_EVERY_S:
            told_s = clock.monotonic()
            logger.info("told", extra=asdict(fleet.told) | {"seconds": round(told_s - began_s)})


def main() -> None:
    """Start the program `fleet-sim`; never returns."""
    settings = settings_of()
    logs.configure("fleet-sim", settings.log_level)
    sys.exit(asyncio.run(_until_stopped(settings)))


async def _until_stopped(settings: Settings) -> int:
    task = asyncio.create_task(serve(settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        # Set explicitly: a program started in the background inherits INT as ignored.
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return 0


if __name__ == "__main__":
    main()
