"""What is learned of a device while a command about it waits for the disk is not lost."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Event

import pytest

from eebus_gateway import nameplate
from eebus_gateway.core.lease import Offer
from eebus_gateway.core.trust import Paired, Wish
from eebus_gateway.hub import Hub
from eebus_gateway.keeper import Keeper
from eebus_gateway.pairing import Pairing
from eebus_gateway.settings import Settings
from eebus_gateway.store import Store
from volthus_kit.clock import SystemClock

SKI = "1" * 40
BEFORE = Paired(SKI, name="Left", host="127.0.0.1", port=4711, fallback_a=16.0)
LEASE = Offer((10.0, 10.0, 10.0), 5.0, 1, 1, 0.0, fallback_a=6.0)


class SlowStore(Store):
    """A store whose disk takes a device only when the test lets it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.engine)
        self.begun, self.may_go_on = Event(), Event()

    def keep(self, paired: Paired) -> None:
        """Add or change one trusted device, when the test lets us."""
        self.begun.set()
        assert self.may_go_on.wait(10)
        super().keep(paired)


@pytest.mark.parametrize(
    ("command", "name", "port"),
    [
        (lambda pairing: pairing.rename(SKI, "Right", "sven"), "Right", 4711),
        (lambda pairing: pairing.pair(Wish(SKI, "", "127.0.0.1", 4712), "sven"), "Left", 4712),
    ],
)
async def test_a_fallback_heard_while_the_disk_takes_a_command_is_kept_with_it(
    tmp_path: Path, command: Callable[[Pairing], Awaitable[object]], name: str, port: int
) -> None:
    store = Store.open(tmp_path)
    store.keep(BEFORE)
    slow = SlowStore(store)
    settings = Settings(nats_url="nats://127.0.0.1:1", site="test", state_dir=tmp_path)
    keeper = Keeper(slow)
    hub = Hub(nameplate.read(settings, store), {SKI: BEFORE}, keeper, SystemClock())
    pairing = Pairing(hub, keeper, "2" * 40, None)
    saving = asyncio.create_task(keeper.run())
    commanding = asyncio.ensure_future(command(pairing))
    assert await asyncio.to_thread(slow.begun.wait, 10)
    hub.hear(SKI, LEASE)
    slow.may_go_on.set()
    await commanding
    saving.cancel()
    await asyncio.gather(saving, return_exceptions=True)
    for kept in (hub.book[SKI], slow.book()[SKI]):
        assert (kept.name, kept.port, kept.fallback_a) == (name, port, 6.0)
    store.close()
