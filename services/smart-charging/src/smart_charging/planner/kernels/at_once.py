"""Charging at once, as without any plan: everybody draws as much as the room allows, from arrival.

Minimums come first, in the order of arrival; what is left over is shared, all rising together.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    EPS,
    FROM,
    LEAST,
    NEED,
    PHASES,
    UNTIL,
    Desk,
    Site,
    left_for,
    most_at,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.types import Floats, Integers


@compiled
def added(site: Site, i: int, t: int, more: float, desk: Desk) -> None:
    """Note that car i draws more in a slot."""
    desk.total[t] += more
    phases = site.whos[i, PHASES]
    share = 1.0 / ((phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1))
    for line in range(3):
        if phases >> line & 1:
            desk.loads[line, t] += share * more


@compiled
def risen(site: Site, t: int, wish: Floats, rises: Integers, desk: Desk, p: Floats) -> None:
    """Let the cars that rise draw more together, until all have their wish or the room is full."""
    n = len(site.cars)
    while True:
        rising, step = 0, np.inf
        for i in range(n):
            rising += rises[i]
        if rising == 0:
            return
        for i in range(n):
            if rises[i]:
                # all rise by the same, so each may take its share of what is left for it alone
                room = left_for(site, i, t, desk) / rising
                step = min(step, wish[i] - p[i, t], room)
        step = max(0.0, step)
        for i in range(n):
            if rises[i]:
                p[i, t] += step
                added(site, i, t, step, desk)
        is_stuck = step <= EPS
        for i in range(n):
            if rises[i] and (wish[i] - p[i, t] <= EPS or left_for(site, i, t, desk) <= 1e-6):
                rises[i], is_stuck = 0, False
        if is_stuck:
            return


@compiled
def at_once(site: Site, order: Integers, desk: Desk, p: Floats) -> None:
    """Write into p what each car draws. A car's last slot may hold less than its least power."""
    n, slots = p.shape
    left, wish = site.cars[:, NEED].copy(), np.zeros(n)
    rises = np.zeros(n, dtype=np.int64)
    for t in range(slots):
        for at in range(n):
            i = order[at]
            rises[i], p[i, t] = 0, 0.0
            if not site.whos[i, FROM] <= t < site.whos[i, UNTIL] or left[i] <= EPS:
                continue
            wish[i] = min(left[i], most_at(site, i, t))
            first = min(site.cars[i, LEAST], wish[i])
            if wish[i] > EPS and left_for(site, i, t, desk) >= site.cars[i, LEAST] - EPS:
                p[i, t], rises[i] = first, 1
                added(site, i, t, first, desk)
        risen(site, t, wish, rises, desk, p)
        for i in range(n):
            left[i] -= p[i, t]
