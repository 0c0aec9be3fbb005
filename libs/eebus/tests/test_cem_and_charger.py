"""A real CEM and real chargers over SHIP on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from eebus import participant
from eebus.cem import Cem
from eebus.charger import CarDemand, Charger, EvProfile
from eebus.events import (
    ChargingPlanChanged,
    ConnectionChanged,
    ConnectionState,
    DeviceDescribed,
    DeviceState,
    EvChanged,
    Event,
    HeartbeatChanged,
    LimitsChanged,
    MeterValues,
    PowerSlot,
    PriceSlot,
    ShipIdLearned,
)
from eebus.identity import Identity
from eebus.transport.node import Announcement, Network
from eebus.usecases.limitation.system import SystemProfile

IDENTITIES = [Identity.create(f"Test {n}") for n in range(3)]
ISO = EvProfile("iso15118-2ed1", min_a=2.2, soc_percent=40.0, ev_id="001122334455")


class Ear:
    """Keeps events and wakes who waits for them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, condition: Callable[[], object], within_s: float = 10) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def _running(participant: Cem | Charger) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(participant.run())
        await participant.started()
        yield
        task.cancel()


class House:
    """One CEM, some chargers, and what they told."""

    def __init__(self, chargers: int, **of_cem: bool) -> None:
        self.ear = Ear()
        self.cem = Cem(
            IDENTITIES[0],
            Announcement("Test-CEM", "Test", "CEM", "EnergyManagementSystem"),
            Network(mdns=False),
            trusted=(),
            on_event=self.ear,
            **of_cem,
        )
        self.ears = [Ear() for _ in range(chargers)]
        self.chargers = [
            Charger(
                identity,
                Announcement(f"Test-Box-{n}", "Test", "Box", "ChargingStation", serial=str(n)),
                Network(mdns=False),
                trusted=(),
                on_event=ear,
                controllable=SystemProfile({"lpc": 22000.0}) if of_cem else None,
                metered=bool(of_cem),
            )
            for n, (identity, ear) in enumerate(zip(IDENTITIES[1:], self.ears, strict=False))
        ]

    async def pair(self, charger: Charger) -> None:
        charger.trust(self.cem.ski)
        self.cem.trust(charger.ski, host="127.0.0.1", port=charger.port)
        await self.ear.until(lambda: self.is_connected(charger))

    def is_connected(self, charger: Charger) -> bool:
        return self.cem.connection(charger.ski).state is ConnectionState.CONNECTED

    async def limitable(self, charger: Charger) -> None:
        await self.ear.until(lambda: (ev := self.cem.ev(charger.ski)) and ev.operating_state)


@asynccontextmanager
async def _house(chargers: int = 1, **of_cem: bool) -> AsyncIterator[House]:
    house = House(chargers, **of_cem)
    async with AsyncExitStack() as stack:
        for each in (house.cem, *house.chargers):
            await stack.enter_async_context(_running(each))
        for charger in house.chargers:
            await house.pair(charger)
        yield house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with _house() as running:
        yield running


async def test_a_day_of_a_car_over_the_network(house):
    charger, ski = house.chargers[0], house.chargers[0].ski
    charger.plug(EvProfile())
    await house.limitable(charger)
    assert (await house.cem.write_limit(ski, (10, 10, 10))).ok
    assert charger.limits() == (10.0, 10.0, 10.0)
    assert (await house.cem.write_limit(ski, (0, 0, 0))).ok
    assert charger.limits() == (0.1, 0.1, 0.1)

    charger.update_ev(ISO)
    await house.ear.until(lambda: house.cem.ev(ski).has_oscev and house.cem.ev(ski).min_a == 2.2)
    assert house.cem.ev(ski).ids == ("001122334455",)
    await house.ear.until(lambda: house.cem.ev(ski).soc_percent == 40.0)  # before it draws
    assert (await house.cem.write_limit(ski, (3, 3, 3))).ok
    assert (await house.cem.write_limit(ski, (3, 3, 3), kind="oscev")).ok
    charger.measure((3.0, 3.0, 3.0), (690.0, 690.0, 690.0), 12.0, 41.0)
    await house.ear.until(lambda: house.cem.ev(ski).soc_percent == 41.0)
    assert house.cem.measured(ski).current_a == (3.0, 3.0, 3.0)

    charger.unplug()
    await house.ear.until(lambda: house.cem.ev(ski) is None)
    charger.plug(EvProfile(phases=1))
    await house.limitable(charger)
    assert (await house.cem.write_limit(ski, (8, 8, 8))).ok
    assert charger.limits() == (8.0, None, None)


async def test_a_car_is_planned_with_and_a_charger_limited_as_a_whole_over_the_network():
    async with _house(1, guards=True, plans=True) as house:
        (charger,), (ear,) = house.chargers, house.ears
        cem, ski = house.cem, charger.ski
        charger.plug(replace(ISO, plans=True))
        charger.ask(CarDemand(9000.0, departure_s=7200.0))
        await house.ear.until(lambda: (demand := cem.demand(ski)) and demand.prices_due)
        slots = (PowerSlot(0.0, 3600.0, 0.0), PowerSlot(3600.0, 7200.0, 11000.0))
        prices = (PriceSlot(0.0, 7200.0, 0.3),)
        assert (await cem.write_power_curve(ski, slots)).ok
        assert (await cem.write_prices(ski, prices)).ok
        assert (charger.curve, charger.prices) == (slots, prices)
        charger.tell_plan(slots)
        await house.ear.until(lambda: ChargingPlanChanged(ski, slots) in house.ear.events)
        assert not cem.demand(ski).curve_due

        assert (await cem.write_power_limit(ski, 6000.0, duration_s=600.0)).ok
        assert charger.power_control().limit_w == 6000.0
        await house.ear.until(lambda: (limit := cem.power_limit(ski)) and limit.active)
        assert (await cem.write_failsafe(ski, 5000.0, duration_s=7200.0)).ok
        charger.meter(MeterValues(power_w=4000.0))
        await house.ear.until(lambda: any(m.values.power_w for m in cem.metered(ski)))
        cem.set_failure(True)
        failed = DeviceState(cem.ski, "failure")
        await ear.until(lambda: failed in ear.events)
        charger.set_evse_state("failure", "E1")
        await house.ear.until(lambda: DeviceState(ski, "failure", "E1") in house.ear.events)


