"""Row C6: a control box of the grid operator limits the site over EEBUS (LPC), and lets go."""

import asyncio
import time

import httpx
import pytest
from living import PHASES, living_site, until
from partners import pair

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LIMIT_W = 4200
VOLTAGE_V = 230
PAIRED_CHARGERS = 3
PAUSE_A = 0.1  # written to pause a car; nothing flows


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with living_site(tmp_path_factory.mktemp("box"), VOLTHUS_VIRTUAL_CONTROL_BOX="1") as running:
        yield running


async def test_a_limit_reaches_the_chargers_in_a_second_and_the_meter_in_ten(site):
    await site.outside_post("household", {"l1_w": 300, "l2_w": 300, "l3_w": 300})
    await site.outside_post("sun", {"w": 0})
    box = (await site.truth())["partners"]["control-box"]
    async with site.log_in() as client, httpx.AsyncClient(base_url=box, timeout=15) as page:
        await pair(client, page)
        await until("no limit yet", lambda: has_state(client, "unlimited_controlled"), 30)
        await until("more than the limit", lambda: draws_more(site), 120)
        ordered = time.monotonic()
        state = (await page.post("api/limit", json={"power_w": LIMIT_W, "duration_s": 3600})).json()
        assert state["answer"]["ok"], state["answer"]
        await until("the chargers' limits", lambda: may_draw_less(site), 1.0, every_s=0.05)
        await until("power below it", lambda: draws_less(site), 10)
        assert time.monotonic() - ordered < 10
        await until("held to, and said", lambda: has_state(client, "limited"), 2)
        await page.post("api/network", json={"on": False})  # a box that is gone lifts nothing
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert await may_draw_less(site)
            assert await draws_less(site)
            await asyncio.sleep(0.25)
        await page.post("api/network", json={"on": True})
        await until("connected again", lambda: is_connected(page), 40)
        await until("the order to lift it is taken", lambda: lifts(page), 20, every_s=1.0)
        await until("no limit any more", lambda: has_state(client, "unlimited_controlled"), 20)
        await until("more than the limit again", lambda: draws_more(site), 60)


async def lifts(page) -> bool:
    """Let the box lift its limit; right after a connection it may have to say so again."""
    return bool((await page.post("api/limit", json={"power_w": None})).json()["answer"]["ok"])


async def is_connected(page: httpx.AsyncClient) -> bool:
    peer = (await page.get("api/state")).json()["peer"]
    return peer is not None and peer["state"] == "connected"


async def has_state(client: httpx.AsyncClient, state: str) -> bool:
    limits = (await client.get("/operator")).json()["limits"]
    return any(each["kind"] == "lpc" and each["state"] == state for each in limits)


async def draws_less(site) -> bool:
    truth = await site.truth()
    return sum(truth["charging_a"][phase] for phase in PHASES) * VOLTAGE_V <= LIMIT_W


async def draws_more(site) -> bool:
    return not await draws_less(site)


async def may_draw_less(site) -> bool:
    """Whether the limits in the chargers allow no more than the operator does."""
    states = [await site.page_state(number) for number in range(PAIRED_CHARGERS)]
    limits_a = [a or 0.0 for each in states if each["limit_a"] for a in each["limit_a"]]
    return sum(a for a in limits_a if a > PAUSE_A) * VOLTAGE_V <= LIMIT_W
