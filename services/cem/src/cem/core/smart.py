"""What mode Smart comes to now: by a plan, by the last known prices, else by sun and clock. Pure.

A plan is advice (design law 6). It moves charging in time and keeps a car below what the fuse
would give it; limits are drawn elsewhere, and the latest start (`goals`) is not asked to wait.
"""

from cem.core import following
from cem.core.charger import Charger
from cem.core.conduct import Conduct, Intent
from cem.core.following import Advice
from cem.core.goals import Need, remaining_wh
from cem.core.ladder import Rung, Stage
from cem.core.reasons import Kind
from cem.core.state import State
from electrical.power import NOMINAL_VOLTAGE_V


def smart(  # noqa: PLR0913, PLR0917 - all that it looks at
    charger: Charger,
    need: Need | None,
    latest_s: float | None,
    state: State,
    step: Rung,
    now: float,
) -> Intent:
    """Return what a smart session shall do, were there no hurry.

    latest_s: from when on its need can only just be met (monotonic), None = it has none.
    """
    sees_sun = charger.mode.smart.surplus and step.stage is not Stage.NO_METER
    missing_wh = remaining_wh(charger, state, now)
    has_goal_left = charger.goal is not None and charger.goal.has_departure and missing_wh != 0
    # Who leaves and has no need to reckon with (nobody can tell what, or the departure is over)
    # has no latest start either: a pause of a plan would have no end.
    is_planned = need is not None or not has_goal_left
    advice = following.planned(charger, state, now) if is_planned else None
    if advice is not None and advice.power_w:
        if advice.is_sunny and sees_sun and need is None:
            return Intent(Conduct.SUN, Kind.WAITING_FOR_FORECAST)  # what shines counts
        return _charging(charger, advice, takes_sun=sees_sun)
    if need is None and missing_wh == 0:
        return _resting(Kind.GOAL_REACHED, None, sees_sun=sees_sun)
    if advice is None and need is not None:
        advice = following.by_prices(charger, need, state, now)
    if advice is not None:
        if advice.power_w is None:
            return Intent(Conduct.AT_ONCE, advice.kind, until_s=advice.until_s)
        return _resting(advice.kind, advice.until_s or latest_s, sees_sun=sees_sun)
    return _without_advice(charger, latest_s, sees_sun=sees_sun)


def _without_advice(charger: Charger, latest_s: float | None, *, sees_sun: bool) -> Intent:
    """Return what local rules do: with a departure the sun may do it until the latest start.

    Who looks at prices or the forecast waits for a plan until then: it may still come.
    """
    switches = charger.mode.smart
    if latest_s is not None:
        if switches.price or switches.forecast:
            is_price = switches.price
            kind = Kind.WAITING_FOR_PRICE if is_price else Kind.WAITING_FOR_FORECAST
            return _resting(kind, latest_s, sees_sun=sees_sun)
        if sees_sun:
            return Intent(Conduct.SUN)
    elif sees_sun:
        return Intent(Conduct.MIN_SUN)
    return Intent(Conduct.AT_ONCE, Kind.CHARGES_NOW_NO_PLAN)


def _charging(charger: Charger, advice: Advice, *, takes_sun: bool) -> Intent:
    """Return the intent to take a planned power: never less than the car can, rounded up."""
    power_w = advice.power_w or 0.0
    cap_a = max(charger.least_a, power_w / NOMINAL_VOLTAGE_V / max(1, charger.conductors))
    return Intent(
        Conduct.AT_ONCE, advice.kind, cap_a=cap_a, takes_sun=takes_sun, until_s=advice.until_s
    )


def _resting(kind: Kind, until_s: float | None, *, sees_sun: bool) -> Intent:
    """Return the intent to wait; what sun there is may be taken meanwhile."""
    return Intent(Conduct.SUN if sees_sun else Conduct.WAIT, kind, until_s=until_s)
