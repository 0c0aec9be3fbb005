"""The weather of a usual day anywhere, by formula: what is reckoned with when nobody tells. Pure.

The numbers are our own, rounded from what is generally known of climates. They are means over
whole belts of the earth: a site's own clearness is learned on top (`learning.py`).
"""

from collections.abc import Sequence

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.solar.core.place import Cell
from smart_charging.solar.core.sun import season

# By latitude: share of the clear-sky irradiance that arrives, in high summer and deep winter.
LATITUDES_DEG = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 90.0)
SUMMER = (0.70, 0.68, 0.72, 0.80, 0.78, 0.70, 0.66, 0.62, 0.60)
WINTER = (0.70, 0.76, 0.76, 0.70, 0.58, 0.46, 0.40, 0.38, 0.38)
WIND_M_S = 2.0
DAILY_SWING_K = 4.0  # half of the way from night to afternoon
WARMEST_S = 15 * 3600  # solar time


def clearness(cells: Sequence[Cell], at_s: Floats) -> Floats:
    """Return the mean share of the clear-sky irradiance, [cells, slots]."""
    away = np.abs([[cell.latitude_deg] for cell in cells])
    summer, winter = np.interp(away, LATITUDES_DEG, SUMMER), np.interp(away, LATITUDES_DEG, WINTER)
    year = season(cells, at_s)
    mean: Floats = (summer + winter) / 2 + (summer - winter) / 2 * year
    return mean


def air_c(cells: Sequence[Cell], at_s: Floats) -> Floats:
    """Return the usual air temperature, degrees C, [cells, slots]."""
    away = np.abs([[cell.latitude_deg] for cell in cells])
    mean = 27.0 - 0.55 * np.maximum(away - 15.0, 0.0)
    east_s = np.array([[cell.longitude_deg * 240] for cell in cells])  # 4 minutes a degree
    hour = 2 * np.pi * (at_s + east_s - WARMEST_S) / 86_400
    air: Floats = mean + 0.2 * away * season(cells, at_s) + DAILY_SWING_K * np.cos(hour)
    return air
