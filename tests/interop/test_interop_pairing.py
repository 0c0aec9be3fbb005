"""Pairing with the reference stack: either side first, refusal, waiting, unpairing, coming back."""

import pytest
from interop import cut, tells

pytestmark = pytest.mark.timeout(240)

UP = tells("connection", state="connected")
REQUESTED = tells("connection", state="request_received")
DENIED = tells("connection", state="denied")


async def test_we_ask_first_and_their_user_confirms(meet):
    async with meet("cem", "charger") as met:
        theirs, ours = await met.theirs(), await met.ours()
        await theirs.until(tells("listening"))
        place = {"host": met.ground.their_ip, "port": met.their_port}
        await ours.do("trust", ski=met.their_ski, **place)
        await ours.until(tells("connection", state="waiting_for_peer"))
        await theirs.until(REQUESTED)
        await theirs.do("trust", ski=met.our_ski)
        await met.connected(ours, theirs)
        assert await ours.until(tells("ship_id", ski=met.their_ski, ship_id=...))
        assert await theirs.until(tells("ship_id", ski=met.our_ski, ship_id=...))


async def test_they_ask_first_and_our_user_confirms(meet):
    async with meet("cem", "charger") as met:
        ours = await met.ours()
        await ours.until(tells("listening"))
        theirs = await met.theirs("-trust", met.our_ski, "-reach", met.our_place)
        await ours.until(tells("connection", ski=met.their_ski, state="request_received"))
        await ours.do("trust", ski=met.their_ski)
        await met.connected(ours, theirs)
        await ours.until(tells("use_cases", actor="EVSE"))


async def test_they_accept_whoever_asks(meet):
    async with meet("cem", "charger") as met:
        theirs, ours = await met.theirs(), await met.ours()
        await theirs.until(tells("listening"))
        await theirs.do("accept", on=True)
        place = {"host": met.ground.their_ip, "port": met.their_port}
        await ours.do("trust", ski=met.their_ski, **place)
        await met.connected(ours, theirs)


async def test_we_accept_the_first_that_asks_while_the_window_is_open(meet):
    async with meet("cem", "charger") as met:
        ours = await met.ours()
        await ours.until(tells("listening"))
        await ours.do("accept", seconds=60)
        theirs = await met.theirs("-trust", met.our_ski, "-reach", met.our_place)
        await met.connected(ours, theirs)
        await ours.until(tells("use_cases", actor="EVSE"))


async def test_their_user_refuses(meet):
    async with meet("cem", "charger") as met:
        theirs, ours = await met.theirs(), await met.ours()
        await theirs.until(tells("listening"))
        place = {"host": met.ground.their_ip, "port": met.their_port}
        await ours.do("trust", ski=met.their_ski, **place)
        await theirs.until(REQUESTED)
        await theirs.do("deny", ski=met.our_ski)
        await ours.until(DENIED)


async def test_nobody_is_there_to_confirm_on_their_side(meet):
    async with meet("cem", "charger") as met:
        theirs, ours = await met.theirs("-user=false"), await met.ours()
        await theirs.until(tells("listening"))
        place = {"host": met.ground.their_ip, "port": met.their_port}
        await ours.do("trust", ski=met.their_ski, **place)
        await ours.until(DENIED)


async def test_our_user_refuses(meet):
    async with meet("cem", "charger") as met:
        ours = await met.ours()
        await ours.until(tells("listening"))
        theirs = await met.theirs("-trust", met.our_ski, "-reach", met.our_place)
        await ours.until(REQUESTED)
        await ours.do("deny", ski=met.their_ski)
        await theirs.until(DENIED)
        await ours.stays_without(UP, for_s=3, since=0)


@pytest.mark.whole
@pytest.mark.timeout(400)
async def test_their_user_takes_longer_than_two_minutes(meet):
    async with meet("cem", "charger") as met:
        theirs, ours = await met.theirs(), await met.ours()
        await theirs.until(tells("listening"))
        place = {"host": met.ground.their_ip, "port": met.their_port}
        await ours.do("trust", ski=met.their_ski, **place)
        await theirs.until(REQUESTED)
        since = ours.now
        await ours.stays_without(tells("connection"), for_s=130, since=since)
        await theirs.do("trust", ski=met.our_ski)
        await met.connected(ours, theirs)


@pytest.mark.whole
@pytest.mark.timeout(400)
async def test_our_user_takes_longer_than_two_minutes(meet):
    async with meet("cem", "charger") as met:
        ours = await met.ours()
        await ours.until(tells("listening"))
        theirs = await met.theirs("-trust", met.our_ski, "-reach", met.our_place)
        await ours.until(REQUESTED)
        since = ours.now
        await ours.stays_without(tells("connection"), for_s=130, since=since)
        await ours.do("trust", ski=met.their_ski)
        await met.connected(ours, theirs)


