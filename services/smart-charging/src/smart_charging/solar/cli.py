"""`smart-charging forecast`: what sun and house will do, for people and scripts."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from smart_charging.core.grid import Floats, Grid, laid
from smart_charging.load.core.forecast import LoadForecast, LoadSite, load_forecasts
from smart_charging.load.core.learning import unlearned
from smart_charging.load.core.standard import Kind, Standard
from smart_charging.provider.core.errors import SetUpError, SourceError
from smart_charging.provider.fetching import client
from smart_charging.solar.core.forecast import SolarForecast, SolarSite, solar_forecasts
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Series
from smart_charging.solar.core.surplus import surplus_w
from smart_charging.solar.core.weather import Basis
from smart_charging.solar.desk import asked
from smart_charging.solar.readers import own
from smart_charging.solar.settings import WeatherSettings
from smart_charging.solar.sources import CLIMATOLOGY, WEATHER_SOURCES, WeatherFeed, feeds, named

OK, NO_WEATHER, BAD_INPUT = 0, 1, 2
OWN = {
    CLIMATOLOGY: "the usual weather of place and season; asks nobody",
    "file": "a weather-series/1 document: --file",
}
QUARTERS = 4
MOST_HOURS = 168


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown, on slots of the length that was asked for."""

    starts: tuple[datetime, ...]
    sun_w: Floats
    sun_low_w: Floats
    load_w: Floats
    surplus_w: Floats
    is_told: tuple[bool, ...]


def main(arguments: Sequence[str]) -> int:
    """Print a forecast. Returns 0; 1 = the source has no weather now; 2 = bad input."""
    given = _parser().parse_args(arguments)
    try:
        zone = _time_zone(given.time_zone)
        place = Place(given.latitude, given.longitude, given.altitude)
        systems = tuple(_roof(number, text) for number, text in enumerate(given.roof, 1))
        grid = Grid.at(datetime.now(UTC), _hours(given.hours) * QUARTERS)
        site = SolarSite("asked", place, systems)
        site = _with_weather(site, given.source, given.file)
        sun = solar_forecasts((site,), grid)[0]
        yearly_wh = None if given.load is None else given.load * 1000
        learned = unlearned(Standard(Kind(given.kind), yearly_wh))
        load = load_forecasts((LoadSite("asked", zone, learned),), grid)[0]
        shown = _shown(sun, load, given.threshold, given.slots)
    except (SetUpError, OSError) as error:
        return _complaint(error, BAD_INPUT)
    except SourceError as error:
        return _complaint(error, NO_WEATHER)
    _print_json(shown, given) if given.json else _print_table(shown, given, zone)
    return OK


