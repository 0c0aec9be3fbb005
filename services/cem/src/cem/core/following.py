"""What a plan, or the last known prices, advise a smart session to do now. Pure.

Advice only (design law 6): it says when a session waits and how much it takes when it does not.
What the fuse leaves, the latest start and the minimum state of charge are not asked here, and
come first.
"""

from dataclasses import dataclass, replace

from cem.core.charger import Charger
from cem.core.goals import Need, expected_phases, pace_a
from cem.core.local_prices import cheapest
from cem.core.plan import Course, Plan
from cem.core.reasons import Kind
from cem.core.soc import delivered_wh
from cem.core.state import State
from electrical.power import NOMINAL_VOLTAGE_V

LEAST_CATCHING_UP_S = 300.0  # what is behind is not caught up in the last second of a slot


@dataclass(frozen=True, slots=True)
class Advice:
    """power_w: 0 = wait, None = as much as there is. until_s: monotonic, the end of this.

    is_sunny: the power was planned for the sun.
    """

    power_w: float | None
    kind: Kind
    until_s: float | None = None
    is_sunny: bool = False


def taken(state: State, plan: Plan | None, now: float) -> State:
    """Return the state with a plan in force; it begins to be followed from what is there now."""
    clock = state.wall
    if plan is None or clock is None:
        return replace(state, plan=plan)
    now_s = clock.unix_s(now)
    courses = []
    for course in plan.courses:
        charger = state.chargers.get(course.ski)
        is_here = charger is not None and charger.has_car and charger.session == course.session
        if charger is not None and is_here and course.base_wh is None:
            done_wh = delivered_wh(charger) - plan.planned_wh(course, now_s)
            courses.append(replace(course, base_wh=done_wh))
        else:
            courses.append(course)
    return replace(state, plan=replace(plan, courses=tuple(courses)))


def planned(charger: Charger, state: State, now: float) -> Advice | None:
    """Return what the plan in force advises; None where it says nothing of this session."""
    plan, clock = state.plan, state.wall
    if plan is None or clock is None or not charger.session:
        return None
    now_s = clock.unix_s(now)
    slot = plan.slot(now_s)
    course = plan.course(charger.ski, charger.session)
    if slot is None or course is None:
        return None
    power_w = course.power_w[slot]
    if power_w > 0:
        end = slot
        while end + 1 < len(course.power_w) and course.power_w[end + 1] > 0:
            end += 1
        until_s = now + min(plan.edges_s[end + 1], plan.valid_until_s) - now_s
        power_w += _behind_w(charger, course, plan, slot, now_s)
        return Advice(power_w, Kind.PLAN, until_s, _is_sunny(course, slot))
    start = _next_start(course, slot)
    kind = _waits_for(charger, course, start)
    return Advice(0.0, kind, None if start is None else now + plan.edges_s[start] - now_s)


def by_prices(charger: Charger, need: Need, state: State, now: float) -> Advice | None:
    """Return what the last known prices advise; None where the price now is not known."""
    prices, clock = state.prices, state.wall
    if prices is None or clock is None or not charger.mode.smart.price:
        return None
    now_s = clock.unix_s(now)
    phases = len(expected_phases(charger, state))
    power_w = max(pace_a(charger, state), 1.0) * phases * NOMINAL_VOLTAGE_V
    due_s = now_s + need.deadline_s - now
    is_running = charger.intent.kind is Kind.PLAN
    choice = cheapest(prices, now_s, due_s, need.energy_wh / power_w, is_running=is_running)
    if choice is None:
        return None
    until_s = None if choice.until_s is None else now + choice.until_s - now_s
    if choice.is_now:
        return Advice(None, Kind.PLAN, until_s)
    return Advice(0.0, Kind.WAITING_FOR_PRICE, until_s)


def _behind_w(charger: Charger, course: Course, plan: Plan, slot: int, now_s: float) -> float:
    """Return how much more (W) makes up for what is behind, at most one slot's energy."""
    if course.base_wh is None:
        return 0.0
    had_wh = delivered_wh(charger) - course.base_wh
    behind_wh = plan.planned_wh(course, now_s) - had_wh
    whole_s = plan.edges_s[slot + 1] - plan.edges_s[slot]
    behind_wh = min(behind_wh, course.power_w[slot] * whole_s / 3600)
    left_s = max(LEAST_CATCHING_UP_S, plan.edges_s[slot + 1] - now_s)
    return max(0.0, behind_wh) * 3600 / left_s


def _next_start(course: Course, slot: int) -> int | None:
    later = range(slot + 1, len(course.power_w))
    return next((number for number in later if course.power_w[number] > 0), None)


def _waits_for(charger: Charger, course: Course, start: int | None) -> Kind:
    smart = charger.mode.smart
    if start is None:
        return Kind.WAITING_FOR_PRICE if smart.price else Kind.WAITING_FOR_FORECAST
    is_for_sun = _is_sunny(course, start) or not smart.price
    return Kind.WAITING_FOR_FORECAST if is_for_sun else Kind.WAITING_FOR_PRICE


def _is_sunny(course: Course, slot: int) -> bool:
    return slot < len(course.is_sunny) and course.is_sunny[slot]
