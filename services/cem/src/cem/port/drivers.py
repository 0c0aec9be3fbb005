"""Reads `cem-port/1`: what drivers and the grid operator want, second by second. No I/O.

Optional fields of a tick, beyond the format: `mode` may be any of ours, `smart` its switches,
`plan` says that `depart_s` is a goal to be met, `communication` and `ev_min` what the car follows,
`operator` the control boxes' limits. Absent ones keep the format's meaning.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cem.core.driving import ChargingMode, Goal, Mode, SmartSwitches
from cem.core.events import (
    Car,
    Event,
    GoalSet,
    ModeSet,
    OperatorLimitsHeard,
    PowerLimitSet,
)
from cem.core.operating import LimitState, OperatorLimit
from cem.core.state import State
from cem.port.plans import Json, MessageError, number, record, records, text

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # second 0 of every scenario
FAST, SURPLUS = "fast", "surplus"  # the words of the format


def told_by_driver(state: State, evse: Json, ski: str) -> Iterator[Event]:
    """Yield what changed of a session's mode and goal; without a car they stay as they were."""
    if not evse.get("plugged"):
        return
    mode = _mode(evse)
    if mode != state.modes.get(ski, ChargingMode()):
        yield ModeSet(ski, mode)
    goal = _goal(state, evse, ski)
    if goal != state.goals.get(ski):
        yield GoalSet(ski, goal)


def delivered_wh(state: State, evse: Json, ski: str) -> float | None:
    """Return what the session's car got since we know it (Wh); None without a car."""
    goal = state.goals.get(ski)
    if evse.get("need_wh") is None or goal is None or goal.energy_wh is None:
        return None
    return max(0.0, goal.energy_wh - number(evse, "need_wh"))


def car_of(evse: Json) -> Car:
    """Return the plugged car as a charger would tell it."""
    used = int(number(evse, "ev_nph"))
    communication = evse.get("communication")
    return Car(
        communication=communication if isinstance(communication, str) else "",
        phases=used if used in (1, 2, 3) else None,
        min_a=None if evse.get("ev_min") is None else number(evse, "ev_min"),
        max_a=number(evse, "ev_max") or None,
        operating_state="finished" if evse.get("done") else "",
        plug=int(number(evse, "session")),
    )


def ordered(tick: Json) -> Iterator[Event]:
    """Yield what the grid operator orders now."""
    yield PowerLimitSet(None if tick.get("lpc_w") is None else number(tick, "lpc_w"))
    if "operator" in tick and tick["operator"] is not None:
        yield OperatorLimitsHeard(tuple(_limit(order) for order in records(tick, "operator")))


def _limit(order: Json) -> OperatorLimit:
    limit_w, failsafe_w = order.get("limit_w"), order.get("failsafe_w")
    return OperatorLimit(
        state=LimitState(text(order, "state")),
        limit_w=None if limit_w is None else number(order, "limit_w"),
        failsafe_w=None if failsafe_w is None else number(order, "failsafe_w"),
    )


def _mode(evse: Json) -> ChargingMode:
    word = evse.get("mode") or FAST
    smart = record(evse, "smart") if evse.get("smart") is not None else {}
    switches = SmartSwitches(
        bool(smart.get("forecast")), bool(smart.get("surplus")), bool(smart.get("price"))
    )
    if word == SURPLUS:
        return ChargingMode(Mode.SOLAR_ONLY)
    try:
        return ChargingMode(Mode(str(word)), switches)
    except ValueError:
        raise MessageError(f"mode is {word!r}; expected fast, surplus or one of ours") from None


def _goal(state: State, evse: Json, ski: str) -> Goal | None:
    """Return a session's goal: all that its car wanted when we first saw it."""
    if evse.get("need_wh") is None:
        return None
    before = state.goals.get(ski)
    session = str(evse.get("session"))
    if before is not None and before.car == session and before.energy_wh is not None:
        energy_wh = before.energy_wh
    else:
        energy_wh = number(evse, "need_wh")
    departure = None
    if evse.get("plan") and evse.get("depart_s") is not None:
        departure = EPOCH + timedelta(seconds=number(evse, "depart_s"))
    return Goal(ski, energy_wh=energy_wh, departure=departure, car=session)
