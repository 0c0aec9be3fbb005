"""EEBUS devices of the outside world beside the chargers, paired as a person would."""

import httpx
from living import until


async def pair(client: httpx.AsyncClient, page: httpx.AsyncClient) -> None:
    """Pair from both sides: ours by the API (`client`), the device's on its own page."""
    ours = (await client.get("/eebus/identity")).json()["ski"]
    ski = (await page.get("api/state")).json()["ski"]

    async def is_found() -> bool:
        items = (await client.get("/eebus/discovered")).json()["items"]
        return any(each["ski"] == ski for each in items)

    async def is_green() -> bool:
        items = (await client.get("/eebus/paired")).json()["items"]
        return any(each["ski"] == ski and each["connection"] == "connected" for each in items)

    await until("found", is_found, 30)
    assert (await client.post("/eebus/paired", json={"ski": ski})).is_success
    assert (await page.post("api/pair", json={"ski": ours})).is_success
    await until("green", is_green, 30)
