"""How good the forecasts are on real measurements, beside what anybody could do without a model.

Used by a test and by the bench. The measurements lie in the shared folder (VOLTHUS_SHARED, or
`shared` beside the project); they are not ours to ship.
"""

import csv
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from smart_charging.core.grid import Floats, Grid, Instants
from smart_charging.load.core.forecast import LoadSite, load_forecasts
from smart_charging.load.core.learning import learn, unlearned
from smart_charging.solar.core.forecast import SolarSite, solar_forecasts, taught
from smart_charging.solar.core.learning import SolarLearned
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Quantity, Series

SHARED = Path(os.environ.get("VOLTHUS_SHARED", Path(__file__).parents[3] / "shared"))
PV_FILE = SHARED / "data" / "pv" / "serf_east_2016-07_10_15min.csv"
HOUSE_FILE = (
    SHARED / "data" / "household" / "konstanz_residential4_2016-03_11_hourly_cumulative.csv"
)
BERLIN = ZoneInfo("Europe/Berlin")
PLACE = Place(39.7406, -105.1775, 1830)
ROOF = PvSystem("array", 6000, 45, 158)
DAY, TEACHING_DAYS = 96, 26
HOURS_A_DAY, TEACHING_HOURS = 24, 28 * 24
LOWEST_W = 200.0  # below it nobody asks for a quantile


@dataclass(frozen=True)
class Measured:
    """A fixed array: quarters of whole days."""

    starts_s: Instants
    power_w: Floats
    weather: Series


@dataclass(frozen=True)
class Errors:
    """All in % of the peak. day: hours with sun."""

    all_rmse: float
    day_rmse: float
    day_mae: float
    bias: float


@dataclass(frozen=True)
class SolarSkill:
    """Errors by method, hourly means and quarters; how often measured was above low and middle."""

    hourly: dict[str, Errors]
    quarters: dict[str, Errors]
    above_low: float
    above_middle: float
    gain: float


