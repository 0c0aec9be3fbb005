"""Many sites at once: arrays in, arrays out, one call of the kernels per group of equal slots.

The prices of a tariff are shared by its sites, and so is their order. No object per site.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from smart_charging.planner.kernels.bundles import (
    CAP,
    CAR_COLUMNS,
    FROM,
    LEAST,
    MOST,
    NEED,
    TRUE_NEED,
    UNTIL,
    WHO_COLUMNS,
    WORTH,
    Site,
)
from smart_charging.planner.kernels.fleet import (
    BOUND,
    COST,
    LEAST_MISSING,
    RESULT_COLUMNS,
    STARTS,
    solve_fleet,
)
from smart_charging.planner.kernels.types import Floats, Integers
from smart_charging.planner.problem import (
    LEAST_BILL,
    MOST_CARS,
    MOST_SLOTS,
    PENALTY_PER_KWH,
    Effort,
    ProblemError,
)

SHORT_PER_KWH = 1e4  # while planning, of energy that is missing: before any price
FLEET_CAR_COLUMNS = 5
SMALLEST_KW = 1e-4  # a slot that is used is used with this much: 0 would be no block
DEFAULT = Effort()


@dataclass(frozen=True, slots=True)
class Fleet:
    """Sites of the same slots. As in `problem`: kW, kWh, prices per kWh, float64 and int64 arrays.

    import_price, export_price: tariffs x slots. tariff_of: each site's tariff. surplus_kw,
    room_kw: sites x slots. first_car: where each site's cars begin, and their number at the end.
    cars: a row each of needed_kwh, most_kwh, least_kw, most_kw, worth_per_kwh. whos: a row each of
    arrival, departure, phases, 1 if it is running. phase_room_kw: sites x 3 x slots; limit_kw,
    bias_per_kwh: cars x slots; each may have length 0.
    """

    slot_h: float
    import_price: Floats
    export_price: Floats
    tariff_of: Integers
    surplus_kw: Floats
    room_kw: Floats
    first_car: Integers
    cars: Floats
    whos: Integers
    phase_room_kw: Floats
    limit_kw: Floats
    bias_per_kwh: Floats
    start_cost: float = 0.0
    is_paid_late: bool = False


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """Plans of a fleet: power_kw (cars x slots), missing_kwh by car, the rest by site.

    cost, bound, least_missing_kwh, starts: as in `Plan`.
    """

    power_kw: Floats
    missing_kwh: Floats
    cost: Floats
    bound: Floats
    least_missing_kwh: Floats
    starts: Integers

    def gaps(self, first_car: Integers) -> Floats:
        """Return each site's distance from its bound, as in `Plan.gap`."""
        sums = np.concatenate(([0.0], np.cumsum(self.missing_kwh)))
        short = np.maximum(0.0, sums[first_car[1:]] - sums[first_car[:-1]] - self.least_missing_kwh)
        over = np.maximum(0.0, self.cost - self.bound)
        gaps: Floats = (over + PENALTY_PER_KWH * short) / np.maximum(np.abs(self.cost), LEAST_BILL)
        return gaps


def plan_fleet(fleet: Fleet, effort: Effort = DEFAULT, seed: int = 1) -> FleetPlan:
    """Return the plans of all sites; each is the one its site would have alone.

    Raises ProblemError where shapes do not fit or something is no number.
    """
    check(fleet)
    h, n_cars, slots = fleet.slot_h, len(fleet.cars), fleet.surplus_kw.shape[1]
    needed = np.maximum(0.0, fleet.cars[:, 0])
    cars, whos = _cars(fleet, needed), _whos(fleet)
    prices = np.stack((fleet.import_price, fleet.export_price), axis=1) * h
    by_price = _by_price(prices, is_paid_late=fleet.is_paid_late)
    power, energy = np.zeros((n_cars, slots)), np.zeros(n_cars)
    results = np.zeros((len(fleet.surplus_kw), RESULT_COLUMNS))
    solve_fleet(
        fleet.first_car, fleet.tariff_of, prices, by_price, np.maximum(0.0, fleet.surplus_kw),
        np.maximum(0.0, fleet.room_kw), np.maximum(0.0, fleet.phase_room_kw), cars, whos,
        fleet.limit_kw, fleet.bias_per_kwh * h, SHORT_PER_KWH * h, fleet.start_cost,
        effort.tolerance, effort.moves, seed, power, results, energy,
    )  # fmt: skip
    # Summed by site, so that no digit depends on who is planned along.
    site_of_car = np.repeat(np.arange(len(results)), np.diff(fleet.first_car))
    hopeless = np.bincount(site_of_car, needed - cars[:, TRUE_NEED] * h, len(results))
    results[:, LEAST_MISSING] += hopeless / h
    return FleetPlan(
        power, np.maximum(0.0, needed - energy * h), results[:, COST], results[:, BOUND],
        results[:, LEAST_MISSING] * h, results[:, STARTS].astype(np.int64),
    )  # fmt: skip


def site_of(fleet: Fleet) -> Site:
    """Return the first site of a fleet as the kernels take it, with true needs.

    Raises ProblemError.
    """
    check(fleet)
    h, a, b = fleet.slot_h, fleet.first_car[0], fleet.first_car[1]
    prices = np.stack((fleet.import_price[0], fleet.export_price[0])) * h
    cars = _cars(fleet, np.maximum(0.0, fleet.cars[:, 0]))
    cars[:, NEED] = cars[:, TRUE_NEED] = np.maximum(0.0, fleet.cars[:, 0]) / h
    slots = prices.shape[1]
    return Site(
        cars[a:b], _whos(fleet)[a:b], SHORT_PER_KWH * h, prices, np.argsort(prices, kind="stable"),
        np.maximum(0.0, fleet.surplus_kw[0]), np.maximum(0.0, fleet.room_kw[0]),
        np.maximum(0.0, fleet.phase_room_kw[:1].reshape(-1, slots)), fleet.limit_kw[a:b],
        fleet.bias_per_kwh[a:b] * h,
    )  # fmt: skip


