"""One car, exactly where that is cheap: which slots are on, by branch and bound.

The relaxation takes pieces in order of price and stops within one. If that is a block, the slot is
tried on and off, with the relaxation of the rest as a bound, until nothing better can be hidden or
the nodes allowed are used up.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    BLOCK,
    BLOCKS,
    CAP,
    COST,
    EPS,
    FEED,
    FLEX,
    FORCED,
    FREE,
    FROM,
    FULL,
    GRID,
    KEPT,
    KIND,
    NEED,
    NO_USE,
    OFF,
    ON,
    PART,
    PRICES,
    SIZE_1,
    SIZE_2,
    SMALL,
    SMALL_COST,
    SOME,
    UNTIL,
    WHAT,
    WHOLE,
    WORTH,
    Desk,
    Site,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.types import Floats

MOST_DEEP = 64


@compiled
def block_in(o: Floats, t: int, state: float) -> tuple[float, float]:
    """Return size and cost of a slot's block in a state."""
    if state == FULL:
        return o[t, BLOCK], o[t, COST]
    if state == PART:
        return o[t, SMALL], o[t, SMALL_COST]
    return 0.0, 0.0


@compiled
def is_usable(o: Floats, t: int, kind: int, state: float) -> bool:
    """Return whether a flexible piece can be had while its slot is in this state."""
    if state == OFF:
        return False
    return bool(o[t, SMALL] <= 0 or (state == FULL) == (kind == 2))


@compiled
def bounded(site: Site, i: int, desk: Desk, m: int, n_blocks: int) -> tuple[float, int, bool]:
    """Solve the relaxation with the forced slots as they are; switch on what it takes as a whole.

    Returns (lower bound, the slot that it takes in part or -1, whether more than half of it).
    """
    o, what, price = desk.offers, desk.integers[WHAT], desk.floats[PRICES]
    blocks = desk.integers[BLOCKS]
    need, cap, worth = site.cars[i, NEED], site.cars[i, CAP], site.cars[i, WORTH]
    energy, cost, edge, is_most = 0.0, 0.0, -1, False
    for at in range(n_blocks):
        t = blocks[at]
        state = o[t, FORCED]
        o[t, ON] = OFF if state == FREE else state
        if state > OFF:
            size, price_of = block_in(o, t, state)
            energy += size
            cost += price_of
    if energy > cap + 1e-7:
        return np.inf, -1, False
    for at in range(m):
        if price[at] >= worth and energy >= need - EPS:
            break
        left = (cap if price[at] < worth else need) - energy
        if left <= EPS:
            continue
        t, kind = what[at] // 3, what[at] % 3
        state = o[t, FORCED]
        if state == OFF or (kind == 0 and state != FREE):
            continue
        if kind == 0:
            size = o[t, WHOLE]
            if left < size - EPS:
                if edge < 0:
                    edge, is_most = t, left > 0.5 * size
            else:
                o[t, ON] = FULL
        elif state == FREE:
            if o[t, SMALL] > 0:
                continue  # a concave slot comes as a whole
            size = o[t, SIZE_1] if kind == 1 else o[t, SIZE_2]
        elif is_usable(o, t, kind, state):
            size = o[t, SIZE_1] if kind == 1 else o[t, SIZE_2]
        else:
            continue
        take = min(size, left)
        energy += take
        cost += take * price[at]
    cost += site.penalty * max(0.0, need - energy) - worth * max(0.0, energy - need)
    return cost, edge, is_most


@compiled
def worth_on(site: Site, i: int, desk: Desk, n_blocks: int, n_flex: int) -> float:
    """Return the worth of the slots that are on."""
    o, flex, blocks = desk.offers, desk.integers[FLEX], desk.integers[BLOCKS]
    need, cap, worth = site.cars[i, NEED], site.cars[i, CAP], site.cars[i, WORTH]
    energy, cost = 0.0, 0.0
    for at in range(n_blocks):
        t = blocks[at]
        if o[t, ON] != OFF:
            size, price = block_in(o, t, o[t, ON])
            energy += size
            cost += price
    if energy > cap + 1e-7:
        return np.inf
    for at in range(n_flex):
        t, kind = flex[at] // 3, flex[at] % 3
        price = o[t, GRID] if kind == 2 else o[t, FEED]
        if price >= worth and energy >= need - EPS:
            break
        left = (cap if price < worth else need) - energy
        if left <= EPS or not is_usable(o, t, kind, o[t, ON]):
            continue
        take = min(o[t, SIZE_2] if kind == 2 else o[t, SIZE_1], left)
        energy += take
        cost += take * price
    return float(cost + site.penalty * max(0.0, need - energy) - worth * max(0.0, energy - need))


@compiled
def kept(desk: Desk, n_blocks: int) -> None:
    """Keep which slots are on: nothing better is known."""
    o, blocks = desk.offers, desk.integers[BLOCKS]
    for at in range(n_blocks):
        o[blocks[at], KEPT] = o[blocks[at], ON]


@compiled
def branched(
    site: Site, i: int, desk: Desk, m: int, n_blocks: int, n_flex: int, close: float, most: int
) -> tuple[float, float]:
    """Switch the best slots on; return (their worth, a bound of any other choice's).

    close: what is nearer than this to the best is not looked at. most: nodes looked at.
    """
    o, blocks, branch = desk.offers, desk.integers[BLOCKS], desk.integers[SOME]
    bounds = np.empty(MOST_DEEP)
    ways = np.empty((2, MOST_DEEP), dtype=np.int64)  # taken so far, and in which order
    for at in range(n_blocks):
        o[blocks[at], FORCED], o[blocks[at], KEPT] = FREE, OFF
    best, deep, nodes, open_bound = np.inf, 0, 0, np.inf
    while True:
        bound, edge, is_most = bounded(site, i, desk, m, n_blocks)
        nodes += 1
        if bound < best - close:
            value = worth_on(site, i, desk, n_blocks, n_flex)
            if value < best:
                best = value
                kept(desk, n_blocks)
            if edge >= 0:
                for state in (FULL, PART):
                    if state == PART and o[edge, SMALL] <= 0:
                        break
                    o[edge, ON] = state
                    value = worth_on(site, i, desk, n_blocks, n_flex)
                    if value < best:
                        best = value
                        kept(desk, n_blocks)
        is_open = edge >= 0 and bound < best - close
        if is_open and deep < MOST_DEEP and nodes < most:
            branch[deep], bounds[deep] = edge, bound
            ways[0, deep], ways[1, deep] = 0, 1 if is_most else 0
            o[edge, FORCED] = FULL if is_most else OFF
            deep += 1
            continue
        if is_open:
            open_bound = min(open_bound, bound)
        while deep > 0:
            t = branch[deep - 1]
            ways[0, deep - 1] += 1
            way, states = ways[0, deep - 1], 3 if o[t, SMALL] > 0 else 2
            if way < states and bounds[deep - 1] < best - close:
                if nodes >= most:
                    open_bound = min(open_bound, bounds[deep - 1])
                else:
                    first = FULL if ways[1, deep - 1] == 1 else OFF
                    second = OFF if first == FULL else FULL
                    o[t, FORCED] = second if way == 1 else PART
                    break
            o[t, FORCED] = FREE
            deep -= 1
        if deep == 0:
            break
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        if o[t, KIND] != NO_USE:
            o[t, ON] = o[t, KEPT]
    return best, min(open_bound, best - close)
