"""Work kept by a stream, against real servers joined by a leaf link."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from volthus_kit.bus import Bus
from volthus_kit.parcels import Parcel
from volthus_kit.streams import ForeignDomainError, StreamError, StreamPlan, WorkStream
from volthus_kit.testing import NatsServer, linked_servers

PLAN = StreamPlan("FACTS", ("site.*.up.fact.>",), "cloud", "history", 10_000_000)


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[Bus, Bus, NatsServer]]:
    async with (
        linked_servers() as (edge, cloud),
        Bus.connect(edge.url, "site") as site,
        Bus.connect(cloud.url, "web") as web,
    ):
        await site.until_connected()
        await web.until_connected()
        yield site, web, cloud


def parcels(first: int, last: int, size: int = 10) -> list[Parcel]:
    subject = "site.demo.up.fact.energy"
    return [Parcel(subject, b"%d" % n + b"." * size, f"demo-1-{n}") for n in range(first, last + 1)]


async def deliver(site: Bus, first: int, last: int) -> int:
    """Deliver until the link is up."""
    async with asyncio.timeout(10):
        while not (kept := await site.deliver(parcels(first, last), site="demo", domain="cloud")):
            await asyncio.sleep(0.1)
    return kept


def numbers(kept: list[bytes]) -> list[int]:
    return [int(body.partition(b".")[0]) for body in kept]


async def test_work_that_nobody_finished_comes_again_in_order_before_what_is_newer() -> None:
    async with linked() as (site, web, _):
        first = WorkStream(web, PLAN)
        await first.begin()
        assert await deliver(site, 1, 30) == 30
        taken = await first.take(10, 2.0)
        assert [one.key for one in taken] == [f"demo-1-{n}" for n in range(1, 11)]
        await first.done()
        assert len(await first.take(10, 2.0)) == 10  # and never acknowledged
        second = WorkStream(web, PLAN)
        await second.begin()
        again = await second.take(100, 1.0)
        assert numbers([one.body for one in again]) == list(range(11, 31))
        await second.done()
        assert (await second.backlog()).messages == 0
        assert await second.take(10, 0.2) == []


async def test_a_full_stream_refuses_so_that_the_site_keeps_its_facts() -> None:
    async with linked() as (site, web, _):
        small = StreamPlan("FACTS", PLAN.subjects, "cloud", "history", 4_000)
        stream = WorkStream(web, small)
        await stream.begin()
        first = await deliver(site, 1, 100)
        assert 0 < first < 100
        kept = await stream.take(200, 0.5)
        assert len(kept) == first
        await stream.done()
        assert await deliver(site, first + 1, 100) > 0


async def test_a_stream_is_not_bound_where_streams_are_of_another_domain() -> None:
    async with linked() as (site, web, _):
        with pytest.raises(ForeignDomainError, match="'demo'"):
            await WorkStream(site, PLAN).begin()
        await WorkStream(web, PLAN).begin()
        assert await deliver(site, 1, 1) == 1


async def test_limits_that_changed_are_taken_by_the_stream_that_is_there() -> None:
    async with linked() as (_, web, __):
        await WorkStream(web, PLAN).begin()
        wider = StreamPlan("FACTS", PLAN.subjects, "cloud", "history", 20_000_000, 60)
        await WorkStream(web, wider).begin()
        config = (await web.jetstream().stream_info("FACTS")).config
        assert (config.max_bytes, config.max_msgs_per_subject) == (20_000_000, 60)
        assert config.discard_new_per_subject


async def test_work_goes_on_when_the_server_was_killed() -> None:
    async with linked() as (site, web, cloud):
        stream = WorkStream(web, PLAN)
        await stream.begin()
        await deliver(site, 1, 5)
        assert len(await stream.take(3, 1.0)) == 3
        await cloud.stop()
        async with asyncio.timeout(5):
            while web.is_connected:
                await asyncio.sleep(0.02)
        with pytest.raises(StreamError, match="away"):
            await stream.take(1, 0.2)
        await cloud.start()
        async with asyncio.timeout(20):
            while True:
                try:
                    await stream.begin()
                    break
                except StreamError:
                    await asyncio.sleep(0.1)
        assert numbers([one.body for one in await stream.take(10, 1.0)]) == [1, 2, 3, 4, 5]
        await stream.done()
