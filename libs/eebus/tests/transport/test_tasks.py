"""Tasks begun in a group that ends."""

import asyncio

from eebus.transport.tasks import begin


async def test_in_a_group_that_runs_the_work_is_done():
    done = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        assert begin(tasks, _set(done))
        await done.wait()


async def test_in_a_group_that_ends_nothing_is_begun_nor_left_behind():
    done = asyncio.Event()
    seen: list[object] = []

    async def watch(tasks: asyncio.TaskGroup) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(begin(tasks, _set(done)))

    async def serve() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(tasks))
            await asyncio.sleep(0)
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert seen == [None]
    assert not done.is_set()


async def _set(done: asyncio.Event) -> None:
    done.set()
