"""One car against what the others leave: the cheapest slots, with its least power in mind.

Every slot offers a block (the least power, or nothing) and, once that is on, up to two flexible
pieces of rising price. Where feed-in pays more than the grid costs and the surplus is smaller than
the room, the cost is concave: the block is the whole surplus, with the grid's piece after it, or
it is the least power, with the rest of the surplus as its flexible piece. Pure.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    BEFORE,
    BLOCK,
    BLOCKS,
    CAP,
    COST,
    COSTS,
    EPS,
    FEED,
    FEED_FIRST,
    FLEX,
    FROM,
    FULL,
    GRID,
    GRID_FIRST,
    KEY,
    KIND,
    LEAST,
    NEED,
    NO_USE,
    OFF,
    ON,
    OWN_FIRST,
    PART,
    PRICES,
    SIZE_1,
    SIZE_2,
    SIZES,
    SMALL,
    SMALL_COST,
    SOME,
    TRIED,
    UNTIL,
    WHAT,
    WHOLE,
    WORTH,
    Desk,
    Site,
    left_for,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.sequence import sequenced
from smart_charging.planner.kernels.types import Floats, Integers

NEAR = 6  # blocks on either side of the last one taken that are tried both ways
ROUNDS = 12
CLOSE = 1e-5  # nearer than this part of the bill to the bound, no car looks for more
LEAST_BILL = 0.5  # in the currency: what is cheaper counts as much when gaps are judged


@compiled
def offer(site: Site, i: int, desk: Desk) -> bool:
    """Write what each slot of the car's window offers; return whether one of them is concave."""
    o = desk.offers
    least, is_biased, is_concave = site.cars[i, LEAST], len(site.bias) > 0, False
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        o[t, KIND], o[t, ON], o[t, TRIED] = NO_USE, OFF, 0.0
        r = left_for(site, i, t, desk)
        if r < least - EPS or r <= EPS:
            continue
        c, f = site.prices[0, t], site.prices[1, t]
        if is_biased:
            c, f = c + site.bias[i, t], f + site.bias[i, t]
        r = max(r, least)
        k = min(max(site.surplus[t] - desk.total[t], 0.0), r)
        o[t, GRID], o[t, FEED] = c, f
        o[t, SMALL], o[t, SIZE_1] = 0.0, 0.0
        if k <= EPS:
            o[t, KIND], o[t, KEY] = GRID_FIRST, c
            o[t, BLOCK] = o[t, WHOLE] = least
            o[t, COST], o[t, SIZE_2] = c * least, r - least
        elif f <= c or k >= r - EPS:
            under = min(least, k)
            cost = f * under + c * (least - under)
            o[t, BLOCK] = o[t, WHOLE] = least
            o[t, COST], o[t, SIZE_2] = cost, r - max(least, k)
            if k >= least:
                o[t, KIND], o[t, KEY], o[t, SIZE_1] = FEED_FIRST, f, k - least
            else:  # never above the piece after it, by no last digit
                o[t, KIND], o[t, KEY] = OWN_FIRST, min(cost / least, c)
        else:
            is_concave = True
            o[t, KIND], o[t, WHOLE] = OWN_FIRST, r
            o[t, KEY] = (f * k + c * (r - k)) / r
            under = min(least, k)
            small = f * under + c * (least - under)
            o[t, BLOCK], o[t, COST], o[t, SIZE_2] = least, small, r - least
            o[t, SMALL], o[t, SMALL_COST] = least, small
            if k > least + EPS:
                o[t, BLOCK], o[t, COST], o[t, SIZE_2] = k, f * k, r - k
                o[t, SIZE_1] = k - least
    return is_concave


@compiled
def is_usable(o: Floats, t: int, kind: int) -> bool:
    """Return whether a flexible piece can be had while its slot is as it is."""
    if o[t, ON] == OFF:
        return False
    return bool(o[t, SMALL] <= 0 or (o[t, ON] == FULL) == (kind == 2))


