"""The whole site as time passes: cars come and go, faults begin and end, hands interfere."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrical import Phases
from electrical.phases import on_every_phase
from virtual_site.core import charger as chargers
from virtual_site.core import world as worlds
from virtual_site.core.car import CarModel
from virtual_site.core.scenario import Fault, FaultKind, Session
from virtual_site.core.world import ActiveFault
from virtual_site.scenario_file import load

STILL = load("still")
CAR = CarModel(phases=3, max_a=16, energy_wh=50_000)


def test_the_root_carries_the_house_and_every_car():
    world = worlds.advance(worlds.begin(STILL), 30, 0)
    assert world.net_a == on_every_phase(1.0)
    assert world.root_a.l2 == pytest.approx(1 + 6 - 0.2)


@given(st.integers(0, 4000))
def test_the_true_current_is_always_the_sum_of_its_parts(seconds):
    world = worlds.advance(replace(worlds.begin(load("office")), t_s=float(seconds)), 5, 0)
    total = world.net_a
    for charger in world.chargers:
        total = total + charger.house_current_a
    assert world.root_a.values() == pytest.approx(total.values())


def test_cars_come_and_go_as_the_scenario_says():
    scenario = replace(STILL, sessions=(Session("cp1", 10, 20, CAR),))
    world = worlds.begin(scenario)
    plugged = []
    for _ in range(25):
        world = worlds.advance(world, 1, 0)
        plugged.append(world.chargers[0].car is not None)
    assert plugged == [False] * 9 + [True] * 10 + [False] * 6


def test_a_car_plugged_by_hand_stays_when_the_scenarios_car_would_leave():
    scenario = replace(STILL, sessions=(Session("cp1", 0, 20, CAR),))
    world = worlds.with_charger(
        worlds.begin(scenario), 0, lambda box: chargers.plug(box, replace(CAR, phases=1))
    )
    assert worlds.advance(world, 30, 0).chargers[0].car is not None


def test_after_its_end_a_scenario_idles_on():
    world = worlds.advance(worlds.begin(replace(STILL, duration_s=10)), 100, 0)
    assert world.has_ended
    assert world.net_a == on_every_phase(1.0)


def test_hands_override_single_phases_and_appliances_come_on_top():
    world = replace(
        worlds.begin(STILL),
        household_set_w=Phases(460.0, None, None),
        appliances=frozenset({"oven"}),
        sun_set_w=690.0,
    )
    assert world.household_w == Phases(460, 230 + 2300, 230)
    assert world.net_a.values() == pytest.approx((1, 10, 0))


def test_a_fault_of_the_scenario_begins_and_ends_in_time():
    faults = (Fault(FaultKind.METER_FREEZE, 5, 10),)
    world = worlds.begin(replace(STILL, faults=faults))
    active = []
    for _ in range(20):
        world = worlds.advance(world, 1, 0)
        active.append(world.fault(FaultKind.METER_FREEZE) is not None)
    assert active == [False] * 4 + [True] * 10 + [False] * 6


def test_a_spike_shows_on_the_meter_and_not_in_the_world():
    world = worlds.with_fault(
        worlds.begin(STILL), ActiveFault(FaultKind.METER_SPIKE, 100, None, 1.0, 30.0)
    )
    world = worlds.advance(world, 1, 0)
    assert world.meter.shown_a.l1 > 30
    assert world.root_a.l1 < 5


def test_the_same_fault_again_replaces_the_first():
    world = worlds.begin(STILL)
    for until_s in (10.0, 20.0):
        world = worlds.with_fault(world, ActiveFault(FaultKind.LINK_LOSS, until_s, 0))
    assert [fault.until_s for fault in world.faults] == [20.0]


def test_a_failed_charger_delivers_nothing():
    world = worlds.advance(worlds.begin(STILL), 30, 0)
    world = worlds.with_fault(world, ActiveFault(FaultKind.CHARGER_FAILURE, 100, 0))
    assert worlds.advance(world, 5, 0).root_a == on_every_phase(1.0)
