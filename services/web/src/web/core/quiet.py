"""Quiet hours of a person: when nothing may ring. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def ends_at(start: time, end: time, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when the quiet hours that hold now are over, None outside of them.

    start, end: local wall-clock, through midnight where the end is the earlier one; equal: never.
    The end is an instant, so the night of a clock change is as long as the clock says.
    """
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    if start < end:
        is_quiet, days = start <= clock < end, 0
    elif start > end:
        is_quiet, days = clock >= start or clock < end, int(clock >= start)
    else:
        return None
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, end, zone).astimezone(UTC)
