"""Row B3: too little sun for three phases, so one: told over HTTP, or by the charger itself."""

import httpx
import pytest
from living import LivingSite, until

from volthus_kit.bus import Bus
from volthus_wire.subjects import EVSE_STATE
from volthus_wire.v1 import evse_pb2

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HOUSE_W = {"l1_w": 200, "l2_w": 200, "l3_w": 200}
SUN_W = 3000  # leaves 2.4 kW: 10 A on one phase, and not 6 A on three
MOST_FROM_GRID_W = 700  # while a car is still on its way to what it may draw
SWITCHED_S = 150.0  # a minute's rest, half a minute of sun, the pause, the relay


async def set_mode(client: httpx.AsyncClient, ski: str, mode: str) -> None:
    answer = await client.put(f"/chargers/{ski}/mode", json={"mode": mode})
    assert answer.is_success, answer.text


async def let_it_switch(
    site: LivingSite, client: httpx.AsyncClient, number: int, ability: str
) -> None:
    """Give a charger the ability at its own page, and tell the site of it."""
    answer = await site.page_post(number, "phase-switching", {"ability": ability})
    assert answer.is_success, answer.text
    charger = site.charger(number)
    settings = {
        "min_a": 6, "max_a": 16, "phases": 3, "wiring": "RST", "failsafe_a": 6,
        "phase_switching": ability,
    }  # fmt: skip
    if ability == "local-api":
        settings["phase_switching_url"] = f"{charger['url']}/phase-switching"
    refused = await client.put(f"/chargers/{charger['ski']}", json=settings)
    assert refused.json()["code"] == "phase-switching-not-confirmed"
    settings["phase_switching_confirmed"] = True
    saved = await client.put(f"/chargers/{charger['ski']}", json=settings)
    assert saved.is_success, saved.text


@pytest.mark.parametrize(("number", "ability"), [(0, "local-api"), (1, "automatic")])
async def test_with_little_sun_a_car_goes_on_with_one_phase(
    site: LivingSite, number: int, ability: str
) -> None:
    told: dict[str, evse_pb2.EvseState] = {}
    ski = site.charger(number)["ski"]
    async with site.log_in() as client, Bus.connect(site.demo["nats_url"], "test") as bus:
        await bus.until_connected()
        await bus.subscribe(
            EVSE_STATE, lambda message, _: told.update({message.ski: message}), site="demo"
        )
        await until("the charger reports", lambda: ski in told and told[ski].ev.phases == 3, 60)
        await let_it_switch(site, client, number, ability)
        await site.outside_post("household", HOUSE_W)
        await site.outside_post("sun", {"w": SUN_W})
        for other in {0, 1, 2} - {number}:
            await set_mode(client, site.charger(other)["ski"], "off")
        await set_mode(client, ski, "solar-only")

        async def is_on_one_phase() -> bool:
            state = told[ski]
            return state.ev.phases == 1 and state.current_a.a > 6

        await until("one phase over EEBUS", is_on_one_phase, SWITCHED_S)
        page = await site.page_state(number)
        assert (page["relay"]["phases"], page["relay"]["switching"]) == (1, False)
        assert page["current_a"][0] > 6
        assert page["current_a"][1:] == [0, 0]
        truth = await site.truth()
        grid_w = sum(truth["current_a"].values()) * truth["voltage_v"]
        assert grid_w < MOST_FROM_GRID_W
