"""Parcels to a stream of the cloud's domain: over a real leaf link, and without one."""

import asyncio

import nats
from nats.js.client import JetStreamContext

from volthus_kit.bus import Bus
from volthus_kit.parcels import Parcel
from volthus_kit.testing import linked_servers, nats_server


def parcels(first: int, count: int) -> list[Parcel]:
    numbers = range(first, first + count)
    return [Parcel("site.demo.up.fact.audit", b"%d" % n, f"demo-1-{n}") for n in numbers]


async def kept(js: JetStreamContext) -> list[int]:
    found = await js.stream_info("FACTS")
    numbers = range(1, found.state.messages + 1)
    return [int((await js.get_msg("FACTS", n)).data or b"") for n in numbers]


async def until_linked(bus: Bus) -> None:
    async with asyncio.timeout(15):
        while await bus.deliver(parcels(0, 1), site="demo", domain="cloud") == 0:
            await asyncio.sleep(0.1)


async def test_what_the_cloud_acknowledged_is_there_in_order():
    async with linked_servers() as (edge, cloud):
        there = await nats.connect(cloud.url)
        js = there.jetstream()
        await js.add_stream(name="FACTS", subjects=["site.*.up.fact.>"])
        async with Bus.connect(edge.url, "cem") as bus:
            await bus.until_connected()
            await until_linked(bus)
            assert await bus.deliver(parcels(1, 200), site="demo", domain="cloud") == 200
            assert await bus.deliver(parcels(201, 9), site="demo", domain="cloud") == 9
        numbers = await kept(js)
        # The first was said until the link was there: whoever reads knows it by its key.
        assert numbers[-209:] == list(range(1, 210))
        assert set(numbers[:-209]) == {0}
        await there.close()


async def test_while_the_link_is_down_nothing_counts_as_kept():
    async with linked_servers() as (edge, cloud):
        there = await nats.connect(cloud.url)
        await there.jetstream().add_stream(name="FACTS", subjects=["site.*.up.fact.>"])
        async with Bus.connect(edge.url, "cem") as bus:
            await bus.until_connected()
            await until_linked(bus)
            await there.close()
            await cloud.stop()
            async with asyncio.timeout(15):
                while await bus.deliver(parcels(1, 3), site="demo", domain="cloud", timeout_s=1):
                    await asyncio.sleep(0.05)
            await cloud.start()
            async with asyncio.timeout(15):
                while await bus.deliver(parcels(1, 3), site="demo", domain="cloud") < 3:
                    await asyncio.sleep(0.1)


async def test_a_stream_on_this_side_of_the_link_is_no_cloud():
    async with linked_servers() as (edge, _):
        here = await nats.connect(edge.url)
        await here.jetstream().add_stream(name="TRAP", subjects=["site.*.up.>"])
        async with Bus.connect(edge.url, "cem") as bus:
            await bus.until_connected()
            sent = await bus.deliver(parcels(1, 3), site="demo", domain="cloud", timeout_s=0.5)
        assert sent == 0
        await here.close()


async def test_without_a_stream_or_a_server_nothing_is_kept_and_it_is_said_at_once():
    async with nats_server() as server, Bus.connect(server.url, "cem") as bus:
        await bus.until_connected()
        async with asyncio.timeout(2):
            assert await bus.deliver(parcels(1, 3), site="demo", domain="cloud") == 0
    async with Bus.connect("nats://127.0.0.1:1", "cem") as bus:
        assert await bus.deliver(parcels(1, 3), site="demo", domain="cloud") == 0


async def test_who_delivers_for_many_sites_hears_every_acknowledgement():
    async with linked_servers() as (_, cloud):
        there = await nats.connect(cloud.url)
        await there.jetstream().add_stream(name="FACTS", subjects=["site.*.up.fact.>"])
        async with Bus.connect(cloud.url, "fleet") as bus:
            await bus.until_connected()
            await bus.open_inboxes()
            for site in ("one", "two"):
                parcel = Parcel(f"site.{site}.up.fact.audit", b"1", f"{site}-1-1")
                assert await bus.deliver([parcel], site=site, domain="cloud") == 1
        await there.close()