def _parser() -> argparse.ArgumentParser:
    listed = OWN | {name: source.about for name, source in WEATHER_SOURCES.items()}
    parser = argparse.ArgumentParser(
        prog="smart-charging forecast",
        description="Shows what the sun will give, and what it leaves for cars.",
        epilog="sources:\n" + "\n".join(f"  {n:16}{about}" for n, about in listed.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--latitude", type=float, required=True, help="degrees, north positive")
    add("--longitude", type=float, required=True, help="degrees, east positive")
    add("--altitude", type=float, default=0.0, help="m above the sea [0]")
    add("--roof", action="append", required=True, metavar="KWP,TILT,AZIMUTH[,INVERTER_KW]",
        help="0 = north, 90 = east, 180 = south; once for each roof")  # fmt: skip
    add("--source", default=CLIMATOLOGY, metavar="NAME[:PLANT]", help="see below [climatology]")
    add("--file", type=Path, help="for file: a weather-series/1 document")
    add("--threshold", type=float, help="W deducted from the sun, in place of the load")
    add("--kind", default="household", choices=sorted(Kind), help="of the load [household]")
    add("--load", type=float, metavar="KWH", help="what the site takes in a year beside cars")
    add("--hours", type=int, default=72, help=f"1 to {MOST_HOURS} [72]")
    add("--slots", type=int, default=60, choices=(15, 30, 60), help="minutes of a line [60]")
    add("--time-zone", default="Europe/Berlin", help="of table and load [Europe/Berlin]")
    add("--json", action="store_true", help="a solar-forecast/1 document")
    return parser


def _roof(number: int, text: str) -> PvSystem:
    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise SetUpError(f"the roof {text[:40]!r} is no list of numbers") from error
    if len(parts) not in (3, 4):
        raise SetUpError(f"the roof {text[:40]!r} has {len(parts)} numbers, expected 3 or 4")
    inverter_w = parts[3] * 1000 if len(parts) == 4 else None
    return PvSystem(f"roof {number}", parts[0] * 1000, parts[1], parts[2], inverter_w)


def _hours(hours: int) -> int:
    if not 1 <= hours <= MOST_HOURS:
        raise SetUpError(f"{hours} hours, expected 1 to {MOST_HOURS}")
    return hours


def _with_weather(site: SolarSite, source: str, file: Path | None) -> SolarSite:
    if source == "file":
        if file is None:
            raise SetUpError("file needs --file")
        told = own.read(file.read_bytes())
        return replace(site, weather=told, shares={"": told})
    name, plant = named(source)
    if name == CLIMATOLOGY:
        return site
    access = WeatherSettings().weather_access(name)
    wanted = feeds(WEATHER_SOURCES[name], access, site.place, site.systems, plant)
    answers = asyncio.run(_asked(wanted))
    is_weather = all(feed.is_weather for feed in wanted.values())
    return replace(site, weather=answers[""]) if is_weather else replace(site, shares=answers)


async def _asked(wanted: Mapping[str, WeatherFeed]) -> dict[str, Series]:
    """Ask each feed once: two roofs of one direction are one."""
    now, answers = datetime.now(UTC), {}
    async with client() as http:
        for feed in wanted.values():
            if feed.key not in answers:
                answers[feed.key] = await asked(http, feed, now)
    return {roof: answers[feed.key] for roof, feed in wanted.items()}


def _shown(
    sun: SolarForecast, load: LoadForecast, threshold_w: float | None, minutes: int
) -> Shown:
    """Return the forecasts on coarser slots; the surplus is the mean of the quarters'."""
    grid, step = sun.grid, minutes * 60
    edges = np.arange(grid.start_s // step * step, grid.end_s + step, step, dtype=np.int64)
    edges = np.clip(edges, grid.start_s, grid.end_s)

    def on(values: Floats) -> Floats:
        return laid(grid.starts_s, grid.edges_s[1:], values, edges)

    left = surplus_w(sun.middle_w, load.mean_w, threshold_w)
    told = on((sun.basis == Basis.WEATHER).astype(np.float64))
    keep = np.diff(edges) > 0
    return Shown(
        tuple(datetime.fromtimestamp(int(at), UTC) for at in edges[:-1][keep]),
        on(sun.middle_w)[keep],
        on(sun.low_w)[keep],
        on(load.mean_w)[keep],
        on(left)[keep],
        tuple(bool(share > 0.5) for share in told[keep]),
    )


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SetUpError(f"{name[:40]!r} is no time zone") from error


def _print_table(shown: Shown, given: argparse.Namespace, zone: ZoneInfo) -> None:
    base = "the load" if given.threshold is None else f"{given.threshold:g} W"
    print(f"{given.source}; kW, means of {given.slots} minutes; surplus = sun less {base}.")
    if not any(shown.is_told):
        print("CLIMATOLOGY: the usual weather, no forecast.")
    print(f"\n{'from (' + str(zone) + ')':<26}{'sun':>9}{'at least':>10}{'load':>9}{'surplus':>9}")
    for row, start in enumerate(shown.starts):
        note = "" if shown.is_told[row] else "  usual weather"
        print(
            f"{start.astimezone(zone):%a %Y-%m-%d %H:%M %z}  {_kw(shown.sun_w[row], 7)}"
            f"{_kw(shown.sun_low_w[row], 10)}{_kw(shown.load_w[row], 9)}"
            f"{_kw(shown.surplus_w[row], 9)}{note if any(shown.is_told) else ''}"
        )
    print(f"\n{'sum, kWh':<26}", end="")
    columns = shown.sun_w, shown.sun_low_w, shown.load_w, shown.surplus_w
    ends = (*shown.starts[1:], shown.starts[0] + timedelta(hours=given.hours))
    hours = [(b - a) / timedelta(hours=1) for a, b in zip(shown.starts, ends, strict=True)]
    print("".join(f"{float(c @ np.array(hours)) / 1000:>{w}.1f}"
                  for c, w in zip(columns, (9, 10, 9, 9), strict=True)))  # fmt: skip


def _kw(value: float, width: int) -> str:
    return f"{value / 1000:>{width}.3f}"


def _print_json(shown: Shown, given: argparse.Namespace) -> None:
    def whole(values: Floats) -> list[float]:
        return [round(float(value), 1) for value in values]

    answer = {
        "format": "solar-forecast/1",
        "source": given.source,
        "slot_minutes": given.slots,
        "starts": [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in shown.starts],
        "sun_w": whole(shown.sun_w),
        "sun_low_w": whole(shown.sun_low_w),
        "load_w": whole(shown.load_w),
        "surplus_w": whole(shown.surplus_w),
        "basis": ["weather" if is_told else CLIMATOLOGY for is_told in shown.is_told],
    }
    json.dump(answer, sys.stdout)
    sys.stdout.write("\n")


def _complaint(error: Exception, code: int) -> int:
    print(f"smart-charging forecast: {error}", file=sys.stderr)
    return code
