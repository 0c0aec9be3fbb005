"""What a test brought is kept once, whoever keeps it."""

import asyncio
import threading

from cem.ended_tests import EndedTests
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire.v1.rpc_pb2 import Caller

FAILING = RefusedError("store-failing", "locked")


class SlowBook:
    """A book on a disk that takes its time."""

    def __init__(self) -> None:
        self.is_failing = False
        self.begins = threading.Event()
        self.goes_on = threading.Event()
        self.written: list[str] = []

    def load(self) -> dict[str, str]:
        return {}

    def write(self, test: str, caller: Caller) -> None:
        del caller
        self.begins.set()
        assert self.goes_on.wait(5)
        if self.is_failing:
            raise FAILING
        self.written.append(test)


async def _saved_by_two(book: SlowBook, ended: EndedTests[str]) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(ended.save())
        await asyncio.to_thread(book.begins.wait, 5)
        tasks.create_task(ended.save())
        await asyncio.sleep(0)  # the second one is on its way too
        book.goes_on.set()


async def test_a_test_that_two_keep_at_one_time_stands_once_in_its_book() -> None:
    book = SlowBook()
    ended = EndedTests(book, FakeClock(), "rotation")
    await ended.save()
    ended.add("a", "first", Caller())
    await _saved_by_two(book, ended)
    assert book.written == ["first"]


async def test_what_a_failing_book_did_not_take_is_kept_a_little_later() -> None:
    clock, book = FakeClock(), SlowBook()
    ended = EndedTests(book, clock, "rotation")
    await ended.save()
    ended.add("a", "first", Caller())
    book.is_failing = True
    await _saved_by_two(book, ended)
    book.is_failing = False
    await ended.save()
    assert book.written == []
    clock.go_on(5)
    await ended.save()
    assert book.written == ["first"]
