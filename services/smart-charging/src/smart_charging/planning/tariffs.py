"""The message of a tariff -> the rules of the price core, and which market it follows."""

import hashlib
from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from smart_charging.planning.core.pricing import Tariffs
from smart_charging.prices.core import rates
from smart_charging.prices.core.rates import ALL_MONTHS, ALL_WEEKDAYS, Window
from smart_charging.prices.core.retail import FeedInTariff, ImportTariff
from smart_charging.prices.core.units import MOST_PER_KWH
from smart_charging.provider.core.errors import SetUpError
from volthus_wire.v1.tariff_pb2 import Rates, Tariff

MINUTES = 24 * 60
MOST_WINDOWS = 100
DEFAULT_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Market:
    """A series somebody publishes. token: the customer's own, told to nobody else."""

    source: str
    zone: str
    currency: str = ""
    token: str = field(default="", repr=False)

    @property
    def owner(self) -> str:
        """Return what tells one customer's feed from another's; empty = everybody's."""
        return hashlib.sha256(self.token.encode()).hexdigest()[:12] if self.token else ""


@dataclass(frozen=True, slots=True)
class Terms:
    """A tariff as it was understood. problem: what of it was not, in English; empty = nothing."""

    tariffs: Tariffs
    market: Market | None
    co2: Market | None
    series: str  # names source, zone and tariff
    problem: str = ""


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; UTC for a name that is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def key_of(tariff: Tariff, time_zone: str) -> bytes:
    """Return what two tariffs of one text and one clock have in common, whatever their revision.

    b"" for one that says nothing.
    """
    if not (tariff.source or tariff.co2_source or tariff.bought.HasField("energy")):
        return b""
    return _key(tariff.SerializeToString(), time_zone)


@lru_cache(maxsize=4096)
def _key(tariff: bytes, time_zone: str) -> bytes:
    bare = Tariff.FromString(tariff)
    bare.ClearField("revision")
    bare.ClearField("has_token")
    # By the name of a zone that exists: it cannot hold the mark that ends it.
    return zone_of(time_zone).key.encode() + b"\0" + bare.SerializeToString(deterministic=True)


def opened(key: bytes) -> Terms:
    """Return the terms of a key made by `key_of`."""
    name, _, body = key.partition(b"\0")
    return terms(Tariff.FromString(body), zone_of(name.decode()), _series(key))


def terms(tariff: Tariff, zone: ZoneInfo, series: str = "preview") -> Terms:
    """Return a tariff's rules. One that cannot be understood has no price, and says why."""
    problem, bought, fed_in = "", None, None
    currency = tariff.currency or DEFAULT_CURRENCY
    try:
        if currency not in MOST_PER_KWH:
            raise SetUpError(f"currency {currency[:20]!r} is none of {', '.join(MOST_PER_KWH)}")
        has_market = bool(tariff.source)
        if has_market or tariff.bought.HasField("energy"):
            bought = _bought(tariff, currency, zone)
            fed_in = _fed_in(tariff, currency)
    except (SetUpError, ArithmeticError, ValueError) as error:
        problem, bought, fed_in = str(error), None, None
    market = co2 = None
    if tariff.source:
        market = Market(tariff.source, tariff.zone, currency, tariff.token)
    if tariff.co2_source:
        co2 = Market(tariff.co2_source, tariff.co2_zone)
    name = tariff.source or ("tariff" if bought is not None else "none")
    series = f"{name}/{tariff.zone or '-'}/{series}"
    return Terms(Tariffs(bought, fed_in, currency), market, co2, series, problem)


def _bought(tariff: Tariff, currency: str, zone: ZoneInfo) -> ImportTariff:
    it = tariff.bought
    return ImportTariff(
        currency,
        _rates(it.energy, zone) if it.HasField("energy") else None,
        _amount(it.markup_per_kwh),
        _rates(it.grid_fee, zone) if it.HasField("grid_fee") else None,
        _amount(it.levies_per_kwh),
        _amount(it.tax_percent) / 100,
        timedelta(minutes=it.billed_minutes) if it.billed_minutes in (15, 30, 60) else None,
    )


def _fed_in(tariff: Tariff, currency: str) -> FeedInTariff:
    it = tariff.fed_in
    return FeedInTariff(
        currency,
        _amount(it.fixed_per_kwh),
        _amount(it.market_percent) / 100,
        _amount(it.deduction_per_kwh),
        it.nothing_when_negative,
    )


def _rates(message: Rates, zone: ZoneInfo) -> rates.Rates:
    if len(message.windows) > MOST_WINDOWS:
        raise SetUpError(f"{len(message.windows)} rates; at most {MOST_WINDOWS}")
    windows = tuple(
        Window(
            _amount(rate.per_kwh),
            _clock(rate.from_minute),
            _clock(rate.until_minute),
            frozenset(rate.months) or ALL_MONTHS,
            frozenset(day - 1 for day in rate.weekdays) or ALL_WEEKDAYS,
        )
        for rate in message.windows
    )
    otherwise = _amount(message.otherwise) if message.HasField("otherwise") else None
    return rates.Rates(zone, windows, otherwise)


def _clock(minute: int) -> time:
    minute %= MINUTES
    return time(minute // 60, minute % 60)


def _amount(value: float) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite():
        raise SetUpError(f"{value} is no amount")
    return amount


def _series(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:10]
