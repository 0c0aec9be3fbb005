"""Row A20: each service is killed in turn; what is left stays safe, and all recover."""

import asyncio
import time

import httpx
import pytest
from living import PHASES, living_site, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

FUSE_A = 25.0
FAILSAFE_A = 6.0
AWAY_S = 25  # how long the supervisor leaves a killed program away


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lost")
    with living_site(folder, VOLTHUS_RESTART_WAIT_S=str(AWAY_S)) as running:
        yield running


async def currents(site) -> list[float]:
    """Highest conductor current of each charger, by its own page."""
    states = [await site.page_state(number) for number in (0, 1)]
    return [max(state["current_a"] or [0.0]) for state in states]


async def are_charging_well(site) -> bool:
    return min(await currents(site)) > FAILSAFE_A + 0.5


async def are_at_failsafe(site) -> bool:
    return max(await currents(site)) <= FAILSAFE_A + 0.3


async def is_back(site, client, program: str, old_pid: int) -> bool:
    if site.pid(program) == old_pid:
        return False
    board = (await client.get("/dashboard")).json()
    return (
        board["ladder"] == "fresh"
        and sum(c["connection"] == "connected" for c in board["chargers"]) >= 3
    )


async def never_over_the_fuse(site, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        truth = await site.truth()
        assert max(truth["current_a"][phase] for phase in PHASES) <= FUSE_A + 0.5
        await asyncio.sleep(0.25)


async def quiet_house(site) -> None:
    """A small, steady household, so that what happens is the fault's doing."""
    await site.outside_post("household", {"l1_w": 400, "l2_w": 400, "l3_w": 400})
    await site.outside_post("sun", {"w": 0})


@pytest.mark.parametrize("program", ["web", "smart-charging"])
async def test_without_web_or_smart_charging_the_cars_charge_on(site, program):
    await quiet_house(site)
    await until("both cars charge", lambda: are_charging_well(site), 120)
    pid = site.kill(program)
    end = time.monotonic() + 12
    while time.monotonic() < end:
        assert await are_charging_well(site)
        await asyncio.sleep(0.5)
    await until("it was started again", lambda: site.pid(program) != pid, AWAY_S + 15)


@pytest.mark.parametrize("program", ["cem", "eebus-gateway", "nats"])
async def test_without_cem_gateway_or_nats_the_chargers_fall_to_their_failsafe(site, program):
    await quiet_house(site)

    async def web_answers() -> bool:
        return await site.token("service") is not None

    await until("web is there", web_answers, 60)
    async with site.log_in() as client:
        await until("both cars charge", lambda: are_charging_well(site), 150)
        pid = site.kill(program)
        await until("failsafe currents", lambda: are_at_failsafe(site), AWAY_S - 2)
        await never_over_the_fuse(site, 3)
        await until("back by itself", lambda: is_back(site, client, program, pid), AWAY_S + 60, 0.5)
        await until("both cars charge again", lambda: are_charging_well(site), 150)


async def test_without_the_meter_reader_the_cem_follows_its_ladder(site):
    await quiet_house(site)
    async with site.log_in() as client:
        await until("both cars charge", lambda: are_charging_well(site), 150)
        pid = site.kill("meter-reader")

        async def stage() -> str:
            return (await client.get("/dashboard")).json()["ladder"]

        seen: list[str] = []
        end = time.monotonic() + AWAY_S
        while time.monotonic() < end and "static-share" not in seen:
            now = await stage()
            if now not in seen:
                seen.append(now)
            await asyncio.sleep(0.25)
        assert seen[-2:] == ["hold", "static-share"], seen
        await never_over_the_fuse(site, 2)
        await until(
            "back by itself", lambda: is_back(site, client, "meter-reader", pid), AWAY_S + 60, 0.5
        )


async def test_the_chargers_metrics_never_blame_ourselves(site):
    """After all of the above, no second of overload was our own doing."""
    health = site.demo["programs"]["cem"]["health"]
    async with httpx.AsyncClient(timeout=10) as client:
        text = (await client.get(f"{health}/metrics")).text
    own = [
        line
        for line in text.splitlines()
        if line.startswith("volthus_overcurrent_seconds_total") and 'cause="own"' in line
    ]
    assert own, "the metric is not there"
    assert all(float(line.rsplit(" ", 1)[1]) == 0 for line in own), own
