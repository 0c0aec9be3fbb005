"""One moment on both clocks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HALF = timedelta(microseconds=500)  # else 21:15 shows as 21:14:59.999, by the rest of a float


@dataclass(frozen=True, slots=True)
class Clocks:
    """One moment on both clocks, so that monotonic instants can be shown as wall time."""

    monotonic_s: float
    wall: datetime

    def at(self, monotonic_s: float) -> datetime:
        """Return the wall time of a monotonic instant, UTC, to the nearest millisecond."""
        instant = self.wall + timedelta(seconds=monotonic_s - self.monotonic_s) + HALF
        return instant.astimezone(UTC).replace(microsecond=instant.microsecond // 1000 * 1000)
