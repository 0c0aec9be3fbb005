"""What a plan comes to: true powers, energies and costs of a site's cars, in one walk.

Powers in kW, energies in kWh, [cars, slots]. NaN in a price means that it is not known; a cost it
would be part of is NaN then.
"""

import numpy as np

from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.types import Floats, Integers

# columns of `cars`
LEAST, MOST, NEEDED, MOST_KWH = range(4)
# columns of `whos`
PHASES, UNTIL, ROLE, RUNS = range(4)
PLANNED, SUN_ONLY, AT_ONCE = range(3)
# columns of the answer
ENERGY, SUN, COST, GRAMS, BY_DEPARTURE, REACHED_H, AT_ONCE_COST = range(7)
COLUMNS = 7

STEPS_PER_KW = 10.0  # powers are rounded to 0.1 kW: up for a need, never above a limit
WATT = 1e-3
ENOUGH_KWH = 0.01  # less is not spoken of
EPS = 1e-9


@compiled
def reckon(
    power: Floats, cars: Floats, whos: Integers, limits: Floats, phase_room: Floats, room: Floats,
    hours: Floats, surplus: Floats, prices: Floats,
) -> Floats:  # fmt: skip
    """Turn the planner's powers into true ones, in place; return what they come to, by car.

    prices: what is bought, sold, and g of CO2 per kWh, as they are known. hours: of each slot; the
    first may be shorter than the others. REACHED_H: hours until the need is met; -1 = never.
    """
    n, slots = power.shape
    if slots > 1:
        part = hours[0] / hours[1]
        for i in range(n):
            power[i, 0] /= part
        if part < 1.0:
            use_first(power, cars, whos, limits, phase_room, hours)
    round_up(power, whos, limits, phase_room, room)
    return come_to(power, cars, whos, limits, phase_room, room, hours, surplus, prices)


@compiled
def come_to(
    power: Floats, cars: Floats, whos: Integers, limits: Floats, phase_room: Floats, room: Floats,
    hours: Floats, surplus: Floats, prices: Floats,
) -> Floats:  # fmt: skip
    """Return what true powers come to, by car."""
    n = power.shape[0]
    answer = np.zeros((n, COLUMNS))
    cost(power, hours, surplus, prices, answer)
    for i in range(n):
        served(power[i], hours, cars[NEEDED, i], whos[UNTIL, i], answer[i])
    at_once(cars, whos, limits, phase_room, room, hours, surplus, prices, answer)
    return answer


@compiled
def phases_of(bits: int) -> int:
    """Return how many phases."""
    return (bits & 1) + (bits >> 1 & 1) + (bits >> 2 & 1)


@compiled
def use_first(
    power: Floats, cars: Floats, whos: Integers, limits: Floats, phase_room: Floats, hours: Floats
) -> None:
    """Give the short first slot to who charges on anyway, or is late.

    For the planner it may be too short to hold the least power of a car.
    """
    n, slots = power.shape
    for i in range(n):
        energy = 0.0
        for t in range(slots):
            energy += power[i, t] * hours[t]
        goes_on = whos[RUNS, i] == 1 and power[i, 1] > 0.0
        is_late = whos[ROLE, i] == AT_ONCE or energy < cars[NEEDED, i] - ENOUGH_KWH
        if power[i, 0] > 0.0 or not (goes_on or is_late) or energy >= cars[MOST_KWH, i]:
            continue
        most = min(limits[i, 0], left_for(i, 0, power, whos, phase_room))
        if most >= cars[LEAST, i]:
            power[i, 0] = most if is_late else min(most, power[i, 1])


@compiled
def left_for(i: int, t: int, power: Floats, whos: Integers, phase_room: Floats) -> float:
    """Return what a car may still draw in a slot beside the others."""
    count = phases_of(whos[PHASES, i])
    least = np.inf
    for phase in range(3):
        if whos[PHASES, i] >> phase & 1:
            least = min(least, phase_room[phase, t] - drawn_on(phase, t, power, whos))
    return max(0.0, least * count)


@compiled
def drawn_on(phase: int, t: int, power: Floats, whos: Integers) -> float:
    """Return what all cars draw on a phase in a slot."""
    total = 0.0
    for j in range(power.shape[0]):
        if whos[PHASES, j] >> phase & 1:
            total += power[j, t] / phases_of(whos[PHASES, j])
    return total


