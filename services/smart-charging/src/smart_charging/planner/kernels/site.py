"""All cars of a site: from the relaxed totals to powers that every charger can give.

Each car in turn answers best to the others (`single`), then pairs are solved anew in both
orders, and, while the bound says that there may be more, small groups with shaken prices.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import Ask, Site
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.relaxed import relaxed
from smart_charging.planner.kernels.single import EPS, ROWS, respond
from smart_charging.planner.kernels.types import Floats, Integers

SWEEPS = 2
ROUNDS = 3
LEAST_BILL = 0.5  # in the currency: what is cheaper counts as much when gaps are judged
SHAKES = (0.003, 0.01, 0.03)  # how much prices are shaken, as a part of them


@compiled
def value_of(site: Site, p: Floats, total: Floats) -> float:
    """Return the worth of a plan: its cost, and the penalty of what is missing."""
    value = 0.0
    for t in range(len(total)):
        under = min(total[t], site.surplus[t])
        value += site.prices[1, t] * under + site.prices[0, t] * (total[t] - under)
    for i in range(p.shape[0]):
        value += site.penalty * max(0.0, site.cars[0, i] - p[i].sum())
    return float(value)


@compiled
def asked(site: Site, i: int) -> Ask:
    """Return what car i asks for."""
    cars, windows = site.cars, site.windows
    return Ask(
        windows[0, i], windows[1, i], cars[0, i], cars[1, i], cars[2, i], cars[3, i],
        site.penalty, cars.shape[1] == 1,
    )  # fmt: skip


@compiled
def answered(site: Site, i: int, p: Floats, total: Floats, o: Floats) -> None:
    """Let car i answer best to the others; keeps total the sum of p."""
    ask = asked(site, i)
    for t in range(ask.a, ask.d):
        total[t] = max(0.0, total[t] - p[i, t])
    respond(ask, site, total, p[i], o)
    for t in range(ask.a, ask.d):
        total[t] += p[i, t]


@compiled
def tightest_first(site: Site) -> Integers:
    """Return the cars in the order in which they have least to choose."""
    n = site.cars.shape[1]
    loose = np.empty(n)
    for i in range(n):
        slots = max(1, site.windows[1, i] - site.windows[0, i])
        loose[i] = -site.cars[0, i] / max(EPS, site.cars[3, i] * slots)
    return np.argsort(loose, kind="mergesort")


@compiled
def regrouped(
    site: Site, shaken: Site, is_shaken: bool, group: Integers, p: Floats, total: Floats,
    o: Floats, old: Floats, best: float,
) -> float:  # fmt: skip
    """Take a group out and let it answer again in this order; undone where that is not better.

    shaken: the site with the prices they answer to first. Returns the worth after it.
    """
    slots = len(total)
    for at in range(len(group)):
        i = group[at]
        for t in range(slots):
            old[at, t] = p[i, t]
            total[t] = max(0.0, total[t] - p[i, t])
            p[i, t] = 0.0
    if is_shaken:
        for at in range(len(group)):
            answered(shaken, group[at], p, total, o)
    for at in range(len(group)):
        answered(site, group[at], p, total, o)
    value = value_of(site, p, total)
    if value < best - 1e-10:
        return value
    for at in range(len(group)):
        i = group[at]
        for t in range(slots):
            total[t] += old[at, t] - p[i, t]
            p[i, t] = old[at, t]
    return best


@compiled
def paired(
    site: Site, p: Floats, total: Floats, o: Floats, old: Floats, best: float, enough: float
) -> float:
    """Solve all pairs that share slots anew, in both orders; return the worth after it."""
    n, windows = p.shape[0], site.windows
    pair = np.empty(2, dtype=np.int64)
    for _ in range(ROUNDS):
        before = best
        for i in range(n):
            for j in range(n):
                if best <= enough:
                    return best
                shares = windows[0, i] < windows[1, j] and windows[0, j] < windows[1, i]
                if i != j and shares:
                    pair[0], pair[1] = i, j
                    best = regrouped(site, site, False, pair, p, total, o, old, best)
        if best >= before - EPS:
            break
    return best


@compiled
def shaken_up(
    site: Site, moves: int, seed: int, p: Floats, total: Floats, o: Floats, old: Floats,
    best: float, enough: float,
) -> float:  # fmt: skip
    """Solve small groups anew with shaken prices; return the worth after it."""
    np.random.seed(seed)
    n = p.shape[0]
    prices = site.prices.copy()
    for move in range(moves):
        if best <= enough:
            break
        for t in range(len(total)):
            factor = 1.0 + SHAKES[move % 3] * np.random.randn()
            prices[0, t], prices[1, t] = site.prices[0, t] * factor, site.prices[1, t] * factor
        by_price = np.argsort(prices[0], kind="mergesort")
        shaken = Site(
            site.cars, site.windows, site.penalty, prices, by_price, site.surplus, site.room
        )
        group = np.random.permutation(n)[: min(n, (2, 3, 4, n)[move % 4])]
        best = regrouped(site, shaken, True, group, p, total, o, old, best)
    return best


@compiled
def solve(site: Site, tolerance: float, moves: int, seed: int, p: Floats) -> tuple[float, float]:
    """Write a plan into p (cars x slots); return (worth, lower bound of any plan's worth).

    tolerance: nearer than this part of the cost to the bound nothing more is looked for. moves:
    how many shaken groups are tried at most until then.
    """
    n, slots = p.shape
    o = np.empty((ROWS, slots))
    total = np.zeros(slots)
    if n == 1:
        return respond(asked(site, 0), site, total, p[0], o)
    bound = relaxed(site, p)
    for i in range(n):
        for t in range(slots):
            total[t] += p[i, t]
    order = tightest_first(site)
    for _ in range(SWEEPS):
        for at in range(n):
            answered(site, order[at], p, total, o)
    best = value_of(site, p, total)
    enough = bound + tolerance * max(abs(bound), LEAST_BILL)
    old = np.empty((n, slots))
    best = paired(site, p, total, o, old, best, enough)
    best = shaken_up(site, moves, seed, p, total, o, old, best, enough)
    return best, bound
