"""Rows A9 to A12: finding, pairing from both sides, renaming, unpairing; over HTTP and SHIP."""

import time

import pytest
from living import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GREEN_S = 10.0


async def paired(client) -> dict[str, dict]:
    return {item["ski"]: item for item in (await client.get("/eebus/paired")).json()["items"]}


async def found(client) -> dict[str, dict]:
    return {item["ski"]: item for item in (await client.get("/eebus/discovered")).json()["items"]}


async def our_ski(client) -> str:
    return (await client.get("/eebus/identity")).json()["ski"]


async def test_the_demo_is_ready_three_paired_one_to_try(site):
    async with site.log_in() as client:
        connected = await paired(client)
        skis = [charger["ski"] for charger in site.demo["chargers"]]
        assert {s for s, d in connected.items() if d["connection"] == "connected"} == set(skis[:3])
        assert [s for s, d in connected.items() if d["own"]] == [skis[0]]
        # Another living site on the same machine would be found too, as in one network.
        assert set(await found(client)) & set(skis) == {skis[3]}
        await until("two cars charge", lambda: charging_cars(client), 60)


async def charging_cars(client) -> bool:
    board = (await client.get("/dashboard")).json()
    return sum(c["state"] == "charging" for c in board["chargers"]) >= 2


async def test_pairing_from_both_sides_our_side_first(site):
    charger = site.charger(3)
    async with site.log_in() as client:
        answer = await client.post(
            "/eebus/paired", json={"ski": charger["ski"].upper(), "name": "Visitor"}
        )
        assert answer.status_code == 202
        assert answer.headers["Location"].endswith(f"/eebus/paired/{charger['ski']}")
        listed = (await paired(client))[charger["ski"]]
        assert listed["connection"] != "connected"
        assert listed["name"] == "Visitor"
        began = time.monotonic()
        assert (await site.page_post(3, "pair", {"ski": await our_ski(client)})).is_success

        async def green() -> bool:
            return (await paired(client))[charger["ski"]]["connection"] == "connected"

        await until("the dot is green", green, GREEN_S)
        assert time.monotonic() - began < GREEN_S
        assert charger["ski"] not in await found(client)


async def test_a_paired_device_is_renamed_and_keeps_its_name(site):
    ski = site.charger(3)["ski"]
    async with site.log_in() as client:
        answer = await client.patch(f"/eebus/paired/{ski}", json={"name": "Gäst"})
        assert answer.is_success
        assert (await paired(client))[ski]["name"] == "Gäst"


async def test_unpairing_forgets_and_the_other_order_works_too(site):
    charger = site.charger(3)
    async with site.log_in() as client:
        assert (await client.delete(f"/eebus/paired/{charger['ski']}")).status_code == 204
        assert charger["ski"] not in await paired(client)
        assert (await site.page_post(3, "unpair", {"ski": await our_ski(client)})).is_success

        async def is_found() -> bool:
            return charger["ski"] in await found(client)

        await until("it is in the found list again", is_found, 15)
        # Now the charger's side first, then ours.
        assert (await site.page_post(3, "pair", {"ski": await our_ski(client)})).is_success
        began = time.monotonic()
        answer = await client.post("/eebus/paired", json={"ski": charger["ski"]})
        assert answer.status_code == 202
        assert (await paired(client))[charger["ski"]]["name"] is None

        async def green() -> bool:
            return (await paired(client))[charger["ski"]]["connection"] == "connected"

        await until("the dot is green", green, GREEN_S)
        assert time.monotonic() - began < GREEN_S
        assert (await client.delete(f"/eebus/paired/{charger['ski']}")).status_code == 204
        assert (await site.page_post(3, "unpair", {"ski": await our_ski(client)})).is_success


async def test_the_own_charger_unpaired_by_mistake_is_paired_again(site):
    ski = site.charger(0)["ski"]
    async with site.log_in() as client:
        assert (await client.delete(f"/eebus/paired/{ski}")).status_code == 204

        async def is_found() -> bool:
            return ski in await found(client)

        await until("it is in the found list", is_found, 15)
        assert (await client.post("/eebus/paired", json={"ski": ski})).status_code == 202

        async def green() -> bool:
            device = (await paired(client)).get(ski)
            return device is not None and device["connection"] == "connected" and device["own"]

        await until("it is green again", green, 30)
        await client.patch(f"/eebus/paired/{ski}", json={"name": "Garage left"})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"ski": "12ab"}, 422, "invalid-ski"),
        ({"ski": "z" * 40}, 422, "invalid-ski"),
        ({"ski": "0" * 40}, 404, "unknown-ski"),
    ],
)
async def test_a_wrong_ski_gets_a_clear_answer(site, body, status, code):
    async with site.log_in() as client:
        answer = await client.post("/eebus/paired", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == code


async def test_a_standard_user_cannot_pair(site):
    async with site.log_in("standard") as client:
        answer = await client.post("/eebus/paired", json={"ski": site.charger(3)["ski"]})
    assert answer.status_code == 403
    assert answer.json()["code"] == "role-not-allowed"
