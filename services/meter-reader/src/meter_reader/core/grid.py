"""When to poll: on a fixed grid, never "sleep after work"."""

import math


def next_slot(slot_s: float, period_s: float, now_s: float) -> float:
    """Return the next moment of the grid that `slot_s` lies on; missed slots are left out."""
    passed = max(0, math.floor((now_s - slot_s) / period_s))
    return slot_s + (passed + 1) * period_s


def first_slot(now_s: float, period_s: float, position: int) -> float:
    """Return the start of a meter's grid: many meters are spread over one period.

    position: number of the meter; successive ones land far apart (golden section).
    """
    return now_s + period_s * ((position * 0.618034) % 1)
