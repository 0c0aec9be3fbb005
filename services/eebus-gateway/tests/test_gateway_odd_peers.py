"""One peer's nonsense never stops another's charging (bad days of the issue)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway_stage import (
    CAR,
    Cem,
    Wallbox,
    gateway,
    hems,
    metered,
    pair_device,
    paired,
    until,
    wallbox,
)

from eebus.identity import Identity
from eebus_gateway.settings import Settings

SOON_S = 1.0  # a limit for the honest charger, on a loaded machine; some 10 ms on a quiet one


async def charging(cem: Cem, box: Wallbox) -> None:
    box.charger.plug(CAR)
    await cem.plugged(box.ski)


async def obeys(cem: Cem, box: Wallbox, a: float) -> None:
    """Check that the charger gets a limit, and soon."""
    begun = time.monotonic()
    await cem.offer(box.ski, a, ttl_ms=60_000)
    await box.told(a)
    assert time.monotonic() - begun < SOON_S


@asynccontextmanager
async def silent_callers(port: int, count: int) -> AsyncIterator[None]:
    """Hold connections to the SHIP port that say nothing."""
    writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(count)]
    try:
        yield
    finally:
        for writer in writers:
            writer.close()


async def test_a_charger_that_reboots_again_and_again_is_led_each_time_and_disturbs_nobody(
    settings: Settings, cem: Cem
) -> None:
    identity = await asyncio.to_thread(Identity.create, "reboots")
    async with wallbox("honest") as honest, paired(settings, cem, honest) as us:
        await charging(cem, honest)
        for number, a in enumerate((10.0, 11.0, 12.0)):
            async with wallbox("reboots", identity=identity) as box:
                box.charger.trust(us)
                await cem.pair(box.ski, box.charger.port)
                await cem.connected(box.ski)
                box.charger.plug(CAR)
                await cem.offer(box.ski, 8, ttl_ms=60_000)
                await box.told(8)
                await obeys(cem, honest, a)
            await until(lambda: cem.dot(identity.ski) != "connected", "gone again")
            await obeys(cem, honest, a + 3)
            told = await cem.examine(identity.ski)
            assert told.connections == number + 1
            assert told.last_error != ""
        assert identity.ski in cem.rosters[-1]  # away, and still reserved for
        assert honest.is_connected_to(us)


async def test_two_peers_with_one_ski_are_one_device_and_disturb_nobody(
    settings: Settings, cem: Cem
) -> None:
    identity = await asyncio.to_thread(Identity.create, "twin")
    async with (
        wallbox("honest") as honest,
        wallbox("twin", identity=identity) as one,
        wallbox("twin", identity=identity) as two,
        paired(settings, cem, honest) as us,
    ):
        await charging(cem, honest)
        port = (await cem.picture()).identity.port
        await cem.pair(one.ski, one.charger.port)
        for twin in (one, two):
            twin.charger.trust(us, host="127.0.0.1", port=port)
        await cem.connected(identity.ski)
        for a in (10, 12, 9):
            await obeys(cem, honest, a)
            await asyncio.sleep(0.3)  # the twins go on pushing each other away meanwhile
        assert honest.is_connected_to(us)
        skis = [each.device.ski for each in (await cem.picture()).paired]
        assert sorted(skis) == sorted([honest.ski, identity.ski])


async def test_peers_that_connect_and_say_nothing_delay_nobody(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("honest") as honest, paired(settings, cem, honest):
        await charging(cem, honest)
        port = (await cem.picture()).identity.port
        async with silent_callers(port, 30):
            for a in (10, 12, 9):
                await obeys(cem, honest, a)


async def test_a_meter_that_babbles_delays_no_limit(settings: Settings, cem: Cem) -> None:
    async with wallbox("honest") as honest, hems() as device, paired(settings, cem, honest) as us:
        await charging(cem, honest)
        await pair_device(cem, device, us)
        begun = time.monotonic()
        for number in range(300):
            device.measure(metered(float(number % 7), 1.0, 1.0))
            await asyncio.sleep(0.002)
        await obeys(cem, honest, 10)
        await until(lambda: bool(cem.readings), "a reading")
        await obeys(cem, honest, 12)
        most = 5 * (time.monotonic() - begun) + 2
        assert len(cem.readings) <= most  # each one makes the CEM decide anew


async def test_mdns_that_shows_nothing_is_no_hindrance_to_manual_entry(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("hidden") as box, gateway(settings, cem) as us:
        assert not [each for each in (await cem.picture()).discovered if each.ski == box.ski]
        box.charger.trust(us)
        await cem.pair(box.ski, box.charger.port)
        await cem.connected(box.ski)
        await charging(cem, box)
        await obeys(cem, box, 10)
