"""Row B2: no Modbus meter; a HEMS on EEBUS (MGCP) drives load management, and is cut off."""

import asyncio
import time

import httpx
import pytest
from living import PHASES, living_site, until
from partners import pair

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FUSE_A = 25.0
STATIC_SHARE_WITHIN_S = 30


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with living_site(tmp_path_factory.mktemp("hems"), VOLTHUS_VIRTUAL_HEMS="1") as running:
        yield running


async def test_a_hems_takes_the_place_of_the_modbus_meter_and_the_ladder_holds_when_it_goes(site):
    await site.outside_post("household", {"l1_w": 400, "l2_w": 400, "l3_w": 400})
    await site.outside_post("sun", {"w": 0})
    hems = (await site.truth())["partners"]["hems"]
    async with site.log_in() as client, httpx.AsyncClient(base_url=hems, timeout=10) as page:
        await pair(client, page)
        await delete_modbus_meter(client)
        await until("dynamic by the HEMS", lambda: is_dynamic(client), 20)
        await until("both cars charge", lambda: are_charging(client, 7.0), 90)
        await site.outside_post("household", {"l1_w": 3000, "l2_w": 3000, "l3_w": 3000})
        await until("the cars gave way", lambda: fits(site), 10)
        await stays_below_the_fuse(site, 4)
        await page.post("api/network", json={"on": False})
        assert await ladder(client, "static-share", STATIC_SHARE_WITHIN_S) == [
            "fresh",
            "hold",
            "static-share",
        ]
        await stays_below_the_fuse(site, 2)
        await page.post("api/network", json={"on": True})
        await until("fresh again by itself", lambda: is_dynamic(client), 40)


async def delete_modbus_meter(client: httpx.AsyncClient) -> None:
    for meter in (await client.get("/meters")).json()["items"]:
        if meter["transport"]["kind"] == "tcp":
            removed = await client.delete(f"/meters/{meter['id']}")
            assert removed.is_success, removed.text


async def is_dynamic(client: httpx.AsyncClient) -> bool:
    board = (await client.get("/dashboard")).json()
    return board["ladder"] == "fresh" and board["load_management"] == "dynamic"


async def are_charging(client: httpx.AsyncClient, least_a: float) -> bool:
    chargers = (await client.get("/dashboard")).json()["chargers"]
    drawn = [max(a or 0.0 for a in each["current_a"].values()) for each in chargers]
    return sum(a >= least_a for a in drawn) >= 2


async def fits(site) -> bool:
    truth = await site.truth()
    return max(truth["current_a"][phase] for phase in PHASES) <= FUSE_A


async def stays_below_the_fuse(site, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert await fits(site)
        await asyncio.sleep(0.25)


async def ladder(client: httpx.AsyncClient, last: str, seconds: float) -> list[str]:
    """Return the steps of the ladder as they come, up to the last one."""
    seen: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and last not in seen:
        now = (await client.get("/dashboard")).json()["ladder"]
        if seen[-1:] != [now]:
            seen.append(now)
        await asyncio.sleep(0.25)
    return seen
