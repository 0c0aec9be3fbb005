"""Heartbeats of DeviceDiagnosis: ours to send, the peer's to watch (spine.md section 7)."""

from datetime import datetime, timedelta
from typing import Final

from eebus.spine import durations
from eebus.spine.values import Item, number, text

HEARTBEAT: Final = "deviceDiagnosisHeartbeatData"
STATE: Final = "deviceDiagnosisStateData"
TIMEOUT: Final = timedelta(seconds=4)  # e-mobility; some chargers expect it on every entity
INTERVAL: Final = timedelta(seconds=2)  # Elli treats the announced timeout as a hard limit
MISSED_AFTER: Final = 2.0  # times the announced timeout
MAX_TIMEOUT: Final = timedelta(hours=1)  # a peer may not make itself immortal


def next_beat(last: Item, at: datetime) -> Item:
    """Return the heartbeat that follows `last`."""
    return {
        "timestamp": durations.timestamp(at),
        "heartbeatCounter": (number(last, "heartbeatCounter") or 0) + 1,
        "heartbeatTimeout": durations.write(TIMEOUT),
    }


class HeartbeatMonitor:
    """Says whether a peer's heart beats, by arrival alone: its clock may differ from ours."""

    def __init__(self) -> None:
        """Start with a peer of which nothing was heard: not overdue, it may have no heart."""
        self.is_ok: bool | None = None
        self._deadline = 0.0
        self._counter: int | None = None

    def renew(self) -> None:
        """Note a new connection: any heartbeat counts again."""
        self._counter = None

    def arrived(self, data: Item, now: float) -> bool:
        """Take a heartbeat in. Returns whether that changed `is_ok`.

        One with the counter already seen is no new beat: a read answers with the last one.
        """
        counter = number(data, "heartbeatCounter")
        if counter is None or counter == self._counter:
            return False
        self._counter = counter
        told = durations.parse(text(data, "heartbeatTimeout") or "") or TIMEOUT
        timeout = min(max(told, timedelta(seconds=1)), MAX_TIMEOUT)
        self._deadline = now + MISSED_AFTER * timeout.total_seconds()
        was_ok, self.is_ok = self.is_ok, True
        return was_ok is not True

    def is_newly_overdue(self, now: float) -> bool:
        """Whether the heart stopped since the last look."""
        if self.is_ok and now >= self._deadline:
            self.is_ok = False
            return True
        return False
