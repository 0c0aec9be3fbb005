"""Fewer starts: where each start of a car counts money, its slots are chosen anew in runs.

For a price that a kWh may cost, the best runs follow slot by slot (on or off, a start between);
the price is the one at which the car gets its need. What is left over is mended at the ends of
runs. Each car in turn, beside the others.
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
    RUNNING,
    SIZE_1,
    SIZE_2,
    SMALL,
    SMALL_COST,
    SOME,
    TOGETHER,
    UNTIL,
    WHAT,
    WORTH,
    Desk,
    Site,
    drawn,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.sequence import sequenced
from smart_charging.planner.kernels.single import LEAST_BILL, filled, offer
from smart_charging.planner.kernels.site import worth_of
from smart_charging.planner.kernels.types import Floats

MOST_TRIES = 24  # of prices between that at which the car charges too little, and the penalty
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
    """Return (cost less what its energy may cost, energy, state) of a slot that is on."""
    best, energy, state = np.inf, 0.0, OFF
    for now in (FULL, PART):
        if now == PART and o[t, SMALL] <= 0:
            break
        size = o[t, BLOCK] if now == FULL else o[t, SMALL]
        cost = (o[t, COST] if now == FULL else o[t, SMALL_COST]) - price * size
        has_feed = o[t, SMALL] <= 0 or now == PART
        has_grid = o[t, SMALL] <= 0 or now == FULL
        if has_feed and o[t, SIZE_1] > 0 and o[t, FEED] < price:
            size += o[t, SIZE_1]
            cost += (o[t, FEED] - price) * o[t, SIZE_1]
        if has_grid and o[t, SIZE_2] > 0 and o[t, GRID] < price:
            size += o[t, SIZE_2]
            cost += (o[t, GRID] - price) * o[t, SIZE_2]
        if cost < best:
            best, energy, state = cost, size, now
    return best, energy, state


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
        worth, energies[t], o[t, ON] = best_in(o, t, price)
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
def balanced(
    site: Site, i: int, start_cost: float, low: float, short: tuple[float, float],
    ample: tuple[float, float], desk: Desk,
) -> tuple[float, float]:  # fmt: skip
    """Switch on the best runs at the least price at which they hold the need.

    Returns (the bound, the highest price tried at which the best runs hold less).
    short, ample: what `runs_at` says at the price `low`, where they hold too little, and at the
    penalty. The next price to try is the one at which the runs of both are worth the same: as their
    worth is concave in the price, that ends at the best bound there is, after a few tries.
    """
    need, high = site.cars[i, NEED], site.penalty
    less, more = short[1], ample[1]
    cheap, dear = short[0] + low * less, ample[0] + high * more  # what the runs themselves cost
    bound, is_ample = -np.inf, True
    for _ in range(MOST_TRIES):
        if more - less <= EPS:
            break
        price = (dear - cheap) / (more - less)
        value, energy = runs_at(site, i, price, start_cost, desk)
        bound = max(bound, value + price * need)
        is_ample = energy >= need - EPS
        is_last = value >= cheap - price * less - BALANCED
        if is_ample:
            high, more, dear = price, energy, value + price * energy
        else:
            low, less, cheap = price, energy, value + price * energy
        if is_last:
            break
    if not is_ample:
        runs_at(site, i, high, start_cost, desk)
    return bound, low


@compiled
def judged(site: Site, i: int, start_cost: float, n_flex: int, desk: Desk, p: Floats) -> float:
    """Write the powers of the slots that are on into p; return their worth with the starts."""
    o, energy = desk.offers, 0.0
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        if o[t, KIND] != NO_USE and o[t, ON] != OFF:
            energy += o[t, BLOCK] if o[t, ON] == FULL else o[t, SMALL]
    if energy > site.cars[i, CAP] + 1e-7:
        return float(np.inf)
    return filled(site, i, desk, n_flex, p) + start_cost * starts_in(site, i, p)


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
    site: Site, i: int, start_cost: float, n_flex: int, desk: Desk, best: float, p: Floats
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
                    value = judged(site, i, start_cost, n_flex, desk, p)
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
    best = judged(site, i, start_cost, n_flex, desk, p)
    if best <= bound + CLOSED:
        return best
    mended_at_ends(site, i, start_cost, n_flex, desk, best, p)
    return judged(site, i, start_cost, n_flex, desk, p)


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
    need, cap, worth = site.cars[i, NEED], site.cars[i, CAP], site.cars[i, WORTH]
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
    value, energy = runs_at(site, i, worth, start_cost, desk)
    bound, is_balanced = value + worth * need, False
    if energy < need - EPS:
        low, short = worth, (value, energy)
        value, energy = runs_at(site, i, site.penalty, start_cost, desk)
        bound = max(bound, value + site.penalty * need)
        if energy >= need - EPS:
            least, low = balanced(site, i, start_cost, low, short, (value, energy), desk)
            bound, is_balanced = max(bound, least), True
    elif energy > cap + EPS:
        low, high = worth - 10.0, worth
        for _ in range(DEEP_HALVINGS):
            middle = 0.5 * (low + high)
            value, energy = runs_at(site, i, middle, start_cost, desk)
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
    for _ in range(SWEEPS):
        before = worth
        for at in range(n):
            i = order[at] if n > 1 else 0
            drawn(site, i, p[i], -1.0, desk)
            was = worth_of(site, i, desk, p[i]) + start_cost * starts_in(site, i, p[i])
            now, alone = steadied(site, i, start_cost, desk, p[i])
            worth += now - was
            drawn(site, i, p[i], 1.0, desk)
            if n == 1 and missing <= EPS:
                bound = max(bound, alone)
        if n == 1 or worth >= before - 1e-7:
            break
    return worth, bound
