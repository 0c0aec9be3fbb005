import asyncio
from collections.abc import AsyncIterator

import nats
import pytest

from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.testing import NatsServer, nats_server
from volthus_wire.subjects import CATALOGUE_GET, EVSE_LIMIT, GRID_CONNECTION_GET
from volthus_wire.v1.evse_pb2 import EvseLimit
from volthus_wire.v1.planning_pb2 import CatalogueReply, GetCatalogueRequest
from volthus_wire.v1.rpc_pb2 import Caller, RpcReply, RpcRequest
from volthus_wire.v1.site_pb2 import (
    GetGridConnectionRequest,
    GridConnection,
    GridConnectionReply,
)

SKI = "a" * 40
FAR = Caller(actor="web", role="operator", origin="cloud")


@pytest.fixture
async def server() -> AsyncIterator[NatsServer]:
    async with nats_server() as running:
        yield running


async def heard_after(publish, inbox: asyncio.Queue, seconds: float = 10):
    """Publish again and again until something is heard; a bus may be reconnecting."""
    async with asyncio.timeout(seconds):
        while inbox.empty():
            await publish()
            await asyncio.sleep(0.05)
    return inbox.get_nowait()


async def test_a_message_arrives_with_the_tokens_of_its_subject(server):
    inbox: asyncio.Queue = asyncio.Queue()
    async with Bus.connect(server.url, "a") as a, Bus.connect(server.url, "b") as b:
        await b.subscribe(EVSE_LIMIT, lambda m, t: inbox.put_nowait((m, t)), site="s")
        await asyncio.gather(a.until_connected(), b.until_connected())
        assert await a.publish(EVSE_LIMIT, EvseLimit(ski=SKI, ttl_ms=5000), site="s", ski=SKI)
        message, tokens = await asyncio.wait_for(inbox.get(), 5)
    assert message.ttl_ms == 5000
    assert tokens == {"site": "s", "ski": SKI}


async def test_who_is_asked_while_it_still_joins_answers(server):
    is_heard, may_join = asyncio.Event(), asyncio.Event()

    class SlowToJoin(Bus):
        async def _subscribe(self, subscription):
            if "limit" in subscription.subject:
                await self._settle()  # what was subscribed before is heard
                is_heard.set()
                await may_join.wait()
            await super()._subscribe(subscription)

    async def answer(_: GetGridConnectionRequest, __: Caller) -> GridConnectionReply:
        return GridConnectionReply(settings=GridConnection(revision=7))

    async with Bus.connect(server.url, "a") as a, SlowToJoin.connect(server.url, "b") as b:
        await b.serve(GRID_CONNECTION_GET, answer, site="s")
        await b.subscribe(EVSE_LIMIT, lambda *_: None, site="s")
        await a.until_connected()
        await is_heard.wait()
        reply = await a.ask(GRID_CONNECTION_GET, GetGridConnectionRequest(), site="s")
        assert not b.is_connected
        may_join.set()
        await b.until_connected()
    assert reply.settings.revision == 7


async def test_who_asks_is_named_in_bounded_words(server):
    async def answer(_: GetGridConnectionRequest, caller: Caller) -> GridConnectionReply:
        length = 1000 * len(caller.actor) + len(caller.role)
        return GridConnectionReply(settings=GridConnection(revision=length))

    async with Bus.connect(server.url, "a") as a, Bus.connect(server.url, "b") as b:
        await b.serve(GRID_CONNECTION_GET, answer, site="s")
        await asyncio.gather(a.until_connected(), b.until_connected())
        told = Caller(actor="x" * 100_000, role="y" * 100_000)
        reply = await a.ask(GRID_CONNECTION_GET, GetGridConnectionRequest(), caller=told, site="s")
    assert reply.settings.revision == 200_040, "it goes into records that must fit a stream"


async def test_a_request_is_answered_and_carries_who_asks(server):
    async def answer(_: GetGridConnectionRequest, caller: Caller) -> GridConnectionReply:
        return GridConnectionReply(settings=GridConnection(phases=3, revision=len(caller.actor)))

    async with Bus.connect(server.url, "a") as a, Bus.connect(server.url, "b") as b:
        await b.serve(GRID_CONNECTION_GET, answer, site="s")
        await asyncio.gather(a.until_connected(), b.until_connected())
        reply = await a.ask(
            GRID_CONNECTION_GET, GetGridConnectionRequest(), caller=Caller(actor="eva"), site="s"
        )
    assert reply.settings.revision == 3


