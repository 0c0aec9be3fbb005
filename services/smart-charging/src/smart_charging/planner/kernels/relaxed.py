"""All cars of a site without their least power: the cheapest totals, and a bound for every plan.

Pieces of all slots are taken in rising order of price; each is pushed into the cars, if need be by
paths that move what a car has in one slot to another car, so that nothing taken is given back.
That is exact for this relaxation, also for the energy that cannot be had. The first piece of a
slot is as large as the smallest least power of the cars there: no plan can take less of it.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    CAME_CAR,
    CAME_SLOT,
    CAP,
    DEAD,
    EPS,
    FEED,
    FEED_FIRST,
    FIRST,
    FROM,
    GOT,
    GRID,
    GRID_FIRST,
    KEY,
    KIND,
    LEAST,
    NEED,
    NO_USE,
    ORDER,
    OWN_FIRST,
    PRICES,
    QUEUE,
    SEEN,
    SIZE_1,
    SIZE_2,
    SMALL,
    TOGETHER,
    UNTIL,
    WHAT,
    WHOLE,
    WORTH,
    Desk,
    Site,
    most_at,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.sequence import sequenced
from smart_charging.planner.kernels.types import Floats


@compiled
def offered(site: Site, desk: Desk) -> None:
    """Write what every slot offers to all cars together: its convex envelope."""
    o, first, together = desk.offers, desk.floats[FIRST], desk.floats[TOGETHER]
    slots = len(site.room)
    least_bias = desk.floats[PRICES]
    is_biased = len(site.bias) > 0
    for t in range(slots):
        first[t], together[t], least_bias[t] = np.inf, 0.0, np.inf
    for i in range(len(site.cars)):
        least = site.cars[i, LEAST]
        for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
            most = most_at(site, i, t)
            if most > 0:
                first[t] = min(first[t], least)
                together[t] += most
                if is_biased:
                    least_bias[t] = min(least_bias[t], site.bias[i, t])
    for t in range(slots):
        o[t, KIND] = NO_USE
        r = min(site.room[t], together[t])
        if len(site.phase_room) > 0:
            phases = site.phase_room[0, t] + site.phase_room[1, t] + site.phase_room[2, t]
            r = min(r, phases)
        if r <= EPS:
            continue
        c, f = site.prices[0, t], site.prices[1, t]
        if is_biased:
            c, f = c + least_bias[t], f + least_bias[t]
        k = min(site.surplus[t], r)
        o[t, GRID], o[t, FEED] = c, f
        o[t, SMALL], o[t, SIZE_1], o[t, SIZE_2] = 0.0, 0.0, 0.0
        if f > c and k > EPS:
            o[t, KIND], o[t, KEY], o[t, WHOLE] = OWN_FIRST, (f * k + c * (r - k)) / r, r
            continue
        block = max(EPS, min(first[t], r))
        under = min(block, k)
        o[t, WHOLE], o[t, SIZE_2] = block, r - max(block, k)
        if k <= EPS:
            o[t, KIND], o[t, KEY] = GRID_FIRST, c
        elif k >= block:
            o[t, KIND], o[t, KEY], o[t, SIZE_1] = FEED_FIRST, f, k - block
        else:
            o[t, KIND] = OWN_FIRST
            o[t, KEY] = min(c, (f * under + c * (block - under)) / block)


@compiled
def pushed(t: int, wanted: float, target: int, site: Site, desk: Desk, x: Floats) -> float:
    """Push up to `wanted` kW x slot through slot t along one path; return how much it was.

    target: the column of cars that says how much each takes. Cars from which nothing more can be
    reached are marked dead: they stay so.
    """
    cars, whos, got = site.cars, site.whos, desk.car_floats[GOT]
    dead, seen = desk.car_integers[DEAD], desk.car_integers[SEEN]
    came_car, came_slot = desk.car_integers[CAME_CAR], desk.car_integers[CAME_SLOT]
    queue = desk.car_integers[QUEUE]
    n = len(cars)
    head, tail, end, n_open = 0, 0, -1, 0
    for i in range(n):
        seen[i] = 0
        if dead[i] == 0 and got[i] < cars[i, target] - EPS:
            n_open += 1
    if n_open == 0:
        return 0.0
    for i in range(n):
        is_here = dead[i] == 0 and whos[i, FROM] <= t < whos[i, UNTIL]
        if is_here and x[i, t] < most_at(site, i, t) - EPS:
            seen[i], came_car[i], came_slot[i] = 1, -1, t
            queue[tail] = i
            tail += 1
            if got[i] < cars[i, target] - EPS:
                end = i
                break
    while end < 0 and head < tail:
        i = queue[head]
        head += 1
        for s in range(whos[i, FROM], whos[i, UNTIL]):
            if x[i, s] <= EPS or end >= 0:
                continue
            for j in range(n):
                if seen[j] or dead[j] or not whos[j, FROM] <= s < whos[j, UNTIL]:
                    continue
                if x[j, s] >= most_at(site, j, s) - EPS:
                    continue
                seen[j], came_car[j], came_slot[j] = 1, i, s
                queue[tail] = j
                tail += 1
                if got[j] < cars[j, target] - EPS:
                    end = j
                    break
    if end < 0:
        for i in range(n):
            if seen[i]:
                dead[i] = 1
        return 0.0
    amount, j = min(wanted, cars[end, target] - got[end]), end
    while j >= 0:
        i, s = came_car[j], came_slot[j]
        amount = min(amount, most_at(site, j, s) - x[j, s])
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
def taken_over(car: int, site: Site, desk: Desk, x: Floats) -> float:
    """Let a car that lacks energy take some from one that has more than it needs; no slot changes.

    A price below zero fills cars beyond their need, and what they took another may need.
    """
    cars, whos, got = site.cars, site.whos, desk.car_floats[GOT]
    seen, queue = desk.car_integers[SEEN], desk.car_integers[QUEUE]
    came_car, came_slot = desk.car_integers[CAME_CAR], desk.car_integers[CAME_SLOT]
    n = len(cars)
    n_over = 0
    for i in range(n):
        seen[i] = 0
        if got[i] > cars[i, NEED] + EPS:
            n_over += 1
    if n_over == 0:
        return 0.0
    queue[0], seen[car], came_car[car] = car, 1, -1
    head, tail, end = 0, 1, -1
    while end < 0 and head < tail:
        i = queue[head]
        head += 1
        for s in range(whos[i, FROM], whos[i, UNTIL]):
            if end >= 0 or x[i, s] >= most_at(site, i, s) - EPS:
                continue
            for j in range(n):
                if seen[j] or x[j, s] <= EPS:
                    continue
                seen[j], came_car[j], came_slot[j] = 1, i, s
                queue[tail] = j
                tail += 1
                if got[j] > cars[j, NEED] + EPS:
                    end = j
                    break
    if end < 0:
        return 0.0
    amount, j = min(cars[car, NEED] - got[car], got[end] - cars[end, NEED]), end
    while came_car[j] >= 0:
        i, s = came_car[j], came_slot[j]
        amount = min(amount, x[j, s], most_at(site, i, s) - x[i, s])
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
def relaxed(site: Site, desk: Desk, x: Floats) -> tuple[float, float]:
    """Write the relaxed powers into x; return the cost of the cheapest and the energy they lack.

    No plan lacks less, and none that lacks no more costs less. Cars take in the desk's ORDER.
    """
    cars, whos = site.cars, site.whos
    n, slots = len(cars), len(site.room)
    got, dead = desk.car_floats[GOT], desk.car_integers[DEAD]
    order = desk.car_integers[ORDER]
    offered(site, desk)
    is_shared = len(site.bias) == 0 and len(site.by_price) > 0
    m = sequenced(site, 0, slots, is_shared, desk)
    o, what, price = desk.offers, desk.integers[WHAT], desk.floats[PRICES]
    worth = -np.inf
    for i in range(n):
        worth = max(worth, cars[i, WORTH])
        got[i], dead[i] = 0.0, 0
        for t in range(slots):
            x[i, t] = 0.0
    cost, is_free, target = 0.0, True, CAP
    n_open = n
    for at in range(m):
        t, kind = what[at] // 3, what[at] % 3
        if is_free and price[at] >= worth:
            is_free, target = False, NEED
            # before anything is paid for: who took beyond its need gives it up
            for i in range(n):
                dead[i] = 0
                while got[i] < cars[i, NEED] - EPS:
                    if taken_over(i, site, desk, x) <= EPS:
                        break
            n_open = 0
            for i in range(n):
                if got[i] < cars[i, NEED] - EPS:
                    n_open += 1
            if n_open == 0:
                break
        left = o[t, WHOLE] if kind == 0 else o[t, SIZE_1] if kind == 1 else o[t, SIZE_2]
        size = left
        for q in range(n):
            i = order[q]
            if dead[i] or not whos[i, FROM] <= t < whos[i, UNTIL]:
                continue
            lacks = cars[i, target] - got[i]
            if lacks <= EPS:
                continue
            amount = min(left, lacks, most_at(site, i, t) - x[i, t])
            if amount > EPS:
                x[i, t] += amount
                got[i] += amount
                left -= amount
                if amount >= lacks - EPS:
                    n_open -= 1
                if left <= EPS:
                    break
        while left > EPS and n_open > 0:
            amount = pushed(t, left, target, site, desk, x)
            if amount <= EPS:
                break
            left -= amount
            n_open = 0
            for i in range(n):
                if got[i] < cars[i, target] - EPS:
                    n_open += 1
        cost += (size - left) * price[at]
        if n_open == 0 and not is_free:
            break
    missing = 0.0
    for i in range(n):
        while got[i] < cars[i, NEED] - EPS and taken_over(i, site, desk, x) > EPS:
            pass
        missing += max(0.0, cars[i, NEED] - got[i])
        cost -= worth * max(0.0, got[i] - cars[i, NEED])
    return float(cost), float(missing)
