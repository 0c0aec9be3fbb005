"""An energy manager of the reference stack with our charger."""

import asyncio

import pytest
from interop import tells

pytestmark = [pytest.mark.timeout(180), pytest.mark.dials("theirs")]


def limits(kind, *values):
    return tells("limits", kind=kind, active=True, values=list(values))


async def knows_the_car(theirs, since=0, **car):
    """Wait until the reference has read all it needs to write limits."""
    await theirs.until(tells("limits", kind="opev"), since=since)
    return await theirs.until(tells("ev", plugged=True, **{"max_a": 16, **car}), since=since)


async def write(theirs, cmd, **fields):
    """Let them write limits; their stack says "missing data" while it has not read all of it."""
    async with asyncio.timeout(10):
        while (answer := await theirs.ask(cmd, **fields))["text"] == "missing data":
            await asyncio.sleep(0.1)
    assert answer["ok"], answer
    return answer


async def sees(theirs, ski, state):
    """Look until the car is in a state: the reference does not report that one."""
    async with asyncio.timeout(10):
        while not theirs.told(tells("ev", state=state)):
            await theirs.do("look", ski=ski)
            await asyncio.sleep(0.1)


async def test_it_follows_limits_and_reports_the_car(meet, dials):
    async with meet("charger", "cem") as met:
        ours, theirs = await met.both(dials)
        ski = met.our_ski
        await theirs.until(tells("device", brand=...))
        await ours.do("plug", standard="iec61851", phases=3, min_a=6, max_a=16)
        car = await knows_the_car(theirs, communication="iec61851", opev=[1, 2, 3])
        assert (car["phases"], car["min_a"], car["pause_a"]) == (3, 6, 0.1)
        assert car["asymmetric"] is False

        assert (await write(theirs, "limit", ski=ski, a=[10, 10, 10]))["error_number"] == 0
        await ours.until(limits("opev", 10, 10, 10))
        await theirs.until(limits("opev", 10, 10, 10))
        await ours.do("draw", a=9.5)
        await theirs.until(tells("measurement", current_a=[9.5, 9.5, 9.5]))
        await theirs.until(tells("measurement", power_w=[2185, 2185, 2185]))

        await write(theirs, "pause", ski=ski)
        await ours.until(limits("opev", 0.1, 0.1, 0.1))
        await write(theirs, "limit", ski=ski, a="off")
        await ours.until(tells("limits", kind="opev", active=False))
        await ours.do("state", value="finished")
        await sees(theirs, ski, "finished")
        since = theirs.now
        await ours.do("unplug")
        await theirs.until(tells("ev", plugged=False), since=since)


async def test_a_car_becomes_iso_15118_with_charge_and_recommendation(meet, dials):
    async with meet("charger", "cem") as met:
        ours, theirs = await met.both(dials)
        ski = met.our_ski
        await ours.do("plug", phases=3)
        await knows_the_car(theirs, communication="iec61851")
        await ours.do(
            "update", standard="iso15118-2ed1", min_a=2.2, soc_percent=40, ev_id="001122334455"
        )
        await theirs.until(tells("ev", communication="iso15118-2ed1", min_a=2.2))
        await theirs.until(tells("ev", ids=["001122334455"]))
        await theirs.until(tells("measurement", soc_percent=40))
        await theirs.until(tells("ev", oscev=[1, 2, 3]))
        await ours.do("draw", a=5, soc_percent=41)
        await theirs.until(tells("measurement", soc_percent=41))
        await write(theirs, "limit", ski=ski, a=6)
        await ours.until(limits("opev", 6, 6, 6))
        await write(theirs, "limit", ski=ski, a=4, kind="oscev")
        await ours.until(limits("oscev", 4, 4, 4))
        await write(theirs, "pause", ski=ski)
        await ours.until(limits("opev", 0.1, 0.1, 0.1))


async def test_a_car_is_plugged_again_and_again_and_limited_each_time(meet):
    async with meet("charger", "cem") as met:
        ours, theirs = await met.both("theirs")
        for phases, amperes in ((1, 7), (3, 9), (1, 11)):
            since, our_since = theirs.now, ours.now
            await ours.do("plug", standard="iso15118-2ed1", phases=phases, min_a=2)
            await knows_the_car(theirs, since, phases=phases)
            await write(theirs, "limit", ski=met.our_ski, a=[amperes] * phases)
            held = [amperes] * phases + [None] * (3 - phases)
            await ours.until(limits("opev", *held), since=our_since)
            await ours.do("unplug")
            await theirs.until(tells("ev", plugged=False), since=since)


async def test_our_charger_notices_that_their_heart_stands_still(meet):
    async with meet("charger", "cem") as met:
        ours, theirs = await met.both("theirs")
        await ours.do("plug")
        await ours.until(tells("heartbeat", ok=True))
        await theirs.do("heartbeat", on=False)
        await ours.until(tells("heartbeat", ok=False), within_s=15)
        since = ours.now
        await theirs.do("heartbeat", on=True)
        await ours.until(tells("heartbeat", ok=True), since=since)


async def test_it_is_told_a_failure_of_our_station(meet):
    async with meet("charger", "cem") as met:
        ours, theirs = await met.both("ours")
        await theirs.until(tells("state", value="normalOperation"))
        await ours.do("plug")
        await knows_the_car(theirs)
        await ours.do("state", value="failure")
        await sees(theirs, met.our_ski, "error")


async def test_it_comes_back_after_a_power_cut_and_writes_again(meet):
    async with meet("charger", "cem") as met:
        ours, theirs = await met.both("theirs")
        await ours.do("plug")
        await knows_the_car(theirs)
        await write(theirs, "limit", ski=met.our_ski, a=10)
        since = ours.now
        await theirs.stop(cleanly=False)
        again = await met.theirs("-trust", met.our_ski, "-reach", met.our_place)
        await met.connected(ours, again, within_s=60, since=(since, 0))
        await knows_the_car(again)
        await write(again, "limit", ski=met.our_ski, a=7)
        await ours.until(limits("opev", 7, 7, 7), since=since)


async def test_a_car_plans_its_charging_with_their_energy_broker(meet):
    half_s, whole_s = 4 * 3600.0, 8 * 3600.0
    async with meet("charger", "cem") as met:
        ours, theirs = await met.both("theirs")
        ski = met.our_ski
        await ours.do("plug", standard="iso15118-2ed1", min_a=2.2, plans=True)
        await knows_the_car(theirs)
        await ours.do("demand", optimal_wh=20000, max_wh=40000, departure_s=whole_s)
        demand = await theirs.until(tells("demand", strategy="timedcharging"))
        assert (demand["optimal_wh"], demand["max_wh"]) == (20000, 40000)
        assert abs(demand["departure_s"] - whole_s) < 60
        await theirs.until(tells("asks", **{"for": "tariff"}))
        await theirs.do("tariff", ski=ski)
        await theirs.do("curve", ski=ski, values=[[half_s, 11000], [half_s, 7000]])
        curve = [[0.0, half_s, 11000.0], [half_s, whole_s, 7000.0]]
        await ours.until(tells("curve", slots=curve))
        await theirs.do("prices", ski=ski, values=[[half_s, 0.30], [half_s, 0.21]])
        prices = [[0.0, half_s, 0.3], [half_s, whole_s, 0.21]]
        await ours.until(tells("prices", currency="EUR", slots=prices))
        await ours.do("plan", slots=[[0, 3 * 3600, 7000], [3 * 3600, whole_s, 0]])
        await theirs.until(tells("plan", power_w=[7000, 0]))
