"""What goes wrong around the gateway: disk, ports, programs that end."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from gateway_stage import CAR, Cem, ended, gateway, paired, until, wallbox
from prometheus_client import REGISTRY

from eebus_gateway.core.trust import Paired
from eebus_gateway.keeper import Keeper
from eebus_gateway.main import serve
from eebus_gateway.settings import Settings
from eebus_gateway.store import SHIP_PORT, Store
from volthus_kit.ports import free_port
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import NatsServer

PROGRAM = str(Path(sys.executable).parent / "eebus-gateway")


class FailingStore(Store):
    """A store whose disk can be full; all else is the real one."""

    is_full = False

    def keep(self, paired: Paired) -> None:
        if self.is_full:
            raise RefusedError("store-failing", "disk full")
        super().keep(paired)

    def remember(self, name: str, value: str) -> None:
        if self.is_full:
            raise RefusedError("store-failing", "disk full")
        super().remember(name, value)


async def test_a_database_that_takes_nothing_refuses_pairing_and_leaves_charging_untouched(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as one, wallbox("two") as two, paired(settings, cem, one):
        one.charger.plug(CAR)
        await cem.plugged(one.ski)
        await cem.offer(one.ski, 12)
        await one.told(12)
        with locked(settings.state_dir / "gateway.db"):
            asked = asyncio.create_task(cem.pair(two.ski, two.charger.port))
            await cem.offer(one.ski, 9)
            await one.told(9)
            with pytest.raises(RefusedError) as refused:
                await asked
        assert refused.value.code == "store-failing"
        assert [each.device.ski for each in (await cem.picture()).paired] == [one.ski]
        await cem.pair(two.ski, two.charger.port)


async def test_facts_learned_while_the_disk_was_full_are_saved_later(tmp_path: Path) -> None:
    store = FailingStore(Store.open(tmp_path).engine)
    store.is_full = True
    keeper = Keeper(store)
    task = asyncio.create_task(keeper.run())
    keeper.note(Paired("1" * 40, ship_id="late"))
    await asyncio.sleep(0.1)
    assert not keeper.has_saved_all
    store.is_full = False
    await until(lambda: keeper.has_saved_all, "saved")
    await ended(task)
    assert store.book()["1" * 40].ship_id == "late"
    store.close()


async def test_what_the_disk_did_not_take_is_counted_devices_and_facts(tmp_path: Path) -> None:
    def unsaved() -> float | None:
        return REGISTRY.get_sample_value("volthus_eebus_unsaved")

    store = FailingStore(Store.open(tmp_path).engine)
    store.is_full = True
    keeper = Keeper(store)
    keeper.note_fact("failsafe_lpc", "4200.0 7200.0")
    task = asyncio.create_task(keeper.run())
    await until(lambda: unsaved() == 1, "the fact alone")
    keeper.note(Paired("1" * 40))
    await until(lambda: unsaved() == 2, "the device too")
    store.is_full = False
    await until(lambda: unsaved() == 0, "saved")
    await ended(task)
    assert store.fact("failsafe_lpc") == "4200.0 7200.0"
    store.close()


async def test_what_is_noted_in_the_last_moment_is_saved_by_a_stop(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    keeper = Keeper(store)
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0)
    keeper.note(Paired("1" * 40, ship_id="late"))
    keeper.note_fact("failsafe_lpc", "4000.0 7200.0")
    await ended(task)
    assert store.book()["1" * 40].ship_id == "late"
    assert store.fact("failsafe_lpc") == "4000.0 7200.0"
    store.close()


async def test_a_fact_learned_late_does_not_bring_back_a_forgotten_trust(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    keeper = Keeper(store)
    await keeper.keep(Paired("1" * 40))
    keeper.note(Paired("1" * 40, ship_id="late"))
    await keeper.forget("1" * 40)
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0.05)
    await ended(task)
    assert store.book() == {}
    store.close()


async def test_it_starts_without_nats_and_answers_when_nats_comes(
    settings: Settings, cem: Cem, nats: NatsServer
) -> None:
    async with wallbox("one") as box:
        async with paired(settings, cem, box) as us:
            pass
        await until(lambda: not box.is_connected_to(us), "closed")
        await nats.stop()
        task = asyncio.create_task(serve(settings))
        await until(lambda: box.is_connected_to(us), "connected without NATS")
        await nats.start()
        await until(lambda: cem.bus.is_connected, "the bus is back")
        assert (await cem.picture()).paired[0].state == "connected"
        await ended(task)


async def test_a_port_taken_by_another_program_is_replaced(settings: Settings, cem: Cem) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        store = Store.open(settings.state_dir)
        store.remember(SHIP_PORT, str(taken.getsockname()[1]))
        store.close()
        async with gateway(settings, cem):
            port = (await cem.picture()).identity.port
            assert port not in (0, taken.getsockname()[1])


async def test_the_program_is_healthy_and_stops_on_term(settings: Settings, cem: Cem) -> None:
    port = free_port()
    env = {
        **os.environ,
        "VOLTHUS_NATS_URL": settings.nats_url,
        "VOLTHUS_SITE": settings.site,
        "VOLTHUS_STATE_DIR": str(settings.state_dir),
        "VOLTHUS_HEALTH_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(PROGRAM, env=env)
    try:
        assert (await cem.picture()).identity.qr_text.startswith("SHIP;SKI:")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            ready = await client.get("/readyz")
            assert ready.json() == {"status": "ready", "checks": {"bus": True, "eebus": True}}
            metrics = (await client.get("/metrics")).text
        for name in ("limit_write_duration_seconds", "reaction_seconds", "pairing_state"):
            assert re.search(f"^# TYPE volthus_eebus_{name} ", metrics, re.MULTILINE)
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


def test_help_names_every_setting() -> None:
    shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    for name in ("SHIP_PORT", "LAN", "OWN_CHARGER_SKI", "STATE_DIR", "SITE", "NATS_URL"):
        assert f"VOLTHUS_{name} " in shown.stdout


def test_an_own_charger_with_a_typo_ends_with_a_clear_line() -> None:
    env = {**os.environ, "VOLTHUS_OWN_CHARGER_SKI": "12 34"}
    shown = subprocess.run([PROGRAM], capture_output=True, text=True, check=False, env=env)
    assert shown.returncode == 2
    assert "40 digits" in shown.stderr


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the database's write lock, so that it takes nothing; a full disk is alike."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
