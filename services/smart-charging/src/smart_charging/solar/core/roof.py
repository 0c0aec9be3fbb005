"""From irradiance on the flat to AC power of a roof, on arrays. Pure.

Split of the global irradiance by Erbs, onto the roof by Hay and Davies with a ground that sends
back 0.2, glass by Fresnel and Bouguer, cell temperature by Faiman, DC and inverter as in PVWatts.
"""

from collections.abc import Sequence

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.solar.core.place import PvSystem
from smart_charging.solar.core.sun import Sky, Sun

ALBEDO = 0.2
LOWEST_COSINE = 0.01745  # 89 degrees: below it beam over height means nothing
ERBS_COSINE, ERBS_HIGHEST_DEG = 0.065, 87.0
FAIMAN_STILL, FAIMAN_WIND = 25.0, 6.84  # W/m2/K, and per m/s
GAMMA_PER_K = -0.004
INVERTER, INVERTER_TRIED = 0.96, 0.9637  # nominal efficiency, PVWatts; of the one measured
GLASS_INDEX, GLASS_PER_M, GLASS_M = 1.526, 4.0, 0.002


def split(ghi: Floats, above: Sun) -> Sky:
    """Return global irradiance with its direct and diffuse part (Erbs 1982)."""
    up = above.up
    clearness = np.clip(ghi / (above.beam_w_m2 * np.maximum(up, ERBS_COSINE)), 0.0, 1.0)
    k = clearness
    middle = 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    diffuse = np.where(k <= 0.22, 1 - 0.09 * k, np.where(k <= 0.8, middle, 0.165))
    dhi = ghi * diffuse
    is_high = up > np.cos(np.radians(ERBS_HIGHEST_DEG))
    dni = np.where(is_high, (ghi - dhi) / np.maximum(up, LOWEST_COSINE), 0.0)
    return Sky(ghi, dni, np.where(is_high, dhi, ghi))


def glass(cosine: Floats) -> Floats:
    """Return the share of a beam that the glass lets through, against a beam straight on.

    cosine: of the angle of incidence; from a table of 513 points, within 0.001.
    """
    return np.interp(cosine, _COSINES, _GLASS)


def power_w(
    systems: Sequence[PvSystem], above: Sun, sky: Sky, air_c: Floats, wind_m_s: Floats
) -> Floats:
    """Return the AC power of each roof at each slot, W; 0 at night.

    above, sky, air_c, wind_m_s: [roofs, slots], the row of each roof's own cell (or one row for
    all). Losses and inverter are the roof's; the site's learned gain is not in it.
    """
    peak, limit, kept = _columns(systems, "peak_w", "most_w", "losses")
    sun_side, flat = _onto(systems, above)
    tilted = np.radians(_columns(systems, "tilt_deg")[0])
    circumsolar = np.divide(sky.dni, above.beam_w_m2)
    raised = sun_side / np.maximum(above.up, LOWEST_COSINE)
    scattered = sky.dhi * (circumsolar * raised + (1 - circumsolar) * flat)
    diffuse = scattered + sky.ghi * (ALBEDO * (1 - np.cos(tilted)) / 2)
    beam = sky.dni * sun_side
    cell_c = air_c + (beam + diffuse) / (FAIMAN_STILL + FAIMAN_WIND * wind_m_s)
    used = beam * glass(sun_side) + diffuse
    dc_w = used * (peak / 1000) * (1 + GAMMA_PER_K * (cell_c - 25)) * (1 - kept)
    ac_w: Floats = _inverted(np.maximum(dc_w, 0.0), limit) * ((above.up > 0) & (peak > 0))
    return ac_w


def _onto(systems: Sequence[PvSystem], above: Sun) -> tuple[Floats, Floats]:
    """Return the cosine of the angle of incidence (at least 0) and the share of sky seen."""
    tilt, azimuth = (np.radians(c) for c in _columns(systems, "tilt_deg", "azimuth_deg"))
    cosine = (
        np.sin(tilt) * np.sin(azimuth) * above.east
        + np.sin(tilt) * np.cos(azimuth) * above.north
        + np.cos(tilt) * above.up
    )
    return np.maximum(cosine, 0.0), (1 + np.cos(tilt)) / 2


def _inverted(dc_w: Floats, limit_w: Floats) -> Floats:
    """Return AC power of DC power: PVWatts' curve of efficiency, clipped at the inverter."""
    full = np.maximum(limit_w, 1e-9) / INVERTER
    load = dc_w / full
    ac_w = full * (INVERTER / INVERTER_TRIED) * (load * (0.9858 - 0.0162 * load) - 0.0059)
    clipped: Floats = np.minimum(np.maximum(ac_w, 0.0), limit_w)
    return clipped


def _columns(systems: Sequence[PvSystem], *names: str) -> list[Floats]:
    return [np.array([float(getattr(s, name)) for s in systems]).reshape(-1, 1) for name in names]


def _glass_table(cosines: Floats) -> Floats:
    """Return transmission over transmission straight on: Fresnel twice over both polarisations."""
    inside = np.sqrt(1 - (1 - cosines**2) / GLASS_INDEX**2)  # cosine behind the surface
    across = ((cosines - GLASS_INDEX * inside) / (cosines + GLASS_INDEX * inside)) ** 2
    along = ((GLASS_INDEX * cosines - inside) / (GLASS_INDEX * cosines + inside)) ** 2
    through = 1 - (across + along) / 2
    straight = 1 - ((GLASS_INDEX - 1) / (GLASS_INDEX + 1)) ** 2
    length = GLASS_PER_M * GLASS_M
    share: Floats = through * np.exp(-length / inside) / (straight * np.exp(-length))
    return share


_COSINES = np.linspace(0.0, 1.0, 513)
_GLASS = _glass_table(_COSINES)
