"""The household and the sun, against the format's own check values and by property."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrical import ZERO, Phases
from virtual_site.core.house import appliance_w, base_w, household_w, net_current_a, sun_w
from virtual_site.core.noise import normal, splitmix64, uniform
from virtual_site.core.scenario import Appliance, Household, Sun
from virtual_site.scenario_file import load, parse

REPOSITORY = Path(__file__).parents[4]
SHARED = Path(os.environ.get("VOLTHUS_SHARED", REPOSITORY.parent / "shared")) / "scenarios"
needs_shared = pytest.mark.skipif(
    not (SHARED / "expected.json").exists(),
    reason=f"SKIPPED LOUDLY: no reference scenarios in {SHARED}; set VOLTHUS_SHARED",
)


@needs_shared
@pytest.mark.parametrize("number", range(1, 7))
def test_the_uncontrolled_current_is_the_one_the_format_expects(number):
    name = f"dev-{number:02}"
    expected = json.loads((SHARED / "expected.json").read_text())[name]["trace_check"]
    scenario = parse((SHARED / f"{name}.json").read_text())
    sums = ZERO
    for second in range(int(scenario.duration_s)):
        sums = sums + net_current_a(scenario, second)
    assert net_current_a(scenario, 600).values() == pytest.approx(
        expected["net_a_at_600s"], abs=0.001
    )
    assert sums.values() == pytest.approx(expected["sum_net_as"], abs=0.1)


def test_splitmix_gives_the_published_first_number_of_seed_zero():
    assert splitmix64(0) == 0xE220A8397B1DCDAF


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 2))
def test_noise_is_bounded_and_depends_on_nothing_else(seed, second, phase):
    assert 0 <= uniform(seed, second, phase, 0) < 1
    assert abs(normal(seed, second, phase)) <= 2 * 3**0.5
    assert normal(seed, second, phase) == normal(seed, second, phase)


def test_noise_has_mean_zero_and_variance_one():
    values = [normal(3, second, 0) for second in range(4000)]
    mean = sum(values) / len(values)
    assert mean == pytest.approx(0, abs=0.05)
    assert sum((v - mean) ** 2 for v in values) / len(values) == pytest.approx(1, abs=0.05)


def test_the_base_load_is_linear_between_points_and_held_at_the_ends():
    household = Household(((10.0, Phases(100.0, 0.0, 0.0)), (20.0, Phases(200.0, 50.0, 0.0))))
    assert base_w(household, 0) == Phases(100.0, 0.0, 0.0)
    assert base_w(household, 15) == Phases(150.0, 25.0, 0.0)
    assert base_w(household, 99) == Phases(200.0, 50.0, 0.0)


@given(st.integers(0, 86400))
def test_noise_never_makes_a_household_deliver(second):
    household = Household(((0.0, Phases(5.0, 0.0, 1.0)),), noise_w=80.0, seed=4)
    assert min(base_w(household, second).values()) >= 0


def test_an_appliance_cycles_within_its_time_and_starts_with_inrush():
    pump = Appliance(100, 50, Phases(1000.0, 0.0, 0.0), (10, 20), inrush_factor=4, inrush_s=2)
    taken = {t: appliance_w(pump, t).l1 for t in (99, 100, 101, 102, 109, 110, 130, 149, 150)}
    assert taken == {
        99: 0,
        100: 4000,
        101: 4000,
        102: 1000,
        109: 1000,
        110: 0,
        130: 4000,
        149: 0,
        150: 0,
    }


def test_the_household_is_the_base_and_every_appliance():
    kettle = Appliance(0, 10, Phases(0.0, 2000.0, 0.0))
    household = Household(((0.0, Phases(100.0, 100.0, 100.0)),), appliances=(kettle, kettle))
    assert household_w(household, 5) == Phases(100.0, 4100.0, 100.0)


def test_without_a_roof_there_is_no_sun_and_with_one_it_feeds_in():
    assert sun_w(None, 5) == 0
    assert sun_w(Sun(((0, 0), (10, 1000))), 5) == 500
    roof = load("sunny-roof")
    assert min(net_current_a(roof, 60).values()) < 0
