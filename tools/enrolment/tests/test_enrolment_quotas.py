"""What one site, broken or hostile, can take from the others: nothing. On a real hub."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from enrolment_hub import raw_client, running_site

from bus_trust import SITE
from enrolment.device import Device
from volthus_kit.clock import SystemClock
from volthus_kit.parcels import Parcel
from volthus_kit.streams import StreamPlan, WorkStream
from volthus_wire.subjects import LINK_CODE
from volthus_wire.v1.enrolment_pb2 import CreateCodeRequest
from volthus_wire.v1.rpc_pb2 import Caller

OPERATOR = Caller(actor="olga", role="operator", origin="cloud")
STREAM = StreamPlan(
    "FACTS",
    ("site.*.up.fact.energy", "site.*.up.fact.session"),
    "cloud",
    "history",
    2**24,
    most_a_subject=5,
    most_message_bytes=64 * 1024,
)


@asynccontextmanager
async def speaking(hub, web, site) -> AsyncIterator:
    """Yield a raw client on the server of a site that is linked."""
    made = await web.ask(LINK_CODE, CreateCodeRequest(site=site), caller=OPERATOR)
    device = Device(hub.folder / f"link-{site}", SystemClock())
    await device.join(hub.http, made.code)
    heard = []
    cloud = await raw_client(hub.server.url, hub.creds("web"))
    await cloud.subscribe(f"site.{site}.up.state", cb=partial(note, heard))
    async with running_site(device.folder) as server:
        client = await raw_client(server.url)
        async with asyncio.timeout(20):
            while not heard:
                await client.publish(f"site.{site}.up.state", b"")
                await client.flush()
                await asyncio.sleep(0.1)
        yield client
        await client.close()
    await cloud.close()


async def note(heard, msg):
    heard.append(msg)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.05)


async def acknowledged(client, site, subjects, body=b"x", headers=None):
    """Publish on each subject; return what the stream said, in order."""
    said = []
    answers = f"site.{site}.down._inbox.test"
    listening = await client.subscribe(f"{answers}.*", cb=partial(note, said))
    await client.flush()
    for number, subject in enumerate(subjects):
        # Again until it is answered: a subscription crosses the link when it does.
        async with asyncio.timeout(20):
            while len(said) <= number:
                before = len(said)
                await client.publish(subject, body, reply=f"{answers}.{number}", headers=headers)
                await client.flush()
                for _ in range(20):
                    if len(said) > before:
                        break
                    await asyncio.sleep(0.05)
    await listening.unsubscribe()
    return [msg.data.decode() for msg in said]


async def test_no_site_can_have_anothers_facts_taken_for_repetitions(hub):
    async with hub.bus() as web:
        stream = WorkStream(web, STREAM)
        await stream.begin()
        async with speaking(hub, web, "s001") as liar:
            # The liar says first, on its own subject, by what name the other's fact would go.
            for header in ("Nats-Msg-Id", "Volthus-Key"):
                await acknowledged(
                    liar, "s001", ["site.s001.up.fact.energy"], headers={header: "s002-7-1"}
                )
        before = await stream.backlog()
        parcel = Parcel("site.s002.up.fact.energy", b"honest", "s002-7-1")
        async with hub.bus_of_all() as honest:
            assert await honest.deliver([parcel], site="s002", domain="cloud") == 1
        assert (await stream.backlog()).messages == before.messages + 1
        kept = await stream.take(20, 2)
        assert (kept[-1].body, kept[-1].key) == (b"honest", "s002-7-1")
        await stream.leave()


async def test_one_site_fills_no_more_of_the_stream_than_its_share(hub):
    async with hub.bus() as web:
        stream = WorkStream(web, STREAM)
        await stream.begin()
        async with speaking(hub, web, "s001") as flooding:
            energy = "site.s001.up.fact.energy"
            said = await acknowledged(flooding, "s001", [energy] * 8)
            assert "maximum messages per subject exceeded" in said[-1]
            big = await acknowledged(
                flooding, "s001", ["site.s001.up.fact.session"], body=b"x" * 70_000
            )
            assert "message size exceeds maximum allowed" in big[-1]
            # A kind that nobody knows is kept nowhere, so that no site has more shares.
            await flooding.publish("site.s001.up.fact.other", b"x")
            await flooding.flush()
            backlog = (await stream.backlog()).messages
            assert backlog <= STREAM.most_a_subject
        async with hub.bus_of_all() as others:
            parcel = Parcel("site.s002.up.fact.energy", b"x", "s002-7-1")
            assert await others.deliver([parcel], site="s002", domain="cloud") == 1
        await stream.leave()


async def test_a_message_or_a_subscription_beyond_the_limit_of_a_site_goes_nowhere(hub):
    heard, told = [], []
    cloud = await raw_client(hub.server.url, hub.creds("web"))
    await cloud.subscribe("site.s001.up.>", cb=partial(note, heard))
    async with hub.bus() as web, speaking(hub, web, "s001") as site:
        most = SITE.most_payload_bytes
        await site.publish("site.s001.up.too-big", bytes(most + 1024))
        await site.flush()
        # Its own link is cut for that, and comes back: what goes on it meanwhile is lost.
        async with asyncio.timeout(20):
            while not any(msg.subject.endswith(".as-big-as-may-be") for msg in heard):
                await site.publish("site.s001.up.as-big-as-may-be", bytes(most - 1024))
                await site.flush()
                await asyncio.sleep(0.3)
        assert not any(msg.subject.endswith(".too-big") for msg in heard)
        asked = SITE.most_subscriptions + 200
        for number in range(asked):
            await site.subscribe(f"site.s001.down.n{number}", cb=partial(note, told))
        await site.flush()
        async with asyncio.timeout(20):
            while not told:  # the link takes them one after the other
                await cloud.publish("site.s001.down.n0", b"")
                await asyncio.sleep(0.1)
        for number in range(asked):
            await cloud.publish(f"site.s001.down.n{number}", b"")
        await cloud.publish("site.s001.down.n0", b"last")
        await cloud.flush()
        await until(lambda: any(msg.data == b"last" for msg in told))
        assert len({msg.subject for msg in told}) <= SITE.most_subscriptions
    await cloud.close()
