"""The load of many sites at once. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from smart_charging.core.grid import Floats, Grid
from smart_charging.load.core.clock import DAY, Quarters, is_weekend, quarters
from smart_charging.load.core.learning import LoadLearned, unlearned, week_w

LEVEL_SHARE, RECENT_SHARE = 0.8, 0.6  # how much of what was off lately stays off
LEVEL_FADES_S, RECENT_FADES_S = 48 * 3600.0, 3 * 3600.0
SMOOTH = (1, 2, 3, 2, 1)  # weights of neighbouring quarters
AT_ONCE = 64


@dataclass(frozen=True, slots=True, eq=False)
class LoadSite:
    """One site. zone: the local time its days follow."""

    id: str
    zone: ZoneInfo
    learned: LoadLearned = field(default_factory=unlearned)


@dataclass(frozen=True, slots=True, eq=False)
class LoadForecast:
    """Power taken beside cars, mean of each slot, W: finite and never negative.

    mean_w: for the surplus. p80_w, p90_w: the load stays below in 80 and 90 of 100 quarters: for
    the room that is left. is_learned: False = a standard profile.
    """

    site: str
    grid: Grid
    mean_w: Floats
    p80_w: Floats
    p90_w: Floats
    is_learned: bool


def load_forecasts(sites: Sequence[LoadSite], grid: Grid) -> list[LoadForecast]:
    """Return the forecast of every site, in their order."""
    found: list[LoadForecast] = []
    for first in range(0, len(sites), AT_ONCE):
        found += _batch(sites[first : first + AT_ONCE], grid)
    return found


def _batch(sites: Sequence[LoadSite], grid: Grid) -> list[LoadForecast]:
    at = np.array([quarters(site.zone, grid) for site in sites])
    weeks = _smoothed(np.array([week_w(site.learned) for site in sites]))
    mean = np.maximum(np.take_along_axis(weeks, at, axis=1) + _lately(sites, grid), 0.0)
    p80, p90 = (mean + _above(sites, index, at) for index in (0, 1))
    p80 = np.maximum(p80, mean)
    p90 = np.maximum(p90, p80)
    return [
        LoadForecast(site.id, grid, mean[i], p80[i], p90[i], site.learned.is_learned)
        for i, site in enumerate(sites)
    ]


def _lately(sites: Sequence[LoadSite], grid: Grid) -> Floats:
    """Return what is added because the last hours and days were off, fading."""
    until = np.array([[site.learned.learned_until_s] for site in sites])
    ahead_s = np.maximum(grid.middles_s - until, 0.0)
    level = np.array([[site.learned.level_w] for site in sites])
    recent = np.array([[site.learned.recent_w] for site in sites])
    added: Floats = LEVEL_SHARE * level * np.exp(-ahead_s / LEVEL_FADES_S)
    added += RECENT_SHARE * recent * np.exp(-ahead_s / RECENT_FADES_S)
    return added


def _above(sites: Sequence[LoadSite], quantile: int, at: Quarters) -> Floats:
    tables = np.array([site.learned.high[quantile].ravel() for site in sites])
    hours = is_weekend(at) * (DAY // 4) + at % DAY // 4
    return np.take_along_axis(tables, hours, axis=1)


def _smoothed(weeks: Floats) -> Floats:
    """Return the profiles with neighbouring quarters weighed in, round the week."""
    half = len(SMOOTH) // 2
    total = np.zeros_like(weeks)
    for shift, weight in zip(range(-half, half + 1), SMOOTH, strict=True):
        total += weight * np.roll(weeks, shift, axis=1)
    return total / sum(SMOOTH)
