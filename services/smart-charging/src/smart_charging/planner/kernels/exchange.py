"""Mends powers below a car's least, first without changing any total, any energy or the cost.

Two cars swap power in two slots: what one gives in a slot it gets back in the other. Where that
cannot be, each gets it back where that costs least.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    CAP,
    EPS,
    FROM,
    GOT,
    LEAST,
    NEED,
    UNTIL,
    WORTH,
    Desk,
    Site,
    most_at,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.types import Floats

SLACK = 1e-8


@compiled
def is_between(site: Site, i: int, power: float) -> bool:
    """Return whether a power is above zero but below the car's least."""
    return bool(EPS < power < site.cars[i, LEAST] - SLACK)


@compiled
def is_well(site: Site, i: int, t: int, power: float) -> bool:
    """Return whether a car can draw this power in this slot, if the room allows."""
    if -EPS <= power <= EPS:
        return True
    return bool(site.cars[i, LEAST] - SLACK <= power <= most_at(site, i, t) + EPS)


@compiled
def given_back(site: Site, i: int, j: int, t: int, amount: float, x: Floats) -> bool:
    """Let car i give `amount` to car j in slot t (below 0: take it) and get it back elsewhere."""
    first = max(site.whos[i, FROM], site.whos[j, FROM])
    for s in range(first, min(site.whos[i, UNTIL], site.whos[j, UNTIL])):
        if s == t or (x[i, s] <= EPS and x[j, s] <= EPS):
            continue
        if is_well(site, i, s, x[i, s] + amount) and is_well(site, j, s, x[j, s] - amount):
            x[i, t] = max(0.0, x[i, t] - amount)
            x[j, t] = max(0.0, x[j, t] + amount)
            x[i, s] = max(0.0, x[i, s] + amount)
            x[j, s] = max(0.0, x[j, s] - amount)
            for car in (i, j):
                for slot in (s, t):
                    if x[car, slot] <= EPS:
                        x[car, slot] = 0.0
            return True
    return False


@compiled
def moved(site: Site, desk: Desk, i: int, j: int, t: int, amount: float, x: Floats) -> bool:
    """Let car i give `amount` to car j in slot t for good, where energy is worth as much to both.

    That is so where j lacks it, and where it is beyond what either needs.
    """
    got = desk.car_floats[GOT]
    is_lacked = got[j] + amount <= site.cars[j, NEED] + EPS
    is_spare = got[i] - amount >= site.cars[i, NEED] - EPS
    is_spare = is_spare and got[j] + amount <= site.cars[j, CAP] + EPS
    if not (is_lacked or (is_spare and site.cars[i, WORTH] <= site.cars[j, WORTH])):
        return False
    x[i, t] = max(0.0, x[i, t] - amount)
    x[j, t] += amount
    got[i] -= amount
    got[j] += amount
    for car in (i, j):
        if x[car, t] <= EPS:
            x[car, t] = 0.0
    return True


@compiled
def mended(site: Site, desk: Desk, i: int, t: int, x: Floats) -> bool:
    """Mend the power of car i in slot t, which lies below its least; return whether it could."""
    q, least = x[i, t], site.cars[i, LEAST]
    for j in range(len(site.cars)):
        if j == i or not site.whos[j, FROM] <= t < site.whos[j, UNTIL]:
            continue
        other = x[j, t]
        if is_well(site, j, t, other + q) and (
            moved(site, desk, i, j, t, q, x) or given_back(site, i, j, t, q, x)
        ):
            return True
        if other <= EPS:
            continue
        if is_well(site, i, t, q + other) and (
            moved(site, desk, j, i, t, other, x) or given_back(site, i, j, t, -other, x)
        ):
            return True
        if is_well(site, j, t, other - (least - q)) and (
            moved(site, desk, j, i, t, least - q, x) or given_back(site, i, j, t, q - least, x)
        ):
            return True
    return False


@compiled
def cost_of(site: Site, t: int, total: float) -> float:
    """Return what a slot costs if the cars draw this in sum."""
    under = min(total, site.surplus[t])
    return float(site.prices[1, t] * under + site.prices[0, t] * (total - under))


