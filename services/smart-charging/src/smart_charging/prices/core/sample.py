"""A price and a CO2 series of our own making, by formula: for trying things out. Pure.

No exchange ever published these numbers. The shape is the usual one: dear in the morning and in
the evening, cheap at noon, more so in summer and on Sundays, now and then below zero.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from math import cos, exp, pi, sin
from zoneinfo import ZoneInfo

from smart_charging.prices.core.rates import QUARTER, quarter
from smart_charging.prices.core.series import Interval, Scope, Series, Trust
from smart_charging.prices.core.units import CO2

NAME = "sample"
ZONE = ZoneInfo("Europe/Berlin")


def prices(start: datetime, end: datetime, zone: ZoneInfo = ZONE) -> Series:
    """Return a market price in EUR/kWh, by quarter-hours. The same instant, the same price."""
    return _series(start, end, zone, "EUR/kWh", Scope.MARKET)


def intensity(start: datetime, end: datetime, zone: ZoneInfo = ZONE) -> Series:
    """Return a CO2 signal in g/kWh that goes with the prices."""
    return _series(start, end, zone, CO2, Scope.CO2)


def _series(start: datetime, end: datetime, zone: ZoneInfo, unit: str, scope: Scope) -> Series:
    intervals, at = [], quarter(start)
    while at < end:
        local = (at + QUARTER / 2).astimezone(zone)
        value = _grams(local) if scope is Scope.CO2 else _euros(local)
        intervals.append(Interval(max(at, start), min(at + QUARTER, end), value))
        at += QUARTER
    return Series(NAME, str(zone), unit, tuple(intervals), scope, Trust.SAMPLE)


def _euros(local: datetime) -> Decimal:
    hour = local.hour + local.minute / 60
    base = 0.085 + 0.02 * _winter(local.date()) + 0.018 * _weather(local.date())
    peaks = 0.055 * _bump(hour, 7.75, 1.6) + 0.09 * _bump(hour, 19.0, 2.0)
    night = -0.025 * _bump(hour, 3.0, 2.5)
    weekend = {5: 0.85, 6: 0.7}.get(local.weekday(), 1.0)
    return _rounded((base + peaks + night) * weekend - 0.1 * _sun(local), "0.00001")


def _grams(local: datetime) -> Decimal:
    hour = local.hour + local.minute / 60
    base = 390 + 60 * _winter(local.date()) + 90 * _weather(local.date())
    evening = 40 * _bump(hour, 19.0, 2.5)
    return _rounded((base + evening) * (1 - 0.6 * _sun(local)), "0.1")


def _sun(local: datetime) -> float:
    """Return the share of a bright summer noon, 0..1."""
    hour = local.hour + local.minute / 60
    brightness = 0.65 - 0.35 * _winter(local.date()) - 0.25 * _weather(local.date())
    return max(0.0, brightness) * _bump(hour, 13.2, 2.6)


def _winter(day: date) -> float:
    """Return 1 in mid-January and -1 in mid-July."""
    return cos(2 * pi * (day.timetuple().tm_yday - 15) / 365.25)


def _weather(day: date) -> float:
    """Return -1..1, calm and windless days high; days follow one another smoothly."""
    count = day - date(2000, 1, 1)
    return 0.6 * sin(count / timedelta(days=1) * 0.9) + 0.4 * sin(count / timedelta(days=1) * 0.37)


def _bump(hour: float, middle: float, width: float) -> float:
    away = (hour - middle + 12) % 24 - 12
    return exp(-0.5 * (away / width) ** 2)


def _rounded(value: float, to: str) -> Decimal:
    return Decimal(value).quantize(Decimal(to))
