"""LPC and LPP with the reference stack, on either side of the wire."""

import pytest
from interop import tells

pytestmark = [pytest.mark.timeout(180), pytest.mark.dials("theirs")]
OFFER = ("--lpc", "32000", "--lpp", "10000")


async def test_their_control_box_limits_our_energy_manager(meet, dials):
    async with meet("cem", "controlbox", *OFFER) as met:
        ours, theirs = await met.both(dials)
        ski = met.our_ski
        await theirs.until(tells("use_case_update", use_case="lpc", scenarios=[1, 2, 3, 4]))
        await theirs.until(tells("use_case_update", use_case="lpp", scenarios=[1, 2, 3, 4]))
        assert (await theirs.until(tells("failsafe", nominal_w=32000)))["duration_s"] == 7200

        answer = await theirs.do("lpc", ski=ski, w=4200, duration_s=6)
        assert answer["error_number"] == 0
        held = await ours.until(tells("limits", kind="lpc", active=True, state="limited"))
        assert (held["values"], held["ski"]) == ([4200.0], met.their_ski)
        since = ours.now
        expired = tells("limits", kind="lpc", active=False, state="unlimited_controlled")
        await ours.until(expired, within_s=12, since=since)
        await theirs.until(tells("limits", kind="lpc", active=False), since=0)

        await theirs.do("lpp", ski=ski, w=-3000)
        held = await ours.until(tells("limits", kind="lpp", state="limited"))
        assert abs(held["values"][0]) == 3000.0
        await theirs.do("lpc", ski=ski, w=7000)
        await ours.until(tells("limits", kind="lpc", active=True, values=[7000.0]))
        await theirs.do("lpc", ski=ski, w=None)
        await ours.until(expired, since=ours.now - 1)
        refused = await theirs.ask("lpc", ski=ski, w=-1)
        assert (refused["ok"], refused["error_number"]) == (False, 7)


async def test_their_control_box_writes_failsafe_values(meet, dials):
    async with meet("cem", "controlbox", *OFFER) as met:
        ours, theirs = await met.both(dials)
        await theirs.until(tells("failsafe", nominal_w=32000))
        await theirs.do("failsafe", ski=met.our_ski, w=5000)
        await ours.until(tells("failsafe", w=5000.0))
        await theirs.do("failsafe", ski=met.our_ski, duration_s=3 * 3600)
        await ours.until(tells("failsafe", w=5000.0, duration_s=10800.0))
        await theirs.until(tells("failsafe", w=5000, duration_s=10800))
        too_short = await theirs.ask("failsafe", ski=met.our_ski, duration_s=3600)
        assert not too_short["ok"]  # the reference does not even send it


@pytest.mark.whole
@pytest.mark.timeout(500)
async def test_a_box_that_falls_silent_puts_us_into_failsafe_and_ends_it_when_back(meet):
    async with meet("cem", "controlbox", *OFFER) as met:
        ours, theirs = await met.both("theirs")
        await theirs.until(tells("failsafe", nominal_w=32000))
        await theirs.do("failsafe", ski=met.our_ski, w=5000)
        await theirs.do("lpc", ski=met.our_ski, w=9000)
        await ours.until(tells("limits", kind="lpc", state="limited", values=[9000.0]))
        since = ours.now
        await theirs.do("heartbeat", on=False)
        failsafe = tells("limits", kind="lpc", state="failsafe", values=[5000.0])
        await ours.until(failsafe, within_s=200, since=since)
        since = ours.now
        await theirs.do("heartbeat", on=True)
        await theirs.do("lpc", ski=met.our_ski, w=11000)
        back = tells("limits", kind="lpc", state="limited", values=[11000.0])
        await ours.until(back, within_s=90, since=since)


@pytest.mark.whole
@pytest.mark.timeout(400)
async def test_a_box_that_loses_power_puts_us_into_failsafe(meet):
    async with meet("cem", "controlbox", *OFFER) as met:
        ours, theirs = await met.both("theirs")
        await theirs.until(tells("failsafe", nominal_w=32000))
        await theirs.do("lpc", ski=met.our_ski, w=9000)
        await ours.until(tells("limits", kind="lpc", state="limited"))
        since = ours.now
        await theirs.stop(cleanly=False)
        await ours.until(tells("limits", kind="lpc", state="failsafe"), 200, since)


async def test_our_control_box_limits_their_system(meet, dials):
    async with meet("controlbox", "system") as met:
        ours, theirs = await met.both(dials)
        ski = met.their_ski
        told = await ours.until(tells("failsafe", w=4200.0, duration_s=7200.0))
        assert told["ski"] == ski
        await ours.until(tells("limits", kind="lpc"))
        assert (await ours.do("lpc", ski=ski, w=4200, duration_s=3600))["error_number"] == 0
        held = await theirs.until(tells("limits", kind="lpc", active=True, values=[4200]))
        assert 3590 < held["duration_s"] <= 3600
        await ours.do("lpc", ski=ski, w=5000)
        held = await theirs.until(tells("limits", kind="lpc", active=True, values=[5000]))
        assert held["duration_s"] == 0  # the old duration was taken away
        await ours.do("lpp", ski=ski, w=3000)
        held = await theirs.until(tells("limits", kind="lpp", active=True))
        assert held["values"] == [-3000]
        await ours.do("failsafe", ski=ski, w=6000, duration_s=10800)
        await theirs.until(tells("failsafe", w=6000, duration_s=10800))
        since = theirs.now
        await ours.do("lpc", ski=ski, w=None)
        await theirs.until(tells("limits", kind="lpc", active=False), since=since)
        await theirs.until(tells("heartbeat", ok=True))


async def test_their_system_refuses_at_first_and_our_box_tries_again(meet):
    async with meet("controlbox", "system") as met:
        ours, theirs = await met.both("ours")
        await ours.until(tells("failsafe", w=4200.0))
        await ours.until(tells("limits", kind="lpc"))
        await theirs.do("refuse", count=1)
        answer = await ours.ask("lpc", ski=met.their_ski, w=4200)
        if not answer["ok"]:
            assert answer["error_number"] == 7
        await theirs.until(tells("limits", kind="lpc", active=True, values=[4200]), within_s=30)


async def test_our_energy_manager_limits_their_heat_pump(meet, dials):
    async with meet("cem", "appliance") as met:
        ours, theirs = await met.both(dials)
        ski = met.their_ski
        await ours.until(tells("nominal", ski=ski, w=32000.0))
        await ours.until(tells("failsafe", w=4200.0, duration_s=7200.0))
        await ours.until(tells("heartbeat", ski=ski, ok=True))
        assert (await ours.do("lpc", ski=ski, w=3360, duration_s=900))["error_number"] == 0
        held = await theirs.until(tells("limits", kind="lpc", active=True, values=[3360]))
        assert 890 < held["duration_s"] <= 900
        await ours.do("failsafe", ski=ski, w=3360)
        await theirs.until(tells("failsafe", w=3360, duration_s=7200))
        await theirs.do("refuse", count=1)
        assert (await ours.ask("lpc", ski=ski, w=2000))["error_number"] == 7
        await ours.do("lpc", ski=ski, w=2000)
        await theirs.until(tells("limits", kind="lpc", active=True, values=[2000]))
        since = theirs.now
        await ours.do("lpc", ski=ski, w=None)
        await theirs.until(tells("limits", kind="lpc", active=False), since=since)
        await theirs.until(tells("heartbeat", ok=True))
