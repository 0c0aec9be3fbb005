"""All cars of a site: from the relaxed totals to powers that every charger can give.

The relaxed powers are mended by exchanges that cost nothing; cars for which that is not enough
answer best to the others (`single`); and, while the bound says that there may be more, small
groups of cars are settled anew in the same way.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    CAR_COLUMNS,
    EPS,
    FRESH,
    FROM,
    LEAST,
    MOST,
    NEED,
    ORDER,
    TROUBLED,
    TRUE_NEED,
    UNTIL,
    WHO_COLUMNS,
    WORTH,
    Desk,
    Site,
    drawn,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.dual import can_sharpen, sharper_bound
from smart_charging.planner.kernels.exchange import is_between, straightened
from smart_charging.planner.kernels.feeding import drawn_anew, fed, lacking, least_by_phases
from smart_charging.planner.kernels.relaxed import relaxed
from smart_charging.planner.kernels.single import LEAST_BILL, respond
from smart_charging.planner.kernels.slotwise import eased
from smart_charging.planner.kernels.types import Floats, Integers

SWEEPS = 2
SHAKES = (0.0, 0.0, 0.003, 0.01, 0.03)  # how much prices are shaken in a move, as a part of them
MOST_IN_GROUP = 4
PHASED = 4  # times more moves where phases count: one car at a time finds less
SHORT = 5  # times more moves while energy is missing that need not be
THOROUGH = 30  # moves from which on a sharper bound is worth its time
FEEDING = 250  # steps per move of the search for energy that is missing without need
FEW_SLOTS = 48  # with less of them tries are cheap, and more are worth it
NO_MATTER = 0.004  # kW x slots that may be missing without need
AT_MOST = 6  # times the moves in vain
BETTER = 1e-9
MENDING = 1e-4  # which part of the bill one mended power may cost


@compiled
def value_of(site: Site, total: Floats, p: Floats) -> float:
    """Return the worth of a plan: its cost, and the penalty of what is missing."""
    value = 0.0
    for t in range(len(total)):
        if total[t] > 0:
            under = min(total[t], site.surplus[t])
            value += site.prices[1, t] * under + site.prices[0, t] * (total[t] - under)
    is_biased = len(site.bias) > 0
    for i in range(len(site.cars)):
        got = 0.0
        for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
            got += p[i, t]
            if is_biased:
                value += site.bias[i, t] * p[i, t]
        value += site.penalty * max(0.0, site.cars[i, NEED] - got)
        value -= site.cars[i, WORTH] * max(0.0, got - site.cars[i, NEED])
    return float(value)


@compiled
def worth_of(site: Site, i: int, desk: Desk, p: Floats) -> float:
    """Return what the powers of one car are worth beside what the desk says is drawn."""
    got, value = 0.0, 0.0
    is_biased = len(site.bias) > 0
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        if p[t] > 0:
            got += p[t]
            under = min(p[t], max(0.0, site.surplus[t] - desk.total[t]))
            value += site.prices[1, t] * under + site.prices[0, t] * (p[t] - under)
            if is_biased:
                value += site.bias[i, t] * p[t]
    value += site.penalty * max(0.0, site.cars[i, NEED] - got)
    return float(value - site.cars[i, WORTH] * max(0.0, got - site.cars[i, NEED]))


@compiled
def tightest_first(site: Site, desk: Desk) -> None:
    """Write to the desk's ORDER the cars in the order in which they have least to choose."""
    order = desk.car_integers[ORDER]
    for at in range(len(site.cars)):
        i, to = at, at
        tight = tightness(site, i)
        while to > 0 and tightness(site, order[to - 1]) < tight:
            order[to] = order[to - 1]
            to -= 1
        order[to] = i


@compiled
def tightness(site: Site, i: int) -> float:
    """Return which part of its time a car must charge."""
    slots = max(1, site.whos[i, UNTIL] - site.whos[i, FROM])
    return float(site.cars[i, NEED] / max(EPS, site.cars[i, MOST] * slots))


