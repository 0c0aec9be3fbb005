"""Two clocks: one for control that only goes forward, one for plans and records."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a shell gets its time from; cores are handed the time as an argument."""

    def monotonic(self) -> float:
        """Return seconds that never jump, from an arbitrary start."""
        ...

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Return seconds that never jump, from an arbitrary start."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""
        return datetime.now(UTC)
