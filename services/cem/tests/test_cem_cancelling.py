"""The control loop ends when it is told to, even if it is wanted in the same moment."""

import asyncio
from zoneinfo import ZoneInfo

import pytest

from cem.bus.outbox import Outbox
from cem.core.state import Remembered, restored
from cem.loop import Controller
from cem.picture.site import Named
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock


@pytest.mark.parametrize("turns", range(4))
async def test_a_loop_that_is_wanted_and_cancelled_at_once_ends(turns: int) -> None:
    clock = SystemClock()
    async with Bus.connect("nats://127.0.0.1:1", "cem") as bus:
        outbox = Outbox(bus, "demo", 1, 5.0)
        state = restored(Remembered(), clock.monotonic())
        named = Named("demo", "demo", "1")
        controller = Controller(state, outbox, clock, named, ZoneInfo("UTC"))
        task = asyncio.create_task(controller.run())
        await asyncio.sleep(0.02)  # until it waits for its next second
        controller.watched()  # wants a decision
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=0.5)
        task.cancel()
        assert done == {task}
