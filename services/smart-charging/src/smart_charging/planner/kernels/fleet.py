"""Many sites in one call: arrays in, arrays out, nothing made per site."""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    FROM,
    MOST,
    NEED,
    PHASES,
    RUNNING,
    UNTIL,
    Site,
    desk_for,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.site import solve
from smart_charging.planner.kernels.steady import all_steadied
from smart_charging.planner.kernels.types import Floats, Integers

COST, BOUND, LEAST_MISSING, STARTS = 0, 1, 2, 3  # columns of results
RESULT_COLUMNS = 4


@compiled
def with_one_room(site: Site) -> Site:
    """Return the same site without rooms of phases, where that of the sum can say it all.

    So it is where all cars load the same phases, and where no phase can be full.
    """
    if len(site.phase_room) == 0 or len(site.cars) == 0:
        return site
    first, are_alike = site.whos[0, PHASES], True
    for i in range(len(site.cars)):
        are_alike = are_alike and site.whos[i, PHASES] == first
    room = site.room.copy()
    for line in range(3):
        crowd = 0.0  # what all cars on this phase can draw there
        for i in range(len(site.cars)):
            phases = site.whos[i, PHASES]
            if phases >> line & 1:
                lines = (phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1)
                crowd += site.cars[i, MOST] / lines
                if are_alike:
                    for t in range(len(room)):
                        room[t] = min(room[t], lines * site.phase_room[line, t])
        if not are_alike and crowd > site.phase_room[line].min():
            return site
    return Site(
        site.cars, site.whos, site.penalty, site.prices, site.by_price, site.surplus, room,
        site.phase_room[:0], site.limits, site.bias,
    )  # fmt: skip


@compiled
def solve_fleet(
    first_car: Integers, tariff_of: Integers, prices: Floats, by_price: Integers, surplus: Floats,
    room: Floats, phase_room: Floats, cars: Floats, whos: Integers, limits: Floats, bias: Floats,
    penalty: float, start_cost: float, tolerance: float, moves: int, seed: int, power: Floats,
    results: Floats, energy: Floats,
) -> None:  # fmt: skip
    """Plan every site: write powers (cars x slots), results (a row per site), energy (by car).

    Cars first_car[s] to first_car[s + 1] stand at site s. prices, by_price: tariffs x 2 x slots.
    phase_room: sites x 3 x slots, limits, bias: cars x slots, or of length 0.
    """
    sites, slots = surplus.shape
    most_cars = 1
    for s in range(sites):
        most_cars = max(most_cars, first_car[s + 1] - first_car[s])
    desk, small = desk_for(slots, most_cars), desk_for(slots, most_cars)
    for s in range(sites):
        a, b, tariff = first_car[s], first_car[s + 1], tariff_of[s]
        if a == b:
            results[s] = 0.0
            continue
        site = Site(
            cars[a:b], whos[a:b], penalty, prices[tariff], by_price[tariff], surplus[s], room[s],
            phase_room[s] if len(phase_room) > 0 else np.empty((0, slots)),
            limits[a:b] if len(limits) > 0 else limits, bias[a:b] if len(bias) > 0 else bias,
        )  # fmt: skip
        site = with_one_room(site)
        p = power[a:b]
        worth, bound, lacking = solve(site, desk, small, tolerance, moves, seed, p)
        if start_cost > 0:
            worth, bound = all_steadied(site, start_cost, desk, worth, bound, lacking, p)
        cost = 0.0
        for t in range(slots):
            if desk.total[t] > 0:
                under = min(desk.total[t], surplus[s, t])
                cost += site.prices[1, t] * under + site.prices[0, t] * (desk.total[t] - under)
        starts = 0
        for i in range(a, b):
            got = 0.0
            was_on = whos[i, RUNNING] == 1 and whos[i, FROM] == 0
            for t in range(whos[i, FROM], whos[i, UNTIL]):
                is_on = power[i, t] > 0
                got += power[i, t]
                starts += is_on and not was_on
                was_on = is_on
            energy[i] = got
            worth -= penalty * max(0.0, cars[i, NEED] - got)
        # worth also counts wishes that are no money; the distance to the bound is the same
        results[s, COST], results[s, BOUND] = cost, cost - max(0.0, worth - bound)
        results[s, LEAST_MISSING], results[s, STARTS] = lacking, starts
