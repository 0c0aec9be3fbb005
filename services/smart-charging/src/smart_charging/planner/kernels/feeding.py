"""Energy that is missing without need: who lacks it takes a slot from others, who look elsewhere.

A search over what is missing alone, whatever it costs: prices are looked at again after it. A car
that lacks energy takes a slot as far as it can use it; who stood in its way there draws less or
nothing and fills itself up where there is room. That is kept where no more is missing than before,
or, at first, a little more. Rooms of phases and least powers are kept to at every step.
"""

import numpy as np

from smart_charging.planner.kernels.bundles import (
    CAP,
    EPS,
    FROM,
    GOT,
    LEAST,
    MOST,
    NEED,
    ORDER,
    PHASES,
    SEEN,
    TRUE_NEED,
    UNTIL,
    WORTH,
    Desk,
    Site,
    drawn,
    most_at,
)
from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.relaxed import relaxed
from smart_charging.planner.kernels.types import Floats

ROUNDS = 4  # in each, what more may be missing for now falls from WARM to nothing
WARM = 0.3  # kW x slots


@compiled
def lacking(site: Site, p: Floats) -> float:
    """Return what the cars lack in sum, of what they truly need."""
    missing = 0.0
    for i in range(len(site.cars)):
        got = 0.0
        for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
            got += p[i, t]
        missing += max(0.0, site.cars[i, TRUE_NEED] - got)
    return missing


@compiled
def least_by_phases(site: Site, desk: Desk) -> float:
    """Return what must be missing as each phase has room for so much only; 0 without phases.

    What cars lack, they lack on their phases: what each phase alone must leave out adds up.
    """
    missing, n = 0.0, len(site.cars)
    for i in range(n):
        desk.car_integers[ORDER, i] = i
    x = np.empty((n, len(site.room)))
    for line in range(len(site.phase_room)):
        cars, whos = site.cars.copy(), site.whos.copy()
        limits = site.limits.copy()
        for i in range(n):
            phases = site.whos[i, PHASES]
            share = 1.0 / ((phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1))
            cars[i, NEED] = cars[i, TRUE_NEED]
            cars[i, WORTH] = 0.0
            for column in (NEED, CAP, LEAST, MOST):
                cars[i, column] *= share
            if len(limits) > 0:
                limits[i] *= share
            if not phases >> line & 1:
                cars[i, NEED] = cars[i, CAP] = 0.0
                whos[i, UNTIL] = whos[i, FROM]
        alone = Site(
            cars, whos, site.penalty, site.prices, site.by_price, site.surplus,
            np.minimum(site.room, site.phase_room[line]), site.phase_room[:0], limits,
            site.bias[:0],
        )  # fmt: skip
        _cost, short = relaxed(alone, desk, x)
        missing += short
    return missing


@compiled
def set_to(site: Site, desk: Desk, i: int, t: int, power: float, x: Floats) -> None:
    """Let car i draw this in slot t."""
    change = power - x[i, t]
    x[i, t] = power
    desk.total[t] += change
    desk.car_floats[GOT, i] += change
    desk.car_integers[SEEN, i] = 1
    if len(site.phase_room) > 0:
        phases = site.whos[i, PHASES]
        share = 1.0 / ((phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1))
        for line in range(3):
            if phases >> line & 1:
                desk.loads[line, t] += share * change


@compiled
def most_beside(site: Site, desk: Desk, i: int, t: int, x: Floats) -> float:
    """Return what car i can draw at most in slot t beside the others; 0 below its least."""
    most = min(site.cars[i, MOST], site.room[t] - desk.total[t] + x[i, t])
    if len(site.limits) > 0:
        most = min(most, site.limits[i, t])
    if len(site.phase_room) > 0:
        phases = site.whos[i, PHASES]
        share = 1.0 / ((phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1))
        for line in range(3):
            if phases >> line & 1:
                free = (site.phase_room[line, t] - desk.loads[line, t]) / share
                most = min(most, free + x[i, t])
    least = site.cars[i, LEAST]
    return max(least, most) if most >= least - EPS else 0.0