async def test_what_was_not_agreed_is_not_written(house):
    ski = house.chargers[0].ski
    assert house.cem.demand(ski) is None
    assert house.cem.power_control() is None
    for result in (
        await house.cem.write_power_curve(ski, []),
        await house.cem.write_prices(ski, []),
        await house.cem.write_power_limit(ski, 1.0),
        await house.cem.write_failsafe(ski, 1.0),
    ):
        assert not result.ok
    assert house.chargers[0].power_control() is None


@pytest.mark.parametrize("car", [EvProfile(), ISO])
async def test_the_first_limit_is_accepted_within_two_seconds_of_the_plug(house, car):
    charger, ski = house.chargers[0], house.chargers[0].ski
    plugged = asyncio.get_running_loop().time()
    charger.plug(car)
    await house.ear.until(lambda: (ev := house.cem.ev(ski)) and ev.has_opev)
    assert (await house.cem.write_limit(ski, (8, 8, 8))).ok
    assert asyncio.get_running_loop().time() - plugged < 2.0
    assert charger.limits() == (8.0, 8.0, 8.0)


async def test_limits_can_be_written_again_after_a_reconnect(house):
    charger, ski = house.chargers[0], house.chargers[0].ski
    charger.plug(EvProfile())
    await house.limitable(charger)
    assert (await house.cem.write_limit(ski, (9, 9, 9))).ok
    told = len(house.ear.events)
    house.cem.disconnect(ski)
    await house.ear.until(
        lambda: any(isinstance(each, EvChanged) and each.ev for each in house.ear.events[told:])
    )
    await house.limitable(charger)
    assert house.cem.limits(ski) == (9.0, 9.0, 9.0)
    assert (await house.cem.write_limit(ski, (7, 7, 7))).ok
    assert charger.limits() == (7.0, 7.0, 7.0)
    states = [each.state for each in house.ear.events if isinstance(each, ConnectionChanged)]
    assert states.count(ConnectionState.CONNECTED) == 2


async def test_two_chargers_get_their_own_limits_at_once():
    async with _house(2) as house:
        for charger in house.chargers:
            charger.plug(EvProfile())
            await house.limitable(charger)
        results = await asyncio.gather(
            *(
                house.cem.write_limit(charger.ski, (6.0 + n,) * 3)
                for n, charger in enumerate(house.chargers)
            )
        )
        assert all(result.ok for result in results)
        assert [charger.limits()[0] for charger in house.chargers] == [6.0, 7.0]
        skis = {each.ski for each in house.ear.events if isinstance(each, LimitsChanged)}
        assert skis == {charger.ski for charger in house.chargers}


async def test_a_charger_hears_the_heart_of_the_cem(house):
    beating = HeartbeatChanged(house.cem.ski, ok=True)
    await house.ears[0].until(lambda: beating in house.ears[0].events)


async def test_connected_is_told_before_anything_about_the_device(house):
    ski = house.chargers[0].ski
    events = house.ear.events
    await house.ear.until(lambda: any(isinstance(each, DeviceDescribed) for each in events))
    of_peer = [each for each in events if getattr(each, "ski", None) == ski]
    connected = of_peer.index(house.cem.connection(ski))
    assert of_peer[connected + 1] == EvChanged(ski, None)
    assert all(isinstance(each, ConnectionChanged | ShipIdLearned) for each in of_peer[:connected])


async def test_a_write_to_a_charger_that_is_not_there_says_so(house):
    result = await house.cem.write_limit("00" * 20, (6, 6, 6))
    assert (result.ok, result.error_number, result.text) == (False, None, "not connected")


async def test_a_write_to_a_charger_without_car_says_so(house):
    result = await house.cem.write_limit(house.chargers[0].ski, (6, 6, 6))
    assert (result.ok, result.error_number) == (False, None)


async def test_a_defect_of_ours_over_one_charger_is_a_failed_write(house, monkeypatch, caplog):
    monkeypatch.setattr("eebus.usecases.cem.opev.plan_write", None)
    charger = house.chargers[0]
    charger.plug(EvProfile())
    await house.limitable(charger)
    result = await house.cem.write_limit(charger.ski, (6, 6, 6))
    assert (result.ok, result.text) == (False, "this device failed")
    assert "a limit could not be written" in caplog.text


async def test_a_defect_over_one_peer_stops_neither_clock_nor_heart(house, monkeypatch, caplog):
    monkeypatch.setattr(participant, "TICK_S", 0.01)
    monkeypatch.setattr(house.cem._core, "tick", None)
    charger = house.chargers[0]
    async with asyncio.timeout(5):
        while "the owner of a SHIP node failed" not in caplog.text:
            await asyncio.sleep(0.01)
    charger.plug(EvProfile())
    await house.limitable(charger)
    assert (await house.cem.write_limit(charger.ski, (6, 6, 6))).ok
