"""A grid meter over SHIP on loopback, read by an energy manager."""

import asyncio

from eebus.cem import Cem
from eebus.events import Event, Metered, MeterValues
from eebus.identity import Identity
from eebus.meter import GridMeter
from eebus.transport.node import Announcement, Network


async def test_an_energy_manager_reads_a_grid_meter_over_the_network():
    heard: asyncio.Queue[Event] = asyncio.Queue()
    cem = Cem(
        Identity.create("cem"),
        Announcement("cem", "Test", "CEM", "EnergyManagementSystem"),
        Network(mdns=False),
        trusted=(),
        on_event=heard.put_nowait,
    )
    meter = GridMeter(
        Identity.create("meter"),
        Announcement("meter", "Test", "Meter", "SubMeter"),
        Network(mdns=False),
        trusted=(),
        on_event=lambda _: None,
    )
    values = MeterValues(power_w=-1250.0, current_a=(-2.0, -1.5, -2.0))
    async with asyncio.timeout(15), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run()) for each in (cem, meter)]
        await asyncio.gather(cem.started(), meter.started())
        meter.measure(values)
        meter.trust(cem.ski)
        cem.trust(meter.ski, host="127.0.0.1", port=meter.port)
        while not isinstance(event := await heard.get(), Metered):
            pass
        assert event == Metered(meter.ski, (1,), "mgcp", values)
        assert cem.metered(meter.ski) == (event,)
        for each in running:
            each.cancel()
