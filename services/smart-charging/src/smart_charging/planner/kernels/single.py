"""One car against what the others leave: the cheapest slots, with its least power in mind.

Every slot offers a block (the least power, or nothing) and, once that is on, up to two flexible
pieces of rising price. Where feed-in pays more than the grid costs and the surplus is smaller than
the room, the cost is concave: the block is the whole surplus, with the grid's piece after it, or
it is the least power, with the rest of the surplus as its flexible piece. Pure.
"""

from smart_charging.planner.kernels.branching import branched, is_usable
from smart_charging.planner.kernels.bundles import (
    BLOCK,
    BLOCKS,
    CAP,
    COST,
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
    PRICES,
    SIZE_1,
    SIZE_2,
    SMALL,
    SMALL_COST,
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
from smart_charging.planner.kernels.types import Floats

NODES, DEEP_NODES = 24, 50  # of the search for the best slots; deep: where the car is alone
CLOSE = 2e-5  # nearer than this part of the bill to the bound, no car looks for more
ALONE = 1e-4  # the same for a car that is alone, whose plan is final
LEAST_BILL = 0.5  # in the currency: what is cheaper counts as much when gaps are judged


@compiled
def offer(site: Site, i: int, desk: Desk) -> bool:
    """Write what each slot of the car's window offers; return whether one of them is concave."""
    o = desk.offers
    least, is_biased, is_concave = site.cars[i, LEAST], len(site.bias) > 0, False
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        o[t, KIND], o[t, ON] = NO_USE, OFF
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
        if left <= EPS or not is_usable(o, t, kind, o[t, ON]):
            continue
        take = min(o[t, SIZE_2] if kind == 2 else o[t, SIZE_1], left)
        p[t] += take
        energy += take
        cost += take * price
    return float(cost + site.penalty * max(0.0, need - energy) - worth * max(0.0, energy - need))


@compiled
def respond(site: Site, i: int, desk: Desk, is_deep: bool, p: Floats) -> tuple[float, float, float]:
    """Write the car's best powers into its window of p; return (worth, bound, missing at least).

    The desk says what the other cars draw. The bound holds with the others as they are.
    is_deep: look for better slots for longer.
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
    close = (ALONE if is_deep else CLOSE) * max(LEAST_BILL, abs(bound - site.penalty * missing))
    if edge < 0:
        value = filled(site, i, desk, n_flex, p)
        if value <= bound + close:
            return value, bound, missing
    nodes = DEEP_NODES if is_deep else NODES
    _best, proven = branched(site, i, desk, m, n_blocks, n_flex, close, nodes)
    return filled(site, i, desk, n_flex, p), max(bound, proven), missing
