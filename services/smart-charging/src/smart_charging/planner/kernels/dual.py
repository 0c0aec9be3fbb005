"""A sharper bound where the relaxation's is not enough: what energy is worth to each car.

If a car's energy had a price of its own, every slot could be settled alone, and exactly for its
concave cost: nothing is drawn, or at least the least power of who draws. What the slots cost less
what the energy is worth, plus the worth of the needs, is a bound for any such prices; they are
moved by subgradients towards the best one.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    CAP,
    EPS,
    FROM,
    LEAST,
    NEED,
    UNTIL,
    WORTH,
    Desk,
    Site,
    most_at,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.types import Floats, Integers

STEPS = 24


@compiled
def can_sharpen(site: Site) -> bool:
    """Return whether `sharper_bound` knows all wishes of a site."""
    if len(site.phase_room) > 0 or len(site.bias) > 0:
        return False
    worthless = 0
    for i in range(len(site.cars)):
        worthless += site.cars[i, WORTH] == 0.0
    return worthless == len(site.cars)


@compiled
def first_prices(site: Site, desk: Desk, p: Floats, prices: Floats) -> None:
    """Write for each car the dearest price it pays in the plan p."""
    for i in range(len(site.cars)):
        dearest = -np.inf
        for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
            if p[i, t] > EPS:
                is_grid = desk.total[t] > site.surplus[t] + EPS
                dearest = max(dearest, site.prices[0, t] if is_grid else site.prices[1, t])
        prices[i] = dearest if dearest > -np.inf else 0.0


@compiled
def settled_alone(
    site: Site, t: int, prices: Floats, order: Integers, levels: Floats, most: Floats
) -> tuple[float, float, float]:
    """Return (cost less worth, total, level) of the best total of a slot; 0 is always possible.

    levels: the cars' least powers, rising, and infinity; below a level nobody with that least can
    draw. most: what each car can draw here.
    """
    c, f, k, room = site.prices[0, t], site.prices[1, t], site.surplus[t], site.room[t]
    best, best_x, best_level = 0.0, 0.0, 0.0
    for at in range(len(levels) - 1):
        low, high = levels[at], min(levels[at + 1], room)
        if low > high + EPS:
            break
        x, worth = 0.0, 0.0
        for q in range(len(order)):
            i = order[q]
            if most[i] <= 0 or site.cars[i, LEAST] > low + EPS:
                continue
            end = min(x + most[i], high)
            for which in range(3):
                point = end if which == 0 else k if which == 1 else low
                if point < max(x, low) - EPS or point > end + EPS or point <= EPS:
                    continue
                under = min(point, k)
                value = f * under + c * (point - under) - worth - prices[i] * (point - x)
                if value < best:
                    best, best_x, best_level = value, point, low
            worth += prices[i] * (end - x)
            x = end
            if x >= high - EPS:
                break
    return best, best_x, best_level


@compiled
def sharper_bound(site: Site, desk: Desk, p: Floats, best: float, enough: float) -> float:
    """Return a cost that no plan beats which misses nothing; p and best: the best plan known.

    enough: how far above the bound the plan may be; then nothing more is looked for.
    """
    n, slots = p.shape
    prices, slope, most = np.empty(n), np.empty(n), np.empty((slots, n))
    order = np.empty(n, dtype=np.int64)
    levels, m = np.empty(n + 1), 0
    for i in range(n):
        is_new = True
        for at in range(m):
            is_new = is_new and levels[at] != site.cars[i, LEAST]
        if is_new:
            to = m
            while to > 0 and levels[to - 1] > site.cars[i, LEAST]:
                levels[to] = levels[to - 1]
                to -= 1
            levels[to] = site.cars[i, LEAST]
            m += 1
    levels[m] = np.inf
    levels = levels[: m + 1]
    for t in range(slots):
        for i in range(n):
            is_here = site.whos[i, FROM] <= t < site.whos[i, UNTIL]
            most[t, i] = most_at(site, i, t) if is_here else 0.0
    first_prices(site, desk, p, prices)
    bound = -np.inf
    for _ in range(STEPS):
        value = 0.0
        for i in range(n):
            to = i
            while to > 0 and prices[order[to - 1]] < prices[i]:
                order[to] = order[to - 1]
                to -= 1
            order[to] = i
            slope[i] = site.cars[i, NEED] if prices[i] > 0 else site.cars[i, CAP]
            value += prices[i] * slope[i]
        for t in range(slots):
            gain, x, level = settled_alone(site, t, prices, order, levels, most[t])
            value += gain
            for q in range(n):
                i = order[q]
                if x <= EPS:
                    break
                if most[t, i] > 0 and site.cars[i, LEAST] <= level + EPS:
                    amount = min(x, most[t, i])
                    slope[i] -= amount
                    x -= amount
        bound = max(bound, value)
        norm = 0.0
        for i in range(n):
            norm += slope[i] * slope[i]
        if best - bound <= enough or norm <= EPS:
            break
        step = (best - value) / norm
        for i in range(n):
            prices[i] += step * slope[i]
    return float(bound)
