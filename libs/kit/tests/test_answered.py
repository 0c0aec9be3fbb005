"""A command that is repeated with its idempotency key is done once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from volthus_kit.answer_book import KEPT_FOR, AnswerBook
from volthus_kit.answered import Answered
from volthus_kit.bus import Bus
from volthus_kit.database import open_sqlite, written
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock, nats_server
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


# --- on disk -------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_sqlite(tmp_path / "owner.sqlite")
    with made.begin() as db:
        db.execute(text("CREATE TABLE car (name TEXT)"))
    yield made
    made.dispose()


class Owner:
    """Adds a car to a database when told to, as an owner of settings does."""

    def __init__(self, engine: Engine, clock: FakeClock) -> None:
        self.engine = engine
        self.answered = Answered(AnswerBook(lambda: engine, clock))  # as after each start

    async def once(self, key: str, body: bytes = b"van", *, refuses: bool = False) -> RpcReply:
        async def work() -> RpcReply:
            await asyncio.to_thread(written, self.engine, add)
            if refuses:
                return RpcReply(refusal=Refusal(code="no"))
            return RpcReply(body=b"car-%d" % self.cars)

        def add(session: Session) -> None:
            session.connection().execute(text("INSERT INTO car VALUES ('van')"))

        return await self.answered.once(("subject", "site", "sven", key), body, work)

    @property
    def cars(self) -> int:
        with self.engine.begin() as db:
            return int(db.execute(text("SELECT count(*) FROM car")).scalar_one())


async def test_after_a_restart_a_repetition_still_hears_the_same_for_a_day(engine: Engine):
    clock = FakeClock()
    assert (await Owner(engine, clock).once("k1")).body == b"car-1"
    again = Owner(engine, clock)
    assert (await again.once("k1")).body == b"car-1"
    assert (await again.once("k1", b"bus")).refusal.code == "idempotency-key-reused"
    assert (await again.once("k2")).body == b"car-2"
    clock.go_on(KEPT_FOR.total_seconds())
    assert (await Owner(engine, clock).once("k1")).body == b"car-3"
    with engine.begin() as db:
        assert db.execute(text("SELECT count(*) FROM volthus_answer")).scalar_one() == 1


async def test_a_kill_between_the_change_and_its_answer_does_nothing_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    clock = FakeClock()
    with monkeypatch.context() as patched:
        patched.setattr(AnswerBook, "keep", lambda *_: None)  # as if killed before
        await Owner(engine, clock).once("k1")
    again = await Owner(engine, clock).once("k1")
    assert again.refusal.code == "idempotency-answer-lost"
    assert Owner(engine, clock).cars == 1


async def test_a_command_that_was_refused_may_be_tried_again_with_its_key(engine: Engine):
    clock = FakeClock()
    owner = Owner(engine, clock)
    assert (await owner.once("k1", refuses=True)).refusal.code == "no"
    assert (await Owner(engine, clock).once("k1")).body == b"car-2"


async def test_where_the_database_cannot_be_asked_nothing_is_done(engine: Engine, tmp_path: Path):
    (tmp_path / "folder").write_text("no folder")
    nowhere = Answered(AnswerBook(lambda: open_sqlite(tmp_path / "folder" / "x.sqlite")))

    async def work() -> RpcReply:
        raise AssertionError("it must not begin")

    reply = await nowhere.once(("k",), b"", work)
    assert reply.refusal.code == "store-failing"