@compiled
def cut_back(site: Site, desk: Desk, i: int, kept: int, begin: int, x: Floats) -> None:
    """Take from car i, but not in slot `kept`, what it draws beyond its need, as far as it can."""
    a, window = site.whos[i, FROM], site.whos[i, UNTIL] - site.whos[i, FROM]
    least, need = site.cars[i, LEAST], site.cars[i, TRUE_NEED]
    for is_off in (False, True):
        for q in range(window):
            over = desk.car_floats[GOT, i] - need
            if over <= EPS:
                return
            t = a + (begin + q) % window
            if t == kept or x[i, t] <= 0:
                continue
            if is_off:
                if x[i, t] <= over + EPS:
                    set_to(site, desk, i, t, 0.0, x)
            elif x[i, t] > least + EPS:
                set_to(site, desk, i, t, max(least, x[i, t] - over), x)


@compiled
def swapped_off(site: Site, desk: Desk, i: int, kept: int, x: Floats) -> None:
    """Switch off the slot of car i without which it is nearest to its need, but not `kept`."""
    over = desk.car_floats[GOT, i] - site.cars[i, TRUE_NEED]
    nearest, slot = over, -1
    for t in range(site.whos[i, FROM], site.whos[i, UNTIL]):
        if t != kept and x[i, t] > 0 and abs(x[i, t] - over) < nearest:
            nearest, slot = abs(x[i, t] - over), t
    if slot >= 0:
        set_to(site, desk, i, slot, 0.0, x)


@compiled
def filled_up(site: Site, desk: Desk, i: int, begin: int, x: Floats) -> None:
    """Let car i take what it lacks where there is room, first where it charges anyway."""
    a, window = site.whos[i, FROM], site.whos[i, UNTIL] - site.whos[i, FROM]
    least, need, cap = site.cars[i, LEAST], site.cars[i, TRUE_NEED], site.cars[i, CAP]
    for is_new in (False, True):
        spare = 0.0  # what it can draw less elsewhere, for a new slot that is too much
        if is_new:
            for t in range(a, a + window):
                spare += max(0.0, x[i, t] - least)
        for q in range(window):
            got = desk.car_floats[GOT, i]
            lacks = need - got
            if lacks <= EPS:
                return
            t = a + (begin + q) % window
            if (x[i, t] <= 0) != is_new or (is_new and got + least - spare > cap + EPS):
                continue
            most = most_beside(site, desk, i, t, x)
            power = max(least, min(most, x[i, t] + lacks))
            if most <= 0 or power <= x[i, t] + EPS:
                continue
            set_to(site, desk, i, t, power, x)
            if is_new:
                cut_back(site, desk, i, t, begin, x)
                spare += power - least


@compiled
def in_the_way(site: Site, desk: Desk, i: int, j: int, t: int, wanted: float, x: Floats) -> float:
    """Return how much less car j must draw in slot t for car i to draw `wanted`, as for j."""
    excess = desk.total[t] - x[i, t] + wanted - site.room[t]
    if len(site.phase_room) > 0:
        mine, theirs = site.whos[i, PHASES], site.whos[j, PHASES]
        share = 1.0 / ((mine & 1) + (mine >> 1 & 1) + (mine >> 2 & 1))
        of_theirs = 1.0 / ((theirs & 1) + (theirs >> 1 & 1) + (theirs >> 2 & 1))
        for line in range(3):
            if (mine & theirs) >> line & 1:
                load = desk.loads[line, t] + share * (wanted - x[i, t])
                excess = max(excess, (load - site.phase_room[line, t]) / of_theirs)
    return float(max(0.0, excess))


@compiled
def made_way(site: Site, desk: Desk, i: int, t: int, wanted: float, luck: int, x: Floats) -> None:
    """Let others draw less in slot t until car i could draw `wanted`, or nobody is in its way."""
    n = len(site.cars)
    for is_off in (False, True):
        for q in range(n):
            j = ((luck >> 12) + q) % n
            if j == i or x[j, t] <= 0:
                continue
            less = in_the_way(site, desk, i, j, t, wanted, x)
            if less <= EPS:
                continue
            if is_off:
                set_to(site, desk, j, t, 0.0, x)
            elif x[j, t] > site.cars[j, LEAST] + EPS:
                set_to(site, desk, j, t, max(site.cars[j, LEAST], x[j, t] - less), x)