def pv() -> Measured:
    """Return the measurements of the array. Raises OSError when they are not there."""
    rows = list(csv.DictReader(PV_FILE.read_text().splitlines()))
    rows = rows[: len(rows) // DAY * DAY]
    starts = np.array([int(datetime.fromisoformat(row["utc"]).timestamp()) for row in rows])
    columns = {
        Quantity.GHI: np.array([float(row["ghi"]) for row in rows]),
        Quantity.AIR: np.array([float(row["temp_air_c"]) for row in rows]),
    }
    power = np.maximum([float(row["ac_power_w"]) for row in rows], 0.0)
    return Measured(starts, power, Series("satellite", starts, starts + 900, columns))


def solar_skill(measured: Measured) -> SolarSkill:
    """Forecast every day with what was learned until then; compare from day 26 on."""
    ours, low, gain = _lived(measured, measured.weather)
    usual, _, _ = _lived(measured, None)
    methods = {"ours": ours, "ours, climatology": usual} | _naive(measured)
    begin = TEACHING_DAYS * DAY
    bright = ours[begin:] > LOWEST_W
    true = measured.power_w[begin:][bright]
    return SolarSkill(
        {name: _errors(measured, power, 4) for name, power in methods.items()},
        {name: _errors(measured, power, 1) for name, power in methods.items()},
        float((true > low[begin:][bright]).mean()),
        float((true > ours[begin:][bright]).mean()),
        gain,
    )


def _lived(measured: Measured, weather: Series | None) -> tuple[Floats, Floats, float]:
    learned = SolarLearned()
    middle, low = np.zeros_like(measured.power_w), np.zeros_like(measured.power_w)
    for first in range(0, len(middle), DAY):
        day = slice(first, first + DAY)
        grid = Grid(int(measured.starts_s[first]), DAY)
        site = SolarSite("array", PLACE, (ROOF,), learned, weather)
        told = solar_forecasts([site], grid)[0]
        middle[day], low[day] = told.middle_w, told.low_w
        learned = taught(site, grid.starts_s, grid.edges_s[1:], measured.power_w[day] / 4)
    return middle, low, learned.weather.gain


def _naive(measured: Measured) -> dict[str, Floats]:
    """Return what needs no weather: yesterday, the mean of days, a clear sky, and that by day."""
    power, days = measured.power_w, measured.power_w.reshape(-1, DAY)
    whole = Grid(int(measured.starts_s[0]), len(power))
    clear = solar_forecasts([SolarSite("array", PLACE, (ROOF,))], whole)[0].clear_w
    teaching = slice(0, TEACHING_DAYS * DAY)
    clear = clear * (power[teaching] @ clear[teaching]) / (clear[teaching] @ clear[teaching])
    share = np.clip(days.sum(axis=1) / clear.reshape(-1, DAY).sum(axis=1), 0, 1.5)
    before = np.concatenate([[1.0], share[:-1]])
    fortnight = np.array([days[max(0, n - 14) : max(1, n)].mean(axis=0) for n in range(len(days))])
    return {
        "clear sky": clear,
        "smart persistence": (clear.reshape(-1, DAY) * before[:, None]).ravel(),
        "14-day mean": fortnight.ravel(),
        "persistence": np.concatenate([np.zeros(DAY), power[:-DAY]]),
    }


def _errors(measured: Measured, told: Floats, quarters: int) -> Errors:
    def cut(values: Floats) -> Floats:
        means: Floats = values[TEACHING_DAYS * DAY :].reshape(-1, quarters).mean(axis=1)
        return means

    off = 100 * (cut(told) - cut(measured.power_w)) / ROOF.peak_w
    day = cut(measured.weather.values[Quantity.GHI]) > 0
    return Errors(_rms(off), _rms(off[day]), float(np.abs(off[day]).mean()), float(off.mean()))


@dataclass(frozen=True)
class LoadSkill:
    """By method: RMSE and mean error, W by the hour; how often the load stayed below P80, P90."""

    errors: dict[str, tuple[float, float]]
    below_p80: float
    below_p90: float


def house() -> tuple[Instants, Floats]:
    """Return starts of hours and the load beside the car, W; NaN where a count is missing."""
    rows = list(csv.DictReader(HOUSE_FILE.read_text().splitlines()))
    ends = np.array([int(datetime.fromisoformat(row["utc_end"]).timestamp()) for row in rows])

    def energy(name: str) -> Floats:
        counts = [float(row[name]) if row[name] else np.nan for row in rows]
        return np.diff(np.array(counts))

    taken = energy("grid_import_kwh_cum") - energy("grid_export_kwh_cum")
    load = 1000 * (taken + energy("pv_kwh_cum") - energy("ev_kwh_cum"))
    load[(load < 0) | (load > 20_000)] = np.nan
    return ends[:-1], load


def load_skill(starts_s: Instants, load_w: Floats) -> LoadSkill:
    """Forecast at every hour 1, 6, 24 and 72 h ahead; compare after four weeks."""
    learned, total = unlearned(), len(load_w)
    ahead = {hours: np.full(total, np.nan) for hours in (1, 6, 24, 72)}
    p80, p90 = np.full(total, np.nan), np.full(total, np.nan)
    for now in range(total):
        if now:
            last = slice(now - 1, now)
            learned = learn(learned, starts_s[last], starts_s[last] + 3600, load_w[last], BERLIN)
        grid = Grid(int(starts_s[now]))
        told = load_forecasts([LoadSite("house", BERLIN, learned)], grid)[0]
        by_hour = told.mean_w.reshape(-1, 4).mean(axis=1)
        for hours, row in ahead.items():
            if now + hours - 1 < total:
                row[now + hours - 1] = by_hour[hours - 1]
        if now + HOURS_A_DAY - 1 < total:
            p80[now + HOURS_A_DAY - 1] = told.p80_w[4 * HOURS_A_DAY - 1]
            p90[now + HOURS_A_DAY - 1] = told.p90_w[4 * HOURS_A_DAY - 1]
    methods = {f"ours, {hours} h ahead": row for hours, row in ahead.items()}
    methods |= {"yesterday": _before(load_w, 24), "a week ago": _before(load_w, 168)}
    after = slice(TEACHING_HOURS, None)
    known = np.isfinite(load_w[after])
    true = load_w[after][known]
    return LoadSkill(
        {name: _load_errors(row[after], load_w[after]) for name, row in methods.items()},
        float((true < p80[after][known]).mean()),
        float((true < p90[after][known]).mean()),
    )


def _before(values: Floats, hours: int) -> Floats:
    return np.concatenate([np.full(hours, np.nan), values[:-hours]])


def _load_errors(told: Floats, true: Floats) -> tuple[float, float]:
    off = told - true
    off = off[np.isfinite(off)]
    return _rms(off), float(np.abs(off).mean())


def _rms(values: Floats) -> float:
    return float(np.sqrt((values**2).mean()))
