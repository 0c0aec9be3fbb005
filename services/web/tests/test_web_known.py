"""What was looked up lately: once for all who ask, and never from before something changed."""

import asyncio

import pytest

from volthus_kit.testing import FakeClock
from web.known import FOR_S, Answers


class Book:
    """Answers when it is told to; counts how often it was asked."""

    def __init__(self, answer="anna"):
        self.answer = answer
        self.asked = 0
        self.may = asyncio.Event()

    async def look_up(self):
        self.asked += 1
        answer = self.answer
        await self.may.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def answers(clock):
    return Answers(clock)


async def begun(answers, book, count=1):
    """Return so many who ask and wait."""
    asking = [asyncio.create_task(answers.get("key", book.look_up, bool)) for _ in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    return asking


async def test_who_asks_at_the_same_time_shares_one_look_up(answers):
    book = Book()
    asking = await begun(answers, book, 20)
    book.may.set()
    assert set(await asyncio.gather(*asking)) == {"anna"}
    assert book.asked == 1


async def test_an_answer_is_remembered_for_some_seconds(answers, clock):
    book = Book()
    book.may.set()
    for _ in range(3):
        assert await answers.get("key", book.look_up, bool) == "anna"
    assert book.asked == 1
    clock.go_on(FOR_S)
    await answers.get("key", book.look_up, bool)
    assert book.asked == 2


async def test_what_is_not_good_is_never_remembered(answers):
    book = Book(answer="")
    book.may.set()
    for _ in range(2):
        assert not await answers.get("key", book.look_up, bool)
    assert book.asked == 2


async def test_who_asks_after_all_was_forgotten_is_not_told_what_was_looked_up_before(answers):
    book = Book("before")
    early = await begun(answers, book)
    answers.forget()
    book.answer = "after"
    late = await begun(answers, book)
    book.may.set()
    assert await asyncio.gather(*early, *late) == ["before", "after"]
    assert await answers.get("key", book.look_up, bool) == "after"
    assert book.asked == 2


async def test_one_who_hangs_up_takes_the_answer_from_nobody_else(answers):
    book = Book()
    first, second = await begun(answers, book, 2)
    first.cancel()
    book.may.set()
    assert await second == "anna"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_is_told_to_all_who_wait_and_the_next_one_tries_again(answers):
    book = Book(OSError("no database"))
    asking = await begun(answers, book, 3)
    book.may.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(one) for one in told] == ["no database"] * 3
    book.answer = "anna"
    assert await answers.get("key", book.look_up, bool) == "anna"
