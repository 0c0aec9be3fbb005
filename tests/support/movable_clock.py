"""A wall clock that goes on with the steady one and is moved by hand."""

import time
from datetime import UTC, datetime, timedelta

from volthus_kit.clock import SystemClock


class MovableClock(SystemClock):
    """Like the machine's clocks, but its wall moves by `ahead_s` only.

    A machine that sets its own clock while a test runs does not move what the test moved.
    """

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self._wall = datetime.now(UTC)
        self._steady_s = time.monotonic()

    def now(self) -> datetime:
        """Return the wall clock as it was moved."""
        passed_s = time.monotonic() - self._steady_s
        return self._wall + timedelta(seconds=passed_s + self.ahead_s)