@compiled
def aim(energy: float, free: float, need: float, cap: float) -> float:
    """Return the energy to be had: what pays for itself, from the need to the cap."""
    return min(cap, max(need, energy + free))


@compiled
def filled(site: Site, i: int, desk: Desk, n_flex: int, p: Floats) -> float:
    """Write the cheapest powers with exactly these slots on into p; return their worth."""
    o, flex = desk.offers, desk.integers[FLEX]
    need, cap, worth = site.cars[i, NEED], site.cars[i, CAP], site.cars[i, WORTH]
    energy, cost = 0.0, 0.0
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        p[t] = 0.0
        if o[t, KIND] == NO_USE or o[t, ON] == OFF:
            continue
        is_full = o[t, ON] == FULL
        p[t] = o[t, BLOCK] if is_full else o[t, SMALL]
        cost += o[t, COST] if is_full else o[t, SMALL_COST]
        energy += p[t]
    for at in range(n_flex):
        t, kind = flex[at] // 3, flex[at] % 3
        price = o[t, GRID] if kind == 2 else o[t, FEED]
        if price >= worth and energy >= need - EPS:
            break
        left = (cap if price < worth else need) - energy
        if left <= EPS or not is_usable(o, t, kind):
            continue
        take = min(o[t, SIZE_2] if kind == 2 else o[t, SIZE_1], left)
        p[t] += take
        energy += take
        cost += take * price
    return float(cost + site.penalty * max(0.0, need - energy) - worth * max(0.0, energy - need))


@compiled
def quick(
    energy: float, cost: float, need: float, cap: float, worth: float, penalty: float,
    o: Floats, some: Integers, before: Integers, n_some: int, sizes: Floats, costs: Floats,
    n_rest: int, n_free: int,
) -> float:  # fmt: skip
    """Return the worth of the slots that are on: blocks give energy at cost, the pieces the rest.

    some: pieces of slots that are tried; before: how many others are cheaper; sizes, costs:
    running sums of the others, of which n_free pay for themselves.
    """
    if energy > cap + 1e-7:
        return float(np.inf)
    free = sizes[n_free]
    if energy + free < cap:
        for at in range(n_some):
            t, kind = some[at] // 3, some[at] % 3
            if (o[t, GRID] if kind == 2 else o[t, FEED]) >= worth:
                break
            if is_usable(o, t, kind):
                free += o[t, SIZE_2] if kind == 2 else o[t, SIZE_1]
    left, mine = aim(energy, free, need, cap) - energy, 0.0
    if left <= EPS:
        return cost - worth * max(0.0, energy - need)
    got = energy + left
    until = n_rest
    for at in range(n_some):
        t, kind = some[at] // 3, some[at] % 3
        if not is_usable(o, t, kind):
            continue
        if sizes[before[at]] + mine >= left:
            until = before[at]
            break
        size = o[t, SIZE_2] if kind == 2 else o[t, SIZE_1]
        take = min(size, left - mine - sizes[before[at]])
        mine += take
        cost += take * (o[t, GRID] if kind == 2 else o[t, FEED])
    left -= mine
    if sizes[until] <= left:
        got -= left - sizes[until]
        cost += costs[until]
    else:
        low, high = 0, until
        while high - low > 1:  # the piece of which only a part is needed
            middle = (low + high) // 2
            if sizes[middle] <= left:
                low = middle
            else:
                high = middle
        each = (costs[high] - costs[low]) / (sizes[high] - sizes[low])
        cost += costs[low] + (left - sizes[low]) * each
    return float(cost + penalty * max(0.0, need - got) - worth * max(0.0, got - need))


@compiled
def other_state(o: Floats, t: int, way: int) -> float:
    """Return another state of a slot than the one it is in; concave ones have two (way 0, 1)."""
    was = o[t, ON]
    if o[t, SMALL] <= 0:
        return FULL if was == OFF else OFF
    if was == OFF:
        return FULL if way == 0 else PART
    if was == FULL:
        return OFF if way == 0 else PART
    return OFF if way == 0 else FULL


