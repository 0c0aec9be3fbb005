"""A whole living site with peers of the reference: a grid meter over EEBUS, a control box.

In `make interop` only: a site takes most of a minute to come alive and to charge.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from interop import Ground, Meeting, Program, meeting, tells
from living import PHASES, LivingSite, living_site, until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(400)]

FUSE_A, VOLTAGE_V = 25.0, 230.0
LIMIT_W = 4200.0


@pytest.fixture
def site(built, tmp_path: Path):
    """A living site; only where the peers can be built."""
    with living_site(tmp_path) as running:
        yield running


@contextlib.asynccontextmanager
async def peer(built, folder: Path, client, role: str) -> AsyncIterator[tuple[Meeting, Program]]:
    """Start a peer of the reference beside the site, and pair: the site dials."""
    async with meeting(Ground(), built.program, folder, "site", role) as met:
        met.our_ski = (await client.get("/eebus/identity")).json()["ski"]
        theirs = await met.theirs("-trust", met.our_ski)
        await theirs.until(tells("listening"))
        wanted = {"ski": met.their_ski, "host": "127.0.0.1", "port": met.their_port}
        answer = await client.post("/eebus/paired", json=wanted)
        assert answer.is_success, answer.text
        await theirs.until(tells("connection", state="connected"))
        yield met, theirs


async def drawn_w(site: LivingSite) -> float:
    truth = await site.truth()
    return sum(truth["charging_a"][phase] for phase in PHASES) * VOLTAGE_V


async def test_their_control_box_limits_the_site_and_lets_go(built, site, tmp_path):
    await site.outside_post("household", {"l1_w": 300, "l2_w": 300, "l3_w": 300})
    await site.outside_post("sun", {"w": 0})

    async def has_state(state: str) -> bool:
        limits = (await client.get("/operator")).json()["limits"]
        return any(each["kind"] == "lpc" and each["state"] == state for each in limits)

    async def draws(more: bool) -> bool:
        return (await drawn_w(site) > LIMIT_W) == more

    async with site.log_in() as client, peer(built, tmp_path, client, "controlbox") as (met, box):
        await box.until(tells("use_case_update", use_case="lpc", scenarios=[1, 2, 3, 4]))
        await box.until(tells("limits", kind="lpc"))
        await box.do("lpc", ski=met.our_ski, w=None)
        await until("controlled", lambda: has_state("unlimited_controlled"), 30)
        await until("more than the limit", lambda: draws(more=True), 120)
        await box.do("lpc", ski=met.our_ski, w=LIMIT_W, duration_s=25)
        await until("limited", lambda: has_state("limited"), 2)
        await until("power below it", lambda: draws(more=False), 10)
        await until("the limit ends", lambda: has_state("unlimited_controlled"), 40)
        await until("more than the limit again", lambda: draws(more=True), 60)


async def test_their_grid_meter_takes_the_place_of_modbus_and_the_ladder_holds_when_it_goes(
    built, site, tmp_path
):
    await site.outside_post("household", {"l1_w": 400, "l2_w": 400, "l3_w": 400})
    await site.outside_post("sun", {"w": 0})
    async with site.log_in() as client, peer(built, tmp_path, client, "meter") as (met, meter):
        measuring = asyncio.create_task(measure(site, meter))
        await delete_modbus_meters(client)
        await until("dynamic by their meter", lambda: is_dynamic(client), 20)
        await until("both cars charge", lambda: charge(client, 7.0), 90)
        await site.outside_post("household", {"l1_w": 3000, "l2_w": 3000, "l3_w": 3000})
        await until("the cars gave way", lambda: fits(site), 10)
        measuring.cancel()
        await meter.stop(cleanly=False)
        assert await ladder(client, "static-share", 30) == ["fresh", "hold", "static-share"]
        assert await fits(site)
        again = await met.theirs("-trust", met.our_ski)
        measuring = asyncio.create_task(measure(site, again))
        await until("fresh again by itself", lambda: is_dynamic(client), 60)
        measuring.cancel()


async def measure(site: LivingSite, meter: Program) -> None:
    """Let their meter tell what really flows, every half second."""
    while True:
        current_a = [(await site.truth())["current_a"][phase] for phase in PHASES]
        power_w = sum(current_a) * VOLTAGE_V
        await meter.do("measure", values=[power_w, 0, 1000, *current_a, *[VOLTAGE_V] * 3])
        await asyncio.sleep(0.5)


async def delete_modbus_meters(client) -> None:
    for each in (await client.get("/meters")).json()["items"]:
        if each["transport"]["kind"] == "tcp":
            removed = await client.delete(f"/meters/{each['id']}")
            assert removed.is_success, removed.text


async def is_dynamic(client) -> bool:
    board = (await client.get("/dashboard")).json()
    return board["ladder"] == "fresh" and board["load_management"] == "dynamic"


async def charge(client, least_a: float) -> bool:
    chargers = (await client.get("/dashboard")).json()["chargers"]
    drawn = [max(a or 0.0 for a in each["current_a"].values()) for each in chargers]
    return sum(a >= least_a for a in drawn) >= 2


async def fits(site: LivingSite) -> bool:
    truth = await site.truth()
    return max(truth["current_a"][phase] for phase in PHASES) <= FUSE_A


async def ladder(client, last: str, within_s: float) -> list[str]:
    """Return the steps of the ladder as they come, up to the last one."""
    seen: list[str] = []
    async with asyncio.timeout(within_s):
        while last not in seen:
            now = (await client.get("/dashboard")).json()["ladder"]
            if seen[-1:] != [now]:
                seen.append(now)
            await asyncio.sleep(0.25)
    return seen
