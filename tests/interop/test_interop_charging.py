"""Our energy manager with a charger of the reference stack: the life of a car."""

import asyncio

import pytest
from interop import tells

pytestmark = pytest.mark.timeout(180)


def limits(kind, *values):
    return tells("limits", kind=kind, active=True, values=list(values))


async def test_a_car_by_pwm_is_limited_paused_and_released(meet, dials):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both(dials)
        ski = met.their_ski
        described = await ours.until(tells("device", brand="Interop"))
        assert described["model"] == "Interop box"

        await theirs.do("plug", standard="iec61851", phases=3, min_a=6, max_a=16)
        car = await ours.until(tells("ev", plugged=True, communication="iec61851", max_a=16.0))
        assert (car["phases"], car["min_a"], car["pause_a"]) == (3, 6.0, 0.1)
        assert car["asymmetric"] is False

        assert (await ours.do("limit", ski=ski, a=[10, 10, 10]))["error_number"] == 0
        await theirs.until(limits("opev", 10, 10, 10))
        await ours.until(limits("opev", 10, 10, 10))

        await theirs.do("draw", a=9.5)
        measured = await ours.until(tells("measurement", current_a=[9.5, 9.5, 9.5]))
        assert measured["power_w"] == [2185.0, 2185.0, 2185.0]
        assert measured["energy_wh"] == 1234.0

        await ours.do("pause", ski=ski)
        await theirs.until(limits("opev", 0.1, 0.1, 0.1))
        await ours.do("limit", ski=ski, a="off")
        await theirs.until(tells("limits", kind="opev", active=False))
        assert not (await ours.ask("limit", ski=ski, a=8, kind="oscev"))["ok"]

        await theirs.do("state", value="finished")
        await ours.until(tells("ev", state="finished"))
        since = ours.now
        await theirs.do("unplug")
        await ours.until(tells("ev", plugged=False), since=since)


async def test_a_car_becomes_iso_15118_and_follows_the_sun(meet, dials):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both(dials)
        ski = met.their_ski
        await theirs.do("plug", phases=3)
        await ours.until(tells("ev", plugged=True, communication="iec61851"))
        await ours.do("limit", ski=ski, a=12)
        await theirs.until(limits("opev", 12, 12, 12))

        await theirs.do(
            "update", standard="iso15118-2ed1", min_a=2.2, soc_percent=40, ev_id="001122334455"
        )
        car = await ours.until(tells("ev", communication="iso15118-2ed1", min_a=2.2))
        assert car["max_a"] == 16.0
        await ours.until(tells("ev", ids=["001122334455"]))
        await ours.until(tells("measurement", soc_percent=40.0))
        await theirs.do("draw", a=5, soc_percent=41)
        await ours.until(tells("measurement", soc_percent=41.0, current_a=[5.0, 5.0, 5.0]))

        await ours.do("limit", ski=ski, a=3)
        await theirs.until(limits("opev", 3, 3, 3))
        await ours.do("limit", ski=ski, a=3, kind="oscev")
        await theirs.until(limits("oscev", 3, 3, 3))
        assert theirs.told(limits("opev", 3, 3, 3))  # the one did not undo the other
        since = theirs.now
        await ours.do("pause", ski=ski)
        held = await theirs.until(limits("opev", 0.1, 0.1, 0.1), since=since)
        assert held["active"]  # 0.1 A keeps the session, 0 A would end it


async def test_a_car_is_plugged_again_and_again_and_limited_each_time(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("ours")
        for phases, amperes in ((1, 7), (3, 9), (1, 11)):
            since, theirs_since = ours.now, theirs.now
            await theirs.do("plug", standard="iso15118-2ed1", phases=phases, min_a=2)
            await ours.until(tells("ev", plugged=True, phases=phases), since=since)
            answer = await ours.do("limit", ski=met.their_ski, a=amperes)
            assert answer["error_number"] == 0
            held = [amperes] * phases + [None] * (3 - phases)
            await theirs.until(limits("opev", *held), since=theirs_since)
            await theirs.do("unplug")
            await ours.until(tells("ev", plugged=False), since=since)


async def test_a_refused_write_is_told_and_a_later_one_taken(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("ours")
        await theirs.do("plug")
        await ours.until(tells("ev", plugged=True, communication="iec61851", max_a=16.0))
        await theirs.do("refuse", count=1)
        answer = await ours.ask("limit", ski=met.their_ski, a=10)
        assert (answer["ok"], answer["error_number"], answer["text"]) == (False, 1, "Write failed")
        await ours.do("limit", ski=met.their_ski, a=10)
        await theirs.until(limits("opev", 10, 10, 10))


async def test_a_charger_notices_that_our_heart_stands_still(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("ours")
        await theirs.until(tells("heartbeat", ok=True))
        await ours.do("heartbeat", on=False)
        await theirs.until(tells("heartbeat", ok=False), within_s=15)
        since = theirs.now
        await ours.do("heartbeat", on=True)
        await theirs.until(tells("heartbeat", ok=True), since=since)
        beating = theirs.now
        await theirs.stays_without(tells("heartbeat"), for_s=9, since=beating)


async def test_the_reaction_time_of_a_write_is_told(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("ours")
        await theirs.do("plug")
        await ours.until(tells("ev", plugged=True, max_a=16.0))
        took_ms = []
        for amperes in range(6, 16):
            took_ms.append((await ours.do("limit", ski=met.their_ski, a=amperes))["ms"])
            await asyncio.sleep(0)
        assert sorted(took_ms)[5] < 1000, took_ms


async def test_we_plan_charging_with_a_car_that_can(meet):
    half_s, whole_s = 4 * 3600.0, 8 * 3600.0
    async with meet("cem", "charger", "--plans") as met:
        ours, theirs = await met.both("ours")
        ski = met.their_ski
        await theirs.do("plug", standard="iso15118-2ed1", min_a=2.2, plans=True)
        await ours.until(tells("ev", plugged=True, max_a=16.0))
        await theirs.do("demand", optimal_wh=20000, max_wh=40000, departure_s=whole_s)
        demand = await ours.until(
            tells("demand", strategy="timed", curve_due=True, prices_due=True)
        )
        assert (demand["optimal_wh"], demand["max_wh"]) == (20000.0, 40000.0)
        assert abs(demand["departure_s"] - whole_s) < 60
        curve = [[0, half_s, 11000], [half_s, whole_s, 7000]]
        assert (await ours.do("curve", ski=ski, slots=curve))["error_number"] == 0
        await theirs.until(tells("curve", power_w=[11000, 7000]))
        prices = [[0, half_s, 0.30], [half_s, whole_s, 0.21]]
        assert (await ours.do("prices", ski=ski, slots=prices))["error_number"] == 0
        told = await theirs.until(tells("prices", tariff=6))
        assert told["prices"] == pytest.approx([0.30, 0.21])
        await theirs.do("plan", w=7000, duration_s=3 * 3600)
        await ours.until(tells("plan", slots=[[0.0, 3 * 3600.0, 7000.0]]))