@compiled
def block_in(o: Floats, t: int, state: float) -> tuple[float, float]:
    """Return size and cost of a slot's block in a state."""
    if state == FULL:
        return o[t, BLOCK], o[t, COST]
    if state == PART:
        return o[t, SMALL], o[t, SMALL_COST]
    return 0.0, 0.0


@compiled
def searched(
    site: Site, i: int, desk: Desk, n_flex: int, low: int, high: int, enough: float, is_deep: bool
) -> float:
    """Switch one or two of blocks [low, high) as long as that helps; return the worth.

    is_deep: where that finds nothing, three of them.
    """
    o, flex, blocks = desk.offers, desk.integers[FLEX], desk.integers[BLOCKS]
    some, before = desk.integers[SOME], desk.integers[BEFORE]
    sizes, costs = desk.floats[SIZES], desk.floats[COSTS]
    need, cap, worth = site.cars[i, NEED], site.cars[i, CAP], site.cars[i, WORTH]
    penalty = site.penalty
    for at in range(low, high):
        o[blocks[at], TRIED] = 1.0
    sizes[0] = costs[0] = 0.0
    n_some, n_rest, n_free = 0, 0, 0
    for at in range(n_flex):
        t, kind = flex[at] // 3, flex[at] % 3
        if o[t, TRIED] > 0:
            some[n_some], before[n_some] = flex[at], n_rest
            n_some += 1
        elif is_usable(o, t, kind):
            price = o[t, GRID] if kind == 2 else o[t, FEED]
            size = o[t, SIZE_2] if kind == 2 else o[t, SIZE_1]
            sizes[n_rest + 1] = sizes[n_rest] + size
            costs[n_rest + 1] = costs[n_rest] + size * price
            n_rest += 1
            if price < worth:
                n_free = n_rest
    energy, cost = 0.0, 0.0
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        if o[t, KIND] != NO_USE and o[t, ON] != OFF:
            size, price = block_in(o, t, o[t, ON])
            energy += size
            cost += price
    best = quick(
        energy, cost, need, cap, worth, penalty, o, some, before, n_some, sizes, costs, n_rest,
        n_free,
    )  # fmt: skip
    for _ in range(ROUNDS):
        if best <= enough:
            break
        found, n_found = best - 1e-10, 0
        t1, t2, t3 = -1, -1, -1
        state_1, state_2, state_3 = OFF, OFF, OFF
        for depth in range(2, 4):
            if depth == 3 and (n_found > 0 or not is_deep):
                break
            for at1 in range(low, high):
                b1 = blocks[at1]
                was1 = o[b1, ON]
                s1, c1 = block_in(o, b1, was1)
                for way1 in range(2 if o[b1, SMALL] > 0 else 1):
                    o[b1, ON] = was1
                    now1 = other_state(o, b1, way1)
                    o[b1, ON] = now1
                    n1, m1 = block_in(o, b1, now1)
                    e1, v1 = energy + n1 - s1, cost + m1 - c1
                    if depth == 2:
                        value = quick(
                            e1, v1, need, cap, worth, penalty, o, some, before, n_some, sizes,
                            costs, n_rest, n_free,
                        )  # fmt: skip
                        if value < found:
                            found, n_found, t1, state_1 = value, 1, b1, now1
                    for at2 in range(at1 + 1, high):
                        b2 = blocks[at2]
                        was2 = o[b2, ON]
                        s2, c2 = block_in(o, b2, was2)
                        for way2 in range(2 if o[b2, SMALL] > 0 else 1):
                            o[b2, ON] = was2
                            now2 = other_state(o, b2, way2)
                            o[b2, ON] = now2
                            n2, m2 = block_in(o, b2, now2)
                            e2, v2 = e1 + n2 - s2, v1 + m2 - c2
                            if depth == 2:
                                value = quick(
                                    e2, v2, need, cap, worth, penalty, o, some, before, n_some,
                                    sizes, costs, n_rest, n_free,
                                )  # fmt: skip
                                if value < found:
                                    found, n_found = value, 2
                                    t1, state_1, t2, state_2 = b1, now1, b2, now2
                                continue
                            for at3 in range(at2 + 1, high):
                                b3 = blocks[at3]
                                was3 = o[b3, ON]
                                s3, c3 = block_in(o, b3, was3)
                                now3 = other_state(o, b3, 0)
                                o[b3, ON] = now3
                                n3, m3 = block_in(o, b3, now3)
                                value = quick(
                                    e2 + n3 - s3, v2 + m3 - c3, need, cap, worth, penalty, o,
                                    some, before, n_some, sizes, costs, n_rest, n_free,
                                )  # fmt: skip
                                if value < found:
                                    found, n_found = value, 3
                                    t1, state_1, t2, state_2 = b1, now1, b2, now2
                                    t3, state_3 = b3, now3
                                o[b3, ON] = was3
                        o[b2, ON] = was2
                o[b1, ON] = was1
        if n_found == 0:
            break
        best = found
        for at in range(n_found):
            t = t1 if at == 0 else t2 if at == 1 else t3
            state = state_1 if at == 0 else state_2 if at == 1 else state_3
            s1, c1 = block_in(o, t, o[t, ON])
            n1, m1 = block_in(o, t, state)
            energy, cost = energy + n1 - s1, cost + m1 - c1
            o[t, ON] = state
    return best


