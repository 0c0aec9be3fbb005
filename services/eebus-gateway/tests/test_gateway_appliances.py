"""An appliance of the house (LPC): found, limited by the CEM's lease, read back, let go."""

import asyncio
import time

from gateway_stage import Cem, gateway, heat_pump, pair_device, until

from eebus.events import MeterValues
from eebus.identity import Identity
from eebus_gateway.settings import Settings


async def test_a_heat_pump_is_limited_by_a_lease_and_says_what_it_keeps(
    settings: Settings, cem: Cem
) -> None:
    async with heat_pump() as pump, gateway(settings, cem) as us:
        pump.measure(MeterValues(power_w=4100.0))
        await pair_device(cem, pump, us)
        await until(lambda: cem.appliance(pump.ski).HasField("nominal_w"), "its nominal power")
        await until(lambda: cem.role(pump.ski) == "appliance", "its role")
        found = cem.appliance(pump.ski)
        assert (found.nominal_w, found.only_this, found.connected) == (9000.0, True, True)
        assert found.answer == ""
        await cem.rename(pump.ski, "Heat pump")
        await until(lambda: cem.appliance(pump.ski).name == "Heat pump", "its name")
        await until(lambda: pump.power_control().state == "unlimited_controlled", "greeted")
        assert cem.rosters[-1] == []  # it is no charger
        asked_at = time.monotonic()
        await cem.lease_power(pump.ski, 3360.0)
        await until(lambda: pump.power_control().limit_w == 3360.0, "the limit")
        assert time.monotonic() - asked_at < 1.0
        await until(lambda: cem.appliance(pump.ski).answer == "accepted", "its answer")
        await until(lambda: cem.appliance(pump.ski).held_w == 3360.0, "its word")
        assert (cem.appliance(pump.ski).power_w, cem.appliance(pump.ski).asked_w) == (4100, 3360)
        told = pump.power_control()
        assert told.remaining_s is not None
        assert 800 < told.remaining_s <= 900  # it ends by itself, unless it is moved on
        await until(lambda: cem.appliance(pump.ski).failsafe_w == 3360.0, "its own failsafe")
        seen = await cem.examine(pump.ski)
        assert {(write.kind, write.power_w, write.ok) for write in seen.writes} >= {
            ("lpc", 3360.0, True),
            ("failsafe", 3360.0, True),
        }
        assert [(held.kind, held.active, held.power_w) for held in seen.power_limits] == [
            ("lpc", True, 3360.0)
        ]
        await cem.lease_power(pump.ski, None)
        await until(lambda: pump.power_control().limit_w is None, "lifted")
        await until(lambda: not cem.appliance(pump.ski).HasField("held_w"), "lifted, told")
        await cem.unpair(pump.ski)
        await until(lambda: cem.appliances[-1] == [], "unpaired")


async def test_one_that_refuses_is_named_and_tried_again(settings: Settings, cem: Cem) -> None:
    async with heat_pump(refused_below_w=4000.0) as pump, gateway(settings, cem) as us:
        await pair_device(cem, pump, us)
        await until(lambda: pump.power_control().state == "unlimited_controlled", "greeted")
        await cem.lease_power(pump.ski, 3360.0)
        await until(lambda: cem.appliance(pump.ski).answer == "refused", "refused")
        assert "limit too low" in cem.appliance(pump.ski).problem
        await cem.lease_power(pump.ski, 4200.0)
        await until(lambda: cem.appliance(pump.ski).answer == "accepted", "accepted")
        assert cem.appliance(pump.ski).problem == ""


async def test_one_that_comes_back_is_limited_again_and_silence_of_the_cem_keeps_the_fallback(
    settings: Settings, cem: Cem
) -> None:
    identity = await asyncio.to_thread(Identity.create, "pump")
    async with gateway(settings, cem) as us:
        async with heat_pump(identity=identity) as pump:
            await pair_device(cem, pump, us)
            await cem.lease_power(pump.ski, 3000.0)
            await until(lambda: pump.power_control().limit_w == 3000.0, "limited")
        await until(lambda: not cem.appliance(pump.ski).connected, "away")
        assert cem.appliance(pump.ski).HasField("silent_s")
        async with heat_pump(identity=identity) as again:
            again.trust(us)
            await cem.pair(again.ski, again.port)
            await until(lambda: again.power_control().limit_w == 3000.0, "limited again")
            await until(lambda: cem.appliance(again.ski).answer == "accepted", "told")
            await cem.lease_power(again.ski, None, ttl_ms=500, fallback_w=2500.0)
            await until(lambda: again.power_control().state == "unlimited_controlled", "lifted")
            await until(lambda: again.power_control().limit_w == 2500.0, "the CEM is silent")