@compiled
def cheapest_change(
    site: Site, desk: Desk, i: int, amount: float, not_in: int, x: Floats
) -> tuple[int, float]:
    """Return the slot in which car i draws `amount` more (or less) at the least cost; -1: none."""
    best, slot = np.inf, -1
    for s in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        new = x[i, s] + amount
        if s == not_in or new < -EPS or (amount > 0 and desk.total[s] + amount > site.room[s]):
            continue
        if not is_well(site, i, s, new):
            continue
        cost = cost_of(site, s, max(0.0, desk.total[s] + amount)) - cost_of(site, s, desk.total[s])
        if cost < best:
            best, slot = cost, s
    return slot, best


@compiled
def changed(i: int, t: int, amount: float, desk: Desk, x: Floats) -> None:
    """Let car i draw `amount` more in slot t."""
    x[i, t] += amount
    desk.total[t] += amount
    if x[i, t] <= EPS:
        x[i, t] = 0.0
    desk.total[t] = max(0.0, desk.total[t])


@compiled
def mended_at_cost(site: Site, desk: Desk, i: int, t: int, limit: float, x: Floats) -> bool:
    """Mend the power of car i in slot t for a cost of at most `limit`; return whether it could.

    Like `mended`, but what either car gives or takes it may get back in a slot of its own.
    """
    q, least = x[i, t], site.cars[i, LEAST]
    best, who, given, slot_i, slot_j = limit, -2, 0.0, -1, -1
    now = cost_of(site, t, desk.total[t])
    gain_slot, gain = cheapest_change(site, desk, i, q, t, x)
    if gain_slot >= 0:
        cost = gain + cost_of(site, t, desk.total[t] - q) - now
        if cost < best:
            best, who, given, slot_i = cost, -1, q, gain_slot
    more = least - q
    loss_slot, loss = cheapest_change(site, desk, i, -more, t, x)
    if loss_slot >= 0 and desk.total[t] + more <= site.room[t] and is_well(site, i, t, least):
        cost = loss + cost_of(site, t, desk.total[t] + more) - now
        if cost < best:
            best, who, given, slot_i = cost, -1, -more, loss_slot
    for j in range(len(site.cars)):
        if j == i or not site.whos[j, FROM] <= t < site.whos[j, UNTIL]:
            continue
        other = x[j, t]
        if gain < best and gain_slot >= 0 and is_well(site, j, t, other + q):
            slot, cost = cheapest_change(site, desk, j, -q, t, x)
            if slot >= 0 and slot != gain_slot and cost + gain < best:
                best, who, given, slot_i, slot_j = cost + gain, j, q, gain_slot, slot
        if other <= EPS:
            continue
        if loss < best and loss_slot >= 0 and is_well(site, j, t, other - more):
            slot, cost = cheapest_change(site, desk, j, more, t, x)
            if slot >= 0 and slot != loss_slot and cost + loss < best:
                best, who, given, slot_i, slot_j = cost + loss, j, -more, loss_slot, slot
        if is_well(site, i, t, q + other):
            own_slot, own = cheapest_change(site, desk, i, -other, t, x)
            if own_slot >= 0 and own < best:
                slot, cost = cheapest_change(site, desk, j, other, t, x)
                if slot >= 0 and slot != own_slot and cost + own < best:
                    best, who, given, slot_i, slot_j = cost + own, j, -other, own_slot, slot
    if who == -2:
        return False
    changed(i, t, -given, desk, x)
    changed(i, slot_i, given, desk, x)
    if who >= 0:
        changed(who, t, given, desk, x)
        changed(who, slot_j, -given, desk, x)
    return True


@compiled
def straightened(site: Site, desk: Desk, limit: float, x: Floats) -> int:
    """Mend what can be mended, for at most `limit` each; return how many powers stay below least.

    The desk says what all cars draw in sum, and does so after it.
    """
    left = 0
    for i in range(len(site.cars)):
        for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
            if x[i, t] <= EPS:
                x[i, t] = 0.0
            elif is_between(site, i, x[i, t]) and not mended(site, desk, i, t, x):
                left += 1
    if left == 0:
        return 0
    left = 0
    for i in range(len(site.cars)):
        for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
            if is_between(site, i, x[i, t]) and not mended(site, desk, i, t, x):
                left += not mended_at_cost(site, desk, i, t, limit, x)
    return left