@compiled
def respond(site: Site, i: int, desk: Desk, is_deep: bool, p: Floats) -> tuple[float, float, float]:
    """Write the car's best powers into its window of p; return (worth, bound, missing at least).

    The desk says what the other cars draw. The bound holds with the others as they are.
    is_deep: look for better slots three at a time where two at a time find none.
    """
    a, d = site.whos[i, FROM], site.whos[i, UNTIL]
    is_concave = offer(site, i, desk)
    is_shared = len(site.bias) == 0 and len(site.by_price) > 0
    m = sequenced(site, a, d, is_shared, desk)
    o, what, price = desk.offers, desk.integers[WHAT], desk.floats[PRICES]
    blocks, flex = desk.integers[BLOCKS], desk.integers[FLEX]
    need, cap, worth = site.cars[i, NEED], site.cars[i, CAP], site.cars[i, WORTH]
    n_blocks, n_flex, edge = 0, 0, -1
    energy, bound = 0.0, 0.0
    for at in range(m):
        t, kind = what[at] // 3, what[at] % 3
        if kind == 0:
            blocks[n_blocks] = t
            n_blocks += 1
        else:
            flex[n_flex] = what[at]
            n_flex += 1
            if o[t, SMALL] > 0:
                continue  # a concave slot comes as a whole
        left = (cap if price[at] < worth else need) - energy
        if left <= EPS:
            continue
        size = o[t, WHOLE] if kind == 0 else o[t, SIZE_1] if kind == 1 else o[t, SIZE_2]
        take = min(size, left)
        energy += take
        bound += take * price[at]
        if kind == 0:
            if take < size - EPS:
                edge = n_blocks - 1  # it would be taken in part, which cannot be
            else:
                o[t, ON] = FULL
    missing = max(0.0, need - energy)
    bound += site.penalty * missing - worth * max(0.0, energy - need)
    if edge < 0 and not is_concave:
        filled(site, i, desk, n_flex, p)
        return bound, bound, missing
    enough = bound + CLOSE * max(LEAST_BILL, abs(bound - site.penalty * missing))
    if edge < 0:
        value = filled(site, i, desk, n_flex, p)
        if value <= enough:
            return value, bound, missing
        edge = n_blocks // 2
    low, high = max(0, edge - NEAR), min(n_blocks, edge + NEAR + 1)
    searched(site, i, desk, n_flex, low, high, enough, is_deep)
    return filled(site, i, desk, n_flex, p), bound, missing
