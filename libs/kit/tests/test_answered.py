"""A command that is repeated with its idempotency key is done once."""

import asyncio

import pytest

from volthus_kit.answered import Answered
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import nats_server
from volthus_wire import subjects
from volthus_wire.v1 import operating_pb2
from volthus_wire.v1.rpc_pb2 import Caller, Refusal, RpcReply


async def test_a_repetition_over_the_bus_does_nothing_and_hears_the_same():
    done = []

    async def put(question, caller):
        done.append(question.car.name)
        if question.car.name == "no":
            raise RefusedError("store-failing", "The database did not take it.")
        return operating_pb2.CarReply(car=operating_pb2.Car(car=f"car-{len(done)}"))

    async def ask(name, key, actor="sven"):
        question = operating_pb2.PutCarRequest(car=operating_pb2.Car(name=name))
        caller = Caller(actor=actor, role="service", origin="site")
        reply = await bus.ask(
            subjects.CAR_PUT, question, caller=caller, idempotency_key=key, site="demo"
        )
        return reply.car.car

    async with nats_server() as server, Bus.connect(server.url, "both") as bus:
        await bus.until_connected()
        await bus.serve(subjects.CAR_PUT, put, site="demo")
        assert [await ask("van", "k1"), await ask("van", "k1")] == ["car-1", "car-1"]
        assert await asyncio.gather(ask("van", "k2"), ask("van", "k2")) == ["car-2", "car-2"]
        assert await ask("van", "k1", actor="anna") == "car-3"
        assert [await ask("van", ""), await ask("van", "")] == ["car-4", "car-5"]
        with pytest.raises(RefusedError, match="idempotency-key-reused"):
            await ask("bus", "k1")
        for _ in range(2):  # nothing was done: the next time it may work
            with pytest.raises(RefusedError, match="store-failing"):
                await ask("no", "k3")
    assert done == ["van"] * 5 + ["no"] * 2


async def test_only_the_newest_answers_are_kept():
    answered, done = Answered(most=2), []

    async def work():
        done.append(1)
        return RpcReply(body=b"yes")

    for key in ("a", "b", "c", "c", "a"):
        await answered.once((key,), b"", work)
    assert len(done) == 4


async def test_work_that_is_cancelled_is_begun_anew():
    answered, gate = Answered(), asyncio.Event()

    async def work():
        await gate.wait()
        return RpcReply(refusal=Refusal(code="no"))

    first = asyncio.create_task(answered.once(("a",), b"", work))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.set()
    assert (await answered.once(("a",), b"", work)).refusal.code == "no"
