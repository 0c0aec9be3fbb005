"""ISO 8601 durations as SPINE uses them: `PT4S`, `PT1H2M3S`, `P1D` (spine.md section 8)."""

import re
from datetime import UTC, datetime, timedelta

DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?"
    r"(?:(?P<seconds>\d{1,9}(?:\.\d{1,9})?)S)?)?"
)


def parse(written: str) -> timedelta | None:
    """Return the span, None for what is no duration of weeks to seconds."""
    found = DURATION.fullmatch(written)
    if found is None or written[-1] in "PT":
        return None
    return timedelta(**{unit: float(count) for unit, count in found.groupdict("0").items()})


def write(span: timedelta) -> str:
    """Return the span in hours, minutes and seconds; fractions of a second are dropped."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count]
    if seconds or not parts:
        parts.append(f"{seconds}S")
    return "PT" + "".join(parts)


def timestamp(at: datetime) -> str:
    """Return an aware time as SPINE writes it, in UTC and whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_until(written: str | None, at: datetime | None) -> float | None:
    """Return the seconds to a time told as a duration or a date; None when it says neither.

    at: now, aware; None leaves dates unknown. A date without zone is UTC.
    """
    if written is None:
        return None
    span = parse(written)
    if span is not None:
        return span.total_seconds()
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None if at is None else (moment - at).total_seconds()
