"""The accept window: for some minutes the first device that asks is trusted unseen.

For a device that shows its SKI nowhere. It closes with the first one, and by itself.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from eebus_gateway.hub import Hub

LONGEST_S: Final = 300

logger = logging.getLogger(__name__)


class AcceptWindow:
    """One window at a time; opening it again moves its end."""

    def __init__(self, hub: Hub) -> None:
        self.actor = ""
        self._hub = hub
        self._left_out: frozenset[str] = frozenset()
        self._timer: asyncio.TimerHandle | None = None

    def open(self, seconds: int, actor: str) -> datetime | None:
        """Open the window, at most 300 s; 0 closes it. Returns its end.

        A single device that waits already is let in. Of several nobody can say which one is
        meant: then only one that asks from now on.
        """
        self.close()
        if seconds <= 0:
            return None
        seconds = min(seconds, LONGEST_S)
        waiting = self._hub.requesting
        self._left_out = frozenset(waiting if len(waiting) > 1 else ())
        self.actor = actor
        self._timer = asyncio.get_running_loop().call_later(seconds, self.close)
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        self._hub.show_window(until)
        logger.warning("accept window opened", extra={"actor": actor, "seconds": seconds})
        return until

    def close(self) -> None:
        """Trust by hand only."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._hub.show_window(None)
            logger.info("accept window closed", extra={"actor": self.actor})

    def chosen(self, asking: Sequence[str]) -> str | None:
        """Return which of the devices that ask is let in now."""
        if self._timer is None:
            return None
        return next((ski for ski in asking if ski not in self._left_out), None)
