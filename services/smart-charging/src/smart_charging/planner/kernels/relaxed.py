"""All cars of a site without their least power: the cheapest totals, and a bound for every plan.

Pieces of all slots are taken in rising order of price; each is pushed into the cars by paths
that move what a car has in one slot to another car, so that nothing taken is ever given back.
That is exact for this relaxation, also for the energy that cannot be had. The first piece of a
slot is as large as the smallest least power of the cars there: no plan can take less of it.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import Site
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.single import EPS
from smart_charging.planner.kernels.types import Floats, Integers


@compiled
def pieces(site: Site, price: Floats, size: Floats, slot: Integers) -> int:
    """Write the pieces of every slot's convex envelope; return their number."""
    cars, windows, prices, room = site.cars, site.windows, site.prices, site.room
    m = 0
    for t in range(len(room)):
        first, together = np.inf, 0.0
        for i in range(cars.shape[1]):
            fits = cars[2, i] <= room[t] + EPS
            if windows[0, i] <= t < windows[1, i] and fits:
                first = min(first, cars[2, i])
                together += cars[3, i]
        r = min(room[t], together)
        if r <= EPS:
            continue
        c, f = prices[0, t], prices[1, t]
        k = min(site.surplus[t], r)
        if f > c and k > EPS:
            price[m], size[m], slot[m] = (f * k + c * (r - k)) / r, r, t
            m += 1
            continue
        first = min(first, r)
        if first > EPS:
            under = min(first, k)
            price[m] = (f * under + c * (first - under)) / first
            size[m], slot[m] = first, t
            m += 1
        if k > first + EPS:
            price[m], size[m], slot[m] = f, k - first, t
            m += 1
        if r > max(first, k) + EPS:
            price[m], size[m], slot[m] = c, r - max(first, k), t
            m += 1
    return m


@compiled
def pushed(
    t: int, wanted: float, target: Floats, got: Floats, dead: Integers, site: Site, x: Floats
) -> float:
    """Push up to `wanted` kW x slot through slot t along one path; return how much it was.

    Cars from which nothing more can be reached are marked dead: they stay so.
    """
    cars, windows, room = site.cars, site.windows, site.room
    n = len(got)
    came_car, came_slot = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    seen = np.zeros(n, dtype=np.int64)
    head, tail, end = 0, 0, -1
    for i in range(n):
        here = windows[0, i] <= t < windows[1, i] and cars[2, i] <= room[t] + EPS
        if here and dead[i] == 0 and x[i, t] < cars[3, i] - EPS:
            seen[i], came_car[i], came_slot[i] = 1, -1, t
            queue[tail] = i
            tail += 1
            if got[i] < target[i] - EPS:
                end = i
                break
    while end < 0 and head < tail:
        i = queue[head]
        head += 1
        for s in range(windows[0, i], windows[1, i]):
            if x[i, s] <= EPS or end >= 0:
                continue
            for j in range(n):
                if seen[j] or dead[j] or not windows[0, j] <= s < windows[1, j]:
                    continue
                if cars[2, j] > room[s] + EPS or x[j, s] >= cars[3, j] - EPS:
                    continue
                seen[j], came_car[j], came_slot[j] = 1, i, s
                queue[tail] = j
                tail += 1
                if got[j] < target[j] - EPS:
                    end = j
                    break
    if end < 0:
        for i in range(n):
            if seen[i]:
                dead[i] = 1
        return 0.0
    amount, j = min(wanted, target[end] - got[end]), end
    while j >= 0:
        i, s = came_car[j], came_slot[j]
        amount = min(amount, cars[3, j] - x[j, s])
        if i >= 0:
            amount = min(amount, x[i, s])
        j = i
    j = end
    while j >= 0:
        i, s = came_car[j], came_slot[j]
        x[j, s] += amount
        if i >= 0:
            x[i, s] -= amount
        j = i
    got[end] += amount
    return float(amount)


@compiled
def taken_over(car: int, got: Floats, site: Site, x: Floats) -> float:
    """Let a car that lacks energy take some from one that has more than it needs; no slot changes.

    A price below zero fills cars beyond their need, and what they took another may need.
    """
    cars, windows, room = site.cars, site.windows, site.room
    n = len(got)
    came_car, came_slot = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    queue, seen = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    queue[0], seen[car], came_car[car] = car, 1, -1
    head, tail, end = 0, 1, -1
    while end < 0 and head < tail:
        i = queue[head]
        head += 1
        for s in range(windows[0, i], windows[1, i]):
            if end >= 0 or x[i, s] >= cars[3, i] - EPS or cars[2, i] > room[s] + EPS:
                continue
            for j in range(n):
                if seen[j] or x[j, s] <= EPS:
                    continue
                seen[j], came_car[j], came_slot[j] = 1, i, s
                queue[tail] = j
                tail += 1
                if got[j] > cars[0, j] + EPS:
                    end = j
                    break
    if end < 0:
        return 0.0
    amount, j = min(cars[0, car] - got[car], got[end] - cars[0, end]), end
    while came_car[j] >= 0:
        i, s = came_car[j], came_slot[j]
        amount = min(amount, x[j, s], cars[3, i] - x[i, s])
        j = i
    j = end
    while came_car[j] >= 0:
        i, s = came_car[j], came_slot[j]
        x[j, s] -= amount
        x[i, s] += amount
        j = i
    got[car] += amount
    got[end] -= amount
    return float(amount)


@compiled
def relaxed(site: Site, x: Floats) -> float:
    """Write the relaxed powers into x (cars x slots); return a lower bound of any plan's worth."""
    cars, n, slots = site.cars, x.shape[0], x.shape[1]
    price, size = np.empty(3 * slots), np.empty(3 * slots)
    slot = np.empty(3 * slots, dtype=np.int64)
    m = pieces(site, price, size, slot)
    order = np.argsort(price[:m], kind="mergesort")
    got, dead = np.zeros(n), np.zeros(n, dtype=np.int64)
    x[:, :] = 0.0
    bound, is_free = 0.0, True
    for at in range(m):
        piece = order[at]
        if is_free and price[piece] >= 0:
            is_free = False  # before anything is paid for: who took beyond its need gives it up
            for i in range(n):
                while got[i] < cars[0, i] - EPS:
                    if taken_over(i, got, site, x) <= EPS:
                        break
        target = cars[1] if price[piece] < 0 else cars[0]
        left = size[piece]
        while left > EPS:
            amount = pushed(slot[piece], left, target, got, dead, site, x)
            if amount <= EPS:
                break
            left -= amount
            bound += amount * price[piece]
    for i in range(n):
        while got[i] < cars[0, i] - EPS and taken_over(i, got, site, x) > EPS:
            pass
        bound += site.penalty * max(0.0, cars[0, i] - got[i])
    return float(bound)
