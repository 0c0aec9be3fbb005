"""The meter's samples, what faults do to them, and its counters."""

import pytest

from electrical import ZERO, Phases
from meter_profiles.quantity import Quantity
from virtual_site.core.meter import Distortion, Meter, count, measure, quantities
from virtual_site.core.scenario import MeterBehaviour

QUIET = MeterBehaviour(noise_a=0.0)
HONEST = Distortion()


def shown(behaviour, currents, dt_s=0.5, distortion=HONEST):
    meter, seen = Meter(behaviour), []
    for index, current in enumerate(currents):
        meter = measure(meter, index * dt_s, Phases(current, 0.0, 0.0), distortion)
        seen.append(meter.shown_a.l1)
    return seen


def test_without_latency_the_registers_show_this_instant():
    assert shown(QUIET, [1.0, 2.0, 3.0]) == [1, 2, 3]


def test_a_change_by_hand_is_shown_at_once():
    meter = measure(Meter(QUIET), 5.0, ZERO, HONEST)
    assert measure(meter, 5.0, Phases(9.0, 0.0, 0.0), HONEST).shown_a.l1 == 9


def test_with_latency_the_registers_show_what_was():
    slow = MeterBehaviour(latency_s=1.0, noise_a=0.0)
    assert shown(slow, [1.0, 2.0, 3.0, 4.0]) == [1, 1, 1, 2]


def test_a_slow_meter_samples_on_its_grid():
    slow = MeterBehaviour(period_s=2.0, noise_a=0.0)
    assert shown(slow, [1.0, 2.0, 3.0, 4.0, 5.0]) == [1, 1, 1, 1, 5]


def test_a_frozen_meter_repeats_itself_and_a_spike_multiplies():
    meter = measure(Meter(QUIET), 0.0, Phases(5.0, 5.0, 5.0), HONEST)
    frozen = measure(meter, 1.0, Phases(9.0, 9.0, 9.0), Distortion(is_frozen=True))
    assert frozen.shown_a == Phases(5, 5, 5)
    spike = measure(meter, 1.0, Phases(9.0, 0.0, 0.0), Distortion(factor=3, add_a=1))
    assert spike.shown_a == Phases(28, 1, 1)


def test_noise_differs_between_phases_and_seconds():
    noisy = MeterBehaviour(noise_a=0.1, seed=1)
    one = measure(Meter(noisy), 0.0, ZERO, HONEST).shown_a
    two = measure(Meter(noisy), 1.0, ZERO, HONEST).shown_a
    assert len({*one.values(), *two.values()}) == 6


def test_counters_balance_the_phases_like_a_house_meter():
    meter = count(Meter(QUIET), Phases(10.0, -4.0, 0.0), 230.0, 3600)
    assert meter.counters.imported_wh == pytest.approx(6 * 230)
    assert meter.counters.exported_wh == 0
    assert meter.counters.imported_by_phase_wh.l1 == pytest.approx(2300)


def test_feed_in_is_negative_power():
    meter = measure(Meter(QUIET), 0.0, Phases(-10.0, 2.0, 0.0), HONEST)
    values = quantities(meter, 230.0)
    assert values[Quantity.POWER_TOTAL] == pytest.approx(-8 * 230)
    assert values[Quantity.POWER_L1] == pytest.approx(-2300)
    assert values[Quantity.CURRENT_L2] == 2
    assert values[Quantity.POWER_TOTAL_EXPORT] == pytest.approx(8 * 230)
