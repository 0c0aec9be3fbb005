"""The time zone of the site, with its clock changes: weekly departures are meant in it."""

import os
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALTIME = Path("/etc/localtime")


def zone_of(name: str, localtime: Path = LOCALTIME) -> tzinfo:
    """Return a zone by its name, for an empty one that of the machine, else UTC.

    An offset of today is not enough: it would be an hour wrong after the next clock change.
    Raises ValueError for a name that is no zone.
    """
    try:
        return _named(name) if name else _of_machine(localtime)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        if not name:
            return UTC
        raise ValueError(f"{name!r} is no time zone, such as Europe/Berlin") from error


def zone_name(zone: tzinfo) -> str:
    """Return the name of a zone, by which others find it too: Europe/Berlin, UTC."""
    return getattr(zone, "key", None) or str(zone)


def _named(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)  # there also without a zone database


def _of_machine(localtime: Path) -> tzinfo:
    told = os.environ.get("TZ", "").removeprefix(":")
    if told:
        return _named(told)
    with localtime.open("rb") as file:
        return ZoneInfo.from_file(file, key="localtime")
