"""Puts the meter reader together."""

import asyncio
import sys

from meter_reader import cli
from meter_reader.arguments import COMMANDS
from meter_reader.bus import Outbox, Surroundings
from meter_reader.bus import serve as answer
from meter_reader.commands import MeterCommands
from meter_reader.core.record import Pace
from meter_reader.lines import Lines
from meter_reader.polling import Poller
from meter_reader.settings import Settings
from meter_reader.store import Store
from volthus_kit import health
from volthus_kit.answer_book import AnswerBook
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.confirming import Confirmations
from volthus_kit.service import run

ABOUT = """Reads the energy meters of a site over Modbus and publishes what they measure.

Without a command it is the service. Beside it: `meter-reader probe`, `identify` and `models`
ask a meter from the command line; each has its own --help."""


async def serve(settings: Settings) -> None:
    """Run until cancelled. A task that fails stops all; the supervisor then starts us anew."""
    clock = SystemClock()
    store = Store(settings.state_dir)
    lines = Lines(clock, settings.tcp_timeout_s, settings.rtu_timeout_s)
    try:
        async with (
            Bus.connect(
                settings.nats_url,
                "meter-reader",
                AnswerBook(store.opened),
                settings.nats_credentials,
            ) as bus,
            asyncio.TaskGroup() as tasks,
        ):
            outbox = Outbox(bus, settings.site)
            surroundings = Surroundings(clock)
            pace = Pace(settings.poll_interval_s, settings.frozen_samples)
            poller = Poller(tasks, lines, clock, pace, outbox)
            poller.fuse_a = surroundings.fuse_a
            remote, drawn = settings.remote_meter, surroundings.charging_w
            commands = MeterCommands(poller, lines, store, clock, drawn, remote=remote)
            checks = {"bus": lambda: bus.is_connected, "store": lambda: commands.is_loaded}
            await surroundings.listen(bus, settings.site)
            await answer(bus, settings.site, commands, Confirmations("meter", clock))
            fuse = surroundings.watch_fuse(bus, settings.site)
            tasks.create_task(fuse, name="ask for the main fuse")
            tasks.create_task(commands.load(), name="load meters")
            tasks.create_task(poller.announce(), name="announce the roster")
            tasks.create_task(
                health.serve(settings.health_host, settings.health_port, checks), name="health"
            )
    finally:
        await lines.close()
        store.close()


def main() -> None:
    """Start the program `meter-reader`: a tool if its first word says so, else the service."""
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        sys.exit(cli.run(sys.argv[1:]))
    run(serve, Settings, name="meter-reader", about=ABOUT)
