"""An asynchronous stage for tests that are not: its loop turns in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def turning(stage: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Yield what a stage yields, and leave it when the block ends. Raises what setting up raised.

    Playwright's pages block: without a thread of its own the stage would stand still meanwhile.
    """
    found: list[T] = []
    failures: list[BaseException] = []
    is_there, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def run() -> None:
        async with stage as it:
            found.append(it)
            is_there.set()
            await over.wait()

    def turn() -> None:
        try:
            loop.run_until_complete(run())
        except BaseException as error:
            failures.append(error)
        finally:
            is_there.set()
            loop.close()

    thread = threading.Thread(target=turn, name="stage")
    thread.start()
    is_there.wait()
    try:
        assert not failures, failures
        yield found[0]
    finally:
        if found and thread.is_alive():
            loop.call_soon_threadsafe(over.set)
        thread.join()
