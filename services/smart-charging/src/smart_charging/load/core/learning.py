"""What a site's own energies teach of its load. Pure.

A mean by quarter of the local week, newer weeks weighing more, leaning on the mean of all working
days (or weekends) while a weekday was seen rarely; a level for the last days and one for the last
hours, which fade; and by hour how far the load goes above the forecast.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from smart_charging.core.grid import QUARTER_S, Floats, Grid, Instants, laid
from smart_charging.load.core.clock import DAY, WEEK, WEEKEND, Quarters, is_weekend, quarters
from smart_charging.load.core.standard import Standard

MOST_W = 1e7  # above it a reading is a mistake
QUICKEST_WEEKDAY, QUICKEST_POOL = 0.3, 0.2  # weight of the newest value, once many are known
LEAN = 10.0  # weekday and pool weigh the same after so many weeks
LEVEL, RECENT = 0.01, 0.16  # of a quarter-hour: about 25 h and 1.5 h
OUTLIER = 4.0  # times the spread: what lies further counts as lying there
LEAST_SPREAD_W = 50.0
P80, P90 = 0.8, 0.9
HIGH_PRIOR = (0.5, 1.1)  # of the mean, above it, before anything is learned
HIGH_PRIOR_COUNT, HIGH_SLOWEST = 10.0, 0.02
LEARNED_QUARTERS = 3 * DAY  # known quarters from which a site is no longer a usual one
HOURS = 24


@dataclass(frozen=True, slots=True, eq=False)
class LoadLearned:
    """What is known of one site's load, W.

    week, week_counts: [672] by quarter of the local week; pool, pool_counts: [2, 96] working day
    and weekend. high: [2 quantiles, 2, 24] above the forecast. level_w, recent_w: measured less
    forecast of the last day and hours, as of learned_until_s. known: quarters learned from.
    """

    week: Floats
    week_counts: Floats
    pool: Floats
    pool_counts: Floats
    high: Floats
    high_counts: Floats
    level_w: float = 0.0
    recent_w: float = 0.0
    known: int = 0
    learned_until_s: int = 0

    @property
    def is_learned(self) -> bool:
        """Return whether the site's own load counts more than the standard one."""
        return self.known >= LEARNED_QUARTERS


def unlearned(standard: Standard | None = None) -> LoadLearned:
    """Return what is reckoned with before anything was learned."""
    week = (standard or Standard()).week_w
    pool = np.array([week[:DAY], week[WEEKEND * DAY : (WEEKEND + 1) * DAY]])
    hours = pool.reshape(2, HOURS, 4).mean(axis=2)
    high = np.array([share * hours for share in HIGH_PRIOR])
    return LoadLearned(
        week, np.zeros(WEEK), pool, np.zeros((2, DAY)), high, np.zeros((2, HOURS))
    )  # fmt: skip


def learn(
    learned: LoadLearned, starts_s: Instants, ends_s: Instants, wh: Floats, zone: ZoneInfo
) -> LoadLearned:
    """Return what is known after more energies; what was learned before is passed over.

    starts_s, ends_s: spans in order, without overlap, of any length; wh: energy beside cars and
    without the sun's share, NaN = not known. Negative and absurd values count as not known.
    """
    begin = max(int(starts_s[0]) if len(starts_s) else 0, learned.learned_until_s)
    begin = -(-begin // QUARTER_S) * QUARTER_S
    end = int(ends_s[-1]) // QUARTER_S * QUARTER_S if len(ends_s) else 0
    power = wh * 3600 / (ends_s - starts_s)
    power = np.where((power >= 0) & (power <= MOST_W), power, np.nan)
    while begin < end:
        grid = Grid(begin, min(DAY, (end - begin) // QUARTER_S))
        mean_w = laid(starts_s, ends_s, power, grid.edges_s)
        learned = _day(learned, mean_w, quarters(zone, grid), grid.end_s)
        begin = grid.end_s
    return learned


def week_w(learned: LoadLearned) -> Floats:
    """Return the profile by quarter of the week, weekday and pool weighed, not yet smoothed."""
    share = learned.week_counts / (learned.week_counts + LEAN)
    working, free = learned.pool
    pool = np.concatenate([np.tile(working, WEEKEND), np.tile(free, 7 - WEEKEND)])
    mixed: Floats = share * learned.week + (1 - share) * pool
    return mixed


def _day(known: LoadLearned, power_w: Floats, at: Quarters, end_s: int) -> LoadLearned:
    """Learn at most a day. A quarter that occurs twice (autumn) is learned as one."""
    told = np.isfinite(power_w)
    profile = week_w(known)[at]
    hour, weekend = at % DAY // 4, is_weekend(at)
    spread = np.maximum(known.high[1, weekend, hour], LEAST_SPREAD_W)
    off_w = np.clip(np.where(told, power_w - profile, 0.0), -OUTLIER * spread, OUTLIER * spread)
    held_w = profile + off_w
    here = told.nonzero()[0]
    week, week_counts = _moved(known.week, known.week_counts, at[here], held_w[here],
                               QUICKEST_WEEKDAY)  # fmt: skip
    flat = (weekend * DAY + at % DAY)[here]
    pool, pool_counts = _moved(known.pool.ravel(), known.pool_counts.ravel(), flat, held_w[here],
                               QUICKEST_POOL)  # fmt: skip
    high, high_counts = _higher(known, off_w[here] - known.level_w, weekend[here], hour[here])
    level = _eased(known.level_w, off_w, told, LEVEL)
    return LoadLearned(
        week, week_counts, pool.reshape(2, DAY), pool_counts.reshape(2, DAY), high, high_counts,
        level_w=level,
        recent_w=_eased(known.recent_w, off_w - level, told, RECENT),
        known=known.known + len(here),
        learned_until_s=end_s,
    )  # fmt: skip


def _moved(
    means: Floats, counts: Floats, at: Quarters, values: Floats, quickest: float
) -> tuple[Floats, Floats]:
    """Return means moved towards new values, and how often each was seen."""
    means, counts = means.copy(), counts.copy()
    counts[at] += 1
    step = np.maximum(1 / (counts[at] + 1), quickest)
    means[at] += step * (values - means[at])
    return means, counts


def _eased(value: float, off_w: Floats, told: Floats, share: float) -> float:
    """Return an average that forgets, after a row of values; what is unknown lets it fade."""
    ages = np.arange(len(off_w))[::-1]
    weights = share * (1 - share) ** ages
    return float(value * (1 - share) ** len(off_w) + (weights * np.where(told, off_w, 0.0)).sum())


def _higher(
    known: LoadLearned, off_w: Floats, weekend: Quarters, hour: Quarters
) -> tuple[Floats, Floats]:
    """Return the quantiles above the forecast, moved a step for every value."""
    high, counts = known.high.copy(), known.high_counts.copy()
    np.add.at(counts, (weekend, hour), 1)
    reach = np.maximum(np.abs(known.high[1]), LEAST_SPREAD_W)
    step = np.maximum(1 / (HIGH_PRIOR_COUNT + counts), HIGH_SLOWEST) * reach
    for index, quantile in enumerate((P80, P90)):
        below = off_w < known.high[index, weekend, hour]
        np.add.at(high[index], (weekend, hour), step[weekend, hour] * (quantile - below))
    high[1] = np.maximum(high[1], high[0])
    return high, counts
