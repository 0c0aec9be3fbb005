"""Local days as UTC instants. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day(local: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return start and end in UTC of a local day: 23, 24 or 25 hours later."""
    begin = datetime.combine(local, time(), zone).astimezone(UTC)
    return begin, datetime.combine(local + timedelta(days=1), time(), zone).astimezone(UTC)