async def test_where_a_request_came_from_is_told_by_its_subject_and_not_by_who_asks(server):
    origins: list[str] = []

    async def answer(_: GetGridConnectionRequest, caller: Caller) -> GridConnectionReply:
        origins.append(caller.origin)
        return GridConnectionReply()

    async with Bus.connect(server.url, "a") as a, Bus.connect(server.url, "b") as b:
        await b.serve(GRID_CONNECTION_GET, answer, site="s")
        await asyncio.gather(a.until_connected(), b.until_connected())
        question = GetGridConnectionRequest()
        await a.ask(GRID_CONNECTION_GET, question, caller=Caller(origin="site"), site="s")
        await a.ask(GRID_CONNECTION_GET, question, caller=FAR, site="s")
        # What a stolen cloud would send: the subject that crosses the link, and a lie in it.
        lie = RpcRequest(body=question.SerializeToString(), caller=Caller(origin="site"))
        liar = await nats.connect(server.url)
        answers = await liar.subscribe("site.s.up.reply.lie")
        await liar.publish(
            GRID_CONNECTION_GET.at(site="s"), lie.SerializeToString(), reply="site.s.up.reply.lie"
        )
        await answers.next_msg(5)
        await liar.close()
    assert origins == ["site", "cloud", "cloud"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "site.s.local.evse.9f.limit",
        "site.s.local.rpc.cem.grid-connection-put",
        "site.s.local.reply.web.r.1",
        "site.s.down.rpc.cem.grid-connection-put",
        "site.other.up.reply.web.r.1",
        "site.s.up.state",
        "_INBOX.x",
    ],
)
async def test_nobody_from_afar_has_a_program_of_the_site_speak_anywhere_else(server, elsewhere):
    asked: list[Caller] = []

    async def answer(_: GetGridConnectionRequest, caller: Caller) -> GridConnectionReply:
        asked.append(caller)
        return GridConnectionReply()

    async with Bus.connect(server.url, "b") as b:
        await b.serve(GRID_CONNECTION_GET, answer, site="s")
        await b.until_connected()
        thief = await nats.connect(server.url)
        heard = await thief.subscribe(elsewhere)
        answers = await thief.subscribe("site.s.up.reply.thief")
        question = RpcRequest().SerializeToString()
        for reply in (elsewhere, "site.s.up.reply.thief"):
            await thief.publish(GRID_CONNECTION_GET.at(site="s"), question, reply=reply)
        await answers.next_msg(5)
        assert heard.pending_msgs == 0
        assert len(asked) == 1  # nor was anything done
        await thief.close()


async def test_one_program_answers_for_many_sites_and_is_told_for_which(server):
    async def answer(_: GetGridConnectionRequest, __: Caller, at: dict[str, str]):
        return GridConnectionReply(settings=GridConnection(revision=int(at["site"][1:])))

    async with Bus.connect(server.url, "a") as a, Bus.connect(server.url, "b") as b:
        await b.serve_many(GRID_CONNECTION_GET, answer)
        await asyncio.gather(a.until_connected(), b.until_connected())
        question = GetGridConnectionRequest()
        replies = [
            await a.ask(GRID_CONNECTION_GET, question, caller=FAR, site=f"s{n}") for n in (7, 11)
        ]
    assert [reply.settings.revision for reply in replies] == [7, 11]


async def test_who_hears_thousands_may_have_the_bytes_and_what_cannot_be_read_ends_nothing(server):
    inbox: asyncio.Queue = asyncio.Queue()

    def hear(body: bytes, tokens: dict[str, str]) -> None:
        inbox.put_nowait((EvseLimit.FromString(body).ttl_ms, tokens["site"]))

    async with Bus.connect(server.url, "a") as a, Bus.connect(server.url, "b") as b:
        await b.subscribe_bytes(EVSE_LIMIT, hear)
        await asyncio.gather(a.until_connected(), b.until_connected())
        await a.publish_bytes(EVSE_LIMIT, b"\xff", site="s", ski=SKI)
        await a.publish(EVSE_LIMIT, EvseLimit(ttl_ms=5000), site="s", ski=SKI)
        assert await asyncio.wait_for(inbox.get(), 5) == (5000, "s")


async def test_a_refusal_travels_with_code_values_and_field(server):
    async def refuse(_: GetGridConnectionRequest, __: Caller) -> GridConnectionReply:
        raise RefusedError("fuse-out-of-range", "0 A is no fuse.", field="/fuse_a/l1", value=0)

    async with Bus.connect(server.url, "a") as a:
        await a.serve(GRID_CONNECTION_GET, refuse, site="s")
        await a.until_connected()
        with pytest.raises(RefusedError) as no:
            await a.ask(GRID_CONNECTION_GET, GetGridConnectionRequest(), site="s")
    assert (no.value.code, no.value.field) == ("fuse-out-of-range", "/fuse_a/l1")
    assert no.value.params == {"value": "0"}


