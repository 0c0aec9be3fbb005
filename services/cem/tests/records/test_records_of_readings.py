"""What readings of meters say of energy: a phase that is not known is not zero."""

from math import nan

import pytest

from cem.records.bus import grid_measured, sun_measured
from volthus_wire.v1 import metering_pb2


def reading(total_w: float | None = None, **power_w: float) -> metering_pb2.MeterReading:
    return metering_pb2.MeterReading(meter="m", power_w=power_w, power_total_w=total_w)


@pytest.mark.parametrize(
    ("message", "site_phases", "power_w"),
    [
        (reading(l1=1000, l2=-3000, l3=500), 3, -1500),
        (reading(l1=1000, l3=500), 3, None),
        (reading(l1=1000, l2=nan, l3=500), 3, None),
        (reading(), 3, None),
        (reading(l1=1000), 1, 1000),
        (reading(l2=1000), 1, None),
        (reading(1800, l1=1000), 3, 1800),
        (reading(nan, l1=1000, l2=1, l3=1), 3, None),
    ],
)
def test_the_grid_meters_power_is_known_with_every_phase_of_the_site(
    message: metering_pb2.MeterReading, site_phases: int, power_w: float | None
) -> None:
    found = grid_measured(message, 7.0, site_phases)
    assert found.power_w == power_w
    import_w = None if power_w is None else max(0.0, power_w)
    export_w = None if power_w is None else max(0.0, -power_w)
    assert (found.imported.power_w, found.exported.power_w) == (import_w, export_w)


@pytest.mark.parametrize(
    ("message", "produced_w"),
    [
        (reading(l1=-2000), 2000),
        (reading(l1=-2000, l2=-1000), 3000),
        (reading(l1=-2000, l2=nan), None),
        (reading(-1800, l1=-2000), 1800),
        (reading(), None),
    ],
)
def test_a_pv_meter_may_name_only_the_phases_that_its_inverter_feeds(
    message: metering_pb2.MeterReading, produced_w: float | None
) -> None:
    assert sun_measured(message, 7.0).produced.power_w == produced_w