@compiled
def swept(site: Site, desk: Desk, value: float, enough: float, x: Floats) -> float:
    """Let every car answer again, as long as that helps; return the worth of the plan."""
    n, order, fresh = len(site.cars), desk.car_integers[ORDER], desk.car_integers[FRESH]
    old = np.empty(x.shape[1])
    stamp = 0
    for i in range(n):
        fresh[i] = -1
    for _ in range(SWEEPS):
        for at in range(n):
            i = order[at]
            if fresh[i] == stamp:
                continue  # nobody has moved since
            if value <= enough:
                return value
            a, d = site.whos[i, FROM], site.whos[i, UNTIL]
            for t in range(a, d):
                old[t] = x[i, t]
            drawn(site, i, old, -1.0, desk)
            before = worth_of(site, i, desk, old)
            after, _bound, _missing = respond(site, i, desk, False, x[i])
            if after < before - BETTER:
                value += after - before
                stamp += 1
            else:
                for t in range(a, d):
                    x[i, t] = old[t]
            drawn(site, i, x[i], 1.0, desk)
            fresh[i] = stamp
    return value


@compiled
def settled(
    shaken: Site, site: Site, desk: Desk, tolerance: float, is_joint: bool, x: Floats
) -> tuple[float, float, float]:
    """Write a plan into x; return (worth, cost and missing energy that no plan can beat).

    shaken: the site with the prices by which the totals are found. Cars come in the desk's ORDER.
    """
    n, slots = len(site.cars), len(site.room)
    order = desk.car_integers[ORDER]
    cost, missing = 0.0, 0.0
    if is_joint:
        cost, missing = relaxed(shaken, desk, x)
    for i in range(n):
        desk.car_integers[TROUBLED, i] = 0
    is_plain = is_joint and len(site.phase_room) == 0 and len(site.bias) == 0
    for t in range(slots):
        desk.total[t] = 0.0
        for line in range(len(site.phase_room)):
            desk.loads[line, t] = 0.0
    if is_plain:
        for i in range(n):
            drawn(site, i, x[i], 1.0, desk)
        limit = MENDING * max(abs(cost), LEAST_BILL)
        left = straightened(site, desk, limit, x)
        if left > 0:
            for at in range(n):
                i = order[at]
                for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
                    if is_between(site, i, x[i, t]):
                        desk.car_integers[TROUBLED, i] = 1
                        drawn(site, i, x[i], -1.0, desk)
                        respond(site, i, desk, False, x[i])
                        drawn(site, i, x[i], 1.0, desk)
                        break
    else:  # the totals know neither phases nor wishes: only the bound holds
        for i in range(n):
            for t in range(slots):
                x[i, t] = 0.0
        for at in range(n):
            i = order[at]
            respond(shaken, i, desk, False, x[i])
            drawn(site, i, x[i], 1.0, desk)
    value = value_of(site, desk.total, x)
    enough = (
        -np.inf
        if not is_joint
        else cost + site.penalty * missing + tolerance * max(abs(cost), LEAST_BILL)
    )
    if value > enough:
        value = swept(site, desk, value, enough, x)
    return value, cost, missing


@compiled
def truly_relaxed(site: Site, desk: Desk) -> tuple[float, float]:
    """Return what `relaxed` returns for the true needs, which may be less than a block."""
    cars = site.cars.copy()
    cars[:, NEED] = cars[:, TRUE_NEED]
    true = Site(
        cars, site.whos, site.penalty, site.prices, site.by_price, site.surplus, site.room,
        site.phase_room, site.limits, site.bias,
    )  # fmt: skip
    for i in range(len(cars)):
        desk.car_integers[ORDER, i] = i
    return relaxed(true, desk, np.empty((len(cars), len(site.room))))