@compiled
def drawn_anew(site: Site, desk: Desk, x: Floats) -> None:
    """Write to the desk what all cars draw."""
    for t in range(len(site.room)):
        desk.total[t] = 0.0
        for line in range(len(site.phase_room)):
            desk.loads[line, t] = 0.0
    for i in range(len(site.cars)):
        drawn(site, i, x[i], 1.0, desk)
        desk.car_floats[GOT, i] = x[i].sum()


@compiled
def taken(site: Site, desk: Desk, i: int, luck: int, x: Floats) -> bool:
    """Let car i take a slot drawn by luck, and the others what they lack then."""
    n = len(site.cars)
    a, window = site.whos[i, FROM], site.whos[i, UNTIL] - site.whos[i, FROM]
    begin, t = luck >> 12, -1
    for q in range(window):
        s = a + (begin + q) % window
        if x[i, s] < most_at(site, i, s) - EPS:
            t = s
            break
    if t < 0:
        return False
    lacks = site.cars[i, TRUE_NEED] - desk.car_floats[GOT, i]
    luck = (luck * 1103515245 + 12345) % 2147483648
    if luck >> 21 & 1:  # as much as the slot gives: what it has too much it can leave elsewhere
        lacks = np.inf
    wanted = max(site.cars[i, LEAST], min(most_at(site, i, t), x[i, t] + lacks))
    made_way(site, desk, i, t, wanted, luck, x)
    power = min(wanted, most_beside(site, desk, i, t, x))
    if power <= x[i, t]:
        return False
    set_to(site, desk, i, t, power, x)
    if luck >> 20 & 1:  # all of another slot, which somebody can use, rather than parts of many
        swapped_off(site, desk, i, t, x)
    cut_back(site, desk, i, t, luck >> 12, x)
    if desk.car_floats[GOT, i] > site.cars[i, CAP] + EPS:
        return False
    for q in range(n):
        luck = (luck * 1103515245 + 12345) % 2147483648
        j = (begin + q) % n
        if desk.car_floats[GOT, j] < site.cars[j, TRUE_NEED] - EPS:
            filled_up(site, desk, j, luck >> 12, x)
    return True


@compiled
def fed(site: Site, desk: Desk, enough: float, steps: int, seed: int, p: Floats) -> float:
    """Look for a plan that lacks less than p and write it there; return what it lacks.

    enough: no less can be missing, or need be. The desk says what p draws, after it, too.
    """
    n = len(p)
    x, old = p.copy(), p.copy()
    drawn_anew(site, desk, x)
    got, seen = desk.car_floats[GOT], desk.car_integers[SEEN]
    total, loads, had = desk.total.copy(), desk.loads.copy(), got.copy()
    best = lacking(site, p)
    now, luck = best, seed
    for i in range(n):
        seen[i] = 0
    for step in range(steps):
        if best <= enough:
            break
        luck = (luck * 1103515245 + 12345) % 2147483648
        first, i = (luck >> 12) % n, -1
        if luck >> 28 & 1:  # who lacks nothing may stand in the way by where it charges
            i = first
        for q in range(n):
            j = (first + q) % n
            if i < 0 and site.cars[j, TRUE_NEED] > got[j] + EPS:
                i = j
        if i < 0:
            break
        luck = (luck * 1103515245 + 12345) % 2147483648
        is_good = taken(site, desk, i, luck, x)
        missing = 0.0
        for j in range(n):
            missing += max(0.0, site.cars[j, TRUE_NEED] - got[j])
        left = 1.0 - (step * ROUNDS % steps) / steps
        if is_good and missing <= max(now, best + WARM * left * left) + EPS:
            now = missing
            for j in range(n):
                if seen[j]:
                    old[j] = x[j]
                    seen[j] = 0
            total[:], had[:] = desk.total, got
            if len(site.phase_room) > 0:
                loads[:] = desk.loads
            if missing < best - EPS:
                best = missing
                p[:] = x
        else:
            for j in range(n):
                if seen[j]:
                    x[j] = old[j]
                    seen[j] = 0
            desk.total[:], got[:] = total, had
            if len(site.phase_room) > 0:
                desk.loads[:] = loads
    drawn_anew(site, desk, p)
    return best
