"""What the grid operator's limits leave the chargers now, also while their source is silent (C6).

A control box whose gateway falls silent is treated as one that lost its heartbeat: after 120 s
its failsafe limit holds, and goes on holding until the gateway speaks again; never unlimited only
because a time has passed. How a limit is divided among devices stands in `dividing`.
"""

from dataclasses import replace

from cem.core.operating import LimitState, OperatorLimit, OperatorSettings
from cem.core.parameters import Parameters
from cem.core.state import State


def standing(state: State, now: float, p: Parameters) -> tuple[OperatorLimit, ...]:
    """Return every word of the grid operator as it counts now, each source once.

    In a long silence of the gateway that is the failsafe limit of its boxes. A word without watts
    limits nothing; an order by API whose time is over is none any more.
    """
    limits = list(state.operator_limits)
    heard_s = state.operator_heard_s
    if heard_s is not None and now - heard_s > p.operator_silent_s:
        limits = [_in_silence(limit, state.operator) for limit in limits]
    if state.api_limit is not None:
        limits.append(state.api_limit)
    return tuple(limit for limit in limits if not _is_over(limit, state, now))


def in_force(state: State, now: float, p: Parameters) -> tuple[OperatorLimit, ...]:
    """Return the limits on what is drawn that hold now, each with the watts to obey."""
    return tuple(
        limit
        for limit in standing(state, now, p)
        if limit.kind == "lpc" and limit.limit_w is not None
    )


def limit_w(state: State, now: float, p: Parameters) -> float | None:
    """Return the strictest limit that holds now (W), None without one."""
    ordered = [limit.limit_w for limit in in_force(state, now, p) if limit.limit_w is not None]
    if state.power_limit_w is not None:
        ordered.append(state.power_limit_w)
    return min(ordered, default=None)


def _in_silence(limit: OperatorLimit, settings: OperatorSettings) -> OperatorLimit:
    """Return a limit as it must be obeyed while nobody brings word of it."""
    if limit.kind != "lpc":
        return replace(limit, is_connected=False)  # its failsafe is the inverter's to keep
    if limit.state is LimitState.UNLIMITED_AUTONOMOUS and limit.limit_w is None:
        return limit  # its box was away already, and had no say
    failsafe_w = settings.failsafe_w if limit.failsafe_w is None else limit.failsafe_w
    return replace(limit, state=LimitState.FAILSAFE, limit_w=failsafe_w, is_connected=False)


def _is_over(limit: OperatorLimit, state: State, now: float) -> bool:
    """Return whether a limit's time has run out. While the wall time is unknown it has not."""
    if limit.until is None or state.wall is None or limit.source == "eebus":
        return False  # a control box's limit ends when its gateway says so
    return state.wall.moment_s(limit.until) <= now
