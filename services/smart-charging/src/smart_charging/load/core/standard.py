"""The load of a usual site, for one that nothing is known of. Pure; all numbers are our own.

Shapes follow what is generally known: a home peaks in the evening, an office by day, a depot at
both ends of the shift. They stand in until a site's own energies have been learned.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.load.core.clock import DAY, WEEKEND
from smart_charging.provider.core.errors import SetUpError

HOURS_A_YEAR = 8766.0
MOST_WH = 1e11


class Kind(StrEnum):
    """What a site is."""

    HOUSEHOLD = "household"
    OFFICE = "office"
    DEPOT = "depot"


# By the hour from midnight, any unit: a working day, a day of the weekend.
SHAPES: dict[Kind, tuple[tuple[float, ...], tuple[float, ...]]] = {
    Kind.HOUSEHOLD: (
        (55, 48, 45, 44, 46, 58, 92, 112, 104, 95, 92, 100, 112, 102, 92, 92, 104, 135, 165, 172,
         158, 132, 100, 72),
        (65, 54, 48, 46, 46, 50, 62, 84, 110, 124, 128, 138, 150, 134, 118, 112, 116, 136, 158,
         162, 148, 126, 102, 80),
    ),
    Kind.OFFICE: (
        (40, 40, 40, 40, 42, 50, 75, 120, 170, 195, 205, 205, 195, 195, 200, 195, 180, 145, 95, 65,
         52, 46, 42, 40),
        (38, 38, 38, 38, 38, 38, 40, 42, 46, 50, 52, 52, 52, 50, 50, 48, 46, 44, 42, 40, 40, 38, 38,
         38),
    ),
    Kind.DEPOT: (
        (60, 60, 60, 65, 85, 130, 160, 145, 115, 105, 105, 110, 110, 105, 110, 125, 150, 160, 140,
         110, 90, 75, 65, 60),
        (55, 55, 55, 55, 58, 65, 75, 80, 80, 78, 78, 78, 75, 72, 70, 70, 72, 72, 68, 64, 60, 58, 56,
         55),
    ),
}  # fmt: skip
USUAL_W = {Kind.HOUSEHOLD: 400.0, Kind.OFFICE: 3000.0, Kind.DEPOT: 5000.0}


@dataclass(frozen=True, slots=True)
class Standard:
    """What a site is, and what it takes in a year if that is known. Raises SetUpError."""

    kind: Kind = Kind.HOUSEHOLD
    yearly_wh: float | None = None

    def __post_init__(self) -> None:
        if self.yearly_wh is not None and not (
            isfinite(self.yearly_wh) and 0 <= self.yearly_wh <= MOST_WH
        ):
            raise SetUpError(f"{self.yearly_wh:g} Wh a year, expected 0 to {MOST_WH:g}")

    @property
    def week_w(self) -> Floats:
        """Return the mean power by quarter of the week, W."""
        working, free = (_smooth(np.array(shape, dtype=float)) for shape in SHAPES[self.kind])
        week = np.concatenate([np.tile(working, WEEKEND), np.tile(free, 7 - WEEKEND)])
        known = USUAL_W[self.kind] if self.yearly_wh is None else self.yearly_wh / HOURS_A_YEAR
        scaled: Floats = week * (known / week.mean())
        return scaled


def _smooth(hours: Floats) -> Floats:
    """Return 96 quarters between the middles of 24 hours."""
    middles = np.arange(-1, 25) + 0.5
    around = np.concatenate([hours[-1:], hours, hours[:1]])
    quarters: Floats = np.interp((np.arange(DAY) + 0.5) / 4, middles, around)
    return quarters
