"""Garbage is collected in small pieces, and everything is as before afterwards."""

import asyncio
import gc
import weakref

import pytest

from web import collecting
from web.collecting import collect_often


@pytest.fixture
async def collector(monkeypatch):
    """Let it run at a quick pace."""
    monkeypatch.setattr(collecting, "EVERY_S", 0.001)
    before = gc.get_threshold()
    task = asyncio.create_task(collect_often())
    await asyncio.sleep(0)
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


class Ring:
    """Something that only a collection frees."""

    def __init__(self):
        self.itself = self


@pytest.mark.usefixtures("collector")
async def test_what_lives_is_set_aside_so_that_a_walk_meets_only_what_is_new():
    everything = gc.get_freeze_count()
    assert everything > 10_000
    assert len(gc.get_objects()) < everything / 10


@pytest.mark.usefixtures("collector")
async def test_a_ring_that_nobody_holds_is_freed(until):
    ring = weakref.ref(Ring())
    await until(lambda: ring() is None)


@pytest.mark.usefixtures("collector")
async def test_a_ring_that_was_set_aside_is_freed_by_the_next_whole_walk(until, monkeypatch):
    held = Ring()
    ring = weakref.ref(held)
    await until(lambda: not any(one is ring() for one in gc.get_objects()))
    del held
    monkeypatch.setattr(collecting, "WHOLE_EVERY_S", 0.0)
    await until(lambda: ring() is None)
