"""A site's planning problem and its plan, as plain values; knows no kernel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smart_charging.planner.kernels.types import Floats

PENALTY_PER_KWH = 10.0  # of energy that is missing, in `gap`: what the acceptance of plans counts
LEAST_BILL = 0.5  # in the currency: what is cheaper counts as much when gaps are judged
MOST_SLOTS = 2000
MOST_CARS = 200
ALL_PHASES = 7

Series = Sequence[float] | Floats


class ProblemError(ValueError):
    """A problem cannot be planned; the text names the field and what was expected."""


@dataclass(frozen=True, slots=True)
class Car:
    """A car's wishes and bounds. Slots [arrival, departure); energy at the charger's AC side.

    It draws 0 or least_kw to most_kw. phases: which it loads, evenly: 1 = L1, 2 = L2, 4 = L3, 7 =
    all. is_running: it charges now, so that going on in slot 0 is no start. worth_per_kwh: what
    energy beyond the need is worth; between feed-in and import, with no need, that is "sun only".
    limit_kw: a lower most_kw per slot. bias_per_kwh: added to this car's price per slot.
    is_at_once: no price and no sun counts: as early and as strongly as possible, after all needs.
    """

    id: str
    arrival: int
    departure: int
    needed_kwh: float
    most_kwh: float
    least_kw: float
    most_kw: float
    phases: int = ALL_PHASES
    is_running: bool = False
    worth_per_kwh: float = 0.0
    limit_kw: Series = ()
    bias_per_kwh: Series = ()
    is_at_once: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A site over some slots. Prices per kWh, all-in; one value per slot in each series.

    surplus_kw: own sun beyond the house, >= 0. room_kw: what the cars may draw together, >= 0.
    phase_room_kw: the same for L1, L2 and L3, or nothing where only the sum counts.
    start_cost: what each start of a car counts, in the currency. is_paid_late: of slots of the
    grid's same price take the later ones; what the sun gives is taken early in any case.
    """

    slot_h: float
    import_price: Series
    export_price: Series
    surplus_kw: Series
    room_kw: Series
    cars: tuple[Car, ...]
    phase_room_kw: Sequence[Series] | Floats = ()
    start_cost: float = 0.0
    is_paid_late: bool = False


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look (`planner.kernels.site.solve`): moves cost time and find cheaper plans.

    tolerance: a plan this near to its bound, as a part of the bill, is good enough.
    """

    tolerance: float = 5e-4
    moves: int = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What each car draws per slot (kW), what that costs, and how good it is at least.

    missing_kwh: by car. No plan lacks less than least_missing_kwh in sum, and none that lacks no
    more than that costs less than bound. starts: how often a car begins to charge.
    """

    power_kw: Floats
    cost: float
    missing_kwh: tuple[float, ...]
    bound: float
    least_missing_kwh: float
    starts: int

    @property
    def gap(self) -> float:
        """Return how far above the bound the plan may at most be, as a part of its cost."""
        over = max(0.0, self.cost - self.bound)
        short = max(0.0, sum(self.missing_kwh) - self.least_missing_kwh)
        return (over + PENALTY_PER_KWH * short) / max(abs(self.cost), LEAST_BILL)


def shaped(name: str, values: Series, slots: int) -> Floats:
    """Return a series of a problem as an array of the right length. Raises ProblemError."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (slots,):
        raise ProblemError(f"{name} has {array.size} values; expected {slots}, one per slot")
    return array


def series(name: str, values: Series, slots: int) -> Floats:
    """Return what `shaped` returns, all numbers. Raises ProblemError, naming it."""
    array = shaped(name, values, slots)
    if not np.isfinite(array).all():
        at = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ProblemError(f"{name}[{at}] is {array[at]}; expected a number")
    return array
