"""What people should know of plans: a goal that will be missed, old prices, a plan that is over."""

from datetime import UTC, datetime

from cem.core.charger import Charger
from cem.core.driving import Mode
from cem.core.reasons import Notice
from cem.core.state import State

WORTH_WH = 100.0
STALE = ("stale", "missing")


def planned_notices(state: State, now: float) -> list[Notice]:
    """Return the notices of plans, where a car waits for one."""
    if state.plan is None and state.prices is None:
        return []
    smart = [c for c in state.chargers.values() if c.mode.mode is Mode.SMART and c.has_car]
    if not smart or state.wall is None:
        return []
    now_s = state.wall.unix_s(now)
    found = []
    plan = state.plan
    if plan is not None and now_s >= plan.valid_until_s:
        found.append(Notice("plan-over", "warning", (("at", _told(plan.valid_until_s)),)))
    elif plan is not None:
        found += [notice for c in smart if (notice := _missed(c, state)) is not None]
    if any(charger.mode.smart.price for charger in smart):
        found += _of_prices(state, now_s)
    return found


def _missed(charger: Charger, state: State) -> Notice | None:
    course = state.plan.course(charger.ski, charger.session) if state.plan else None
    if course is None or course.shortfall_wh < WORTH_WH:
        return None
    named = charger.report.name if charger.report else ""
    params = (
        ("ski", charger.ski),
        ("charger", named),
        ("missing_kwh", f"{course.shortfall_wh / 1000:.1f}"),
        ("at", "" if course.due_s is None else _told(course.due_s)),
        ("code", course.shortfall_code),
    )
    return Notice("goal-will-be-missed", "warning", params)


def _of_prices(state: State, now_s: float) -> list[Notice]:
    prices = state.prices
    if prices is None:
        return []
    until_s = prices.known_until_s
    if prices.freshness not in STALE and until_s is not None and until_s > now_s:
        return []
    told = "" if until_s is None else _told(until_s)
    return [Notice("prices-stale", "warning", (("known_until", told),))]


def _told(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat().replace("+00:00", "Z")
