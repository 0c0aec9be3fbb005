"""Meters over EEBUS with the reference stack, on either side of the wire."""

import pytest
from interop import tells

pytestmark = pytest.mark.timeout(120)


async def test_our_energy_manager_reads_their_grid_meter(meet, dials):
    async with meet("cem", "meter") as met:
        ours, theirs = await met.both(dials)
        await theirs.do("measure", values=[-575, 1000, 2000, 1.5, 2, -6, 230, 231, 229.5])
        grid = await ours.until(tells("meter", use_case="mgcp", power_w=-575.0))
        assert grid["current_a"] == [1.5, 2.0, -6.0]
        assert grid["voltage_v"] == [230.0, 231.0, 229.5]
        assert (grid["energy_produced_wh"], grid["energy_consumed_wh"]) == (1000.0, 2000.0)
        since = ours.now
        await theirs.do("measure", values=[3450, None, None, 5, 5, 5, None, None, None])
        grid = await ours.until(tells("meter", use_case="mgcp", power_w=3450.0), since=since)
        assert grid["current_a"] == [5.0, 5.0, 5.0]
        assert grid["voltage_v"] == [230.0, 231.0, 229.5]
        await theirs.do("sub", values=[77])
        await ours.until(tells("meter", use_case="mpc", power_w=77.0))


async def test_their_grid_meter_goes_and_all_values_go_with_it(meet):
    async with meet("cem", "meter") as met:
        ours, theirs = await met.both("theirs")
        await theirs.do("measure", values=[100, 1, 2, 0.1, 0.2, 0.3, 230, 230, 230])
        await ours.until(tells("meter", use_case="mgcp", power_w=100.0))
        since = ours.now
        await theirs.stop(cleanly=False)
        gone = tells("meter", use_case="mgcp", power_w=None)
        await ours.until(gone, since=since)
        again = await met.theirs("-trust", met.our_ski, "-reach", met.our_place)
        await met.connected(ours, again, within_s=60, since=(since, 0))
        await again.do("measure", values=[200, 1, 2, 0.1, 0.2, 0.3, 230, 230, 230])
        await ours.until(tells("meter", use_case="mgcp", power_w=200.0), since=since)
