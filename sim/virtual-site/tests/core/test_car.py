"""The car model, by value where the format fixes it, by property elsewhere."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_site.core.car import Car, CarModel, Offer, accepted_a, step

PLAIN = CarModel(phases=3, max_a=16, energy_wh=50_000)


def drive(model, offers, dt_s=1.0, voltage_v=230.0, min_a=6.0):
    """Return the car after each step under a list of offers."""
    car, cars = Car(model), []
    for offer_a in offers:
        car = step(car, Offer(offer_a, 3, min_a), dt_s, voltage_v)
        cars.append(car)
    return cars


def test_current_flows_only_after_the_start_time_of_continuous_offer():
    cars = drive(replace(PLAIN, start_s=3), [10, 10, 0, 10, 10, 10, 10])
    assert [car.current_a for car in cars] == [0, 0, 0, 0, 0, 0, 10]


def test_the_car_sees_a_limit_as_late_as_its_delay_and_zero_before():
    cars = drive(replace(PLAIN, delay_s=2), [10, 10, 10, 8, 8, 8])
    assert [car.seen_a for car in cars] == [0, 0, 10, 10, 10, 8]


def test_ramps_bound_how_fast_the_current_moves():
    model = replace(PLAIN, ramp_up_a_s=2, ramp_down_a_s=6)
    cars = drive(model, [16] * 8 + [6] * 2)
    assert [car.current_a for car in cars] == [2, 4, 6, 8, 10, 12, 14, 16, 10, 6]


def test_a_pause_stops_within_the_stop_time_however_slow_the_ramp():
    model = replace(PLAIN, ramp_down_a_s=1, stop_s=2)
    assert [car.current_a for car in drive(model, [16, 0, 0, 0])] == [16, 8, 0, 0]


def test_below_its_minimum_the_car_draws_nothing():
    assert drive(PLAIN, [5.9])[-1].current_a == 0
    assert drive(PLAIN, [2.2], min_a=2.2)[-1].current_a == 2.2


def test_offset_and_steps_make_the_car_take_less_and_a_bad_one_more():
    assert drive(replace(PLAIN, offset_a=0.4), [10])[-1].current_a == pytest.approx(9.6)
    assert drive(replace(PLAIN, step_a=1.0), [10.7])[-1].current_a == 10
    assert drive(replace(PLAIN, over_a=1.5), [10])[-1].current_a == 11.5


def test_towards_the_end_the_battery_accepts_less_but_not_below_the_floor():
    model = replace(PLAIN, taper_from=0.8, taper_floor_a=6)
    assert accepted_a(Car(model, delivered_wh=0.8 * 50_000)) == 16
    assert accepted_a(Car(model, delivered_wh=0.9 * 50_000)) == pytest.approx(8)
    assert accepted_a(Car(model, delivered_wh=50_000)) == 6


def test_a_full_car_stops():
    cars = drive(replace(PLAIN, energy_wh=6), [16, 16, 16, 16])
    assert cars[-1].is_full
    assert cars[-1].current_a == 0
    assert cars[-1].soc_percent == 90


def test_after_a_long_pause_the_car_has_to_wake_up_first():
    model = replace(PLAIN, start_s=1, sleep_after_s=3, wake_s=4)
    cars = drive(model, [10, 10, 10, 0, 0, 0, 0, 0, 10, 10, 10, 10, 10, 10])
    assert [car.current_a > 0 for car in cars[8:]] == [False] * 4 + [True] * 2


def test_a_deaf_car_holds_the_last_limit_it_saw():
    car = step(Car(PLAIN), Offer(12, 3, 6), 1, 230)
    car = step(car, Offer(6, 3, 6), 1, 230, deaf=True)
    assert car.current_a == 12


def test_a_one_phase_car_on_a_three_phase_charger_uses_one_conductor():
    car = step(Car(replace(PLAIN, phases=1)), Offer(12, 3, 6), 3600, 230)
    assert car.conductors == 1
    assert car.delivered_wh == pytest.approx(12 * 230)


@given(
    st.lists(st.floats(0, 32), min_size=1, max_size=60),
    st.sampled_from([0.25, 0.5, 1.0]),
    st.integers(0, 5),
)
def test_the_current_never_exceeds_what_was_offered_within_the_delay(offers, dt_s, delay_s):
    model = replace(PLAIN, max_a=32, delay_s=delay_s, ramp_down_a_s=1000)
    cars = drive(model, offers, dt_s)
    back = int(delay_s / dt_s)
    for index, car in enumerate(cars):
        offered = offers[index - back] if index >= back else 0.0
        assert car.current_a <= offered + 1e-9
        assert 0 <= car.delivered_wh <= 50_000 + 230 * 32 * 3 * dt_s / 3600
