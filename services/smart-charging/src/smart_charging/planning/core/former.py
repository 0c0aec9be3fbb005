"""The plan in force, as far as the next one looks at it: who gets what when. Pure.

A plan that is made anew only since an hour has passed, or prices or weather moved a little, goes on
as it was where that costs next to nothing (`planner.kernels.keeping`). A word of the site (a new
revision) is always planned afresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats
from smart_charging.planning.core.needs import Role, Wish
from smart_charging.planning.core.posing import START_COST
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

    def laid_on(self, slots: Slots, planned: Sequence[Wish], rows: Floats) -> bool:
        """Write the powers of the cars to be planned on other slots, 0 beyond its own end.

        Returns False where it says nothing of one of them, or one is no longer free to wait.
        """
        shift = (slots.quarter_s - self.slots.quarter_s) // SLOT_S
        if not 0 <= shift < self.slots.count:
            return False
        for row, wish in enumerate(planned):
            power = self.power_kw.get(wish.session.id)
            if power is None or wish.role is not Role.PLANNED:
                return False
            left = power[shift : shift + slots.count]
            rows[row, : len(left)] = left
        return True
