"""The pairing window: for a bounded time the next device that asks is trusted, then it closes."""

import asyncio
from collections.abc import Callable
from typing import Final

from eebus.events import PairingWindowChanged

MAX_WINDOW_S: Final = 300.0  # who walks from the page to the charger needs no longer


class PairingWindow:
    """Off until it is opened; lets one device in.

    tell: told each opening and closing. changed: told what the mDNS record has to say.
    """

    def __init__(
        self, tell: Callable[[PairingWindowChanged], None], changed: Callable[[], None]
    ) -> None:
        self._tell = tell
        self._changed = changed
        self._closing: asyncio.TimerHandle | None = None
        self._excluded: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether a device that asks is let in."""
        return self._closing is not None

    def lets_in(self, ski: str) -> bool:
        """Whether this device is let in when it asks now."""
        return self.is_open and ski not in self._excluded

    def open(self, seconds: float, *, but: frozenset[str] = frozenset()) -> None:
        """Open for some seconds, or anew. Raises ValueError beyond 5 minutes.

        but: SKIs that are not meant.
        """
        if not 0 < seconds <= MAX_WINDOW_S:
            raise ValueError(f"a pairing window is open for up to {MAX_WINDOW_S:.0f} s")
        self._stop()
        self._excluded = but
        self._closing = asyncio.get_running_loop().call_later(seconds, self.close)
        self._changed()
        self._tell(PairingWindowChanged("", is_open=True, remaining_s=seconds))

    def close(self, let_in: str = "") -> None:
        """Close, if it is open. let_in: the SKI it was closed behind."""
        if self._closing is None:
            return
        self._stop()
        self._changed()
        self._tell(PairingWindowChanged(let_in, is_open=False))

    def _stop(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
