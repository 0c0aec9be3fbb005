"""The months of a site: from when to when, in its time zone. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTH = re.compile(r"(20\d\d|21\d\d)-(0[1-9]|1[0-2])")
OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")


def zone_named(name: str) -> tzinfo:
    """Return the zone of an IANA name or an offset such as +01:00; UTC for what is neither."""
    if found := OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-ahead if found[1] == "-" else ahead)
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def month_named(name: str, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """Return from when to when a month such as 2026-11 goes; None for what is no month."""
    found = MONTH.fullmatch(name)
    return None if found is None else _bounds(int(found[1]), int(found[2]), zone)


def months(first: datetime, last: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield each month from that of `first` to that of `last`, the latest one first."""
    begins = last.astimezone(zone)
    year, month = begins.year, begins.month
    while True:
        bounds = _bounds(year, month, zone)
        if bounds[1] <= first:
            return
        yield bounds
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)


def name_of(begins: datetime) -> str:
    """Return the name of the month of a time, in that time's zone."""
    return f"{begins:%Y-%m}"


def _bounds(year: int, month: int, zone: tzinfo) -> tuple[datetime, datetime]:
    after = (year, month + 1) if month < 12 else (year + 1, 1)
    return datetime(year, month, 1, tzinfo=zone), datetime(*after, 1, tzinfo=zone)
