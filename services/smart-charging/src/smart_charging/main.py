"""Puts smart charging together and starts it."""

import asyncio
import sys
from importlib import import_module

from smart_charging.settings import Settings
from volthus_kit import health
from volthus_kit.bus import Bus
from volthus_kit.service import run
from volthus_kit.tool import run_tool

PLANNING = "smart_charging.planning.service"
# By name, since the service needs none of them, and a tool no service.
TOOLS = {
    "plan": "smart_charging.commands",
    "prices": "smart_charging.prices.cli",
    "forecast": "smart_charging.solar.cli",
}


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
    if (tool := TOOLS.get(next(iter(sys.argv[1:]), ""))) is not None:
        run_tool(import_module(tool).main, sys.argv[2:])
    run(
        serve,
        Settings,
        name="smart-charging",
        about="Plans the charging of many sites. `smart-charging plan FILE` plans a file,"
        " `smart-charging prices` shows prices, `smart-charging forecast` sun and load.",
    )