async def test_a_service_that_fails_says_so_and_goes_on(server):
    answers = iter([ValueError("broken"), CatalogueReply(version="1")])

    async def answer(_: GetCatalogueRequest, __: Caller) -> CatalogueReply:
        found = next(answers)
        if isinstance(found, ValueError):
            raise found
        return found

    async with Bus.connect(server.url, "a") as a:
        await a.serve(CATALOGUE_GET, answer)
        await a.until_connected()
        with pytest.raises(RefusedError, match="internal-error"):
            await a.ask(CATALOGUE_GET, GetCatalogueRequest())
        assert (await a.ask(CATALOGUE_GET, GetCatalogueRequest())).version == "1"


async def test_a_request_nobody_serves_fails_at_once(server):
    async with Bus.connect(server.url, "a") as a:
        await a.until_connected()
        async with asyncio.timeout(2):
            with pytest.raises(NotAnsweredError) as silence:
                await a.ask(CATALOGUE_GET, GetCatalogueRequest(), timeout_s=10)
    assert silence.value.nobody


async def test_a_slow_service_is_not_waited_for_beyond_the_deadline(server):
    async def never(_: GetCatalogueRequest, __: Caller) -> CatalogueReply:
        await asyncio.Event().wait()
        raise AssertionError

    async with Bus.connect(server.url, "a") as a:
        await a.serve(CATALOGUE_GET, never)
        await a.until_connected()
        with pytest.raises(NotAnsweredError) as silence:
            await a.ask(CATALOGUE_GET, GetCatalogueRequest(), timeout_s=0.2)
    assert not silence.value.nobody


async def test_without_a_server_publishing_drops_and_asking_fails_at_once():
    async with Bus.connect("nats://127.0.0.1:1", "a") as a:
        assert not await a.publish(EVSE_LIMIT, EvseLimit(), site="s", ski=SKI)
        with pytest.raises(NotAnsweredError):
            await a.ask(CATALOGUE_GET, GetCatalogueRequest())


async def test_a_bus_started_before_its_server_and_cut_in_mid_run_comes_back(server):
    await server.stop()
    inbox: asyncio.Queue = asyncio.Queue()
    async with Bus.connect(server.url, "a") as a:
        await a.subscribe(EVSE_LIMIT, lambda m, _: inbox.put_nowait(m), site="s")

        async def publish() -> None:
            await a.publish(EVSE_LIMIT, EvseLimit(sequence=7), site="s", ski=SKI)

        await server.start()
        assert (await heard_after(publish, inbox)).sequence == 7
        await server.stop()
        async with asyncio.timeout(10):
            while a.is_connected:
                await asyncio.sleep(0.02)
        assert not await a.publish(EVSE_LIMIT, EvseLimit(), site="s", ski=SKI)
        await server.start()
        while not inbox.empty():
            inbox.get_nowait()
        assert (await heard_after(publish, inbox)).sequence == 7


async def test_a_server_that_is_away_is_told_once_and_not_at_every_try(server, caplog):
    async with Bus.connect(server.url, "a") as a:
        await a.until_connected()
        await server.stop()
        async with asyncio.timeout(10):
            while a.is_connected:
                await asyncio.sleep(0.01)
        await asyncio.sleep(1.7)  # three tries
        await server.start()
        async with asyncio.timeout(10):
            while not a.is_connected:
                await asyncio.sleep(0.01)
    told = [record.getMessage() for record in caplog.records]
    assert told.count("bus lost") == 1
    assert told.count("bus error") <= 2, told  # the loss itself, and the first try


async def test_a_cancellation_while_subscribing_is_never_lost(server):
    async with Bus.connect(server.url, "a") as bus:
        await bus.until_connected()
        for turns in range(60):
            work = bus.subscribe(EVSE_LIMIT, lambda *_: None, site="demo")
            task = asyncio.create_task(work)
            for _ in range(turns):
                await asyncio.sleep(0.0002 if turns % 2 else 0)
            is_told = task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() == is_told
        assert bus.is_connected


async def test_an_answer_counts_only_from_the_site_that_was_asked(server):
    async with Bus.connect(server.url, "web") as asking, Bus.connect(server.url, "good") as good:
        liar = await nats.connect(server.url)
        asked: asyncio.Queue = asyncio.Queue()

        async def overheard(msg):
            await asked.put(msg.reply)

        await liar.subscribe("site.good.down.>", cb=overheard)
        await liar.flush()

        async def answer(_question, _caller):
            # As the site `bad` it may say what it likes below its own name, with our number too.
            reply = (await asked.get()).replace("site.good.", "site.bad.")
            lie = GridConnectionReply(settings=GridConnection(phases=1))
            await liar.publish(reply, RpcReply(body=lie.SerializeToString()).SerializeToString())
            await liar.flush()
            return GridConnectionReply(settings=GridConnection(phases=3))

        await good.serve(GRID_CONNECTION_GET, answer, site="good")
        await asking.until_connected()
        reply = await asking.ask(
            GRID_CONNECTION_GET, GetGridConnectionRequest(), caller=FAR, site="good"
        )
        assert reply.settings.phases == 3
        await liar.close()
