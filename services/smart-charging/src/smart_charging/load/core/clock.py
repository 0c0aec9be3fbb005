"""Which quarter of the local week an instant lies in. Pure.

The repeated hour of autumn falls on the same quarters twice, the missing one of spring on none.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import QUARTER_S, Grid

DAY, WEEK = 96, 672  # quarters
WEEKEND = 5  # weekdays from this on

Quarters = NDArray[np.intp]


@lru_cache(maxsize=64)
def quarters(zone: ZoneInfo, grid: Grid) -> Quarters:
    """Return the quarter of the local week (0 = Monday 00:00) in which each slot's middle lies."""
    first = datetime.fromtimestamp(grid.start_s, UTC)
    half = grid.slot_s / 2
    found = np.empty(grid.slots, dtype=np.intp)
    for slot in range(grid.slots):
        local = (first + timedelta(seconds=slot * grid.slot_s + half)).astimezone(zone)
        second = (local.hour * 60 + local.minute) * 60 + local.second
        found[slot] = local.weekday() * DAY + second // QUARTER_S
    found.flags.writeable = False
    return found


def is_weekend(quarter: Quarters) -> Quarters:
    """Return 1 for Saturdays and Sundays, else 0."""
    return (quarter >= WEEKEND * DAY).astype(np.intp)
