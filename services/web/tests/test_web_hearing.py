"""Hearing sites goes on whatever the database does."""

import asyncio
import contextlib

from sqlalchemy.pool import QueuePool
from sqlmodel import create_engine

from volthus_kit.clock import SystemClock
from volthus_wire.v1.site_pb2 import SiteState
from web import hearing
from web.live import Live


async def test_no_free_connection_ends_nothing_and_places_nobody(tmp_path, caplog):
    engine = create_engine(
        f"sqlite:///{tmp_path}/busy.sqlite",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.01,
    )
    live = Live(SystemClock(), tenant=None)
    with engine.connect():
        placing = asyncio.create_task(hearing.place(engine, live))
        async with asyncio.timeout(10):
            while not any(one.message == "tenants of sites not read" for one in caplog.records):
                await asyncio.sleep(0.01)
        assert not placing.done()
        placing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await placing
    engine.dispose()


def test_a_name_that_no_database_takes_is_mended_as_it_is_heard():
    live = Live(SystemClock())
    state = SiteState(site="demo", name="a\x00b" + "c" * 5000)
    live.heard_state("demo", state.SerializeToString())
    name = live.heard("demo").name
    assert (name[:3], len(name)) == ("a\ufffdb", 200)