@compiled
def group_of(
    site: Site, desk: Desk, group: Integers, wanted: int, luck: int, p: Floats
) -> tuple[int, int]:
    """Draw a group of cars that share slots; return (how many, the next luck).

    The first one is a car that lacks energy or had to be mended, three of four times.
    """
    n, k = len(site.cars), 0
    luck = (luck * 1103515245 + 12345) % 2147483648
    first = (luck >> 8) % n
    if luck >> 20 & 3:
        for q in range(n):
            i = (first + q) % n
            lacks = p[i, site.whos[i, FROM] : site.whos[i, UNTIL]].sum() < site.cars[i, NEED] - 1e-6
            if lacks or desk.car_integers[TROUBLED, i] == 1:
                first = i
                break
    group[0], k = first, 1
    luck = (luck * 1103515245 + 12345) % 2147483648
    start = (luck >> 8) % n
    luck = (luck * 1103515245 + 12345) % 2147483648
    step = 1 + (luck >> 8) % n
    for q in range(n):
        if k >= wanted:
            break
        j = (start + q * step) % n
        is_new = site.whos[j, FROM] < site.whos[first, UNTIL]
        is_new = is_new and site.whos[first, FROM] < site.whos[j, UNTIL]
        for at in range(k):
            is_new = is_new and group[at] != j
        if is_new:
            group[k] = j
            k += 1
    return k, luck


@compiled
def regrouped(
    site: Site, desk: Desk, small: Desk, group: Integers, shake: float, is_joint: bool, luck: int,
    p: Floats, best: float,
) -> tuple[float, int]:  # fmt: skip
    """Settle a group anew beside the others; undone where that is not better.

    Returns (the worth after it, the next luck).
    """
    slots, k = len(site.room), len(group)
    cars = np.empty((k, CAR_COLUMNS))
    whos = np.empty((k, WHO_COLUMNS), dtype=np.int64)
    limits = np.empty((k if len(site.limits) > 0 else 0, slots))
    bias = np.empty((k if len(site.bias) > 0 else 0, slots))
    for at in range(k):
        i = group[at]
        cars[at], whos[at] = site.cars[i], site.whos[i]
        if len(limits) > 0:
            limits[at] = site.limits[i]
        if len(bias) > 0:
            bias[at] = site.bias[i]
        drawn(site, i, p[i], -1.0, desk)
    surplus, room = np.empty(slots), np.empty(slots)
    for t in range(slots):
        surplus[t] = max(0.0, site.surplus[t] - desk.total[t])
        room[t] = max(0.0, site.room[t] - desk.total[t])
    phase_room = np.maximum(0.0, site.phase_room - desk.loads[: len(site.phase_room)])
    part = Site(
        cars, whos, site.penalty, site.prices, site.by_price, surplus, room, phase_room, limits,
        bias,
    )  # fmt: skip
    shaken = part
    is_joint = is_joint and len(site.phase_room) == 0 and len(site.bias) == 0
    tried = cars
    if not is_joint:  # who comes first may not take all there is
        tried = cars.copy()
        for at in range(k):
            luck = (luck * 1103515245 + 12345) % 2147483648
            part_of = min(1.0, (luck >> 8) / 4194304.0)
            tried[at, MOST] = cars[at, LEAST] + part_of * (cars[at, MOST] - cars[at, LEAST])
        shaken = Site(
            tried, whos, site.penalty, site.prices, site.by_price, surplus, room, phase_room,
            limits, bias,
        )  # fmt: skip
    if shake > 0.0:
        prices = site.prices.copy()
        for t in range(slots):
            luck = (luck * 1103515245 + 12345) % 2147483648
            factor = 1.0 + shake * ((luck >> 8) / 4194304.0 - 1.0)
            prices[0, t] *= factor
            prices[1, t] *= factor
        shaken = Site(
            tried, whos, site.penalty, prices, site.by_price[:0], surplus, room, phase_room, limits,
            bias,
        )  # fmt: skip
    order = small.car_integers[ORDER]
    for at in range(k):
        luck = (luck * 1103515245 + 12345) % 2147483648
        to = (luck >> 8) % (at + 1)
        order[at] = order[to]
        order[to] = at
    x = np.empty((k, slots))
    value, _cost, _missing = settled(shaken, part, small, 0.0, is_joint, x)
    before = 0.0
    for t in range(slots):
        small.total[t] = 0.0
        for at in range(k):
            small.total[t] += p[group[at], t]
    old = np.empty((k, slots))
    for at in range(k):
        old[at] = p[group[at]]
    before = value_of(part, small.total, old)
    is_better = value < before - BETTER
    for at in range(k):
        i = group[at]
        if is_better:
            p[i] = x[at]
        drawn(site, i, p[i], 1.0, desk)
    return (best + value - before if is_better else best), luck


