"""The pieces of an offer in rising order of price.

Tariffs give the order of all slots by either price, shared by all cars and sites; only pieces
with a price of their own (part sun, part grid) are sorted here.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    EPS,
    FEED,
    FEED_FIRST,
    GRID,
    GRID_FIRST,
    KEY,
    KIND,
    NO_USE,
    OWN,
    OWN_FIRST,
    PRICES,
    SIZE_1,
    SIZE_2,
    WHAT,
    Desk,
    Site,
)
from smart_charging.planner.kernels.compiled import compiled

FEW = 24


@compiled
def own_sorted(desk: Desk, n: int) -> None:
    """Sort the first n slots of the line OWN by their key, stable."""
    o, own = desk.offers, desk.integers[OWN]
    if n <= FEW:
        for at in range(1, n):
            t = own[at]
            key, to = o[t, KEY], at
            while to > 0 and o[own[to - 1], KEY] > key:
                own[to] = own[to - 1]
                to -= 1
            own[to] = t
        return
    keys = np.empty(n)
    for at in range(n):
        keys[at] = o[own[at], KEY]
    order = np.argsort(keys, kind="mergesort")
    copy = own[:n].copy()
    for at in range(n):
        own[at] = copy[order[at]]


@compiled
def sequenced(site: Site, a: int, d: int, is_shared: bool, desk: Desk) -> int:
    """Write the pieces of slots [a, d) to the lines WHAT (3 x slot + kind) and PRICES.

    Kinds: 0 first piece, 1 feed-in piece, 2 grid piece. is_shared: prices are the tariff's.
    Returns how many pieces there are.
    """
    if not is_shared:
        return sequenced_anew(a, d, desk)
    o, own = desk.offers, desk.integers[OWN]
    what, price = desk.integers[WHAT], desk.floats[PRICES]
    n_own, n_feed, n_grid = 0, 0, 0
    for t in range(a, d):
        kind = o[t, KIND]
        if kind == NO_USE:
            continue
        if kind == OWN_FIRST:
            own[n_own] = t
            n_own += 1
        if kind == FEED_FIRST or o[t, SIZE_1] > EPS:
            n_feed += 1
        if kind == GRID_FIRST or o[t, SIZE_2] > EPS:
            n_grid += 1
    if n_own > 1:
        own_sorted(desk, n_own)
    at_own, at_feed, at_grid, m = 0, 0, 0, 0
    t_feed, t_grid = -1, -1
    while True:
        if t_feed < 0 and n_feed > 0:
            while t_feed < 0:
                t = site.by_price[1, at_feed]
                at_feed += 1
                if a <= t < d and (
                    o[t, KIND] == FEED_FIRST or (o[t, KIND] != NO_USE and o[t, SIZE_1] > EPS)
                ):
                    t_feed = t
            n_feed -= 1
        if t_grid < 0 and n_grid > 0:
            while t_grid < 0:
                t = site.by_price[0, at_grid]
                at_grid += 1
                if a <= t < d and (
                    o[t, KIND] == GRID_FIRST or (o[t, KIND] != NO_USE and o[t, SIZE_2] > EPS)
                ):
                    t_grid = t
            n_grid -= 1
        feed = o[t_feed, FEED] if t_feed >= 0 else np.inf
        grid = o[t_grid, GRID] if t_grid >= 0 else np.inf
        if at_own < n_own and o[own[at_own], KEY] <= min(feed, grid):
            what[m], price[m] = 3 * own[at_own], o[own[at_own], KEY]
            m += 1
            at_own += 1
        elif t_feed >= 0 and feed <= grid:
            if o[t_feed, KIND] == FEED_FIRST:
                what[m], price[m] = 3 * t_feed, feed
                m += 1
            if o[t_feed, SIZE_1] > EPS:
                what[m], price[m] = 3 * t_feed + 1, feed
                m += 1
            t_feed = -1
        elif t_grid >= 0:
            if o[t_grid, KIND] == GRID_FIRST:
                what[m], price[m] = 3 * t_grid, grid
                m += 1
            if o[t_grid, SIZE_2] > EPS:
                what[m], price[m] = 3 * t_grid + 2, grid
                m += 1
            t_grid = -1
        else:
            return m


@compiled
def sequenced_anew(a: int, d: int, desk: Desk) -> int:
    """Do what `sequenced` does where no order is known."""
    o = desk.offers
    what, price = desk.integers[WHAT], desk.floats[PRICES]
    found, keys = np.empty(3 * (d - a), dtype=np.int64), np.empty(3 * (d - a))
    m = 0
    for t in range(a, d):
        if o[t, KIND] == NO_USE:
            continue
        found[m], keys[m] = 3 * t, o[t, KEY]
        m += 1
        if o[t, SIZE_1] > EPS:
            found[m], keys[m] = 3 * t + 1, o[t, FEED]
            m += 1
        if o[t, SIZE_2] > EPS:
            found[m], keys[m] = 3 * t + 2, o[t, GRID]
            m += 1
    order = np.argsort(keys[:m], kind="mergesort")
    for at in range(m):
        what[at], price[at] = found[order[at]], keys[order[at]]
    return m
