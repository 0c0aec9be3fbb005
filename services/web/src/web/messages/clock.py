"""Times of day: minutes on the bus, "07:00" in the API."""

MINUTES = 60


def clock(minute: int) -> str:
    """Return a minute of the day as a clock shows it; 1440 is midnight again."""
    hours, minutes = divmod(minute % (24 * MINUTES), MINUTES)
    return f"{hours:02d}:{minutes:02d}"


def minute_of(time: str) -> int:
    """Return the minute of the day of "07:00"."""
    hours, minutes = time.split(":")
    return int(hours) * MINUTES + int(minutes)
