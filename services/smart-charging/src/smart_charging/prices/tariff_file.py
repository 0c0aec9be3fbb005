"""`price-tariff/1`: a person's tariff as a JSON file, checked -> the rules of core/retail.py."""

from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from smart_charging.prices.core.rates import ALL_MONTHS, ALL_WEEKDAYS, Rates, Window
from smart_charging.prices.core.retail import FeedInTariff, ImportTariff
from smart_charging.prices.core.units import MOST_PER_KWH
from smart_charging.provider.core.errors import SetUpError

FORMAT = "price-tariff/1"
Amount = Annotated[Decimal, Field(ge=-1000, le=1000, max_digits=20)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowPart(_Part):
    """A rate from one local time to another, on some days of some months."""

    per_kwh: Amount
    since: time = Field(time(), alias="from")
    until: time = Field(time(), alias="to")
    months: list[Annotated[int, Field(ge=1, le=12)]] = sorted(ALL_MONTHS)
    weekdays: list[Weekday] = list(WEEKDAYS)


class RatesPart(_Part):
    """Windows, the first that holds counts; otherwise null = not known outside of them."""

    windows: list[WindowPart] = Field([], max_length=100)
    otherwise: Amount | None = Decimal(0)


class ImportPart(_Part):
    """What is paid; energy null = the market's price."""

    energy: RatesPart | None = None
    markup_per_kwh: Amount = Decimal(0)
    grid_fee: RatesPart | None = None
    levies_per_kwh: Amount = Decimal(0)
    tax: Decimal = Field(Decimal(0), ge=0, le=1)
    billed_minutes: Literal[15, 30, 60] | None = None


class FeedInPart(_Part):
    """What is earned."""

    fixed_per_kwh: Amount = Decimal(0)
    market_share: Decimal = Field(Decimal(0), ge=0, le=2)
    deduction_per_kwh: Amount = Decimal(0)
    nothing_when_negative: bool = False


class TariffFile(_Part):
    """The whole file."""

    format: Literal["price-tariff/1"]
    currency: str
    time_zone: str
    grid_import: ImportPart = Field(alias="import")
    feed_in: FeedInPart = FeedInPart()


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Both sides of a tariff."""

    bought: ImportTariff
    fed_in: FeedInTariff


def read(body: bytes) -> Tariffs:
    """Return the tariffs of a file. Raises SetUpError naming the place that is wrong."""
    try:
        file = TariffFile.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SetUpError(f"{place}: {first['msg']}") from error
    if file.currency not in MOST_PER_KWH:
        raise SetUpError(f"currency: {file.currency[:20]!r} is none of {', '.join(MOST_PER_KWH)}")
    try:
        zone = ZoneInfo(file.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SetUpError(f"time_zone: {file.time_zone[:40]!r} is no time zone") from error
    part, fed = file.grid_import, file.feed_in
    bought = ImportTariff(
        file.currency,
        energy=_rates(part.energy, zone),
        markup_per_kwh=part.markup_per_kwh,
        grid_fee=_rates(part.grid_fee, zone),
        levies_per_kwh=part.levies_per_kwh,
        tax=part.tax,
        billed=timedelta(minutes=part.billed_minutes) if part.billed_minutes else None,
    )
    fed_in = FeedInTariff(
        file.currency, fed.fixed_per_kwh, fed.market_share, fed.deduction_per_kwh,
        fed.nothing_when_negative,
    )  # fmt: skip
    return Tariffs(bought, fed_in)


def _rates(part: RatesPart | None, zone: ZoneInfo) -> Rates | None:
    if part is None:
        return None
    windows = tuple(
        Window(
            window.per_kwh,
            window.since,
            window.until,
            frozenset(window.months) & ALL_MONTHS,
            frozenset(WEEKDAYS.index(day) for day in window.weekdays) & ALL_WEEKDAYS,
        )
        for window in part.windows
    )
    return Rates(zone, windows, part.otherwise)
