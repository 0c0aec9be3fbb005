"""Mends powers below a car's least without changing any total, any energy or the cost.

Two cars swap power in two slots: what one gives in a slot it gets back in the other.
"""

from smart_charging.planner.kernels.bundles import EPS, FROM, LEAST, UNTIL, Site, most_at
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
def mended(site: Site, i: int, t: int, x: Floats) -> bool:
    """Mend the power of car i in slot t, which lies below its least; return whether it could."""
    q, least = x[i, t], site.cars[i, LEAST]
    for j in range(len(site.cars)):
        if j == i or not site.whos[j, FROM] <= t < site.whos[j, UNTIL]:
            continue
        other = x[j, t]
        if is_well(site, j, t, other + q) and given_back(site, i, j, t, q, x):
            return True
        if other <= EPS:
            continue
        if is_well(site, i, t, q + other) and given_back(site, i, j, t, -other, x):
            return True
        if is_well(site, j, t, other - (least - q)) and given_back(site, i, j, t, q - least, x):
            return True
    return False


@compiled
def straightened(site: Site, x: Floats) -> int:
    """Mend what can be mended; return how many powers stay below their car's least."""
    left = 0
    for i in range(len(site.cars)):
        for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
            if x[i, t] <= EPS:
                x[i, t] = 0.0
            elif is_between(site, i, x[i, t]) and not mended(site, i, t, x):
                left += 1
    return left
