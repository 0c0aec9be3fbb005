"""Measures the forecasts: sites per second and core, and skill on real measurements.

Peers in the same run: pvlib's own chain where it is installed (by site, as it is meant to be
used), and what anybody can do without a model. The measurements are used where they are
(VOLTHUS_SHARED, or a folder `shared` beside the project).
"""

import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import forecast_skill
from forecast_skill import HOUSE_FILE, PV_FILE

from smart_charging.core.grid import Grid
from smart_charging.load.core.forecast import LoadSite, load_forecasts
from smart_charging.load.core.learning import learn, unlearned
from smart_charging.solar.core.forecast import SolarSite, solar_forecasts
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Quantity, Series

TARGET = 5000.0  # sites per second and core, 288 slots
SITES = 5000
BEST_OF = 3
NOON = datetime(2026, 6, 20, tzinfo=UTC)
GRID = Grid.at(NOON)


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


def fleet(cells: int) -> list[SolarSite]:
    """Return sites of one or two roofs, spread over cells with hourly weather of their own."""
    chance = np.random.default_rng(7)
    starts = GRID.start_s + 3600 * np.arange(-2, 74)
    places = [Place(*chance.uniform((45, 6), (53, 14))) for _ in range(cells)]
    names = (Quantity.GHI, Quantity.DNI, Quantity.DHI, Quantity.AIR, Quantity.WIND)
    most = (800, 700, 200, 30, 9)
    skies = [
        Series("bench", starts, starts + 3600,
               {q: chance.uniform(0, top, len(starts)) for q, top in zip(names, most, strict=True)})
        for _ in range(cells)
    ]  # fmt: skip
    return [
        SolarSite(
            str(n), places[n % cells],
            tuple(PvSystem(str(roof), 5000, chance.uniform(0, 60), chance.uniform(60, 300))
                  for roof in range(1 + n % 2)),
            weather=skies[n % cells],
        )
        for n in range(SITES)
    ]  # fmt: skip


def rate(what: Callable[[], object], count: int) -> float:
    """Return things per second of processor time, the best of some runs."""
    spent = []
    for _ in range(BEST_OF):
        began = time.process_time()
        what()
        spent.append(time.process_time() - began)
    return count / min(spent)


def speeds() -> None:
    """Tell how many sites a second."""
    say(
        f"{SITES} sites, 1.5 roofs each, {GRID.slots} slots, hourly weather; per second of one core"
    )
    for cells in (200, 1000, SITES):
        sites = fleet(cells)
        found = rate(lambda sites=sites: solar_forecasts(sites, GRID), SITES)  # type: ignore[misc]
        verdict = ""
        if cells == 200:
            verdict = ", target 5,000/s: " + ("met" if found >= TARGET else "MISSED")
        say(f"  sun, {cells} cells: {found:,.0f} sites/s{verdict}")
    zone = ZoneInfo("Europe/Berlin")
    homes = [LoadSite(str(n), zone, unlearned()) for n in range(SITES)]
    say(f"  load: {rate(lambda: load_forecasts(homes, GRID), SITES):,.0f} sites/s")
    month = Grid(GRID.start_s - 28 * 86_400, 28 * 96)
    energies = np.random.default_rng(1).uniform(20, 200, month.slots)
    ends = month.edges_s[1:]
    taught = rate(lambda: learn(unlearned(), month.starts_s, ends, energies, zone), 1)
    say(f"  load, learning 28 days of one site: {1000 / taught:.1f} ms")


def peers() -> None:
    """Tell how quick pvlib is, used by site."""
    try:
        import pandas as pd  # noqa: PLC0415 - only where it is
        import pvlib  # noqa: PLC0415
    except ImportError:
        say("  NO PEER: pvlib is not installed")
        return
    warnings.simplefilter("ignore")
    times = pd.to_datetime(GRID.middles_s, unit="s", utc=True)
    ghi = np.full(GRID.slots, 400.0)

    def chain() -> None:
        position = pvlib.solarposition.get_solarposition(times, 48.1, 11.6)
        zenith, azimuth = position["zenith"], position["azimuth"]
        parts = pvlib.irradiance.erbs(ghi, zenith, times)
        plane = pvlib.irradiance.get_total_irradiance(
            30, 180, zenith, azimuth, parts["dni"], ghi, parts["dhi"], model="haydavies",
            dni_extra=pvlib.irradiance.get_extra_radiation(times),
        )  # fmt: skip
        lost = pvlib.iam.physical(pvlib.irradiance.aoi(30, 180, zenith, azimuth))
        warm = pvlib.temperature.faiman(plane["poa_global"], 12, 2)
        used = plane["poa_direct"] * lost + plane["poa_diffuse"]
        pvlib.inverter.pvwatts(pvlib.pvsystem.pvwatts_dc(used, warm, 5000, -0.004), 5000 / 0.96)

    count = 10
    found = rate(lambda: [chain() for _ in range(count)], count)
    say(f"  peer pvlib {pvlib.__version__}, functions by site, one roof: {found:,.0f} sites/s")


def sun_skill() -> None:
    """Tell the errors on the shared array."""
    skill = forecast_skill.solar_skill(forecast_skill.pv())
    say("\nsun: 6 kW array, 78 days after 26 of learning, weather as it was, % of the peak")
    say(f"  {'':22}{'hourly: all RMSE':>18}{'day RMSE':>10}{'day MAE':>9}{'bias':>7}"
        f"{'   15 min: all RMSE':>20}{'day RMSE':>10}{'day MAE':>9}")  # fmt: skip
    for name, hourly in skill.hourly.items():
        quarter = skill.quarters[name]
        say(
            f"  {name:22}{hourly.all_rmse:>18.2f}{hourly.day_rmse:>10.2f}{hourly.day_mae:>9.2f}"
            f"{hourly.bias:>7.2f}{quarter.all_rmse:>20.2f}{quarter.day_rmse:>10.2f}"
            f"{quarter.day_mae:>9.2f}"
        )
    ours = skill.hourly["ours"].all_rmse
    for name in ("persistence", "clear sky", "smart persistence"):
        say(f"  skill against {name}: {100 * (1 - ours / skill.hourly[name].all_rmse):.0f} %")
    verdict = "met" if ours <= 10 else "MISSED"
    say(f"  hourly all-hours RMSE {ours:.1f} %, target 10 %: {verdict} (with perfect weather)")
    say(f"  above P20 {100 * skill.above_low:.0f} %, above P50 {100 * skill.above_middle:.0f} %"
        f" of quarters, gain {skill.gain:.3f}")  # fmt: skip


def house_skill() -> None:
    """Tell the errors on the shared house."""
    skill = forecast_skill.load_skill(*forecast_skill.house())
    say("\nload: one house, hours, 35 weeks after 4 of learning, W")
    for name, (rmse, mean) in skill.errors.items():
        say(f"  {name:22}RMSE {rmse:5.0f}   MAE {mean:5.0f}")
    say(f"  below P80 {100 * skill.below_p80:.0f} %, below P90 {100 * skill.below_p90:.0f} %")


def main() -> int:
    """Measure and print; an aim that is missed is said, and no failure."""
    speeds()
    peers()
    if PV_FILE.exists() and HOUSE_FILE.exists():
        sun_skill()
        house_skill()
    else:
        say("NO SHARED DATA: no skill to tell")
    return 0


if __name__ == "__main__":
    sys.exit(main())
