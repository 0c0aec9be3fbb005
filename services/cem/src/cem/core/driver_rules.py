"""Whether cars and goals may be saved: what drivers set."""

from collections.abc import Iterable
from datetime import datetime

from cem.core.driving import Car, Goal, WeeklyDeparture
from cem.core.validation import (
    ID,
    LEAST_CHARGER_A,
    MOST_CHARGER_A,
    MOST_NAME,
    Objection,
    is_within,
    object_to_name,
    out_of_range,
    too_long,
    unknown_car,
    unknown_charger,
)

MOST_EV_ID = 64
MOST_WEEKLY = 21


def object_to_car(car: Car, others: Iterable[Car], chargers: Iterable[str]) -> Objection | None:
    """Return what is wrong with a car beside `others`, None if nothing."""
    found = _to_name(car) or _to_ranges(car)
    if found is not None:
        return found
    if car.charger and car.charger not in set(chargers):
        return unknown_charger("/charger", car.charger)
    same = [other for other in others if car.ev_id and other.ev_id == car.ev_id]
    if same:
        detail = f"The car {same[0].id!r} already calls itself {car.ev_id!r}."
        return Objection("ev-id-in-use", detail, "/ev_id", {"car": same[0].id})
    return None


def object_to_goal(goal: Goal, cars: Iterable[Car], wall: datetime) -> Objection | None:
    """Return what is wrong with a goal at `wall` (aware), None if nothing."""
    found = _to_target(goal) or _to_week(goal.weekly)
    if found is not None:
        return found
    if goal.departure is not None and goal.departure <= wall:
        told = goal.departure.isoformat()
        detail = f"The departure {told} is over."
        return Objection("goal-in-the-past", detail, "/departure", {"departure": told})
    if goal.car and all(goal.car != car.id for car in cars):
        return unknown_car("/car", goal.car)
    return None


def _to_name(car: Car) -> Objection | None:
    if ID.fullmatch(car.id) is None:
        detail = f"{car.id!r} cannot name a car; expected small letters, digits and dashes."
        return Objection("car-id-invalid", detail, "/car", {"car": car.id})
    if not car.name.strip():
        return Objection("name-missing", "A car needs a name.", "/name")
    if len(car.ev_id) > MOST_EV_ID:
        return too_long("/ev_id", car.ev_id, MOST_EV_ID)
    return object_to_name(car.name, MOST_NAME)


def _to_ranges(car: Car) -> Objection | None:
    phases = None if car.phases is None else float(car.phases)
    for name, value, least, most in (
        ("battery_wh", car.battery_wh, 1_000.0, 1_000_000.0),
        ("max_a", car.max_a, LEAST_CHARGER_A, MOST_CHARGER_A),
        ("phases", phases, 1.0, 3.0),
        ("min_soc_percent", car.min_soc_percent, 0.0, 100.0),
    ):
        if value is not None and not is_within(value, least, most):
            return out_of_range(name.split("_")[0], f"/{name}", value, least, most)
    return None


def _to_target(goal: Goal) -> Objection | None:
    if goal.soc_percent is not None and goal.energy_wh is not None:
        detail = "A goal is a state of charge or an energy, not both."
        return Objection("goal-ambiguous", detail, "/energy_wh")
    for name, value, least, most in (
        ("soc_percent", goal.soc_percent, 1.0, 100.0),
        ("energy_wh", goal.energy_wh, 100.0, 1_000_000.0),
    ):
        if value is not None and not is_within(value, least, most):
            return out_of_range(name.split("_")[0], f"/{name}", value, least, most)
    return None


def _to_week(weekly: tuple[WeeklyDeparture, ...]) -> Objection | None:
    if len(weekly) > MOST_WEEKLY:
        return out_of_range("weekly", "/weekly", len(weekly), 0, MOST_WEEKLY)
    for number, at in enumerate(weekly):
        if not 1 <= at.weekday <= 7:
            return out_of_range("weekday", f"/weekly/{number}/weekday", at.weekday, 1, 7)
        if not 0 <= at.minute <= 1439:
            return out_of_range("minute", f"/weekly/{number}/minute", at.minute, 0, 1439)
    return None
