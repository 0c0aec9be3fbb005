"""What the kernels pass among each other: plain bundles of arrays, which numba understands.

Powers in kW, energies in kW x slots, prices in currency per kW x slot.
"""

from typing import NamedTuple

import numpy as np

from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.types import Floats, Integers

EPS = 1e-9
# Columns of cars. NEED is at least one block, TRUE_NEED may be less.
NEED, CAP, LEAST, MOST, WORTH, TRUE_NEED = 0, 1, 2, 3, 4, 5
CAR_COLUMNS = 6
# Columns of whos: which phases a car loads (1 = L1, 2 = L2, 4 = L3), and whether it charges now.
FROM, UNTIL, PHASES, RUNNING = 0, 1, 2, 3
WHO_COLUMNS = 4
# Columns of an offer, one row per slot.
KIND = 0  # NO_USE, or where the price of the first piece stands: GRID_FIRST, FEED_FIRST, OWN_FIRST
KEY, WHOLE = 1, 2  # price and size of the first piece, on the convex envelope
BLOCK, COST = 3, 4  # what is drawn at least once the slot is on, and what that costs
FEED, SIZE_1 = 5, 6  # flexible piece at the feed-in price
GRID, SIZE_2 = 7, 8  # flexible piece at the grid's price
SMALL, SMALL_COST = 9, 10  # > 0: a concave slot; the other block, which goes with the feed-in piece
ON = 11  # OFF, FULL (the block), or PART (the small block)
FORCED = 12  # what a search decided: FREE, or a state
KEPT = 13  # the best state known so far
OFFER_COLUMNS = 14
NO_USE, GRID_FIRST, FEED_FIRST, OWN_FIRST = 0.0, 1.0, 2.0, 3.0
FREE, OFF, FULL, PART = -1.0, 0.0, 1.0, 2.0
# Rows of the float and integer lines to work in, each 3 x slots + 1 long.
PRICES, TOGETHER, FIRST = 0, 1, 2
FLOAT_LINES = 3
WHAT, OWN, BLOCKS, FLEX, SOME = 0, 1, 2, 3, 4
INTEGER_LINES = 5
# Rows of the floats and integers per car to work with.
GOT = 0
CAR_FLOATS = 1
DEAD, CAME_CAR, CAME_SLOT, QUEUE, SEEN, ORDER, FRESH, TROUBLED = range(8)
CAR_INTEGERS = 8


class Site(NamedTuple):
    """A site and its cars, a row of cars and whos each.

    prices: rows grid and feed-in; by_price: rows of all slots by the grid's and by the feed-in
    price. phase_room: rows L1, L2, L3, or none; limits, bias: a row per car, or none.
    penalty: per kW x slot that a car lacks.
    """

    cars: Floats
    whos: Integers
    penalty: float
    prices: Floats
    by_price: Integers
    surplus: Floats
    room: Floats
    phase_room: Floats
    limits: Floats
    bias: Floats


class Desk(NamedTuple):
    """Room to work in. total, loads: what is drawn in sum and by phase."""

    offers: Floats
    floats: Floats
    integers: Integers
    car_floats: Floats
    car_integers: Integers
    total: Floats
    loads: Floats


@compiled
def desk_for(slots: int, cars: int) -> Desk:
    """Return room to work in for that many slots and cars."""
    return Desk(
        np.empty((slots, OFFER_COLUMNS)),
        np.empty((FLOAT_LINES, 3 * slots + 1)),
        np.empty((INTEGER_LINES, 3 * slots + 1), dtype=np.int64),
        np.empty((CAR_FLOATS, cars)),
        np.empty((CAR_INTEGERS, cars), dtype=np.int64),
        np.zeros(slots),
        np.zeros((3, slots)),
    )


@compiled
def most_at(site: Site, i: int, t: int) -> float:
    """Return what a car can draw at most in a slot if no other car is there; 0 below its least."""
    most = min(site.cars[i, MOST], site.room[t])
    if len(site.limits) > 0:
        most = min(most, site.limits[i, t])
    if len(site.phase_room) > 0:
        phases = site.whos[i, PHASES]
        share = 1.0 / ((phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1))
        for line in range(3):
            if phases >> line & 1:
                most = min(most, site.phase_room[line, t] / share)
    return most if most >= site.cars[i, LEAST] - EPS else 0.0


@compiled
def left_for(site: Site, i: int, t: int, desk: Desk) -> float:
    """Return what a car can draw at most in a slot beside what the desk says is drawn there."""
    most = min(site.cars[i, MOST], site.room[t] - desk.total[t])
    if len(site.limits) > 0:
        most = min(most, site.limits[i, t])
    if len(site.phase_room) > 0:
        phases = site.whos[i, PHASES]
        share = 1.0 / ((phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1))
        for line in range(3):
            if phases >> line & 1:
                most = min(most, (site.phase_room[line, t] - desk.loads[line, t]) / share)
    return float(most)


@compiled
def drawn(site: Site, i: int, p: Floats, sign: float, desk: Desk) -> None:
    """Add (sign 1) or take away (sign -1) what car i draws to what the desk says is drawn."""
    a, d = site.whos[i, FROM], site.whos[i, UNTIL]
    for t in range(a, d):
        if p[t] != 0.0:
            total = desk.total[t] + sign * p[t]
            desk.total[t] = total if total > 1e-12 else 0.0
    if len(site.phase_room) > 0:
        phases = site.whos[i, PHASES]
        share = 1.0 / ((phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1))
        for line in range(3):
            if phases >> line & 1:
                for t in range(a, d):
                    load = desk.loads[line, t] + sign * share * p[t]
                    desk.loads[line, t] = load if load > 1e-12 else 0.0
