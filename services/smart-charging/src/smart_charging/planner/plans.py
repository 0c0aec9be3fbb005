"""Plans of sites given as values: one by one, or many in a few calls of the kernels."""

import math
from collections.abc import Sequence

import numpy as np

from smart_charging.planner.fleet import (
    DEFAULT,
    FLEET_CAR_COLUMNS,
    Fleet,
    FleetPlan,
    plan_fleet,
    site_of,
)
from smart_charging.planner.kernels.at_once import at_once as kernel_at_once
from smart_charging.planner.kernels.bundles import (
    FROM,
    NEED,
    UNTIL,
    WHO_COLUMNS,
    Site,
    desk_for,
    most_at,
)
from smart_charging.planner.kernels.types import Floats
from smart_charging.planner.problem import (
    MOST_CARS,
    MOST_SLOTS,
    Car,
    Effort,
    Plan,
    Problem,
    ProblemError,
    series,
    shaped,
)

ROUNDING_KWH = 1e-9
NO_LIMIT_KW = 1e9
PER_SLOT_LATER = 0.5  # per kWh, for a car that charges at once: dearer than any step of a price


def plan(problem: Problem, effort: Effort = DEFAULT, seed: int = 1) -> Plan:
    """Return the plan of a site; the same for the same problem, effort and seed.

    There is always one: what cannot be met is in `missing_kwh`. Raises ProblemError.
    """
    fleet = fleet_of([problem])
    return _plans_of(plan_fleet(fleet, effort, seed), fleet)[0]


def plan_many(problems: Sequence[Problem], effort: Effort = DEFAULT, seed: int = 1) -> list[Plan]:
    """Return what `plan` returns for each.

    Problems of equal slots share a call, and those whose price series are the same objects share
    a tariff. Raises ProblemError.
    """
    groups: dict[tuple[int, float, float, bool], list[int]] = {}
    for at, problem in enumerate(problems):
        slots = len(problem.import_price)
        key = (slots, problem.slot_h, problem.start_cost, problem.is_paid_late)
        groups.setdefault(key, []).append(at)
    found: dict[int, Plan] = {}
    for group in groups.values():
        fleet = fleet_of([problems[at] for at in group])
        plans = _plans_of(plan_fleet(fleet, effort, seed), fleet)
        found.update(zip(group, plans, strict=True))
    return [found[at] for at in range(len(problems))]


def at_once(problem: Problem) -> Plan:
    """Return what charging at once would draw and cost, under the same room: no plan, no price.

    Each car takes its need from its arrival on. The slot in which it is full may hold less than
    its least power: it charges for a part of it. Nothing bounds this cost. Raises ProblemError.
    """
    fleet = fleet_of([problem])
    site = site_of(fleet)
    slots = len(site.room)
    power = np.zeros((len(problem.cars), slots))
    desk = desk_for(slots, max(1, len(problem.cars)))
    order = np.lexsort((np.arange(len(problem.cars)), site.whos[:, FROM]))
    kernel_at_once(site, order, desk, power)
    total = power.sum(axis=0)
    under = np.minimum(total, site.surplus)
    cost = float((site.prices[1] * under + site.prices[0] * (total - under)).sum())
    got = power.sum(axis=1) * problem.slot_h
    missing = np.maximum(0.0, fleet.cars[:, 0] - got)
    missing[missing < ROUNDING_KWH] = 0.0
    return Plan(power, cost, tuple(missing.tolist()), -np.inf, 0.0, starts_of(power, problem))


def latest_starts(problem: Problem) -> tuple[int | None, ...]:
    """Return for each car the last slot in which it can begin, at full power, to meet its need.

    As if the room were the car's alone; None where even beginning at arrival is too late, and the
    departure for a car that needs nothing. Raises ProblemError.
    """
    site = site_of(fleet_of([problem]))
    return tuple(_latest(site, i) for i in range(len(problem.cars)))


def _latest(site: Site, i: int) -> int | None:
    left = float(site.cars[i, NEED])
    for t in range(int(site.whos[i, UNTIL]), int(site.whos[i, FROM]) - 1, -1):
        left -= most_at(site, i, t) if t < site.whos[i, UNTIL] else 0.0
        if left <= ROUNDING_KWH:
            return t
    return None


def starts_of(power_kw: Floats, problem: Problem) -> int:
    """Return how often cars begin to charge; going on in slot 0 is no start."""
    is_on = power_kw > 0
    starts = int(is_on[:, 0].sum() + (is_on[:, 1:] & ~is_on[:, :-1]).sum())
    running = (car.is_running and is_on[at, 0] for at, car in enumerate(problem.cars))
    return starts - sum(map(int, running))


