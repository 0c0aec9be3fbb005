"""Whether the plan in force goes on: a new one that saves next to nothing is not worth a change.

True powers (kW) by car and slot, as `reckoning` leaves them. A site that is told another plan each
hour for a cent is no site that anybody trusts: forecasts flip near-ties. The old plan must meet
every goal as well as the new one does, keep the room there is now, and cost little more.
"""

import numpy as np

from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.reckoning import (
    ENOUGH_KWH,
    EPS,
    LEAST,
    MOST_KWH,
    NEEDED,
    RUNS,
    UNTIL,
    drawn_on,
    left_for,
)
from smart_charging.planner.kernels.types import Floats, Integers

# places of `terms`
START_COST, PER_CAR, PART = range(3)


@compiled
def kept(
    power: Floats, old: Floats, cars: Floats, whos: Integers, limits: Floats, phase_room: Floats,
    room: Floats, hours: Floats, surplus: Floats, pay: Floats, bias: Floats, terms: Floats,
) -> float:  # fmt: skip
    """Put the powers in force in the place of the new ones, if that costs little more.

    old: what was planned for these slots; mended to what is needed now. pay: what the planner pays
    for grid energy and for sun, [2, slots]. bias: by car and slot, or empty. terms: what a start
    costs; how much dearer the old plan may be, by car, and as a part of what the new one costs.
    Returns how much dearer what goes on is; NaN where the new plan counts.
    """
    n, slots = power.shape
    for i in range(n):
        for t in range(slots):
            old[i, t] = min(old[i, t], limits[i, t])
            if 0.0 < old[i, t] < cars[LEAST, i] - EPS:
                return np.nan
    if not fits(old, whos, phase_room, room):
        return np.nan
    for i in range(n):
        until = whos[UNTIL, i]
        wanted = min(cars[NEEDED, i], energy(power[i], hours, until))
        if not raised(i, wanted, old, whos, limits, phase_room, room, hours, pay):
            return np.nan
        most = max(wanted, energy(power[i], hours, slots))
        lowered(i, most, old, cars, hours, pay)
        if energy(old[i], hours, slots) > max(cars[MOST_KWH, i], most) + ENOUGH_KWH:
            return np.nan
        if energy(old[i], hours, until) < wanted - ENOUGH_KWH:
            return np.nan
    new = worth(power, whos, hours, surplus, pay, bias, terms)
    dearer = worth(old, whos, hours, surplus, pay, bias, terms) - new
    if dearer > terms[PER_CAR] * n + terms[PART] * abs(new):
        return np.nan
    power[:, :] = old
    return dearer


@compiled
def energy(power: Floats, hours: Floats, until: int) -> float:
    """Return what a car gets before a slot, kWh."""
    total = 0.0
    for t in range(until):
        total += power[t] * hours[t]
    return total


@compiled
def fits(power: Floats, whos: Integers, phase_room: Floats, room: Floats) -> bool:
    """Return whether all cars together keep the room of every slot."""
    n, slots = power.shape
    for t in range(slots):
        total = 0.0
        for i in range(n):
            total += power[i, t]
        if total <= 0.0:
            continue
        if total > room[t] + EPS:
            return False
        for phase in range(3):
            if drawn_on(phase, t, power, whos) > max(0.0, phase_room[phase, t]) + EPS:
                return False
    return True


@compiled
def raised(
    i: int, wanted: float, power: Floats, whos: Integers, limits: Floats, phase_room: Floats,
    room: Floats, hours: Floats, pay: Floats,
) -> bool:  # fmt: skip
    """Add what a car lacks where it charges anyway, cheapest first; return whether it fits."""
    until = whos[UNTIL, i]
    lacks = wanted - energy(power[i], hours, until)
    is_seen = np.zeros(until, np.bool_)
    while lacks > ENOUGH_KWH:
        best = -1
        for t in range(until):
            is_on = power[i, t] > 0.0 and not is_seen[t]
            if is_on and (best < 0 or pay[0, t] < pay[0, best]):
                best = t
        if best < 0:
            return False
        is_seen[best] = True
        total = 0.0
        for j in range(power.shape[0]):
            total += power[j, best]
        free = min(left_for(i, best, power, whos, phase_room), room[best] - total)
        more = min(free, limits[i, best] - power[i, best], lacks / hours[best])
        if more > 0.0:
            power[i, best] += more
            lacks -= more * hours[best]
    return True


@compiled
def lowered(i: int, most: float, power: Floats, cars: Floats, hours: Floats, pay: Floats) -> None:
    """Take away what is more than a car is to get, dearest first."""
    slots = len(hours)
    over = energy(power[i], hours, slots) - most
    is_seen = np.zeros(slots, np.bool_)
    while over > ENOUGH_KWH:
        best = -1
        for t in range(slots):
            is_on = power[i, t] > 0.0 and not is_seen[t]
            if is_on and (best < 0 or pay[0, t] > pay[0, best]):
                best = t
        if best < 0:
            return
        is_seen[best] = True
        held = power[i, best] * hours[best]
        if over >= held:
            power[i, best] = 0.0
            over -= held
        else:
            less = min(over / hours[best], power[i, best] - cars[LEAST, i])
            power[i, best] -= max(0.0, less)
            over -= max(0.0, less) * hours[best]


@compiled
def worth(
    power: Floats, whos: Integers, hours: Floats, surplus: Floats, pay: Floats, bias: Floats,
    terms: Floats,
) -> float:  # fmt: skip
    """Return what powers cost in the planner's own terms, with their starts."""
    n, slots = power.shape
    value = 0.0
    for t in range(slots):
        total = 0.0
        for i in range(n):
            total += power[i, t]
            if len(bias) and power[i, t] > 0.0:
                value += bias[i, t] * power[i, t] * hours[t]
        under = min(total, surplus[t])
        value += (pay[1, t] * under + pay[0, t] * (total - under)) * hours[t]
    for i in range(n):
        was_on = whos[RUNS, i] == 1
        for t in range(slots):
            is_on = power[i, t] > 0.0
            if is_on and not was_on:
                value += terms[START_COST]
            was_on = is_on
    return value
