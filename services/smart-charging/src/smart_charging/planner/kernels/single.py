"""One car against what the others leave: the cheapest slots, with its least power in mind.

Powers in kW, energies in kW x slots, prices in currency per kW x slot. Every slot offers a block
(the least power, or nothing) and, once that is on, up to two flexible pieces of rising price.
Where feed-in pays more than the grid costs and the surplus is smaller than the room, the cost is
concave: the block is the whole room and may shrink, or it is the least power, with the rest of the
surplus as flexible piece. Pure.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import Ask, Few, Pieces, Site
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.types import Floats, Integers

EPS = 1e-9
NEAR = 6  # blocks on either side of the last one taken that are tried both ways
ROUNDS = 12
# Rows of an offer, one column per slot.
BLOCK, COST = 0, 1  # size of the block (0 = the slot is of no use), what it costs
PRICE_1, SIZE_1, PRICE_2, SIZE_2 = 2, 3, 4, 5  # flexible pieces
SHRINK = 6  # by how much a concave block may shrink at the grid's price; > 0 marks such a slot
SMALL, SMALL_COST = 7, 8  # the other block of a concave slot: the least power
GRID = 9  # the grid's price
ON = 10  # OFF, FULL, or PART: a concave slot with its small block
TRIED = 11  # 1 = the slot is among those switched in a search
ROWS = 12
OFF, FULL, PART = 0.0, 1.0, 2.0


@compiled
def offer(ask: Ask, site: Site, others: Floats, o: Floats) -> None:
    """Write into o what each slot of [a, d) offers beside the load of the others."""
    least = ask.least
    for t in range(ask.a, ask.d):
        c, f = site.prices[0, t], site.prices[1, t]
        for row in range(ROWS):
            o[row, t] = 0.0
        o[GRID, t] = c
        r = min(ask.most, site.room[t] - others[t])
        if r < least - EPS or r <= EPS:
            continue
        r = max(r, least)
        k = min(max(site.surplus[t] - others[t], 0.0), r)
        if f > c and EPS < k < r - EPS:
            o[BLOCK, t] = r
            o[COST, t] = f * k + c * (r - k)
            o[SHRINK, t] = max(r - max(least, k), 2 * EPS)
            under = min(least, k)
            o[SMALL, t] = least
            o[SMALL_COST, t] = f * under + c * (least - under)
            if k > least:
                o[PRICE_1, t] = f
                o[SIZE_1, t] = k - least
            continue
        under = min(least, k)
        o[BLOCK, t] = least
        o[COST, t] = f * under + c * (least - under)
        if k > least:
            o[PRICE_1, t] = f
            o[SIZE_1, t] = k - least
        o[PRICE_2, t] = c
        o[SIZE_2, t] = r - max(least, k)


@compiled
def blocks_of(ask: Ask, o: Floats, p: Floats) -> tuple[float, float]:
    """Write the blocks of all slots that are on into p; return (energy, cost).

    Concave blocks shrink where that saves money, or where the car could not take them.
    """
    energy, cost = 0.0, 0.0
    is_concave = False
    for t in range(ask.a, ask.d):
        p[t] = 0.0
        if o[ON, t] == FULL:
            p[t] = o[BLOCK, t]
            cost += o[COST, t]
            is_concave = is_concave or o[SHRINK, t] > 0
        elif o[ON, t] == PART:
            p[t] = o[SMALL, t]
            cost += o[SMALL_COST, t]
        energy += p[t]
    while is_concave and energy > ask.need + EPS:
        dearest = -1
        for t in range(ask.a, ask.d):
            can = o[ON, t] == FULL and p[t] > o[BLOCK, t] - o[SHRINK, t] + EPS
            if can and (dearest < 0 or o[GRID, t] > o[GRID, dearest]):
                dearest = t
        if dearest < 0:
            break
        over = energy - (ask.need if o[GRID, dearest] > 0 else ask.cap)
        if over <= EPS:
            break
        cut = min(over, o[SHRINK, dearest] - (o[BLOCK, dearest] - p[dearest]))
        p[dearest] -= cut
        energy -= cut
        cost -= cut * o[GRID, dearest]
    return energy, cost


@compiled
def filled(ask: Ask, o: Floats, pieces: Pieces, p: Floats) -> tuple[float, float]:
    """Write the cheapest powers with exactly these slots on into p; return (energy, cost)."""
    energy, cost = blocks_of(ask, o, p)
    for at in range(pieces.n):
        t = pieces.flex[at] // 2
        if o[ON, t] == OFF or (o[ON, t] == FULL and o[SHRINK, t] > 0):
            continue
        row = PRICE_1 + 2 * (pieces.flex[at] % 2)
        price = o[row, t]
        left = (ask.cap if price < 0 else ask.need) - energy
        if left <= EPS:
            if price >= 0:
                break
            continue
        take = min(o[row + 1, t], left)
        p[t] += take
        energy += take
        cost += take * price
    return energy, cost


@compiled
def tried(ask: Ask, o: Floats, pieces: Pieces, p: Floats) -> float:
    """Return the worth of the slots that are on: cost, and the penalty of what is missing."""
    energy, cost = filled(ask, o, pieces, p)
    if energy > ask.cap + 1e-7:
        return float(np.inf)
    return cost + ask.penalty * max(0.0, ask.need - energy)


@compiled
def switched(state: float, is_concave: bool, way: int) -> float:
    """Return another state of a slot: way 0 or 1, the latter only for concave slots."""
    if not is_concave:
        return FULL - state
    return (state + 1.0 + way) % 3.0


@compiled
def thrice(ask: Ask, o: Floats, pieces: Pieces, blocks: Integers, best: float, p: Floats) -> bool:
    """Switch the first three of these blocks that together help; return whether some do."""
    n = len(blocks)
    for i in range(n):
        ti, was_i = blocks[i], o[ON, blocks[i]]
        for way_i in range(2 if o[SHRINK, ti] > 0 else 1):
            o[ON, ti] = switched(was_i, o[SHRINK, ti] > 0, way_i)
            for j in range(i + 1, n):
                tj, was_j = blocks[j], o[ON, blocks[j]]
                for way_j in range(2 if o[SHRINK, tj] > 0 else 1):
                    o[ON, tj] = switched(was_j, o[SHRINK, tj] > 0, way_j)
                    for k in range(j + 1, n):
                        tk, was_k = blocks[k], o[ON, blocks[k]]
                        for way_k in range(2 if o[SHRINK, tk] > 0 else 1):
                            o[ON, tk] = switched(was_k, o[SHRINK, tk] > 0, way_k)
                            if tried(ask, o, pieces, p) < best - 1e-9:
                                return True
                        o[ON, tk] = was_k
                o[ON, tj] = was_j
        o[ON, ti] = was_i
    return False


@compiled
def searched(
    ask: Ask, o: Floats, pieces: Pieces, blocks: Integers, enough: float, p: Floats
) -> float:
    """Switch one or two of these blocks as long as that helps; return the worth."""
    best = tried(ask, o, pieces, p)
    for _ in range(ROUNDS):
        if best <= enough:
            break
        first, second, found = -1, -1, best - 1e-12
        state_1, state_2 = OFF, OFF
        for i in range(len(blocks)):
            ti = blocks[i]
            was_i = o[ON, ti]
            for way_i in range(2 if o[SHRINK, ti] > 0 else 1):
                now_i = switched(was_i, o[SHRINK, ti] > 0, way_i)
                o[ON, ti] = now_i
                value = tried(ask, o, pieces, p)
                if value < found:
                    found, first, second, state_1 = value, ti, -1, now_i
                for j in range(i + 1, len(blocks)):
                    tj = blocks[j]
                    was_j = o[ON, tj]
                    for way_j in range(2 if o[SHRINK, tj] > 0 else 1):
                        now_j = switched(was_j, o[SHRINK, tj] > 0, way_j)
                        o[ON, tj] = now_j
                        value = tried(ask, o, pieces, p)
                        if value < found:
                            found, first, second = value, ti, tj
                            state_1, state_2 = now_i, now_j
                    o[ON, tj] = was_j
            o[ON, ti] = was_i
        if first < 0 and not (ask.is_deep and thrice(ask, o, pieces, blocks, best, p)):
            break
        if first >= 0:
            o[ON, first] = state_1
        if second >= 0:
            o[ON, second] = state_2
        best = min(found, tried(ask, o, pieces, p))
    return best


@compiled
def quick(ask: Ask, energy: float, cost: float, o: Floats, few: Few) -> float:
    """Return the worth of the slots that are on: blocks give energy at cost, the pieces the rest.

    No price is negative and no block may shrink.
    """
    some, before, sizes, costs = few.some, few.before, few.sizes, few.costs
    if energy > ask.cap + 1e-7:
        return float(np.inf)
    left, mine = ask.need - energy, 0.0
    if left <= EPS:
        return cost
    until = few.n_rest
    for at in range(few.n_some):
        t = some[at] // 2
        if o[ON, t] <= 0:
            continue
        row = PRICE_1 + 2 * (some[at] % 2)
        if sizes[before[at]] + mine >= left:
            until = before[at]
            break
        take = min(o[row + 1, t], left - mine - sizes[before[at]])
        mine += take
        cost += take * o[row, t]
    left -= mine
    if sizes[until] <= left:
        return float(cost + costs[until] + ask.penalty * (left - sizes[until]))
    low, high = 0, until
    while high - low > 1:  # the piece of which only a part is needed
        middle = (low + high) // 2
        if sizes[middle] <= left:
            low = middle
        else:
            high = middle
    each = (costs[high] - costs[low]) / (sizes[high] - sizes[low])
    return float(cost + costs[low] + (left - sizes[low]) * each)


@compiled
def searched_quickly(ask: Ask, o: Floats, pieces: Pieces, blocks: Integers, enough: float) -> float:
    """Do what `searched` does, in a fraction of its time; for slots without negative prices."""
    sizes, costs = np.empty(pieces.n + 1), np.empty(pieces.n + 1)
    some, before = np.empty(pieces.n, dtype=np.int64), np.empty(pieces.n, dtype=np.int64)
    sizes[0] = costs[0] = 0.0
    n_some, n_rest = 0, 0
    for i in range(len(blocks)):
        o[TRIED, blocks[i]] = 1.0
    for at in range(pieces.n):
        t = pieces.flex[at] // 2
        if o[TRIED, t] > 0:
            some[n_some], before[n_some] = pieces.flex[at], n_rest
            n_some += 1
        elif o[ON, t] > 0:
            row = PRICE_1 + 2 * (pieces.flex[at] % 2)
            sizes[n_rest + 1] = sizes[n_rest] + o[row + 1, t]
            costs[n_rest + 1] = costs[n_rest] + o[row + 1, t] * o[row, t]
            n_rest += 1
    few = Few(some, before, n_some, sizes, costs, n_rest)
    energy, cost = 0.0, 0.0
    for t in range(ask.a, ask.d):
        if o[ON, t] > 0:
            energy += o[BLOCK, t]
            cost += o[COST, t]
    best = quick(ask, energy, cost, o, few)
    for _ in range(ROUNDS):
        if best <= enough:
            break
        first, second, found = -1, -1, best - 1e-12
        for i in range(len(blocks)):
            ti = blocks[i]
            sign = 1.0 - 2.0 * o[ON, ti]
            o[ON, ti] = 1.0 - o[ON, ti]
            e1, c1 = energy + sign * o[BLOCK, ti], cost + sign * o[COST, ti]
            value = quick(ask, e1, c1, o, few)
            if value < found:
                found, first, second = value, i, -1
            for j in range(i + 1, len(blocks)):
                tj = blocks[j]
                sign = 1.0 - 2.0 * o[ON, tj]
                o[ON, tj] = 1.0 - o[ON, tj]
                e2, c2 = e1 + sign * o[BLOCK, tj], c1 + sign * o[COST, tj]
                value = quick(ask, e2, c2, o, few)
                if value < found:
                    found, first, second = value, i, j
                o[ON, tj] = 1.0 - o[ON, tj]
            o[ON, ti] = 1.0 - o[ON, ti]
        if first < 0:
            break
        best = found
        for chosen in (first, second):
            if chosen >= 0:
                t = blocks[chosen]
                sign = 1.0 - 2.0 * o[ON, t]
                energy, cost = energy + sign * o[BLOCK, t], cost + sign * o[COST, t]
                o[ON, t] = 1.0 - o[ON, t]
    return best


@compiled
def block_price(o: Floats, t: int) -> float:
    """Return what a block costs per kW x slot: never more than the piece that follows it.

    A price that is above by the last digit would let the piece come before its block.
    """
    price = o[COST, t] / o[BLOCK, t]
    if o[SHRINK, t] > 0:
        return float(price)
    return float(min(price, o[PRICE_1, t] if o[SIZE_1, t] > EPS else o[GRID, t]))


@compiled
def ordered(ask: Ask, by_price: Integers, o: Floats) -> tuple[Integers, Floats, int]:
    """Return all pieces of an offer, cheapest first: 3 x slot + kind, their prices, their number.

    Where the sun gives nothing all pieces of a slot cost what the grid costs, so that the order
    of prices, which all cars share, is their order; only the others are sorted anew.
    """
    a, d = ask.a, ask.d
    n = d - a
    apart, apart_price = np.empty(2 * n, dtype=np.int64), np.empty(2 * n)
    m = 0
    for t in range(a, d):
        if o[BLOCK, t] <= 0:
            continue
        price = block_price(o, t)
        if price != o[GRID, t]:
            apart[m], apart_price[m] = 3 * t, price
            m += 1
        if o[SIZE_1, t] > EPS:
            apart[m], apart_price[m] = 3 * t + 1, o[PRICE_1, t]
            m += 1
    order = np.argsort(apart_price[:m], kind="mergesort")
    what, prices = np.empty(3 * n, dtype=np.int64), np.empty(3 * n)
    count, taken = 0, 0
    for at in range(len(by_price)):
        t = by_price[at]
        if not a <= t < d or o[BLOCK, t] <= 0:
            continue
        grid = o[GRID, t]
        while taken < m and apart_price[order[taken]] <= grid:
            what[count], prices[count] = apart[order[taken]], apart_price[order[taken]]
            taken += 1
            count += 1
        if block_price(o, t) == grid:
            what[count], prices[count] = 3 * t, grid
            count += 1
        if o[SIZE_2, t] > EPS:
            what[count], prices[count] = 3 * t + 2, grid
            count += 1
    while taken < m:
        what[count], prices[count] = apart[order[taken]], apart_price[order[taken]]
        taken += 1
        count += 1
    return what, prices, count


@compiled
def respond(ask: Ask, site: Site, others: Floats, p: Floats, o: Floats) -> tuple[float, float]:
    """Write the car's best powers into p, which is 0 outside the window; return (worth, bound).

    others: load of the other cars by slot. o: room to work in, ROWS rows. The bound holds for
    this car with the others as they are.
    """
    offer(ask, site, others, o)
    n = ask.d - ask.a
    what, price, m = ordered(ask, site.by_price, o)
    blocks, flex = np.empty(n, dtype=np.int64), np.empty(2 * n, dtype=np.int64)
    n_blocks, n_flex, edge = 0, 0, -1
    energy, bound, is_concave = 0.0, 0.0, False
    for at in range(m):
        t, kind = what[at] // 3, what[at] % 3
        if kind == 0:
            blocks[n_blocks] = t
            n_blocks += 1
            is_concave = is_concave or o[SHRINK, t] > 0
        else:
            flex[n_flex] = 2 * t + (kind - 1)
            n_flex += 1
            if o[SHRINK, t] > 0:
                continue  # a piece of the small block, which the relaxation does not have
        left = (ask.cap if price[at] < 0 else ask.need) - energy
        if left <= EPS:
            continue
        size = o[BLOCK, t] if kind == 0 else o[2 * kind + 1, t]
        take = min(size, left)
        energy += take
        bound += take * price[at]
        if kind == 0:
            if take < size - EPS:
                edge = n_blocks - 1  # it would be taken in part, which cannot be
            else:
                o[ON, t] = 1.0
    bound += ask.penalty * max(0.0, ask.need - energy)
    pieces = Pieces(flex, n_flex)
    if edge < 0 and not is_concave:
        filled(ask, o, pieces, p)
        return bound, bound
    edge = n_blocks // 2 if edge < 0 else edge
    reach = 2 * NEAR if is_concave else NEAR
    near = blocks[max(0, edge - reach) : min(n_blocks, edge + reach + 1)]
    enough = bound + 1e-7 * max(0.01, abs(bound))
    if is_concave or (m > 0 and price[0] < 0):
        best = searched(ask, o, pieces, near, enough, p)
    else:
        best = searched_quickly(ask, o, pieces, near, enough)
    filled(ask, o, pieces, p)
    return best, bound
