"""A site's planning problem as arrays, and its solution; checked before a kernel sees it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smart_charging.planner.kernels.bundles import Site
from smart_charging.planner.kernels.site import solve
from smart_charging.planner.kernels.types import Floats, Integers

PENALTY_PER_KWH = 10.0  # of energy that is missing: far dearer than any slot
MOST_SLOTS = 2000
MOST_CARS = 200
SMALLEST_KW = 1e-4  # a slot that is used is used with this much: 0 would be no block


class ProblemError(ValueError):
    """A problem cannot be planned; the text names the field and what was expected."""


@dataclass(frozen=True, slots=True)
class Car:
    """A car's wishes and bounds. Slots [arrival, departure); energy at the charger's AC side."""

    id: str
    arrival: int
    departure: int
    needed_kwh: float
    most_kwh: float
    least_kw: float
    most_kw: float


@dataclass(frozen=True, slots=True)
class Problem:
    """A site over some slots. Prices per kWh, all-in; one value per slot in each series.

    surplus_kw: own sun beyond the house, >= 0. room_kw: what the cars may draw together, >= 0.
    """

    slot_h: float
    import_price: Sequence[float]
    export_price: Sequence[float]
    surplus_kw: Sequence[float]
    room_kw: Sequence[float]
    cars: tuple[Car, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look (`planner.kernels.site.solve`): moves cost time and find cheaper plans."""

    tolerance: float = 5e-4
    moves: int = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What each car draws per slot (kW), what that costs, and how good it is at least.

    bound: no plan can have less cost + 10 per kWh missing. missing_kwh: by car.
    """

    power_kw: Floats
    cost: float
    missing_kwh: tuple[float, ...]
    bound: float

    @property
    def gap(self) -> float:
        """Return how far above the bound the plan may at most be, as a part of its cost."""
        value = self.cost + PENALTY_PER_KWH * sum(self.missing_kwh)
        return max(0.0, value - self.bound) / max(abs(self.cost), 0.5)


def plan(problem: Problem, effort: Effort | None = None, seed: int = 1) -> Plan:
    """Return the plan of a site; the same for the same problem, effort and seed.

    There is always one: what cannot be met is in `missing_kwh`. Raises ProblemError.
    """
    effort = Effort() if effort is None else effort
    prices, surplus, room = _series(problem)
    cars, windows = _cars(problem, len(room))
    power = np.zeros((len(problem.cars), len(room)))
    bound = 0.0
    if problem.cars:
        by_price = np.argsort(prices[0], kind="mergesort")
        penalty = PENALTY_PER_KWH * problem.slot_h
        site = Site(cars, windows, penalty, prices, by_price, surplus, room)
        _, bound = solve(site, effort.tolerance, effort.moves, seed, power)
    total = power.sum(axis=0)
    under = np.minimum(total, surplus)
    cost = float((prices[1] * under + prices[0] * (total - under)).sum())
    got = power.sum(axis=1) * problem.slot_h
    missing = tuple(
        max(0.0, car.needed_kwh - float(energy))
        for car, energy in zip(problem.cars, got, strict=True)
    )
    return Plan(power, cost, missing, float(bound))


def _series(problem: Problem) -> tuple[Floats, Floats, Floats]:
    slots = len(problem.import_price)
    if not 0 < slots <= MOST_SLOTS:
        raise ProblemError(f"{slots} slots; expected 1 to {MOST_SLOTS}")
    if not 0 < problem.slot_h <= 24:
        raise ProblemError(f"slots of {problem.slot_h} h; expected more than 0 and at most 24")
    named = {
        "import_price": problem.import_price,
        "export_price": problem.export_price,
        "surplus_kw": problem.surplus_kw,
        "room_kw": problem.room_kw,
    }
    arrays = {name: _array(name, values, slots) for name, values in named.items()}
    prices = np.vstack((arrays["import_price"], arrays["export_price"])) * problem.slot_h
    surplus, room = np.maximum(0.0, arrays["surplus_kw"]), np.maximum(0.0, arrays["room_kw"])
    return prices, surplus, room


def _array(name: str, values: Sequence[float], slots: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (slots,):
        raise ProblemError(f"{name} has {array.size} values; expected {slots}, one per slot")
    if not np.isfinite(array).all():
        at = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ProblemError(f"{name}[{at}] is {array[at]}; expected a number")
    return array


def _cars(problem: Problem, slots: int) -> tuple[Floats, Integers]:
    if len(problem.cars) > MOST_CARS:
        raise ProblemError(f"{len(problem.cars)} cars; expected at most {MOST_CARS}")
    h = problem.slot_h
    cars, windows = np.zeros((4, len(problem.cars))), np.zeros((2, len(problem.cars)), np.int64)
    for at, car in enumerate(problem.cars):
        figures = (car.needed_kwh, car.most_kwh, car.least_kw, car.most_kw)
        if not all(np.isfinite(figures)):
            raise ProblemError(f"car {car.id}: {figures}; expected numbers")
        if not 0 <= car.least_kw <= car.most_kw:
            raise ProblemError(
                f"car {car.id}: {car.least_kw} to {car.most_kw} kW; expected 0 <= least <= most"
            )
        needed = max(0.0, car.needed_kwh)
        least = min(max(car.least_kw, SMALLEST_KW), max(car.most_kw, SMALLEST_KW))
        cars[:, at] = needed / h, max(needed, car.most_kwh) / h, least, car.most_kw
        arrival = min(max(0, car.arrival), slots)
        windows[:, at] = arrival, min(max(arrival, car.departure), slots)
    return cars, windows
