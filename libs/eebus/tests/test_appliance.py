"""An appliance over SHIP on loopback: limited, measured and lifted again by an energy manager."""

import asyncio

from eebus.appliance import Appliance
from eebus.cem import Cem
from eebus.events import (
    Event,
    FailsafeChanged,
    Metered,
    MeterValues,
    NominalPowerChanged,
    PowerLimitChanged,
)
from eebus.identity import Identity
from eebus.transport.node import Announcement, Network
from eebus.usecases.limitation.system import SystemProfile

LIMIT_W = 3360.0


async def test_an_energy_manager_limits_an_appliance_and_reads_what_it_draws():
    events: list[Event] = []
    cem = Cem(
        Identity.create("cem"),
        Announcement("cem", "Test", "CEM", "EnergyManagementSystem"),
        Network(mdns=False),
        guards=True,
        trusted=(),
        on_event=events.append,
    )
    pump = Appliance(
        Identity.create("pump"),
        Announcement("pump", "Test", "Pump", "HeatGenerationSystem"),
        Network(mdns=False),
        profile=SystemProfile({"lpc": 9000.0}),
        trusted=(),
        on_event=lambda _: None,
    )
    values = MeterValues(power_w=2700.0, current_a=(4.0, 4.0, 4.0))

    async def until(is_so) -> None:
        while not is_so():
            await asyncio.sleep(0.01)

    def held(active: bool) -> bool:
        told = cem.power_limit(pump.ski)
        return isinstance(told, PowerLimitChanged) and told.active is active

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run()) for each in (cem, pump)]
        await asyncio.gather(cem.started(), pump.started())
        pump.measure(values)
        pump.trust(cem.ski)
        cem.trust(pump.ski, host="127.0.0.1", port=pump.port)
        await until(lambda: Metered(pump.ski, (1,), "mpc", values) in events)
        await until(lambda: NominalPowerChanged(pump.ski, 9000.0, None) in events)
        assert pump.power_control().state == "init"
        assert (await cem.write_power_limit(pump.ski, LIMIT_W, duration_s=900)).ok
        await until(lambda: held(active=True))
        assert (pump.power_control().state, pump.power_control().limit_w) == ("limited", LIMIT_W)
        assert (await cem.write_failsafe(pump.ski, LIMIT_W, duration_s=7200)).ok
        await until(lambda: FailsafeChanged(pump.ski, LIMIT_W, None, 7200.0) in events)
        assert (await cem.write_power_limit(pump.ski, None)).ok
        await until(lambda: held(active=False))
        assert pump.power_control().limit_w is None
        for each in running:
            each.cancel()
