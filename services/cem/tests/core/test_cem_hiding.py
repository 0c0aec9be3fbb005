"""What cars on their way and silent chargers may hide from the estimate, and what they may not."""

import pytest
from cem_plant import Amps, Plant, PlantCar, lively, stepped
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cem.core.decision import Cause
from cem.core.estimator import loads
from cem.core.parameters import DEFAULTS
from cem.core.state import Estimate
from electrical.phases import on_every_phase

HIDDEN_AT_MOST_S = 4  # two seconds until its charger was asked again, and the way of the reports


def starting(start_s: int, count: int = 2) -> list[PlantCar]:
    """Return a car that charges, and some that come later and take their time to start."""
    late = [PlantCar(name * 40, start_s=start_s, plug_s=30) for name in "bcd"[:count]]
    return [PlantCar("a" * 40), *late]


# --- a load on all three phases, while cars are about to start -----------------------------------


@pytest.mark.parametrize("at_s", [37, 40, 44, 48, 52])
@pytest.mark.parametrize("rise_a", [4.0, 9.0])
def test_a_load_on_all_phases_is_no_start_that_chargers_do_not_see(
    at_s: int, rise_a: float
) -> None:
    plant = Plant(starting(start_s=1000), stepped(3, 3 + rise_a, at_s))
    hidden_s = 0
    for t in plant.run(at_s + 30):
        newest = plant.state.meter.estimates[-1:]
        if newest and newest[0].at_s >= at_s:
            hidden_s += min(newest[0].raw_a.values()) < 3 + rise_a - 1.5
        if t >= at_s + HIDDEN_AT_MOST_S + 3:
            assert hidden_s <= HIDDEN_AT_MOST_S
    assert not plant.over


@settings(max_examples=25, deadline=None)
@example(44, 9.0, 20, 2, 0)
@example(48, 4.0, 20, 2, 60)
@given(
    at_s=st.integers(32, 70),
    rise_a=st.floats(2.0, 10.0),
    start_s=st.integers(2, 60),
    count=st.integers(1, 3),
    every_s=st.sampled_from([0, 60]),
)
def test_no_start_uses_what_a_load_took_meanwhile(
    at_s: int, rise_a: float, start_s: int, count: int, every_s: int
) -> None:
    cars = starting(start_s, count)
    for car in cars:
        car.every_s = every_s
    plant = Plant(cars, stepped(3, 3 + rise_a, at_s))
    plant.play(at_s + 60)
    if not every_s:  # who tells nothing while nothing flows leaves us to wait for the start
        assert not plant.self_made, plant.self_made
    assert plant.longest_over_s() <= 10
    assert Cause.OWN not in plant.blamed


# --- a meter that falls silent -------------------------------------------------------------------


def test_while_the_meter_is_silent_all_that_came_within_its_last_minute_may_be_back() -> None:
    def house(t: int) -> Amps:
        is_on = 252 <= t < 264 or t >= 318
        return [3.0 + 8.0 * is_on + 0.01 * (t % 3), 3.0, 3.0]

    plant = Plant([PlantCar("a" * 40), PlantCar("b" * 40)], house)
    plant.dead_meter_s = (303, 340)
    plant.play(325)
    assert sum(plant.history[302].values()) > 20.0  # what it left was used before
    assert not [t for t, *_ in plant.over if t >= 303]


# --- chargers that are silent long after a limit was written -------------------------------------


@pytest.mark.parametrize("silent_s", [10, 30, 60])
def test_silence_after_a_limit_costs_little(silent_s: int) -> None:
    cars = [
        PlantCar(name * 40, delay_s=2, every_s=60, silent_s=silent_s, plug_s=10 * index)
        for index, name in enumerate("ab")
    ]
    plant = Plant(cars, stepped(3, 8, 300))
    plant.play(600)
    paused_s = sum(0.0 in granted.values() for granted in plant.history[100:])
    assert paused_s == 0
    assert sum(sum(granted.values()) for granted in plant.history[100:]) / 500 > 16.5
    assert not plant.self_made


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 50), silent_s=st.integers(0, 70), start_s=st.integers(2, 25))
def test_nothing_is_self_made_however_long_chargers_are_silent(
    seed: int, silent_s: int, start_s: int
) -> None:
    cars = [
        PlantCar(name * 40, every_s=60, silent_s=silent_s, start_s=start_s, plug_s=30 * index)
        for index, name in enumerate("abc")
    ]
    plant = Plant(cars, lively(seed), seed=seed)
    plant.play(400)
    assert not plant.self_made, plant.self_made
    assert Cause.OWN not in plant.blamed


# --- what the house is expected to take again ----------------------------------------------------


def minute(*values: float) -> tuple[Estimate, ...]:
    """Return estimates, one a second, of which the last values are the given ones."""
    before = [values[0]] * (61 - len(values))
    rows = [on_every_phase(value) for value in (*before, *values)]
    return tuple(Estimate(float(t), row, row, row, row) for t, row in enumerate(rows))


def test_a_load_that_ran_for_a_minute_is_let_go_in_seconds() -> None:
    assert loads(minute(12.0, *[2.0] * 6), DEFAULTS).held.l1 == 12.0
    assert loads(minute(12.0, *[2.0] * 8), DEFAULTS).held.l1 == 2.0


def test_a_load_that_came_within_the_minute_is_held_for_twenty_seconds() -> None:
    came_s, gone_s = 15, 18
    pulse = [2.0, *[12.0] * came_s, *[2.0] * gone_s]
    assert loads(minute(*pulse), DEFAULTS).held.l1 == 12.0
    assert loads(minute(*pulse, *[2.0] * 4), DEFAULTS).held.l1 == 2.0


def test_what_came_twice_counts_against_increases_while_it_is_away() -> None:
    once = [2.0, *[12.0] * 8]
    found = loads(minute(*once, *[2.0] * 10, *[12.0] * 8, *[2.0] * 25), DEFAULTS)
    assert (found.held.l1, found.most.l1) == (2.0, 12.0)


def test_noise_is_held_as_before() -> None:
    noisy = minute(3.0, 3.4, *[3.0] * 15)
    assert loads(noisy, DEFAULTS).held.l1 == 3.4


def test_after_a_start_nothing_is_let_go_before_a_minute_was_seen() -> None:
    young = minute(12.0, *[2.0] * 8)[-30:]
    assert loads(young, DEFAULTS).held.l1 == 12.0
