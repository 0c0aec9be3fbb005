"""The accept window: the first device that asks is trusted, then it closes."""

import time

import pytest
from gateway_stage import Cem, gateway, until, wallbox

from eebus_gateway.settings import Settings
from volthus_kit.refusal import RefusedError


async def test_the_first_device_that_asks_is_let_in_and_the_window_closes(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as one, wallbox("two") as two, gateway(settings, cem) as us:
        port = (await cem.picture()).identity.port
        window = await cem.open_window(1000)
        assert 290 < window.until.seconds - time.time() <= 301  # never longer than 300 s
        await until(lambda: is_open(cem), "shown")
        one.charger.trust(us, host="127.0.0.1", port=port)
        await cem.connected(one.ski)
        await until(lambda: not is_open(cem), "closed")
        two.charger.trust(us, host="127.0.0.1", port=port)
        await until(lambda: asks(cem, two.ski), "asks, and must wait")
        assert cem.dot(two.ski) == ""


async def test_of_several_that_wait_none_is_chosen_but_a_single_one_is(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as one, wallbox("two") as two, gateway(settings, cem) as us:
        port = (await cem.picture()).identity.port
        for box in (one, two):
            box.charger.trust(us, host="127.0.0.1", port=port)
        await until(lambda: asks(cem, one.ski) and asks(cem, two.ski), "both ask")
        await cem.open_window(60)
        await until(lambda: is_open(cem), "open")
        assert (cem.dot(one.ski), cem.dot(two.ski)) == ("", "")
        assert not (await cem.open_window(0)).HasField("until")
        await until(lambda: not is_open(cem), "closed by hand")
        two.charger.untrust(us)
        await until(lambda: not asks(cem, two.ski), "one is left")
        await cem.open_window(60)
        await cem.connected(one.ski)


async def test_from_afar_it_needs_somebody_at_the_site(settings: Settings, cem: Cem) -> None:
    async with gateway(settings, cem):
        with pytest.raises(RefusedError) as refused:
            await cem.open_window(60, origin="cloud")
        assert refused.value.code == "confirmation-at-site-needed"
        await cem.open_window(0, origin="cloud")  # closing is always allowed


def is_open(cem: Cem) -> bool:
    return bool(cem.pictures) and cem.pictures[-1].HasField("accepts_until")


def asks(cem: Cem, ski: str) -> bool:
    devices = cem.pictures[-1].discovered if cem.pictures else []
    return any(device.ski == ski and device.requests_pairing for device in devices)
