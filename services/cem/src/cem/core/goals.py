"""What a session still needs, by when, and from when on it can only just be met. Pure.

Local rules meet a goal without any plan: as long as there is time the sun may do it; from the
latest start on the car charges with all it gets. Chargers that must start share the fuse, so the
latest start reckons with the needs of all that leave earlier, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cem.core.charger import Charger
from cem.core.driving import departure_of
from cem.core.lanes import above, lanes
from cem.core.parameters import Parameters
from cem.core.soc import AC_TO_BATTERY, car_of, delivered_wh, plugged_soc
from cem.core.state import State
from electrical.phases import Phase
from electrical.power import NOMINAL_VOLTAGE_V

PLAN_RESERVE, PLAN_SLACK_S = 1.1, 60.0  # starts, pauses, and cars that take a little less


@dataclass(frozen=True, slots=True)
class Need:
    """What a session still needs (Wh, by the charger's counter) until a monotonic moment (s)."""

    ski: str
    energy_wh: float
    deadline_s: float


def is_below_its_minimum(charger: Charger, state: State, now: float) -> bool:
    """Return whether its car is emptier than its driver ever wants it to be."""
    car = car_of(charger, state)
    if car is None or car.min_soc_percent is None:
        return False
    known = plugged_soc(charger, state, now)
    return known is not None and known.least_percent < car.min_soc_percent


def remaining_wh(charger: Charger, state: State, now: float) -> float | None:
    """Return what is missing to its goal (Wh); None without one, or where it cannot be told.

    A state of charge that nobody told is taken for zero at plug-in, and one that is not sure for
    the least it can be: rather too early than too late.
    """
    goal = charger.goal
    if goal is None or not charger.has_car:
        return None
    if goal.energy_wh is not None:
        return max(0.0, goal.energy_wh - delivered_wh(charger))
    car = car_of(charger, state)
    if goal.soc_percent is None or car is None or car.battery_wh is None:
        return None
    wanted_wh = goal.soc_percent / 100 * car.battery_wh / AC_TO_BATTERY
    known = plugged_soc(charger, state, now)
    if known is None:
        return max(0.0, wanted_wh - delivered_wh(charger))
    return max(0.0, wanted_wh - known.least_percent / 100 * car.battery_wh / AC_TO_BATTERY)


def room_wh(charger: Charger, state: State, now: float) -> float | None:
    """Return what its car's battery still takes (Wh, by the charger's counter); None = unknown."""
    car = car_of(charger, state)
    if car is None or car.battery_wh is None:
        return None
    known = plugged_soc(charger, state, now)
    whole_wh = car.battery_wh / AC_TO_BATTERY
    had_wh = delivered_wh(charger) if known is None else known.percent / 100 * whole_wh
    return max(0.0, whole_wh - had_wh)


def needs(state: State, now: float) -> tuple[Need, ...]:
    """Return what all sessions with a departure still need, the first to leave first."""
    clock = state.wall
    if clock is None:
        return ()
    found, wall = [], clock.at(now)
    for ski, charger in state.chargers.items():
        if charger.goal is None:
            continue
        departure = departure_of(charger.goal, wall)
        energy_wh = remaining_wh(charger, state, now)
        if departure is None or not energy_wh:
            continue
        deadline_s = clock.moment_s(departure)
        if deadline_s > now:
            found.append(Need(ski, energy_wh, deadline_s))
    return tuple(sorted(found, key=lambda need: (need.deadline_s, need.ski)))


def latest_starts(
    wanted: Iterable[Need], state: State, now: float, p: Parameters
) -> dict[str, float]:
    """Return from which moment on (monotonic s) who needs something must charge with all it can.

    wanted: as `needs` returns them: those that leave earlier come first. A car that nobody knows
    the phases of is taken for one of one phase: rather too early than too late.
    """
    wanted = tuple(wanted)
    shared = lanes(state, now, p) if wanted else ()
    taken_as = [0.0] * len(shared)
    found = {}
    for need in wanted:
        charger = state.chargers[need.ski]
        phases = known_phases(charger, state) or charger.widest(state.site_phases)[:1]
        needed_as = need.energy_wh * 3600.0 / NOMINAL_VOLTAGE_V / len(phases)
        circuits, shared_s = above(charger.settings.circuit, state), 0.0
        for number, lane in enumerate(shared):
            count = sum(phase in lane.phases for phase in phases)
            if count and lane.circuit in circuits:
                taken_as[number] += needed_as * count
                shared_s = max(shared_s, taken_as[number] / lane.room_a)
        alone_s = needed_as / max(1.0, pace_a(charger, state))
        # Who must already stays so until a little time is won back.
        slack_s = p.goal_slack_s * (1.3 if charger.intent.is_urgent else 1.0)
        found[need.ski] = need.deadline_s - max(alone_s, shared_s) * p.goal_reserve - slack_s
    return found


def known_phases(charger: Charger, state: State) -> tuple[Phase, ...] | None:
    """Return the phases its car uses: as its charger tells, as seen, as its driver told.

    None = nobody knows.
    """
    widest = charger.widest(state.site_phases)
    if charger.tells_phases or charger.settings.may_switch_itself or len(widest) == 1:
        return widest
    car = car_of(charger, state)
    count = charger.seen_phases or (None if car is None else car.phases)
    return None if count is None else widest[:count]


def expected_phases(charger: Charger, state: State) -> tuple[Phase, ...]:
    """Return the phases its car uses; all that are wired while nobody knows."""
    return known_phases(charger, state) or charger.widest(state.site_phases)


def told_a(charger: Charger, state: State) -> float:
    """Return the most that charger and car can (A), as they or the driver told."""
    car = car_of(charger, state)
    return charger.most_a if car is None or car.max_a is None else min(charger.most_a, car.max_a)


def pace_a(charger: Charger, state: State) -> float:
    """Return how fast (A) its car charges at best: as told, and as it was seen to."""
    most_a = told_a(charger, state)
    return most_a if charger.seen_a is None else min(most_a, charger.seen_a)


def planned_a(need: Need, charger: Charger, state: State, now: float) -> float:
    """Return the current (A) that meets a need with a little to spare until the deadline."""
    phases = len(expected_phases(charger, state))
    left_s = max(60.0, (need.deadline_s - now) / PLAN_RESERVE - PLAN_SLACK_S)
    return need.energy_wh * 3600.0 / NOMINAL_VOLTAGE_V / phases / left_s
