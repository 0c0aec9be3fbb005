"""A paired HEMS as the site's grid meter (B2): MGCP becomes readings and a roster."""

from gateway_stage import Cem, gateway, hems, metered, pair_device, until
from prometheus_client import REGISTRY

from eebus.events import MeterValues
from eebus_gateway.settings import Settings
from volthus_wire.v1 import metering_pb2

GOOD, BAD = metering_pb2.METER_QUALITY_GOOD, metering_pb2.METER_QUALITY_BAD


async def test_what_a_hems_tells_becomes_a_reading_of_the_grid_meter(
    settings: Settings, cem: Cem
) -> None:
    async with hems() as device, gateway(settings, cem) as us:
        await pair_device(cem, device, us)
        await until(lambda: cem.role(device.ski) == "meter", "its role")
        device.measure(metered(4.0, 5.5, -2.0, power_w=1725.0))
        await until(lambda: bool(cem.readings), "a reading")
        reading = cem.readings[-1]
        assert reading.meter == f"hems-{device.ski[:8]}"
        assert reading.role == metering_pb2.METER_ROLE_GRID
        assert reading.quality == GOOD
        assert [reading.current_a.l1, reading.current_a.l2, reading.current_a.l3] == [4, 5.5, -2]
        assert reading.power_total_w == 1725.0
        assert reading.energy_import_wh == 5_000_000.0
        assert reading.energy_import_segment > 0
        assert reading.age_s < 1
        device.measure(metered(9.0, 5.5, -2.0))
        await until(lambda: cem.readings[-1].current_a.l1 == 9.0, "the next reading")
        assert cem.readings[-1].sequence > reading.sequence


async def test_the_roster_names_it_and_its_charger_roster_does_not(
    settings: Settings, cem: Cem
) -> None:
    async with hems() as device, gateway(settings, cem) as us:
        await pair_device(cem, device, us)
        await cem.rename(device.ski, "Cellar")
        await until(lambda: bool(cem.meters and cem.meters[-1]), "on the roster")
        await until(lambda: cem.meters[-1][0].settings.name == "Cellar", "its name")
        health = cem.meters[-1][0]
        assert health.settings.transport.kind == metering_pb2.TRANSPORT_KIND_EEBUS
        assert health.settings.transport.ski == device.ski
        assert health.problem == "no-values"
        device.measure(metered(1, 2, 3))
        await until(lambda: cem.meters[-1][0].problem == "", "all is well")
        assert cem.meters[-1][0].last.quality == GOOD
        await until(lambda: cem.rosters[-1] == [], "no charger")
        await until(lambda: age_s(device.ski) is not None, "its age as a metric")
        await cem.unpair(device.ski)
        await until(lambda: cem.meters[-1] == [], "off the roster")
        await until(lambda: age_s(device.ski) is None, "no alert on what is gone")


async def test_a_value_marked_as_an_error_is_unknown_and_never_zero(
    settings: Settings, cem: Cem
) -> None:
    async with hems() as device, gateway(settings, cem) as us:
        await pair_device(cem, device, us)
        device.measure(metered(4, 4, 4))
        await until(lambda: bool(cem.readings), "a reading")
        device.measure(MeterValues(power_w=900.0, current_a=(4.0, None, 4.0)))
        await until(lambda: not cem.readings[-1].current_a.HasField("l2"), "unknown")
        assert cem.readings[-1].current_a.l1 == 4.0
        assert not cem.readings[-1].HasField("frequency_hz")


async def test_a_meter_that_is_gone_is_bad_at_once_and_stays_on_the_roster(
    settings: Settings, cem: Cem
) -> None:
    async with gateway(settings, cem) as us:
        async with hems() as device:
            await pair_device(cem, device, us)
            device.measure(metered(4, 4, 4))
            await until(lambda: bool(cem.readings), "a reading")
            ski = device.ski
        await until(lambda: cem.dot(ski) != "connected", "cut off")
        await until(lambda: cem.meters[-1][0].problem == "not-connected", "known to be away")
        assert cem.meters[-1][0].last.quality == BAD
    cem.meters.clear()
    async with gateway(settings, cem):  # and after a restart, with the meter still away
        await until(lambda: bool(cem.meters and cem.meters[-1]), "on the roster")
        assert cem.meters[-1][0].settings.meter == f"hems-{ski[:8]}"
        assert not cem.meters[-1][0].HasField("last")
        await until(lambda: cem.rosters[-1] == [], "no charger, after a restart either")


def age_s(ski: str) -> float | None:
    return REGISTRY.get_sample_value("volthus_meter_age_seconds", {"meter": f"hems-{ski[:8]}"})
