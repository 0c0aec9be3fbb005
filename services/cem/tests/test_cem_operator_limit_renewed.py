"""A limit by API that is renewed in the moment it ends holds on."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from cem.bus.outbox import Outbox
from cem.commands import Commands, operating
from cem.commands.desk import Desk
from cem.core.state import restored
from cem.loop import Controller
from cem.picture.site import Named
from cem.store import Store
from volthus_kit.bus import Bus
from volthus_kit.testing import FakeClock
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.operator_pb2 import PutOperatorLimitRequest
from volthus_wire.v1.rpc_pb2 import Caller

OPERATOR = Caller(actor="dso", role="operator", origin="site")


def limit(clock: FakeClock, limit_w: float, seconds: float) -> PutOperatorLimitRequest:
    until = to_timestamp(clock.now() + timedelta(seconds=seconds))
    return PutOperatorLimitRequest(limit_w=limit_w, until=until)


async def test_a_limit_set_while_the_one_before_ends_is_not_lifted_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating, "LOOK_EVERY_S", 0.0)
    clock, store = FakeClock(), Store(tmp_path)
    state = restored(store.load(clock.now())[0], clock.monotonic(), clock.now())
    outbox = Outbox(Bus("nats://127.0.0.1:1", "cem"), "demo", 1, 5.0)
    controller = Controller(state, outbox, clock, Named("demo", "demo", "1"), UTC)
    desk = Desk(controller, store, clock, remote_fuse=False)
    commands = Commands.at(desk, lambda: ()).operating
    await commands.put_limit(limit(clock, 5000.0, 60), OPERATOR)
    clock.go_on(61)
    with closing(sqlite3.connect(tmp_path / "cem.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the database takes its time
        renewing = asyncio.create_task(commands.put_limit(limit(clock, 4200.0, 600), OPERATOR))
        lifting = asyncio.create_task(commands.lift_what_is_over())
        for _ in range(10):
            await asyncio.sleep(0)  # until both wait: one for the database, one for the other
        other.execute("ROLLBACK")
    await renewing
    async with desk.one:  # first come, first served: whoever wanted to lift it has had its turn
        kept = controller.state.api_limit
    lifting.cancel()
    await asyncio.wait([lifting])
    store.close()
    assert kept is not None
    assert kept.limit_w == 4200.0
