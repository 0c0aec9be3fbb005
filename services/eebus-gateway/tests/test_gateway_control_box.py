"""A control box of the grid operator limits the site (C6): LPC and LPP with their failsafe."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from gateway_stage import (
    Cem,
    control_box,
    gateway,
    leading_hems,
    pair_device,
    paired,
    until,
    wallbox,
)

from eebus.identity import Identity
from eebus_gateway.settings import Settings
from eebus_gateway.store import Store
from volthus_wire.subjects import OPERATOR_GET
from volthus_wire.v1.operator_pb2 import GetOperatorRequest, OperatorReply, OperatorSettings
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "test"
PROGRAM = str(Path(sys.executable).parent / "eebus-gateway")


@pytest.fixture
async def skip_ahead(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the event loop's clock jump: hours of the standard without waiting for them."""
    loop = asyncio.get_running_loop()
    real, ahead_s = loop.time, [0.0]

    def skip(seconds: float) -> None:
        ahead_s[0] += seconds

    monkeypatch.setattr(loop, "time", lambda: real() + ahead_s[0])
    return skip


async def test_without_a_control_box_nothing_limits(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        await until(lambda: len(cem.limits) >= 2, "two rounds")
        assert cem.limits[-1] == []


async def test_a_limit_of_the_box_is_told_at_once_and_lifted_again(
    settings: Settings, cem: Cem
) -> None:
    async with control_box() as box, gateway(settings, cem) as us:
        await pair_device(cem, box, us)
        controlled = await cem.in_state("unlimited_controlled")
        assert not controlled.HasField("limit_w")
        assert cem.role(box.ski) == "control-box"
        told_at = time.monotonic()
        assert (await box.write_power_limit(us, 4200.0, duration_s=3600)).ok
        limited = await cem.in_state("limited")
        assert time.monotonic() - told_at < 1.0
        assert (limited.limit_w, limited.source, limited.ski) == (4200.0, "eebus", box.ski)
        assert 3590 < limited.until.seconds - time.time() < 3610
        assert limited.connected
        assert (limited.failsafe_w, limited.failsafe_s) == (4200.0, 7200.0)
        heard = len(cem.limits)
        await until(lambda: len(cem.limits) >= heard + 2, "told every second")
        assert cem.limit().until == limited.until
        assert cem.limit().since == limited.since
        assert (await box.write_power_limit(us, None)).ok
        assert not (await cem.in_state("unlimited_controlled")).HasField("limit_w")
        assert (await box.write_power_limit(us, 1000.0, kind="lpp")).ok
        assert (await cem.in_state("limited", "lpp")).limit_w == 1000.0
        await until(lambda: cem.rosters[-1] == [], "a control box is no charger")
        await cem.unpair(box.ski)
        await until(lambda: cem.limits[-1] == [], "nobody limits")


async def test_a_hems_that_leads_us_limits_as_an_operator_does_and_is_named(
    settings: Settings, cem: Cem
) -> None:
    async with leading_hems() as leader, gateway(settings, cem) as us:
        await pair_device(cem, leader, us)
        await cem.in_state("unlimited_controlled")
        assert (await leader.write_power_limit(us, 6000.0, duration_s=600)).ok
        limited = await cem.in_state("limited")
        assert (limited.limit_w, limited.source, limited.ski) == (6000.0, "eebus", leader.ski)
        assert (await leader.write_power_limit(us, None)).ok
        await cem.in_state("unlimited_controlled")


async def test_a_box_that_vanishes_leads_to_failsafe_and_back_by_its_next_limit(
    settings: Settings, cem: Cem, skip_ahead: Callable[[float], None]
) -> None:
    identity = await asyncio.to_thread(Identity.create, "box")
    async with gateway(settings, cem) as us:
        async with control_box(identity=identity) as box:
            await pair_device(cem, box, us)
            await cem.in_state("unlimited_controlled")
            assert (await box.write_failsafe(us, 5000.0)).ok
            assert (await box.write_power_limit(us, 9000.0)).ok
            await cem.in_state("limited")
        await until(lambda: not cem.limit().connected, "cut off")
        assert cem.limit().limit_w == 9000.0  # a lost connection alone changes nothing
        skip_ahead(121.0)
        assert (await cem.in_state("failsafe")).limit_w == 5000.0
        skip_ahead(7201.0)
        assert not (await cem.in_state("unlimited_autonomous")).HasField("limit_w")
        async with control_box(identity=identity) as box:
            box.trust(us)
            await cem.pair(box.ski, box.port)
            await cem.in_state("unlimited_controlled")


async def test_a_restart_begins_with_the_failsafe_the_box_wrote(
    settings: Settings, cem: Cem
) -> None:
    async with control_box() as box:
        async with gateway(settings, cem) as us:
            await pair_device(cem, box, us)
            await cem.in_state("unlimited_controlled")
            assert (await box.write_failsafe(us, 3000.0, duration_s=4 * 3600)).ok
            await until(lambda: cem.limit().failsafe_w == 3000.0, "the failsafe")
        box.untrust(us)  # it stays away for the moment
        cem.limits.clear()
        async with gateway(settings, cem):
            await until(lambda: bool(cem.limits and cem.limits[0]), "a limit")
            assert (cem.limit().state, cem.limit().limit_w) == ("init", 3000.0)
            assert cem.limit().failsafe_s == 4 * 3600
            box.trust(us)
            await cem.in_state("unlimited_controlled")


async def test_what_the_site_sets_is_offered_once_and_the_box_may_change_it(
    settings: Settings, cem: Cem
) -> None:
    chosen = OperatorSettings(contract_w=17000.0, failsafe_w=6000.0, failsafe_s=10800.0, revision=3)

    async def answer(_: GetOperatorRequest, __: Caller) -> OperatorReply:
        return OperatorReply(settings=chosen)

    await cem.bus.serve(OPERATOR_GET, answer, site=SITE)
    async with control_box() as box:
        async with gateway(settings, cem) as us:
            await pair_device(cem, box, us)
            await cem.in_state("unlimited_controlled")
            await until(lambda: cem.limit().failsafe_w == 6000.0, "offered")
            assert cem.limit().failsafe_s == 10800.0
            assert (await box.write_failsafe(us, 4000.0)).ok
            await until(lambda: cem.limit().failsafe_w == 4000.0, "written by the box")
        cem.limits.clear()
        async with gateway(settings, cem):
            await cem.in_state("unlimited_controlled")
            assert cem.limit().failsafe_w == 4000.0


async def test_a_site_that_may_not_be_limited_offers_nothing(settings: Settings, cem: Cem) -> None:
    closed = settings.model_copy(update={"power_limits": False})
    async with control_box() as box, gateway(closed, cem) as us:
        await pair_device(cem, box, us)
        assert not (await box.write_power_limit(us, 4200.0)).ok
        assert all(limits == [] for limits in cem.limits)


async def test_a_gateway_that_was_killed_begins_with_the_failsafe_too(
    settings: Settings, cem: Cem
) -> None:
    env = {
        **os.environ,
        "VOLTHUS_NATS_URL": settings.nats_url,
        "VOLTHUS_SITE": settings.site,
        "VOLTHUS_STATE_DIR": str(settings.state_dir),
    }
    async with control_box() as box:
        process = await asyncio.create_subprocess_exec(PROGRAM, env=env)
        try:
            us = (await cem.picture()).identity.ski
            await pair_device(cem, box, us)
            await cem.in_state("unlimited_controlled")
            assert (await box.write_failsafe(us, 3500.0)).ok
            assert (await box.write_power_limit(us, 8000.0)).ok
            await cem.in_state("limited")
            with closing(Store.open(settings.state_dir)) as store:
                await until(lambda: store.fact("failsafe_lpc") == "3500.0 7200.0", "on disk")
        finally:
            process.kill()
            await process.wait()
        cem.limits.clear()
        async with gateway(settings, cem):
            await until(lambda: bool(cem.limits and cem.limits[0]), "a limit")
            first = next(each for each in cem.limits[0] if each.kind == "lpc")
            assert (first.state, first.limit_w) == ("init", 3500.0)
            assert (await cem.in_state("limited")).limit_w == 8000.0  # the box tells it again
