"""`smart-charging prices`: what a source knows, for people and scripts."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from smart_charging.prices import tariff_file
from smart_charging.prices.core import sample
from smart_charging.prices.core.rates import Rates
from smart_charging.prices.core.retail import ImportTariff, feed_in_prices, import_prices
from smart_charging.prices.core.series import Series, Trust, clipped, edges, onto
from smart_charging.prices.core.units import price_unit
from smart_charging.prices.gathering import gathered
from smart_charging.prices.readers import own
from smart_charging.prices.settings import PriceSettings
from smart_charging.prices.sources import DAY_AHEAD, SOURCES, Feed, Source, in_currency
from smart_charging.provider.core.days import day
from smart_charging.provider.core.errors import SetUpError, SourceError
from smart_charging.provider.core.release import span
from smart_charging.provider.fetching import MOST_BYTES, client

OK, NO_PRICES, BAD_INPUT = 0, 1, 2
OWN = {
    "sample": "a made-up market price, for trying things out",
    "sample-co2": "a made-up CO2 signal that goes with it",
    "fixed": "one price: --price, --currency",
    "time-of-use": "the rates of --tariff",
    "file": "a price-series/1 document: --file",
}
LONGEST = timedelta(days=366)
NOTES = {
    Trust.SAMPLE: "SAMPLE: made up by a formula, no real prices.",
    Trust.ESTIMATE: "Estimate: a forecast.",
}


def main(arguments: Sequence[str]) -> int:
    """Print the series of a source. Returns 0; 1 = it has no prices now; 2 = bad input."""
    given = _parser().parse_args(arguments)
    try:
        zone = _time_zone(given.time_zone)
        source = SOURCES.get(given.source)
        release = source.release if source else DAY_AHEAD
        start, end = _span(given, zone, span(release, datetime.now(UTC)))
        tariffs = tariff_file.read(given.tariff.read_bytes()) if given.tariff else None
        series = _own(given, zone, tariffs, start, end)
        if series is None and source is not None:
            source = in_currency(source, given.currency)
            series = asyncio.run(_asked(source, given.zone, start, end))
        if series is None:
            raise SetUpError(f"{given.source!r} is no source")
        columns = [clipped(series, start, end)]
        if tariffs and given.source != "time-of-use":
            columns = [import_prices(tariffs.bought, series, start, end)]
        if tariffs:
            columns.append(feed_in_prices(tariffs.fed_in, series, start, end))
    except (SetUpError, OSError) as error:
        return _complaint(error, BAD_INPUT)
    except SourceError as error:
        return _complaint(error, NO_PRICES)
    cuts = edges(start, end, timedelta(minutes=given.slots))
    _print_json(columns, cuts) if given.json else _print_table(columns, cuts, zone)
    return OK


def _parser() -> argparse.ArgumentParser:
    listed = {name: source.about for name, source in SOURCES.items()} | OWN
    parser = argparse.ArgumentParser(
        prog="smart-charging prices",
        description="Shows what a kWh costs, or what CO2 it causes.",
        epilog="sources:\n" + "\n".join(f"  {n:18}{about}" for n, about in listed.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--source", required=True, choices=sorted(listed), metavar="NAME", help="see below")
    add("--zone", default="DE-LU", help="zone, area, home or tariff code of the source [DE-LU]")
    add("--from", dest="start", metavar="TIME", help="day or ISO time [today]")
    add("--to", dest="end", metavar="TIME", help="day (included) or ISO time [tomorrow]")
    add("--time-zone", default="Europe/Berlin", help="of the days and of the table [Europe/Berlin]")
    add("--slots", type=int, default=60, choices=(15, 30, 60), help="minutes of a line [60]")
    add("--currency", default="EUR", help="for nord-pool and fixed [EUR]")
    add("--price", help="for fixed: currency per kWh")
    add("--file", type=Path, help="for file: a price-series/1 document")
    add("--tariff", type=Path, help="a price-tariff/1 file: shows what is paid and earned")
    add("--json", action="store_true", help="price-series/1 documents and the slots")
    return parser


def _own(
    given: argparse.Namespace,
    zone: ZoneInfo,
    tariffs: tariff_file.Tariffs | None,
    start: datetime,
    end: datetime,
) -> Series | None:
    """Return the series of a source that asks nobody; None = it is none of them."""
    match given.source:
        case "sample":
            return sample.prices(start, end, zone)
        case "sample-co2":
            return sample.intensity(start, end, zone)
        case "fixed":
            currency = price_unit(given.currency).removesuffix("/kWh")
            return import_prices(_fixed(currency, given.price, zone), None, start, end)
        case "time-of-use":
            if tariffs is None or tariffs.bought.energy is None:
                raise SetUpError("time-of-use needs --tariff with rates under import.energy")
            return import_prices(tariffs.bought, None, start, end)
        case "file":
            if given.file is None:
                raise SetUpError("file needs --file")
            with given.file.open("rb") as file:
                return own.read(file.read(MOST_BYTES))
        case _:
            return None


def _fixed(currency: str, price: str | None, zone: ZoneInfo) -> ImportTariff:
    try:
        amount = Decimal(price or "")
    except ArithmeticError as error:
        raise SetUpError("fixed needs --price, for instance --price 0.31") from error
    return ImportTariff(currency, energy=Rates(zone, (), amount))


async def _asked(source: Source, zone: str, start: datetime, end: datetime) -> Series:
    async with client() as http:
        feed = Feed(source, PriceSettings().access(source.name), zone)
        return await gathered(http, feed, (start, end))


def _span(
    given: argparse.Namespace, zone: ZoneInfo, usual: tuple[datetime, datetime]
) -> tuple[datetime, datetime]:
    start = _moment(given.start, zone, is_end=False) if given.start else usual[0]
    end = _moment(given.end, zone, is_end=True) if given.end else max(usual[1], start)
    if given.start and not given.end and start >= usual[1]:
        end = start + timedelta(days=1)
    if not timedelta(0) < end - start <= LONGEST:
        raise SetUpError(f"from {start} to {end} is no span of at most {LONGEST.days} days")
    return start, end


def _moment(text: str, zone: ZoneInfo, *, is_end: bool) -> datetime:
    try:
        if len(text) == len("2026-01-31"):
            return day(date.fromisoformat(text), zone)[1 if is_end else 0]
        moment = datetime.fromisoformat(text)
        local = moment if moment.tzinfo else datetime.combine(moment.date(), moment.time(), zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SetUpError(f"{text[:40]!r} is neither a day nor an ISO time") from error


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SetUpError(f"{name[:40]!r} is no time zone") from error


def _print_table(columns: list[Series], cuts: tuple[datetime, ...], zone: ZoneInfo) -> None:
    for series in columns:
        print(f"{series.source} {series.zone}: {series.scope}, {series.unit}", end="")
        print(f", revision {series.revision}. {NOTES.get(series.trust, '')}")
    heads = "".join(f"{series.scope.value:>12}" for series in columns)
    print(f"\n{'from (' + str(zone) + ')':<26}{heads}")
    rows = zip(cuts, *(onto(series, cuts) for series in columns), strict=False)
    for start, *values in rows:
        shown = "".join(f"{'unknown' if v is None else f'{v:.4f}':>12}" for v in values)
        print(f"{start.astimezone(zone):%a %Y-%m-%d %H:%M %z}  {shown}")


def _print_json(columns: list[Series], cuts: tuple[datetime, ...]) -> None:
    answer = {
        "slots": [own.stamp(cut) for cut in cuts],
        "series": [
            json.loads(own.written(series))
            | {"means": [None if v is None else float(v) for v in onto(series, cuts)]}
            for series in columns
        ],
    }
    json.dump(answer, sys.stdout)
    sys.stdout.write("\n")


def _complaint(error: Exception, code: int) -> int:
    print(f"smart-charging prices: {error}", file=sys.stderr)
    return code
