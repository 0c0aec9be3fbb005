"""Facts on their way over a real leaf link that is cut in between: all arrive, none is skipped."""

import asyncio
from pathlib import Path

import nats
from record_sites import opened, write_step

from cem.records import draining
from cem.records.draining import Drain
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.testing import linked_servers
from volthus_wire.v1.records_pb2 import Fact


async def test_a_cut_link_delays_facts_and_loses_none(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(draining, "WINDOW", 10)
    monkeypatch.setattr(draining, "FIRST_WAIT_S", 0.2)
    monkeypatch.setattr(draining, "MOST_WAIT_S", 0.5)
    store, journal = opened(tmp_path)
    for step in range(60):
        write_step(store, journal, step)
    count = journal.backlog().waiting
    async with linked_servers("demo") as (edge, cloud):
        there = await nats.connect(cloud.url)
        await there.jetstream().add_stream(name="FACTS", subjects=["site.*.up.fact.>"])
        await there.close()
        async with Bus.connect(edge.url, "cem") as bus:
            await bus.until_connected()
            drain = Drain(journal, bus, SystemClock(), site="demo", domain="cloud")
            task = asyncio.create_task(drain.run(asyncio.Event()))
            await until(lambda: journal.backlog().waiting < count)
            await cloud.stop()
            left = journal.backlog().waiting
            assert left > 0
            for step in range(60, 70):
                write_step(store, journal, step)
            await cloud.start()
            await until(lambda: journal.backlog().waiting == 0)
            task.cancel()
            await asyncio.wait([task])
        there = await nats.connect(cloud.url)
        js = there.jetstream()
        total = (await js.stream_info("FACTS")).state.messages
        arrived = [(await js.get_msg("FACTS", n)).data or b"" for n in range(1, total + 1)]
        await there.close()
    numbers = [Fact.FromString(body).sequence for body in arrived]
    once = list(dict.fromkeys(numbers))
    assert once == list(range(1, max(numbers) + 1)), "in order, but for what came twice"
    assert len({Fact.FromString(body).epoch for body in arrived}) == 1
    store.close()
    journal.close()


async def until(holds) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)
