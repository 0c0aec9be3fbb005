"""What the grid operator's limits leave the chargers now, also while their source is silent (C6).

A control box whose gateway falls silent is treated as one that lost its heartbeat: after 120 s
its failsafe limit holds, and goes on holding until the gateway speaks again; never unlimited only
because a time has passed. What a limit leaves beside other steerable devices follows the formula
of section 14a EnWG.
"""

from collections.abc import Sequence
from dataclasses import replace

from cem.core.operating import (
    GUARANTEED_W,
    LimitState,
    OperatorLimit,
    OperatorSettings,
)
from cem.core.parameters import Parameters
from cem.core.state import State

# Section 14a EnWG, BNetzA BK6-22-300: simultaneity of n = 2 .. 8 devices, from 9 on the last.
SIMULTANEITY = (0.80, 0.75, 0.70, 0.65, 0.60, 0.55, 0.50, 0.45)
LARGE_W = 11_000.0  # heat pumps and cooling above that keep 40 % of their power
OF_LARGE = 0.4


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


def chargers_share_w(limit_w: float, chargers: int, settings: OperatorSettings) -> float:
    """Return what a limit on all steerable devices leaves the chargers (W).

    Every other device may keep what the formula guarantees it, of a lower limit its part.
    """
    if not settings.other_devices_w:
        return limit_w
    others_w = _others_part_w(chargers, settings.other_devices_w)
    guaranteed_w = others_w + guaranteed_chargers_w(chargers, settings)
    part = min(1.0, limit_w / guaranteed_w) if guaranteed_w > 0 else 0.0
    return max(0.0, limit_w - others_w * part)


def guaranteed_w(chargers: int, settings: OperatorSettings) -> float:
    """Return what the operator must leave all steerable devices together (W), by the formula."""
    return guaranteed_chargers_w(chargers, settings) + _others_part_w(
        chargers, settings.other_devices_w
    )


def guaranteed_chargers_w(chargers: int, settings: OperatorSettings) -> float:
    """Return the chargers' part of the guarantee (W): the first device full, others by g."""
    if chargers == 0:
        return 0.0
    count = chargers + len(settings.other_devices_w)
    return GUARANTEED_W * (1.0 + (chargers - 1) * simultaneity(count))


def simultaneity(devices: int) -> float:
    """Return the factor g for so many steerable devices behind one energy manager."""
    if devices < 2:
        return 1.0
    return SIMULTANEITY[min(devices - 2, len(SIMULTANEITY) - 1)]


def _others_part_w(chargers: int, others_w: Sequence[float]) -> float:
    """Return what the formula guarantees the other devices; a large one its 40 %."""
    factor = simultaneity(chargers + len(others_w))
    return sum(max(GUARANTEED_W * factor, OF_LARGE * w if w > LARGE_W else 0.0) for w in others_w)


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
