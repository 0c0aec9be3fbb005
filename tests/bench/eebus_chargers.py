"""The other process of the EEBUS benchmark: chargers that measure once a second, all on loopback.

Prints one JSON line with their SKIs and ports, then plays until its standard input closes.
"""

import asyncio
import json
import random
import sys
from contextlib import AsyncExitStack, asynccontextmanager

from eebus.charger import Charger, EvProfile
from eebus.identity import Identity
from eebus.transport.node import Announcement, Network

PERIOD_S = 1.0


@asynccontextmanager
async def running(charger: Charger):
    """Run one charger as long as the context lasts."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(charger.run())
        await charger.started()
        yield
        task.cancel()


async def play(count: int, cem_ski: str) -> None:
    """Start so many chargers, trust the CEM, plug a car each, measure once a second."""
    chargers = [_charger(number) for number in range(count)]
    async with AsyncExitStack() as stack:
        for charger in chargers:
            await stack.enter_async_context(running(charger))
            charger.trust(cem_ski)
            charger.plug(EvProfile(max_a=32.0))
        print(json.dumps([[c.ski, c.port] for c in chargers]), flush=True)  # noqa: T201
        measuring = [asyncio.create_task(_measure(c)) for c in chargers]
        await asyncio.to_thread(sys.stdin.read)
        for task in measuring:
            task.cancel()


def _charger(number: int) -> Charger:
    return Charger(
        Identity.create(f"Bench {number}"),
        Announcement(f"Bench-{number}", "Bench", "Box", "ChargingStation", serial=str(number)),
        Network(mdns=False),
        trusted=(),
        on_event=lambda _: None,
    )


async def _measure(charger: Charger) -> None:
    """Measure once a second at a moment of its own, slightly different every time."""
    energy_wh, chance = 0.0, random.Random(charger.port)  # noqa: S311 - load, no secret
    await asyncio.sleep(chance.random() * PERIOD_S)
    while True:
        current_a = round(9.8 + 0.2 * chance.random(), 2)
        power_w = round(230 * current_a, 1)
        energy_wh += 3 * power_w / 3600
        charger.measure((current_a,) * 3, (power_w,) * 3, round(energy_wh, 1), None)
        await asyncio.sleep(PERIOD_S)


if __name__ == "__main__":
    asyncio.run(play(int(sys.argv[1]), sys.argv[2]))
