"""Row C6: a heat pump shares the grid operator's limit with the chargers, over EEBUS (LPC)."""

import httpx
import pytest
from living import PHASES, living_site, until
from partners import pair

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LIMIT_W = 8000.0
# Section 14a with three chargers and one heat pump: 4200 * (1 + 2 * 0.7) and 4200 * 0.7.
SHARE_W = float(int(2940 * LIMIT_W / (10_080 + 2940)))
VOLTAGE_V = 230.0


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pump")
    with living_site(folder, VOLTHUS_VIRTUAL_HEAT_PUMP="1") as running:
        yield running


async def test_a_heat_pump_gets_its_share_of_a_limit_and_the_cars_the_rest(site):
    await site.outside_post("household", {"l1_w": 300, "l2_w": 300, "l3_w": 300})
    await site.outside_post("sun", {"w": 0})
    url = (await site.truth())["partners"]["heat-pump"]
    async with site.log_in() as client, httpx.AsyncClient(base_url=url, timeout=15) as page:
        await pair(client, page)
        await until("found", lambda: stands(client, "unlimited"), 30)
        await until("more than the limit", lambda: draws_more(site, page), 120)
        ordered = await client.put("/operator/limit", json={"limit_w": LIMIT_W, "reference": "7"})
        assert ordered.is_success, ordered.text
        await until("its limit", lambda: may_draw(page, SHARE_W), 3)
        await until("all below it", lambda: draws_less(site, page), 15)
        await until("accepted, told", lambda: stands(client, "accepted"), 5)
        pump = await appliance(client)
        assert (pump["limit_w"], pump["reserved_w"], pump["nominal_w"]) == (SHARE_W, SHARE_W, 9000)
        assert pump["power_w"] is not None
        await page.post("api/network", json={"on": False})
        await until("out of reach, told", lambda: stands(client, "unreachable"), 15)
        assert (await page.get("api/state")).json()["power_w"] == SHARE_W  # a cable lifts nothing
        await page.post("api/network", json={"on": True})
        await until("limited again", lambda: may_draw(page, SHARE_W), 60)
        await until("accepted again", lambda: stands(client, "accepted"), 10)
        assert (await client.delete("/operator/limit")).is_success
        await until("no limit", lambda: may_draw(page, None), 5)
        told = (await client.get("/operator/evidence")).json()
        assert told["intact"]
        named = [each["appliances"] or "" for each in told["items"]]
        assert any(f"{SHARE_W:.0f} W accepted" in each for each in named), named


async def appliance(client: httpx.AsyncClient) -> dict:
    found = (await client.get("/operator")).json()["appliances"]
    return found[0] if found else {}


async def stands(client: httpx.AsyncClient, state: str) -> bool:
    return (await appliance(client)).get("state") == state


async def may_draw(page: httpx.AsyncClient, limit_w: float | None) -> bool:
    state = (await page.get("api/state")).json()
    return state["limit_state"] is not None and state["limit_w"] == limit_w


async def drawn_w(site, page: httpx.AsyncClient) -> float:
    truth, pump = await site.truth(), (await page.get("api/state")).json()
    return sum(truth["charging_a"][phase] for phase in PHASES) * VOLTAGE_V + pump["power_w"]


async def draws_less(site, page: httpx.AsyncClient) -> bool:
    return await drawn_w(site, page) <= LIMIT_W


async def draws_more(site, page: httpx.AsyncClient) -> bool:
    return not await draws_less(site, page)
