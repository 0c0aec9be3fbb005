"""Sets the demo site up as an electrician would: through the HTTP API and the chargers' pages."""

import asyncio
from collections.abc import Callable

import httpx

from living_site.site import SITE, Charger, Outside
from living_site.users import User

FUSES_A = (25.0, 35.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0, 630.0)
BASE_LOAD_A = 1.0  # leaves room for a fourth charger under 25 A
FAILSAFE_A = 6.0
CONNECT_S = 60.0
GRID_CONNECTION = {
    "phases": 3,
    "margin_a": None,
    "base_load_a": {"l1": BASE_LOAD_A, "l2": BASE_LOAD_A, "l3": BASE_LOAD_A},
    "static_share_a": {"l1": 12.0, "l2": 12.0, "l3": 12.0},
}
CHARGER = {"min_a": 6.0, "max_a": 16.0, "phases": 3, "wiring": "RST", "failsafe_a": FAILSAFE_A}
# A neutral town in the middle of the continent, and a roof as large as the virtual sun's. All of it
# works offline: prices and CO2 are samples, the weather is the usual one of place and season.
PLANNING = {"latitude": 51.3, "longitude": 9.5, "time_zone": "Europe/Berlin"}
ROOF = {
    "name": "South roof",
    "peak_w": 7500.0,
    "tilt_deg": 35.0,
    "azimuth_deg": 180.0,
    "loss_percent": 14.0,
}
TARIFF = {
    "source": "sample",
    "currency": "EUR",
    "bought": {
        "markup_per_kwh": 0.018,
        "levies_per_kwh": 0.065,
        "grid_fee": {"otherwise": 0.085, "windows": []},
        "tax_percent": 19.0,
    },
    "fed_in": {"fixed_per_kwh": 0.08},
    "co2_source": "sample-co2",
}
NAMES = ("Garage left", "Garage right", "Carport")


class SetUpError(Exception):
    """A step of the set-up was refused; the text says which and why."""


class Api:
    """The web API, logged in as one user."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    async def log_in(cls, url: str, user: User) -> "Api":
        """Return the API for this user. Raises SetUpError when the log-in is refused."""
        client = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=15)
        answer = await client.post(
            "/auth/token", data={"username": user["username"], "password": user["password"]}
        )
        if answer.status_code != httpx.codes.OK:
            await client.aclose()
            raise SetUpError(f"log-in of {user['username']!r} was refused: {answer.text}")
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return cls(client)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, path: str) -> httpx.Response:
        """Return an answer, whatever it says."""
        return await self._client.get(f"/sites/{SITE}{path}")

    async def send(self, method: str, path: str, body: object) -> None:
        """Change something. Raises SetUpError with the problem's text when it is refused."""
        answer = await self._client.request(method, f"/sites/{SITE}{path}", json=body)
        if answer.is_error:
            raise SetUpError(f"{method} {path}: {answer.status_code} {answer.text}")


def fuse_for(chargers: int) -> float:
    """Return the least usual main fuse (A) that carries the failsafe currents of so many."""
    failsafe_sum_a = chargers * FAILSAFE_A + BASE_LOAD_A
    return next(fuse_a for fuse_a in FUSES_A if fuse_a >= failsafe_sum_a)


async def set_up(api: Api, gateway_ski: str, world: Outside, say: Callable[[str], None]) -> None:
    """Set fuse, meter and three chargers, switch energy management on, and say what is paid.

    The last charger stays unpaired, for trying. Raises SetUpError for a refused step.
    """
    fuse_a = fuse_for(len(world["chargers"]))
    say(f"main fuse 3 x {fuse_a:g} A")
    fuse = {"fuse_a": {"l1": fuse_a, "l2": fuse_a, "l3": fuse_a}}
    await api.send("PUT", "/grid-connection", GRID_CONNECTION | fuse)
    meter = world["meter"]
    say(f"energy meter {meter['model']} at {meter['host']}:{meter['port']}")
    await api.send(
        "POST",
        "/meters",
        {
            "model": meter["model"],
            "role": "grid",
            "transport": {
                "kind": "tcp",
                "host": meter["host"],
                "port": meter["port"],
                "unit_id": meter["unit_id"],
            },
            "rotation": "RST",
            "invert": False,
        },
    )
    paired = world["chargers"][:-1]
    for number, charger in enumerate(paired):
        await _pair(api, gateway_ski, charger, NAMES[number % len(NAMES)], is_own=number == 0)
        await _until_listed(api, "/chargers", charger["ski"])
        await api.send("PUT", f"/chargers/{charger['ski']}", CHARGER)
        say(f"charger {charger['ski'][:8]}... paired from both sides")
    await api.send("PUT", "/energy-management", {"on": True, "confirmed_no_other": True})
    say("energy management on")
    await api.send("PUT", "/planning", PLANNING)
    await api.send("PUT", "/tariff", TARIFF)
    await api.send("POST", "/pv-systems", ROOF)
    say("a sample tariff and a roof with sun, for smart charging")


async def _pair(api: Api, gateway_ski: str, charger: Charger, name: str, *, is_own: bool) -> None:
    path = f"/eebus/paired/{charger['ski']}"
    if is_own:  # the gateway has trusted it by itself (A12)
        await _until_paired(api, charger["ski"])
        await api.send("PATCH", path, {"name": name})
    else:
        await _until_discovered(api, charger["ski"])
        await api.send("POST", "/eebus/paired", {"ski": charger["ski"], "name": name})
    async with httpx.AsyncClient(timeout=15) as page:
        answer = await page.post(f"{charger['url']}/api/pair", json={"ski": gateway_ski})
    if answer.is_error:
        raise SetUpError(f"charger {charger['ski']}: {answer.status_code} {answer.text}")


async def _until_paired(api: Api, ski: str) -> None:
    await _until_listed(api, "/eebus/paired", ski)


async def _until_discovered(api: Api, ski: str) -> None:
    await _until_listed(api, "/eebus/discovered", ski)


async def _until_listed(api: Api, path: str, ski: str) -> None:
    try:
        async with asyncio.timeout(CONNECT_S):
            while True:
                answer = await api.get(path)
                if answer.is_success and any(i["ski"] == ski for i in answer.json()["items"]):
                    return
                await asyncio.sleep(0.3)
    except TimeoutError as error:
        raise SetUpError(f"charger {ski} did not appear under {path}") from error