def fleet_of(problems: Sequence[Problem]) -> Fleet:
    """Return problems of equal slots and start cost as arrays. Raises ProblemError."""
    first = problems[0]
    slots = len(first.import_price)
    if not 0 < slots <= MOST_SLOTS:
        raise ProblemError(f"{slots} slots; expected 1 to {MOST_SLOTS}")
    n_cars = sum(len(problem.cars) for problem in problems)
    tariffs: dict[tuple[int, int], int] = {}
    prices: list[tuple[Floats, Floats]] = []
    surplus, room = np.empty((2, len(problems), slots))
    phased = any(len(problem.phase_room_kw) for problem in problems)
    phase_room = np.full((len(problems) if phased else 0, 3, slots), NO_LIMIT_KW)
    tariff_of = np.empty(len(problems), np.int64)
    first_car = np.zeros(len(problems) + 1, np.int64)
    cars, whos = np.zeros((n_cars, FLEET_CAR_COLUMNS)), np.zeros((n_cars, WHO_COLUMNS), np.int64)
    at = 0
    everyone = [car for problem in problems for car in problem.cars]
    limits = np.empty((n_cars if any(len(car.limit_kw) for car in everyone) else 0, slots))
    is_biased = any(len(car.bias_per_kwh) or car.is_at_once for car in everyone)
    bias = np.zeros((n_cars if is_biased else 0, slots))
    for site, problem in enumerate(problems):
        key = (id(problem.import_price), id(problem.export_price))
        if key not in tariffs:
            tariffs[key] = len(prices)
            prices.append(
                (
                    series("import_price", problem.import_price, slots),
                    series("export_price", problem.export_price, slots),
                )
            )
        tariff_of[site] = tariffs[key]
        surplus[site] = shaped("surplus_kw", problem.surplus_kw, slots)
        room[site] = shaped("room_kw", problem.room_kw, slots)
        rooms = problem.phase_room_kw
        if isinstance(rooms, np.ndarray) and rooms.shape == (3, slots):
            phase_room[site] = rooms
        else:
            for line, values in enumerate(rooms):
                phase_room[site, line] = shaped(f"phase_room_kw[{line}]", values, slots)
        if len(problem.cars) > MOST_CARS:
            raise ProblemError(f"{len(problem.cars)} cars; expected at most {MOST_CARS}")
        for car in problem.cars:
            _check(car)
            cars[at] = car.needed_kwh, car.most_kwh, car.least_kw, car.most_kw, car.worth_per_kwh
            whos[at] = car.arrival, car.departure, car.phases, car.is_running
            if len(limits):
                limits[at] = (
                    shaped("limit_kw", car.limit_kw, slots) if len(car.limit_kw) else NO_LIMIT_KW
                )
            if len(car.bias_per_kwh):
                bias[at] = shaped("bias_per_kwh", car.bias_per_kwh, slots)
            if car.is_at_once:
                bias[at] += PER_SLOT_LATER * np.arange(slots)
            at += 1
        first_car[site + 1] = at
    if not all(np.isfinite(each).all() for each in (surplus, room, phase_room, limits, bias)):
        _name_what_is_no_number(problems)
    by_tariff = np.array(prices).reshape(len(prices), 2, slots)
    return Fleet(
        first.slot_h, by_tariff[:, 0], by_tariff[:, 1], tariff_of, surplus, room, first_car, cars,
        whos, phase_room, limits, bias, first.start_cost, first.is_paid_late,
    )  # fmt: skip


def _name_what_is_no_number(problems: Sequence[Problem]) -> None:
    """Raise ProblemError that names the first series which holds something that is no number."""
    for problem in problems:
        slots = len(problem.import_price)
        series("surplus_kw", problem.surplus_kw, slots)
        series("room_kw", problem.room_kw, slots)
        for line, values in enumerate(problem.phase_room_kw):
            series(f"phase_room_kw[{line}]", values, slots)
        for car in problem.cars:
            for name, wish in (("limit_kw", car.limit_kw), ("bias_per_kwh", car.bias_per_kwh)):
                if len(wish):
                    series(name, wish, slots)


def _check(car: Car) -> None:
    figures = (car.needed_kwh, car.most_kwh, car.least_kw, car.most_kw, car.worth_per_kwh)
    if not math.isfinite(sum(figures)):
        raise ProblemError(f"car {car.id}: {figures}; expected numbers")
    if not 0 <= car.least_kw <= car.most_kw:
        raise ProblemError(
            f"car {car.id}: {car.least_kw} to {car.most_kw} kW; expected 0 <= least <= most"
        )


def _plans_of(plans: FleetPlan, fleet: Fleet) -> list[Plan]:
    """Return the plans of a fleet as values, in order."""
    ends, missing = fleet.first_car.tolist(), plans.missing_kwh.tolist()
    columns = plans.cost, plans.bound, plans.least_missing_kwh, plans.starts
    rows = zip(ends, ends[1:], *(column.tolist() for column in columns), strict=False)
    return [
        Plan(plans.power_kw[a:b], cost, tuple(missing[a:b]), bound, least, starts)
        for a, b, cost, bound, least, starts in rows
    ]