async def test_we_unpair_they_come_back_and_we_pair_anew(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("theirs")
        since = ours.now, theirs.now
        await ours.do("untrust", ski=met.their_ski)
        await theirs.until(tells("ship_disconnected"), since=since[1])
        await ours.until(REQUESTED, within_s=40, since=since[0])
        await ours.do("trust", ski=met.their_ski)
        await met.connected(ours, theirs, since=since)


async def test_they_unpair_and_we_are_asked_for_again(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("ours")
        since = ours.now, theirs.now
        await theirs.do("untrust", ski=met.our_ski)
        await theirs.until(REQUESTED, within_s=40, since=since[1])
        await theirs.do("trust", ski=met.our_ski)
        await met.connected(ours, theirs, since=since)


@pytest.mark.parametrize("cleanly", [True, False], ids=["cleanly", "by-a-power-cut"])
async def test_they_restart_and_need_no_pairing(meet, dials, cleanly):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both(dials)
        since = ours.now
        await theirs.stop(cleanly=cleanly)
        await ours.until(
            lambda line: line["event"] == "connection" and line["state"] != "connected",
            within_s=10,
            since=since,
        )
        reach = ("-reach", met.our_place) if dials == "theirs" else ()
        again = await met.theirs("-trust", met.our_ski, *reach, mdns=dials == "mdns")
        await met.connected(ours, again, within_s=60, since=(since, 0))
        await again.do("plug")
        await ours.until(tells("ev", plugged=True, max_a=16.0), since=since)
        await ours.do("limit", ski=met.their_ski, a=8)


@pytest.mark.parametrize("cleanly", [True, False], ids=["cleanly", "by-a-power-cut"])
async def test_we_restart_and_find_the_car_that_was_plugged_in(meet, dials, cleanly):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both(dials)
        await theirs.do("plug")
        await ours.until(tells("ev", plugged=True, max_a=16.0))
        since = theirs.now
        await ours.stop(cleanly=cleanly)
        place = ("--dial", f"{met.ground.their_ip}:{met.their_port}") if dials == "ours" else ()
        again = await met.ours("--trust", met.their_ski, *place, mdns=dials == "mdns")
        await met.connected(again, theirs, within_s=60, since=(0, since))
        await again.until(tells("ev", plugged=True, max_a=16.0))
        await again.do("limit", ski=met.their_ski, a=9)
        await theirs.until(tells("limits", kind="opev", values=[9, 9, 9]), since=since)


async def test_we_disconnect_and_come_back(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("ours")
        since = ours.now, theirs.now
        await ours.do("disconnect", ski=met.their_ski)
        await theirs.until(tells("ship_disconnected"), since=since[1])
        await met.connected(ours, theirs, within_s=40, since=since)


async def test_they_disconnect_and_come_back(meet):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("theirs")
        since = ours.now, theirs.now
        await theirs.do("disconnect", ski=met.our_ski)
        await met.connected(ours, theirs, within_s=40, since=since)


@pytest.mark.whole
@pytest.mark.timeout(400)
async def test_a_pulled_cable_is_noticed_and_the_peers_find_each_other_again(meet, network):
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("mdns")
        await theirs.do("plug")
        await ours.until(tells("ev", plugged=True, max_a=16.0))
        since = ours.now, theirs.now
        cut(network, off=True)
        lost = tells("connection", state="connected")
        await ours.until(
            lambda line: line["event"] == "connection" and not lost(line), 90, since[0]
        )
        cut(network, off=False)
        await met.connected(ours, theirs, within_s=120, since=since)
        await ours.until(tells("ev", plugged=True, max_a=16.0), since=since[0])


async def test_they_are_found_by_mdns_and_both_may_dial(meet, network):
    assert network.is_network
    async with meet("cem", "charger") as met:
        ours, theirs = await met.both("mdns")
        seen = await ours.until(tells("peer", ski=met.their_ski))
        assert (seen["brand"], seen["type"]) == ("Interop", "ChargingStation")
        assert (seen["host"], seen["port"]) == (met.ground.their_ip, met.their_port)
        told = await theirs.until(tells("peer", ski=met.our_ski))
        assert told["type"] == "EnergyManagementSystem"
        since = ours.now, theirs.now
        await theirs.do("plug")
        await ours.until(tells("ev", plugged=True, max_a=16.0))
        await ours.do("limit", ski=met.their_ski, a=10)
        down = tells("ship_disconnected")
        await theirs.stays_without(down, for_s=5, since=since[1])  # one connection, at peace