@compiled
def sharpened(
    site: Site, desk: Desk, best: float, cost: float, tolerance: float, p: Floats
) -> float:
    """Return a better bound than cost, if there is one."""
    if not can_sharpen(site):
        return cost
    near = tolerance * max(abs(best), LEAST_BILL)
    return max(cost, sharper_bound(site, desk, p, best, near))


@compiled
def relieved(
    site: Site, desk: Desk, small: Desk, missing: float, moves: int, seed: int, p: Floats
) -> bool:
    """Look for a plan that lacks less, if one may; return whether there is, in p."""
    now = lacking(site, p)
    if moves == 0 or now <= missing + NO_MATTER:
        return False
    enough = max(missing, least_by_phases(site, small)) + NO_MATTER
    if now <= enough:
        return False
    found = fed(site, desk, enough, FEEDING * moves, seed, p)
    if found > enough:
        vain = moves * (1 + FEW_SLOTS // len(site.room))
        eased(site, desk, enough, vain, seed, p)
    return lacking(site, p) < now - EPS


@compiled
def solve(
    site: Site, desk: Desk, small: Desk, tolerance: float, moves: int, seed: int, p: Floats
) -> tuple[float, float, float]:
    """Write a plan into p (cars x slots); return (worth, cost and missing no plan can beat).

    tolerance: nearer than this part of the cost to the bound nothing more is looked for. moves:
    how many groups in a row may be settled anew in vain until then.
    """
    n = len(site.cars)
    if n == 1:
        for t in range(len(site.room)):
            desk.total[t] = p[0, t] = 0.0
            for line in range(len(site.phase_room)):
                desk.loads[line, t] = 0.0
        worth, bound, missing = respond(site, 0, desk, True, p[0])
        drawn(site, 0, p[0], 1.0, desk)
        if missing > EPS:
            bound, missing = truly_relaxed(site, small)
            return worth, bound, missing
        return worth, bound - site.penalty * missing, missing
    tightest_first(site, desk)
    best, cost, missing = settled(site, site, desk, tolerance, True, p)
    if missing > EPS:  # who cannot have a whole block may still have lacked less
        cost, missing = truly_relaxed(site, small)
    enough = cost + site.penalty * missing + tolerance * max(abs(cost), LEAST_BILL)
    if relieved(site, desk, small, missing, moves, seed, p):
        tightest_first(site, desk)
        best = swept(site, desk, value_of(site, desk.total, p), enough, p)
    is_short = best > enough + 0.001 * site.penalty
    if moves >= THOROUGH and best > enough and missing <= EPS and not is_short:
        cost = sharpened(site, desk, best, cost, tolerance, p)
        enough = cost + tolerance * max(abs(cost), LEAST_BILL)
    lacked = lacking(site, p)
    fairest = p.copy() if lacked > EPS else p[:0]
    luck = seed
    group = np.empty(MOST_IN_GROUP, dtype=np.int64)
    fruitless = 0
    if len(site.phase_room) > 0:
        moves *= PHASED
    for move in range(AT_MOST * SHORT * moves):
        # energy that may be missing without need is worth a longer search
        patience = SHORT if best > enough + 0.001 * site.penalty else 1
        if best <= enough or fruitless >= moves * patience or move >= moves * patience * AT_MOST:
            break
        before = best
        wanted = min(n, 2 + move % (MOST_IN_GROUP - 1))
        k, luck = group_of(site, desk, group, wanted, luck, p)
        best, luck = regrouped(
            site, desk, small, group[:k], SHAKES[move % len(SHAKES)], move % 5 != 4, luck, p, best
        )
        fruitless = 0 if best < before else fruitless + 1
    # a need that is less than a block counts as one up to here
    if lacked > EPS and lacking(site, p) > lacked + EPS:
        p[:] = fairest
        drawn_anew(site, desk, p)
        best = value_of(site, desk.total, p)
    return best, cost, missing