def _by_price(prices: Floats, *, is_paid_late: bool) -> Integers:
    """Return the slots of every tariff in rising order of its prices, tariffs x 2 x slots."""
    by_price = np.empty(prices.shape, np.int64)
    for tariff, (bought, sold) in enumerate(prices):
        by_price[tariff, 0] = _order(bought.tobytes(), is_late=is_paid_late)
        by_price[tariff, 1] = _order(sold.tobytes(), is_late=False)
    return by_price


@lru_cache(maxsize=1024)  # batch after batch asks for the same few tariffs
def _order(prices: bytes, *, is_late: bool) -> Integers:
    values = np.frombuffer(prices)
    if is_late:
        return len(values) - 1 - np.argsort(values[::-1], kind="stable")
    return np.argsort(values, kind="stable")


def _whos(fleet: Fleet) -> Integers:
    whos, slots = fleet.whos.copy(), fleet.surplus_kw.shape[1]
    whos[:, FROM] = np.clip(whos[:, FROM], 0, slots)
    whos[:, UNTIL] = np.clip(whos[:, UNTIL], whos[:, FROM], slots)
    return whos


def _cars(fleet: Fleet, needed: Floats) -> Floats:
    """Return the cars as the kernels take them.

    Who needs something takes at least a block; who may not take even one block takes nothing.
    """
    cars = np.empty((len(needed), CAR_COLUMNS))
    least = np.maximum(fleet.cars[:, 2], SMALLEST_KW)
    most = np.maximum(needed, fleet.cars[:, 1]) / fleet.slot_h
    can = most >= least - 1e-9
    cars[:, TRUE_NEED] = np.where(can, needed / fleet.slot_h, 0.0)
    cars[:, NEED] = np.where(
        cars[:, TRUE_NEED] > 0, np.maximum(cars[:, TRUE_NEED], np.minimum(least, most)), 0.0
    )
    cars[:, CAP] = np.where(can, most, 0.0)
    cars[:, LEAST], cars[:, MOST] = least, fleet.cars[:, 3]
    cars[:, WORTH] = fleet.cars[:, 4] * fleet.slot_h
    return cars


def check(fleet: Fleet) -> None:
    """Raise ProblemError where a fleet's arrays do not fit or hold something that is no number."""
    sites, slots = fleet.surplus_kw.shape
    tariffs, n_cars = len(fleet.import_price), len(fleet.cars)
    if not 0 < slots <= MOST_SLOTS:
        raise ProblemError(f"{slots} slots; expected 1 to {MOST_SLOTS}")
    if not 0 < fleet.slot_h <= 24:
        raise ProblemError(f"slots of {fleet.slot_h} h; expected more than 0 and at most 24")
    shapes: dict[str, tuple[Floats, list[tuple[int, ...]]]] = {
        "import_price": (fleet.import_price, [(tariffs, slots)]),
        "export_price": (fleet.export_price, [(tariffs, slots)]),
        "surplus_kw": (fleet.surplus_kw, [(sites, slots)]),
        "room_kw": (fleet.room_kw, [(sites, slots)]),
        "cars": (fleet.cars, [(n_cars, FLEET_CAR_COLUMNS)]),
        "phase_room_kw": (fleet.phase_room_kw, [(sites, 3, slots), (0, 3, slots)]),
        "limit_kw": (fleet.limit_kw, [(n_cars, slots), (0, slots)]),
        "bias_per_kwh": (fleet.bias_per_kwh, [(n_cars, slots), (0, slots)]),
    }
    for name, (array, wanted) in shapes.items():
        if array.shape not in wanted:
            raise ProblemError(f"{name} has the shape {array.shape}; expected {wanted[0]}")
        if not np.isfinite(array).all():
            raise ProblemError(f"{name} holds something that is no number")
    if fleet.whos.shape != (n_cars, WHO_COLUMNS):
        raise ProblemError(f"whos has the shape {fleet.whos.shape}; expected {n_cars, WHO_COLUMNS}")
    _check_cars(fleet, sites, tariffs)


def _check_cars(fleet: Fleet, sites: int, tariffs: int) -> None:
    counts = np.diff(fleet.first_car)
    if len(counts) != sites or fleet.first_car[0] != 0 or fleet.first_car[-1] != len(fleet.cars):
        raise ProblemError("first_car does not share the cars out to the sites")
    if len(counts) and not 0 <= counts.min() <= counts.max() <= MOST_CARS:
        raise ProblemError(f"{counts.max()} cars at a site; expected at most {MOST_CARS}")
    is_known = (fleet.tariff_of >= 0) & (fleet.tariff_of < tariffs)
    if len(fleet.tariff_of) != sites or not is_known.all():
        raise ProblemError(f"tariff_of names no tariff of {tariffs} for each of {sites} sites")
    least, most = fleet.cars[:, 2], fleet.cars[:, 3]
    if not ((least >= 0) & (least <= most)).all():
        raise ProblemError("a car's powers are not 0 <= least <= most")
    if not ((fleet.whos[:, 2] > 0) & (fleet.whos[:, 2] < 8)).all():
        raise ProblemError("a car's phases are not 1 to 7")