@compiled
def round_up(
    power: Floats, whos: Integers, limits: Floats, phase_room: Floats, room: Floats
) -> None:
    """Round to 0.1 kW upwards where there is room, else down to 1 W."""
    n, slots = power.shape
    exact = np.empty(n)
    for t in range(slots):
        total = 0.0
        for i in range(n):
            exact[i] = np.floor(power[i, t] / WATT + 1e-6) * WATT
            if whos[ROLE, i] != SUN_ONLY and exact[i] > 0.0:
                up = np.ceil(power[i, t] * STEPS_PER_KW - 1e-6) / STEPS_PER_KW
                power[i, t] = min(up, max(limits[i, t], exact[i]))
            else:
                power[i, t] = exact[i]
            total += power[i, t]
        is_over = total > room[t] + EPS
        for phase in range(3):
            if total > 0.0:
                most = max(0.0, phase_room[phase, t]) + EPS
                is_over = is_over or drawn_on(phase, t, power, whos) > most
        if is_over:
            for i in range(n):
                power[i, t] = exact[i]


@compiled
def cost(power: Floats, hours: Floats, surplus: Floats, prices: Floats, answer: Floats) -> None:
    """Add up energy, sun, cost and CO2 by car; who charges together shares the sun by power."""
    n, slots = power.shape
    for t in range(slots):
        total = 0.0
        for i in range(n):
            total += power[i, t]
        if total <= 0.0:
            continue
        share = min(1.0, surplus[t] / total)
        price = prices[0, t] * (1.0 - share) if share < 1.0 else 0.0
        if share > 0.0:
            price += prices[1, t] * share
        grams = prices[2, t] * (1.0 - share) if share < 1.0 else 0.0
        for i in range(n):
            energy = power[i, t] * hours[t]
            if energy > 0.0:
                answer[i, ENERGY] += energy
                answer[i, SUN] += energy * share
                answer[i, COST] += energy * price
                answer[i, GRAMS] += energy * grams


@compiled
def served(power: Floats, hours: Floats, needed: float, until: int, answer: Floats) -> None:
    """Write what a car has at its departure, and when its need is met."""
    energy, at_h = 0.0, 0.0
    answer[REACHED_H] = 0.0 if needed <= 0.0 else -1.0
    for t in range(len(power)):
        added = power[t] * hours[t]
        if answer[REACHED_H] < 0.0 and energy + added >= needed - ENOUGH_KWH:
            answer[REACHED_H] = at_h + min(1.0, (needed - energy) / max(added, EPS)) * hours[t]
        energy += added
        at_h += hours[t]
        if t + 1 == until:
            answer[BY_DEPARTURE] = energy


@compiled
def at_once(
    cars: Floats, whos: Integers, limits: Floats, phase_room: Floats, room: Floats, hours: Floats,
    surplus: Floats, prices: Floats, answer: Floats,
) -> None:  # fmt: skip
    """Write what the same energies would cost, charged at once in the same room until departure.

    The cars come in their order, as they would without a plan. NaN for a car that would not get
    its energy that way: less energy is no comparison.
    """
    n, slots = answer.shape[0], len(hours)
    power = np.zeros((n, slots))
    total = np.zeros(slots)
    is_less = np.zeros(n, np.bool_)
    for i in range(n):
        left = answer[i, ENERGY]
        for t in range(whos[UNTIL, i]):
            if left <= EPS:
                break
            most = min(cars[MOST, i], left_for(i, t, power, whos, phase_room), room[t] - total[t])
            if whos[ROLE, i] != SUN_ONLY:  # its limit is the sun: what waits for it, not the fuse
                most = min(most, limits[i, t])
            if most >= cars[LEAST, i] - EPS and most > 0.0:
                power[i, t] = min(most, left / hours[t])
                total[t] += power[i, t]
                left -= power[i, t] * hours[t]
        is_less[i] = left > ENOUGH_KWH
    all_of_it = np.zeros((n, COLUMNS))
    cost(power, hours, surplus, prices, all_of_it)
    for i in range(n):
        answer[i, AT_ONCE_COST] = np.nan if is_less[i] else all_of_it[i, COST]
