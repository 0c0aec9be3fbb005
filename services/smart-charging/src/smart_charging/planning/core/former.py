"""The plan in force, as far as the next one looks at it: who gets what when. Pure.

A plan that is made anew only since an hour has passed, or prices or weather moved a little, goes on
as it was where that costs next to nothing (`planner.kernels.keeping`). A word of the site (a new
revision) is always planned afresh.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats
from smart_charging.planner.kernels.keeping import kept
from smart_charging.planner.kernels.types import Integers
from smart_charging.planning.core.needs import Role
from smart_charging.planning.core.posing import START_COST, Posed
from smart_charging.planning.core.slots import SLOT_S, Slots

Small = NDArray[np.float32]

PER_CAR, PART = 0.02, 0.005  # currency (or kg of CO2), and a part of the bill: not worth a change
TERMS = np.array([START_COST, PER_CAR, PART])


@dataclass(frozen=True, slots=True)
class Former:
    """What a plan gave each session, kW by slot."""

    plan: str
    revision: int
    slots: Slots
    power_kw: dict[str, Small]

    def on(self, slots: Slots, posing: Posed) -> Floats | None:
        """Return the powers of the cars to be planned on other slots, 0 beyond its own end.

        None where it says nothing of one of them, or one is no longer free to wait.
        """
        shift = (slots.quarter_s - self.slots.quarter_s) // SLOT_S
        if not 0 <= shift < self.slots.count:
            return None
        rows = np.zeros((len(posing.planned), slots.count))
        for row, wish in enumerate(posing.planned):
            power = self.power_kw.get(wish.session.id)
            if power is None or wish.role is not Role.PLANNED:
                return None
            left = power[shift : shift + slots.count]
            rows[row, : len(left)] = left
        return rows


def former_of(plan: str, revision: int, slots: Slots, power_kw: dict[str, Floats]) -> Former:
    """Return a plan as the next one will look at it, in little memory."""
    small = {session: power.astype(np.float32) for session, power in power_kw.items()}
    return Former(plan, revision, slots, small)


def goes_on(
    power: Floats, old: Floats, posing: Posed, hours: Floats, who: tuple[Floats, Integers]
) -> float | None:
    """Put the powers in force in the place of new ones; return how much dearer that is.

    power, old: true powers (kW) by car. who: the cars as `reckoning` takes them. None = the new
    plan counts, and `power` is as it was.
    """
    problem = posing.problem
    biased = [car.bias_per_kwh for car in problem.cars]
    bias = np.zeros((len(biased) if any(map(len, biased)) else 0, len(hours)))
    for row, values in enumerate(biased):
        if len(values):
            bias[row] = values
    pay = np.array((problem.import_price, problem.export_price), dtype=np.float64)
    dearer = kept(
        power, old, *who, posing.limits_kw, posing.phase_room_kw, posing.room_kw, hours,
        posing.counted_kw, pay, bias, TERMS,
    )  # fmt: skip
    return None if dearer != dearer else float(dearer)  # noqa: PLR0124 - NaN
