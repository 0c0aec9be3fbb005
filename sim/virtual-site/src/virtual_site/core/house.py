"""Household and sun at one second of a scenario (scenario format, section 1). Pure."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from electrical import ALL_PHASES, ZERO, PhaseCurrents, Phases
from electrical.phases import on_every_phase
from virtual_site.core.noise import normal
from virtual_site.core.scenario import Appliance, Household, Scenario, Sun

T = TypeVar("T")


def household_w(household: Household, second: int) -> PhaseCurrents:
    """Return what the house takes in one second, W per phase."""
    total = base_w(household, second)
    for appliance in household.appliances:
        total = total + appliance_w(appliance, second)
    return total


def base_w(household: Household, second: int) -> PhaseCurrents:
    """Return the base load with its noise, never below 0 W."""
    base = _between(household.points, second, _mixed_phases, ZERO)
    noise = Phases(
        *(household.noise_w * normal(household.seed, second, index) for index in range(3))
    )
    return (base + noise).map(lambda power_w: max(0.0, power_w))


def appliance_w(appliance: Appliance, second: float) -> PhaseCurrents:
    """Return what one appliance takes, zero outside its time."""
    age_s = second - appliance.start_s
    if not 0 <= age_s < appliance.length_s:
        return ZERO
    if appliance.cycle_s is not None:
        on_s, off_s = appliance.cycle_s
        age_s %= on_s + off_s
        if age_s >= on_s:
            return ZERO
    factor = appliance.inrush_factor if age_s < appliance.inrush_s else 1.0
    return appliance.power_w * factor


def sun_w(sun: Sun | None, second: float) -> float:
    """Return what the roof delivers, W in total."""
    if sun is None:
        return 0.0
    return _between(sun.points, second, lambda a, b, part: a + (b - a) * part, 0.0)


def sun_share(scenario: Scenario) -> PhaseCurrents:
    """Return how the sun's power is divided among L1, L2, L3."""
    return on_every_phase(1 / 3) if scenario.sun is None else scenario.sun.share


def net_current_a(scenario: Scenario, second: int) -> PhaseCurrents:
    """Return the current of everything but the cars, A per phase; minus = feed-in."""
    sun = sun_share(scenario) * sun_w(scenario.sun, second)
    return (household_w(scenario.household, second) - sun) * (1 / scenario.voltage_v)


def _mixed_phases(a: PhaseCurrents, b: PhaseCurrents, part: float) -> PhaseCurrents:
    return Phases(*(a[p] + (b[p] - a[p]) * part for p in ALL_PHASES))


def _between(
    points: Sequence[tuple[float, T]],
    at_s: float,
    mixed: Callable[[T, T, float], T],
    nothing: T,
) -> T:
    """Return the value between the two points around `at_s`; held at both ends."""
    if not points:
        return nothing
    after = bisect_right(points, at_s, key=lambda point: point[0])
    if after == 0:
        return points[0][1]
    if after == len(points):
        return points[-1][1]
    (start_s, start), (end_s, end) = points[after - 1], points[after]
    return mixed(start, end, (at_s - start_s) / (end_s - start_s))
