"""Where the sun is and what a cloudless sky lets through, on arrays [cells, slots]. Pure.

Position: the Astronomical Almanac's low-precision formulas, within 0.02 degrees from 1950 to 2050,
no refraction. Clear sky: Ineichen and Perez (2002) with a turbidity of our own (`turbidity`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.solar.core.place import Cell

J2000_S = 946_728_000.0  # 2000-01-01T12:00Z
SOLAR_CONSTANT_W_M2 = 1366.1
LOWEST_UP = 0.0  # sine of the height from which there is a day


@dataclass(frozen=True, slots=True)
class Sun:
    """Unit vector to the sun by cell and slot, and the extraterrestrial beam by slot, W/m2."""

    east: Floats
    north: Floats
    up: Floats
    beam_w_m2: Floats


@dataclass(frozen=True, slots=True)
class Sky:
    """Irradiance by cell and slot, W/m2: global and diffuse on the flat, direct to the sun."""

    ghi: Floats
    dni: Floats
    dhi: Floats


def sun(cells: Sequence[Cell], at_s: Floats) -> Sun:
    """Return the sun over the middles of cells at instants (seconds since 1970, UTC)."""
    days = (at_s - J2000_S) / 86_400
    mean_anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(
        280.460 + 0.9856474 * days + 1.915 * np.sin(mean_anomaly) + 0.020 * np.sin(2 * mean_anomaly)
    )
    tilt = np.radians(23.439 - 4e-7 * days)
    right_ascension = np.arctan2(np.cos(tilt) * np.sin(longitude), np.cos(longitude))
    declination = np.arcsin(np.sin(tilt) * np.sin(longitude))
    sidereal = np.radians(280.46062 + 360.98564737 * days)
    latitude = np.radians([[cell.latitude_deg] for cell in cells])
    east_of = np.radians([[cell.longitude_deg] for cell in cells])
    hour_angle = sidereal - right_ascension + east_of
    level, turn = np.cos(declination), np.cos(hour_angle)
    distance = 1.00014 - 0.01671 * np.cos(mean_anomaly) - 0.00014 * np.cos(2 * mean_anomaly)
    return Sun(
        east=-level * np.sin(hour_angle),
        north=np.sin(declination) * np.cos(latitude) - level * turn * np.sin(latitude),
        up=np.sin(declination) * np.sin(latitude) + level * turn * np.cos(latitude),
        beam_w_m2=SOLAR_CONSTANT_W_M2 / distance**2,
    )


def season(cells: Sequence[Cell], at_s: Floats) -> Floats:
    """Return 1 in high summer and -1 in deep winter of each cell's hemisphere, [cells, slots]."""
    year = np.cos(2 * np.pi * ((at_s - J2000_S) / 86_400 / 365.2425 - 196 / 365.2425))
    return np.array([[1.0 if cell.north_tenths >= 0 else -1.0] for cell in cells]) * year


def turbidity(cells: Sequence[Cell], at_s: Floats) -> Floats:
    """Return the Linke turbidity: 4 in the tropics, 2.5 to 3.5 towards the poles; our own rule."""
    away = np.minimum(np.abs([[cell.latitude_deg] for cell in cells]) / 60, 1.0)
    return 4.0 - 1.0 * away + 0.5 * away * season(cells, at_s)


def clear_sky(above: Sun, linke: Floats, altitude_m: Floats) -> Sky:
    """Return the irradiance without clouds; 0 at night. altitude_m: [cells, 1]."""
    up = np.maximum(above.up, 1e-3)
    height_deg = np.degrees(np.arcsin(np.clip(above.up, 0.0, 1.0)))
    pressure = np.power((44331.514 - altitude_m) / 11880.516, 1 / 0.1902632) / 1013.25
    air = pressure / (up + 0.50572 * np.power(6.07995 + height_deg, -1.6364))
    low, high = np.exp(-altitude_m / 8000), np.exp(-altitude_m / 1250)
    drop = (3.92e-5 * altitude_m + 0.0387) * air * (low + high * (linke - 1))
    ghi = (5.09e-5 * altitude_m + 0.868) * above.beam_w_m2 * up * np.exp(-drop)
    dni = above.beam_w_m2 * (0.664 + 0.163 / low) * np.exp(-0.09 * air * (linke - 1))
    most = (1 - (0.1 - 0.2 * np.exp(-linke)) / (0.1 + 0.882 / low)) / up
    is_day = above.up > LOWEST_UP
    ghi = np.where(is_day, ghi, 0.0)
    dni = np.where(is_day, np.minimum(dni, ghi * most), 0.0)
    return Sky(ghi, dni, np.maximum(ghi - dni * up, 0.0))
