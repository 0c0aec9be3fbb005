"""Limits over the bus to real chargers: leases, fallbacks, writing again (design.md, law 2)."""

import asyncio

from gateway_stage import CAR, Cem, gateway, paired, until, wallbox

from eebus.charger import EvProfile
from eebus.spine.tree import Feature
from eebus.spine.values import Item
from eebus_gateway.settings import Settings
from volthus_kit.testing import NatsServer

GONE = (None, None, None)


async def test_a_leased_limit_reaches_the_charger_and_is_reported(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        await cem.offer(box.ski, 10)
        await box.told(10)
        await until(lambda: cem.states[box.ski].HasField("limit"), "a limit in force")
        state = cem.states[box.ski]
        assert (state.limit.current_a.a, state.limit.sequence) == (10, 1)
        assert (state.ev.communication, state.ev.phases) == ("iec61851", 3)
        assert state.limit_problem == ""
        box.charger.measure((9.7, 9.6, 9.8), (2230, 2210, 2250), 120.0)
        await until(lambda: cem.states[box.ski].current_a.a == 9.7, "the measured current")
        assert cem.states[box.ski].energy_wh == 120.0


async def test_when_the_lease_ends_the_fallback_applies_and_a_new_lease_lifts_it(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        await cem.offer(box.ski, 16, ttl_ms=400, fallback_a=7)
        await box.told(16)
        await box.told(7)
        await until(lambda: cem.states[box.ski].limit.is_fallback, "marked as fallback")
        await cem.offer(box.ski, 12)
        await box.told(12)


async def test_a_silent_lease_holds_heartbeat_and_limits_back_from_one_charger_alone(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as one, wallbox("two") as two, paired(settings, cem, one) as us:
        two.charger.trust(us)
        await cem.pair(two.ski, two.charger.port)
        await cem.connected(two.ski)
        for box in (one, two):
            box.charger.plug(CAR)
            await cem.plugged(box.ski)
            await cem.offer(box.ski, 16)
            await box.told(16)
            await until(lambda box=box: box.hearts[-1:] == [True], "a heartbeat")

        def is_overdue() -> bool:
            return one.hearts[-1] is False

        async with asyncio.timeout(20):
            while not is_overdue():
                await cem.offer(one.ski, 12, silent=True)
                await cem.offer(two.ski, 14)
                await asyncio.sleep(0.5)
        assert one.last == (16, 16, 16)
        assert (two.last, two.hearts) == ((14, 14, 14), [True])
        await cem.offer(one.ski, 16)  # the very limit it had: a charger in failsafe needs it anew
        await until(lambda: one.hearts[-1], "the heartbeat again")
        await until(lambda: len(one.limits) > 1, "the limit again")
        assert one.last == (16, 16, 16)


async def test_a_silence_ends_with_its_lease_and_the_fallback_follows(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        await cem.offer(box.ski, 16)
        await box.told(16)
        await cem.offer(box.ski, 16, silent=True, ttl_ms=400, fallback_a=7)
        await box.told(7)


async def test_a_charger_without_a_lease_is_left_alone(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as one, wallbox("two") as two, paired(settings, cem, one) as us:
        two.charger.trust(us)
        await cem.pair(two.ski, two.charger.port)
        await cem.connected(two.ski)
        for box in (one, two):
            box.charger.plug(CAR)
            await cem.plugged(box.ski)
        await cem.offer(two.ski, 8, ttl_ms=300, fallback_a=6)
        await two.told(6)
        assert one.limits == []


async def test_a_restarted_controller_takes_over_and_the_old_one_is_refused(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        await cem.offer(box.ski, 10, epoch=1)
        await box.told(10)
        await cem.offer(box.ski, 8, epoch=2)
        await box.told(8)
        await cem.offer(box.ski, 16, epoch=1)
        await cem.offer(box.ski, 9, epoch=2)
        await box.told(9)
        assert (16, 16, 16) not in box.limits


async def test_a_car_plugged_anew_gets_the_limit_at_once(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        await cem.offer(box.ski, 10, ttl_ms=60_000)
        box.charger.plug(CAR)
        await box.told(10)
        assert len(box.limits) == 1
        box.charger.unplug()
        await box.told(None)
        await until(lambda: not cem.states[box.ski].HasField("ev"), "no car")
        assert cem.states[box.ski].ev_known
        box.charger.plug(EvProfile("iso15118-2ed1", min_a=2.2, soc_percent=40.0))
        await box.told(10)
        await until(lambda: cem.states[box.ski].ev.plug == 2, "the second plug")
        box.charger.measure(GONE, GONE, None, soc_percent=40.0)
        await until(lambda: cem.states[box.ski].ev.soc_percent == 40.0, "its state of charge")


async def test_a_change_of_standard_writes_the_limit_again(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.offer(box.ski, 4, ttl_ms=60_000)
        await until(lambda: box.last is not None and box.last[0] in (0.0, 0.1), "paused")
        box.charger.update_ev(EvProfile("iso15118-2ed1", min_a=2.2))
        await box.told(4)
        assert cem.states[box.ski].ev.plug == 1


async def test_after_a_reconnect_the_limit_is_written_again(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box, paired(settings, cem, box) as us:
        box.charger.plug(CAR)
        await cem.offer(box.ski, 10, ttl_ms=60_000)
        await box.told(10)
        box.limits.clear()
        box.charger.disconnect(us)
        await until(lambda: not cem.states[box.ski].ev_known, "nobody knows")
        await box.told(10)
        await until(lambda: cem.states[box.ski].ev_known, "known again")
        assert cem.states[box.ski].ev.plug == 1


async def test_energy_management_off_withdraws_the_limit(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        await cem.offer(box.ski, 10, ttl_ms=300)
        await box.told(10)
        await cem.offer(box.ski, 0, release=True)
        await box.told(None)
        await cem.offer(box.ski, 0, release=True)
        await asyncio.sleep(0.5)  # past the end of the lease that was
        assert box.limits == [(10, 10, 10), GONE]


async def test_two_chargers_have_limits_of_their_own(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as one, wallbox("two") as two, paired(settings, cem, one) as us:
        two.charger.trust(us)
        await cem.pair(two.ski, two.charger.port)
        await cem.connected(two.ski)
        one.charger.plug(CAR)
        two.charger.plug(EvProfile(phases=1))
        await cem.offer(one.ski, 10, ttl_ms=60_000)
        await cem.offer(two.ski, 13, ttl_ms=60_000)
        await one.told(10)
        await until(lambda: two.last == (13, None, None), f"one conductor: {two.limits}")
        await until(lambda: sorted(cem.rosters[-1]) == sorted([one.ski, two.ski]), "both")


async def test_without_nats_sessions_stay_and_the_lease_ends(
    settings: Settings, cem: Cem, nats: NatsServer
) -> None:
    async with wallbox("one") as box, paired(settings, cem, box) as us:
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        await cem.offer(box.ski, 16, ttl_ms=1000)
        await box.told(16)
        await nats.stop()
        await box.told(6)
        assert box.is_connected_to(us)
        await nats.start()
        await until(lambda: cem.bus.is_connected, "the bus is back")
        cem.states.clear()
        await until(lambda: box.ski in cem.states, "states again")
        await cem.offer(box.ski, 11)
        await box.told(11)


async def test_a_gateway_restarted_without_a_controller_keeps_the_fallback(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box:
        async with paired(settings, cem, box):
            box.charger.plug(CAR)
            await cem.plugged(box.ski)
            await cem.offer(box.ski, 16, fallback_a=8)
            await box.told(16)
            await until(lambda: cem.states[box.ski].HasField("limit"), "accepted")
        async with gateway(settings, cem):
            await box.told(8)


async def test_a_charger_that_says_yes_and_does_nothing_is_seen_and_told_again(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        local = box.charger._core.local
        obey = local.put

        def ignore(
            feature: Feature, function: str, content: Item, part: Item | None = None
        ) -> None:
            if function != "loadControlLimitListData":
                obey(feature, function, content, part)

        local.put = ignore  # type: ignore[method-assign]  # a defect of the charger, no mock of ours
        await cem.offer(box.ski, 10, ttl_ms=60_000)
        await until(lambda: "holds" in cem.states[box.ski].limit_problem, "the problem")
        assert not cem.states[box.ski].HasField("limit")
        local.put = obey  # type: ignore[method-assign]
        await until(lambda: box.charger.limits() == (10, 10, 10), "the limit, written again")
        await until(lambda: cem.states[box.ski].HasField("limit"), "a limit in force")
        assert cem.states[box.ski].limit_problem == ""
