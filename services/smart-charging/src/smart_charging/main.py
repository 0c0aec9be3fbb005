"""Puts smart charging together and starts it."""

import asyncio
import sys
from importlib import import_module

from smart_charging.settings import Settings
from volthus_kit import health
from volthus_kit.bus import Bus
from volthus_kit.service import run

PLANNING = "smart_charging.planning.service"


async def serve(settings: Settings) -> None:
    """Run until cancelled. Health answers at once; the planner's compiler may take its time."""
    is_planning = False
    async with (
        Bus.connect(
            settings.nats_url, "smart-charging", credentials=settings.nats_credentials
        ) as bus,
        asyncio.TaskGroup() as tasks,
    ):
        checks = {"bus": lambda: bus.is_connected, "planner": lambda: is_planning}
        health_at = settings.health_host, settings.health_port
        tasks.create_task(health.serve(*health_at, checks), name="health")
        service = await asyncio.to_thread(import_module, PLANNING)
        is_planning = True
        await service.serve(settings, bus)


def main() -> None:
    """Start the program `smart-charging`, or one of its tools."""
    if sys.argv[1:2] == ["plan"]:
        from smart_charging import commands  # noqa: PLC0415 - the service needs no planner yet

        sys.exit(commands.main(sys.argv[2:]))
    if sys.argv[1:2] == ["prices"]:
        from smart_charging.prices import cli  # noqa: PLC0415 - as above

        sys.exit(cli.main(sys.argv[2:]))
    if sys.argv[1:2] == ["forecast"]:
        from smart_charging.solar import cli as solar_cli  # noqa: PLC0415 - as above

        sys.exit(solar_cli.main(sys.argv[2:]))
    run(
        serve,
        Settings,
        name="smart-charging",
        about="Plans the charging of many sites. `smart-charging plan FILE` plans a file,"
        " `smart-charging prices` shows prices, `smart-charging forecast` sun and load.",
    )
