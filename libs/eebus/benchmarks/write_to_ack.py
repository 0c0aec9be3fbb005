"""How long a limit takes from `Cem.write_limit` to the answer, over real SHIP on loopback.

    python libs/eebus/benchmarks/write_to_ack.py [CHARGERS] [ROUNDS]

Both sides share one process and one event loop, so a round of N writes also pays for the N
chargers; a gateway alone is faster.
"""

import asyncio
import statistics
import sys
from collections.abc import Sequence

from eebus.cem import Cem
from eebus.charger import Charger, EvProfile
from eebus.events import Event
from eebus.identity import Identity
from eebus.transport.node import Announcement, Network

PAUSE_S = 0.05  # between rounds: the gateway writes once a second at most


def _nobody(_event: Event) -> None:
    """Take note of nothing: the answers are what is measured."""


def _charger(number: int) -> Charger:
    said = Announcement(f"Bench-{number}", "Bench", "Box", "ChargingStation", serial=str(number))
    return Charger(
        Identity.create(f"box {number}"), said, Network(mdns=False), trusted=(), on_event=_nobody
    )


async def _connected(cem: Cem, chargers: Sequence[Charger]) -> None:
    for charger in chargers:
        await charger.started()
        charger.plug(EvProfile())
        charger.trust(cem.ski)
        cem.trust(charger.ski, host="127.0.0.1", port=charger.port)
    while not all((car := cem.ev(each.ski)) and car.operating_state for each in chargers):  # noqa: ASYNC110 - what is waited for is a state, not an event of ours
        await asyncio.sleep(PAUSE_S)


async def _write(cem: Cem, chargers: Sequence[Charger], current_a: float) -> list[float]:
    """Write to all at once. Returns the milliseconds to each answer."""
    wanted = (current_a, current_a, current_a)
    results = await asyncio.gather(*(cem.write_limit(each.ski, wanted) for each in chargers))
    refused = [each.text for each in results if not each.ok]
    if refused:
        raise RuntimeError(f"{len(refused)} writes were refused: {refused[0]}")
    await asyncio.sleep(PAUSE_S)
    return [each.ms for each in results]


def _say(name: str, spans_ms: list[float]) -> None:
    cuts = statistics.quantiles(spans_ms, n=100, method="inclusive")
    sys.stdout.write(f"{name}: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms\n")


async def measure(count: int, rounds: int) -> None:
    """Connect the chargers, write, and say what it took."""
    said = Announcement("Bench-CEM", "Bench", "CEM", "EnergyManagementSystem")
    cem = Cem(Identity.create("cem"), said, Network(mdns=False), trusted=(), on_event=_nobody)
    chargers = [_charger(number) for number in range(count)]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run()) for each in (cem, *chargers)]
        await cem.started()
        await _connected(cem, chargers)
        steps = [6.0 + turn % 10 for turn in range(rounds)]
        at_once = [ms for a in steps for ms in await _write(cem, chargers, a)]
        alone = [ms for a in steps for ms in await _write(cem, chargers[:1], a + 0.5)]
        for task in running:
            task.cancel()
    _say(f"{count} chargers at once", at_once)
    _say("one charger", alone)


if __name__ == "__main__":
    chosen = [int(word) for word in sys.argv[1:3]]
    asyncio.run(measure(*(chosen + [10, 100][len(chosen) :])))
