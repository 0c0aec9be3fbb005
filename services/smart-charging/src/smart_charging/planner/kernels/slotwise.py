"""Where energy is missing: every slot chooses anew who charges in it, by what energy is worth.

What a kW x slot is worth to a car falls from 1 to 0 around its need, over a width that shrinks
pass by pass; where many slots can serve a car, it is worth less in each: a price per car that
follows what the car lacks. Each slot is settled alone, all sets of cars that fit into its rooms
tried, and the next one reckons with what it gave. Least powers are kept to from the beginning.
A car alone finds no such plan where who is in its way would have to charge elsewhere many times.
"""

from typing import NamedTuple

import numpy as np

from smart_charging.planner.kernels.bundles import (
    CAP,
    EPS,
    FROM,
    LEAST,
    PHASES,
    TRUE_NEED,
    UNTIL,
    Desk,
    Site,
    most_at,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.feeding import drawn_anew, fed, lacking
from smart_charging.planner.kernels.types import Floats, Integers

MOST_HERE = 10  # cars that are tried in a slot in all sets: those to whom energy is worth most
SUM, ROWS = 3, 4  # rows of `free`: L1, L2, L3, and all phases together
NARROW = 1.5  # kW x slots: the width at the end
STRICT = 5  # passes at the end in which no car may get more than it can take
FOLLOWS = 0.5  # how fast prices follow what is lacking
FIRST_PASSES, FIRST_WIDTH = 40, 200.0
PASSES, WIDTHS, SHAKES = (8, 16, 8, 30), (10.0, 40.0, 20.0, 100.0), (0.1, 0.05, 0.1, 0.03)
FEEDING = 1500  # steps of the search that ends each try
LONGEST = 4  # times the tries in vain
BETTER = 0.002  # kW x slots; to find less is in vain
# rows of `Slot.floats`; the rows of `free` come after them
LUST, TOP, SHORT, PRICE, POWER, TRIED, BEST, REST = range(8)


class Slot(NamedTuple):
    """Room to settle one slot in. who, state: of the cars tried; free: room left, by depth."""

    who: Integers
    state: Integers
    floats: Floats
    free: Floats
    shares: Floats


@compiled
def slot_desk() -> Slot:
    """Return room to work in."""
    most = MOST_HERE + 2
    return Slot(
        np.empty(most, np.int64), np.empty(most, np.int64), np.empty((8, most)),
        np.empty((most, ROWS)), np.empty((most, ROWS)),
    )  # fmt: skip


@compiled
def worth_added(short: float, price: float, width: float, energy: float) -> float:
    """Return what energy is worth to a car that lacks `short`.

    While it lacks so much, a kW x slot is worth price + short / width, but 0 to 1.
    """
    full = min(energy, max(0.0, short - (1.0 - price) * width))
    rest = min(energy, max(0.0, short + price * width)) - full
    if rest <= 0.0:
        return full
    return full + rest * (price + (short - full - 0.5 * rest) / width)


@compiled
def candidates(
    site: Site, t: int, got: Floats, prices: Floats, width: float, is_strict: bool, slot: Slot
) -> int:
    """Write to the desk who may charge in slot t, whom it is worth most first; return how many."""
    who, f = slot.who, slot.floats
    count = 0
    for i in range(len(site.cars)):
        if not site.whos[i, FROM] <= t < site.whos[i, UNTIL]:
            continue
        least, short = site.cars[i, LEAST], site.cars[i, TRUE_NEED] - got[i]
        most = min(most_at(site, i, t), max(least, short + prices[i] * width))
        if is_strict:
            most = min(most, site.cars[i, CAP] - got[i])
        if most < least - EPS or most <= 0.0:
            continue
        lust = worth_added(short, prices[i], width, least) / least
        if lust <= 0.0 or (count == MOST_HERE and lust <= f[LUST, count - 1]):
            continue
        to = min(count, MOST_HERE - 1)
        while to > 0 and f[LUST, to - 1] < lust:
            who[to] = who[to - 1]
            for row in (LUST, TOP, SHORT, PRICE):
                f[row, to] = f[row, to - 1]
            to -= 1
        who[to] = i
        f[LUST, to], f[TOP, to] = lust, max(least, most)
        f[SHORT, to], f[PRICE, to] = short, prices[i]
        count = min(count + 1, MOST_HERE)
    f[REST, count] = 0.0
    for back in range(count):
        at = count - 1 - back
        phases = site.whos[who[at], PHASES]
        lines = (phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1)
        for row in range(SUM):
            slot.shares[at, row] = 1.0 / lines if phases >> row & 1 else 0.0
        slot.shares[at, SUM] = 1.0
        f[REST, at] = f[REST, at + 1] + worth_added(f[SHORT, at], f[PRICE, at], width, f[TOP, at])
    return count


@compiled
def filled_in(deep: int, way: int, width: float, slot: Slot) -> float:
    """Let the cars that are on draw more while there is room; return what all is worth.

    way: 0 whom it is worth most first, 1 first who loads one phase, 2 first who loads several.
    """
    f, shares, left = slot.floats, slot.shares, slot.free[deep + 1]
    for row in range(ROWS):
        left[row] = slot.free[deep, row]
    for at in range(deep):
        f[TRIED, at] = f[POWER, at]
    for turn in range(1 if way == 0 else 2):
        for at in range(deep):
            if f[POWER, at] <= 0.0:
                continue
            is_single = max(shares[at, 0], shares[at, 1], shares[at, 2]) > 0.9
            if way > 0 and is_single != ((way == 1) == (turn == 0)):
                continue
            more = f[TOP, at] - f[TRIED, at]
            for row in range(ROWS):
                if shares[at, row] > 0.0:
                    more = min(more, left[row] / shares[at, row])
            if more > 0.0:
                f[TRIED, at] += more
                for row in range(ROWS):
                    left[row] -= more * shares[at, row]
    value = 0.0
    for at in range(deep):
        if f[TRIED, at] > 0.0:
            value += worth_added(f[SHORT, at], f[PRICE, at], width, f[TRIED, at])
    return value


@compiled
def slot_settled(
    site: Site, t: int, got: Floats, prices: Floats, width: float, is_strict: bool, slot: Slot,
    x: Floats,
) -> None:  # fmt: skip
    """Let those cars charge in slot t to whom it is worth most; got: what all have elsewhere."""
    for i in range(len(site.cars)):
        x[i, t] = 0.0
    count = candidates(site, t, got, prices, width, is_strict, slot)
    who, state, f, free, shares = slot.who, slot.state, slot.floats, slot.free, slot.shares
    for row in range(ROWS):
        free[0, row] = np.inf if row < SUM else site.room[t]
        if row < len(site.phase_room):
            free[0, row] = site.phase_room[row, t]
    best, deep = 0.0, 0
    hopes = f[LUST]  # from here on: what those decided on can be worth at most, by depth
    hopes[0] = 0.0
    while True:
        if deep < count and hopes[deep] + f[REST, deep] > best + EPS:
            least = site.cars[who[deep], LEAST]
            state[deep], f[POWER, deep] = 1, least
            for row in range(ROWS):
                left = free[deep, row] - least * shares[deep, row]
                free[deep + 1, row] = max(0.0, left)
                if left < -EPS:
                    state[deep], f[POWER, deep] = 2, 0.0
            top = f[REST, deep] - f[REST, deep + 1]
        else:
            if deep == count:
                for way in range(3):
                    value = filled_in(deep, way, width, slot)
                    if value > best + EPS:
                        best = value
                        for at in range(count):
                            f[BEST, at] = f[TRIED, at]
            deep -= 1
            while deep >= 0 and state[deep] == 2:
                deep -= 1
            if deep < 0:
                break
            state[deep], f[POWER, deep] = 2, 0.0
        if state[deep] == 2:
            for row in range(ROWS):
                free[deep + 1, row] = free[deep, row]
            top = 0.0
        hopes[deep + 1] = hopes[deep] + top
        deep += 1
    if best > 0.0:
        for at in range(count):
            x[who[at], t] = f[BEST, at]


@compiled
def slots_settled(
    site: Site, passes: int, wide: float, shake: float, seed: int, prices: Floats, x: Floats
) -> None:
    """Settle all slots again and again, the width shrinking from `wide`; x: where to begin.

    shake: by which part prices vary from slot to slot. Prices are written back as they are then.
    """
    n, slots = x.shape
    got, near, slot = np.zeros(n), np.empty(n), slot_desk()
    for i in range(n):
        for t in range(slots):
            got[i] += x[i, t]
    luck = seed
    for turn in range(passes):
        width = wide * (NARROW / wide) ** (turn / passes)
        luck = (luck * 1103515245 + 12345) % 2147483648
        start = (luck >> 8) % slots
        luck = (luck * 1103515245 + 12345) % 2147483648
        step = 1 + (luck >> 8) % slots
        while np.gcd(step, slots) != 1:
            step += 1
        for q in range(slots):
            t = (start + q * step) % slots
            for i in range(n):
                got[i] -= x[i, t]
                luck = (luck * 1103515245 + 12345) % 2147483648
                near[i] = prices[i] * (1.0 + shake * ((luck >> 8) / 4194304.0 - 1.0))
                near[i] = min(1.0, near[i])
            slot_settled(site, t, got, near, width, turn >= passes - STRICT, slot, x)
            for i in range(n):
                got[i] += x[i, t]
        for i in range(n):
            lacks = site.cars[i, TRUE_NEED] - got[i]
            prices[i] = min(1.0, max(0.0, prices[i] + FOLLOWS * lacks / width))


@compiled
def eased(site: Site, desk: Desk, enough: float, vain: int, seed: int, p: Floats) -> bool:
    """Look for a plan that lacks less than p, slot by slot; return whether there is, in p.

    enough: no less can be missing, or need be. vain: tries in a row that find nothing better.
    """
    best, fruitless = lacking(site, p), 0
    before = best
    x, prices = np.zeros(p.shape), np.full(len(p), 0.5)
    for turn in range(LONGEST * vain):
        if best <= enough or fruitless >= vain:
            break
        kind = turn % len(PASSES)
        passes = FIRST_PASSES if turn == 0 else PASSES[kind]
        width = FIRST_WIDTH if turn == 0 else WIDTHS[kind]
        slots_settled(site, passes, width, SHAKES[kind], seed + turn, prices, x)
        y = x.copy()
        found = fed(site, desk, enough, FEEDING, seed + turn, y)
        fruitless += 1
        if found < best - EPS:
            fruitless = 0 if found < best - BETTER else fruitless
            best = found
            p[:] = y
    drawn_anew(site, desk, p)
    return bool(best < before - EPS)
