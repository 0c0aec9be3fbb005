"""Fewer starts: where each start of a car counts money, its slots are chosen anew in runs.

For a price that a kWh may cost, the best runs follow slot by slot (on or off, a start between);
the price is the one at which the car gets its need. What is left over is mended at the ends of
runs. Each car in turn, beside the others.
"""

import numpy as np

from smart_charging.planner.kernels.branching import is_usable
from smart_charging.planner.kernels.bundles import (
    BLOCK,
    BLOCKS,
    CAP,
    COST,
    EPS,
    FEED,
    FLEX,
    FROM,
    FULL,
    GRID,
    KIND,
    NEED,
    NO_USE,
    OFF,
    ON,
    ORDER,
    PART,
    PRICES,
    RUNNING,
    SIZE_1,
    SIZE_2,
    SMALL,
    SMALL_COST,
    SOME,
    TOGETHER,
    UNTIL,
    WHAT,
    WHOLE,
    WORTH,
    Desk,
    Site,
    drawn,
    left_for,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.sequence import sequenced
from smart_charging.planner.kernels.single import LEAST_BILL, filled, offer
from smart_charging.planner.kernels.site import worth_of
from smart_charging.planner.kernels.types import Floats

MOST_TRIES = 24  # of prices between that at which the car charges too little, and the penalty
FIRST_STEP, STEPS_GROW = 0.5, 4.0  # from the first guess on; in starts, shared out to the need
BALANCED = 1e-10  # in the currency: nearer than this two choices are worth the same
NEAR = 1e-4  # farther than this part of the bill from the bound, the runs that hold less are tried
CLOSED = 1e-7  # in the currency: nearer than this to the bound nothing is left to mend
DEEP_HALVINGS = 22  # where it gets too much at a price below zero, which may be any
ROUNDS = 12
SWEEPS = 2


@compiled
def starts_in(site: Site, i: int, p: Floats) -> int:
    """Return how often the car begins to charge."""
    starts = 0
    was_on = site.whos[i, RUNNING] == 1 and site.whos[i, FROM] == 0
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        is_on = p[t] > 0
        if is_on and not was_on:
            starts += 1
        was_on = is_on
    return starts


@compiled
def best_in(o: Floats, t: int, price: float) -> tuple[float, float, float]:
    """Return (cost less what its energy may cost, energy, state) of a concave slot that is on."""
    whole, cost = o[t, BLOCK], o[t, COST] - price * o[t, BLOCK]
    if o[t, GRID] < price:
        whole += o[t, SIZE_2]
        cost += (o[t, GRID] - price) * o[t, SIZE_2]
    part, least = o[t, SMALL], o[t, SMALL_COST] - price * o[t, SMALL]
    if o[t, FEED] < price:
        part += o[t, SIZE_1]
        least += (o[t, FEED] - price) * o[t, SIZE_1]
    if least < cost:
        return least, part, PART
    return cost, whole, FULL


@compiled
def runs_at(site: Site, i: int, price: float, start_cost: float, desk: Desk) -> tuple[float, float]:
    """Switch slots on in the best runs if a kW x slot may cost this price.

    Returns (cost less what the energy may cost, energy).
    """
    o, came_on, came_off = desk.offers, desk.integers[BLOCKS], desk.integers[SOME]
    energies = desk.floats[TOGETHER]
    a, d = site.whos[i, FROM], site.whos[i, UNTIL]
    is_running = site.whos[i, RUNNING] == 1 and a == 0
    on, off = 0.0 if is_running else np.inf, 0.0
    for t in range(a, d):
        stay, begin = on, off + start_cost
        came_off[t] = 1 if on < off else 0
        off = min(on, off)
        if o[t, KIND] == NO_USE:
            on = np.inf
            continue
        came_on[t] = 1 if stay <= begin else 0
        if o[t, SMALL] > 0:
            worth, energies[t], o[t, ON] = best_in(o, t, price)
        else:  # `best_in` of a slot with one block, which nearly all are
            size = o[t, BLOCK]
            worth = o[t, COST] - price * size
            if o[t, FEED] < price and o[t, SIZE_1] > 0:
                size += o[t, SIZE_1]
                worth += (o[t, FEED] - price) * o[t, SIZE_1]
            if o[t, GRID] < price and o[t, SIZE_2] > 0:
                size += o[t, SIZE_2]
                worth += (o[t, GRID] - price) * o[t, SIZE_2]
            energies[t], o[t, ON] = size, FULL
        on = worth + min(stay, begin)
    value, energy = min(on, off), 0.0
    is_on = on < off
    for back in range(d - a):
        t = d - 1 - back
        if is_on:
            energy += energies[t]
            is_on = came_on[t] == 1
        else:
            is_on = came_off[t] == 1
            o[t, ON] = OFF
    return value, energy


@compiled
def marginal(site: Site, i: int, m: int, desk: Desk) -> float:
    """Return the price of the piece that fills the need, where neither blocks nor starts count."""
    o, what, price = desk.offers, desk.integers[WHAT], desk.floats[PRICES]
    left, last = site.cars[i, NEED], site.cars[i, WORTH]
    for at in range(m if left > EPS else 0):
        t, kind = what[at] // 3, what[at] % 3
        if kind > 0 and o[t, SMALL] > 0:
            continue  # a concave slot comes as a whole
        left -= o[t, WHOLE] if kind == 0 else o[t, SIZE_1] if kind == 1 else o[t, SIZE_2]
        last = price[at]
        if left <= EPS:
            break
    return float(last)


@compiled
def balanced(
    site: Site, i: int, start_cost: float, guess: float, desk: Desk
) -> tuple[float, float, float, bool]:
    """Switch on the best runs at the least price at which they hold the need.

    Returns (the bound, the energy they hold, the highest price tried at which the best runs hold
    less, whether there is one). guess: a price near the one that is looked for. The next price to
    try is the one at which the runs of both ends are worth the same: as their worth is concave in
    the price, that ends at the best bound there is, after a few tries.
    """
    need, worth = site.cars[i, NEED], site.cars[i, WORTH]
    low, less, cheap, has_low = worth, 0.0, 0.0, False
    high, more, dear, has_high = worth, 0.0, 0.0, False
    bound, price = -np.inf, max(worth, guess)
    step = FIRST_STEP * start_cost / max(EPS, need)
    for _ in range(MOST_TRIES):
        value, energy = runs_at(site, i, price, start_cost, desk)
        bound = max(bound, value + price * need)
        is_ample = energy >= need - EPS
        is_last = has_low and has_high and value >= cheap - price * less - BALANCED
        if is_ample:
            high, more, dear, has_high = price, energy, value + price * energy, True
        else:
            low, less, cheap, has_low = price, energy, value + price * energy, True
        if is_last or (not is_ample and price >= site.penalty) or (is_ample and price <= worth):
            break
        if not has_high:  # go up in growing steps
            price = min(site.penalty, price + step)
            step *= STEPS_GROW
            continue
        if not has_low:
            price = max(worth, price - step)
            step *= STEPS_GROW
            continue
        if more - less <= EPS:
            break
        price = (dear - cheap) / (more - less)
    if has_high and not is_ample:
        _value, energy = runs_at(site, i, high, start_cost, desk)
    return bound, energy, low, has_low and has_high


@compiled
def judged(site: Site, i: int, start_cost: float, n_flex: int, desk: Desk) -> float:
    """Return what `filled` returns for the slots that are on, and their starts; writes nothing."""
    o, flex = desk.offers, desk.integers[FLEX]
    need, cap, worth = site.cars[i, NEED], site.cars[i, CAP], site.cars[i, WORTH]
    energy, cost, starts = 0.0, 0.0, 0
    was_on = site.whos[i, RUNNING] == 1 and site.whos[i, FROM] == 0
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        if o[t, KIND] == NO_USE or o[t, ON] == OFF:
            was_on = False
            continue
        is_full = o[t, ON] == FULL
        energy += o[t, BLOCK] if is_full else o[t, SMALL]
        cost += o[t, COST] if is_full else o[t, SMALL_COST]
        starts += 0 if was_on else 1
        was_on = True
    if energy > cap + 1e-7:
        return float(np.inf)
    for at in range(n_flex):
        t, kind = flex[at] // 3, flex[at] % 3
        if o[t, ON] == OFF:
            continue
        price = o[t, GRID] if kind == 2 else o[t, FEED]
        if price >= worth and energy >= need - EPS:
            break
        left = (cap if price < worth else need) - energy
        if left <= EPS or not is_usable(o, t, kind, o[t, ON]):
            continue
        take = min(o[t, SIZE_2] if kind == 2 else o[t, SIZE_1], left)
        energy += take
        cost += take * price
    cost += site.penalty * max(0.0, need - energy) - worth * max(0.0, energy - need)
    return float(cost + start_cost * starts)


@compiled
def switched(site: Site, i: int, t: int, desk: Desk) -> bool:
    """Switch a slot of the car's window; return whether it can be."""
    o = desk.offers
    if not site.whos[i, FROM] <= t < site.whos[i, UNTIL] or o[t, KIND] == NO_USE:
        return False
    o[t, ON] = FULL if o[t, ON] == OFF else OFF
    return True


@compiled
def is_on(site: Site, i: int, t: int, desk: Desk) -> bool:
    """Return whether a slot of the car's window is on."""
    if not site.whos[i, FROM] <= t < site.whos[i, UNTIL] or desk.offers[t, KIND] == NO_USE:
        return False
    return bool(desk.offers[t, ON] != OFF)


@compiled
def mended_at_ends(
    site: Site, i: int, start_cost: float, n_flex: int, desk: Desk, best: float
) -> float:
    """Lengthen, shorten, move and leave out runs as long as that helps; return the worth."""
    o = desk.offers
    a, d = site.whos[i, FROM], site.whos[i, UNTIL]
    for _ in range(ROUNDS):
        found, first, last, way = best - 1e-9, -1, -1, -1
        t = a
        while t < d:
            if not is_on(site, i, t, desk):
                t += 1
                continue
            end = t
            while is_on(site, i, end, desk):
                end += 1
            for kind in range(7):  # of the run [t, end)
                if turned(site, i, t, end, kind, desk):
                    value = judged(site, i, start_cost, n_flex, desk)
                    if value < found:
                        found, first, last, way = value, t, end, kind
                    turned(site, i, t, end, kind, desk)
            t = end
        if way < 0:
            break
        turned(site, i, first, last, way, desk)
        best = found
    for t in range(a, d):
        if o[t, KIND] == NO_USE:
            o[t, ON] = OFF
    return best


@compiled
def mended(
    site: Site, i: int, start_cost: float, n_flex: int, bound: float, desk: Desk, p: Floats
) -> float:
    """Write the powers of the slots that are on into p, mended unless that can win nothing.

    Returns their worth with the starts.
    """
    best = judged(site, i, start_cost, n_flex, desk)
    if best > bound + CLOSED:
        best = mended_at_ends(site, i, start_cost, n_flex, desk, best)
    if best < np.inf:
        filled(site, i, desk, n_flex, p)
    return best


@compiled
def turned(site: Site, i: int, t: int, end: int, kind: int, desk: Desk) -> bool:
    """Make one of seven changes to the run [t, end), or take it back; False if it cannot be."""
    if kind == 0:
        return switched(site, i, t, desk)
    if kind == 1:
        return switched(site, i, end - 1, desk)
    if kind == 2:
        return switched(site, i, t - 1, desk)
    if kind == 3:
        return switched(site, i, end, desk)
    if kind == 4:
        for s in range(t, end):
            switched(site, i, s, desk)
        return True
    low, high = (t - 1, end - 1) if kind == 5 else (t, end)
    if not switched(site, i, low, desk):
        return False
    if not switched(site, i, high, desk):
        switched(site, i, low, desk)
        return False
    return True


@compiled
def steadied(site: Site, i: int, start_cost: float, desk: Desk, p: Floats) -> tuple[float, float]:
    """Choose a car's slots in runs, beside what the desk says is drawn, and write them into p.

    Returns (worth with the starts, a bound of it). p keeps what it held where that is no worse.
    """
    a, d = site.whos[i, FROM], site.whos[i, UNTIL]
    cap, worth = site.cars[i, CAP], site.cars[i, WORTH]
    before = worth_of(site, i, desk, p) + start_cost * starts_in(site, i, p)
    old = p[a:d].copy()
    offer(site, i, desk)
    is_shared = len(site.bias) == 0 and len(site.by_price) > 0
    m = sequenced(site, a, d, is_shared, desk)
    what, flex, n_flex = desk.integers[WHAT], desk.integers[FLEX], 0
    for at in range(m):
        if what[at] % 3 > 0:
            flex[n_flex] = what[at]
            n_flex += 1
    guess = marginal(site, i, m, desk)
    bound, energy, low, is_balanced = balanced(site, i, start_cost, guess, desk)
    if energy > cap + EPS and not is_balanced:
        low, high = worth - 10.0, worth
        for _ in range(DEEP_HALVINGS):
            middle = 0.5 * (low + high)
            _value, energy = runs_at(site, i, middle, start_cost, desk)
            if energy > cap + EPS:
                high = middle
            else:
                low = middle
        runs_at(site, i, low, start_cost, desk)
    best = mended(site, i, start_cost, n_flex, bound, desk, p)
    if is_balanced and best > bound + NEAR * max(abs(bound), LEAST_BILL):
        if best < before - 1e-9:
            before, old = best, p[a:d].copy()
        runs_at(site, i, low, start_cost, desk)  # a run that is a little longer may do
        best = mended(site, i, start_cost, n_flex, bound, desk, p)
    if best < before - 1e-9:
        return best, bound
    p[a:d] = old
    return before, bound


@compiled
def is_as_before(site: Site, i: int, desk: Desk, left: Floats, sun: Floats) -> bool:
    """Return whether the others leave a car what they left it last; note what they leave it now.

    left, sun: what it may draw, and how much of it is sun; NaN before it was asked.
    """
    is_same = True
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        most = left_for(site, i, t, desk)
        free = min(most, max(0.0, site.surplus[t] - desk.total[t]))
        is_same = is_same and abs(most - left[t]) <= EPS and abs(free - sun[t]) <= EPS
        left[t], sun[t] = most, free
    return is_same


@compiled
def all_steadied(
    site: Site, start_cost: float, desk: Desk, worth: float, bound: float, missing: float,
    p: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Choose the slots of all cars in runs; return (worth with the starts, bound of any plan's).

    The desk says what all cars draw, and does so after it.
    """
    n, order, must = len(site.cars), desk.car_integers[ORDER], 0
    for i in range(n):
        worth += start_cost * starts_in(site, i, p[i])
        is_running = site.whos[i, RUNNING] == 1 and site.whos[i, FROM] == 0
        if site.cars[i, NEED] > 0 and not is_running:
            must += 1
    if missing <= EPS:
        bound += start_cost * must
        if worth <= bound + CLOSED:
            return worth, bound  # no car starts more often than it must
    left = np.full((2, n if n > 1 else 0, p.shape[1]), np.nan)
    for _ in range(SWEEPS):
        before = worth
        for at in range(n):
            i = order[at] if n > 1 else 0
            drawn(site, i, p[i], -1.0, desk)
            if n == 1 or not is_as_before(site, i, desk, left[0, i], left[1, i]):
                was = worth_of(site, i, desk, p[i]) + start_cost * starts_in(site, i, p[i])
                now, alone = steadied(site, i, start_cost, desk, p[i])
                worth += now - was
                if n == 1 and missing <= EPS:
                    bound = max(bound, alone)
            drawn(site, i, p[i], 1.0, desk)
        if n == 1 or worth >= before - 1e-7:
            break
    return worth, bound
