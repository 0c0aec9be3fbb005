"""One moment on both clocks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clocks:
    """One moment on both clocks, so that monotonic instants can be shown as wall time."""

    monotonic_s: float
    wall: datetime

    def at(self, monotonic_s: float) -> datetime:
        """Return the wall time of a monotonic instant, UTC, to the millisecond."""
        instant = self.wall + timedelta(seconds=monotonic_s - self.monotonic_s)
        return instant.astimezone(UTC).replace(microsecond=instant.microsecond // 1000 * 1000)
