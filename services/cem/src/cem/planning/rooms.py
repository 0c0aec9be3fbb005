"""Keeps what the fuse left the chargers in each minute: what charging at once is compared with."""

from collections.abc import Callable

from cem.core.decision import Decision
from cem.core.events import Event
from cem.core.state import State
from cem.planning.tables import RoomRow
from volthus_kit.clock import Clock

MINUTE_S = 60
PHASES = ("l1", "l2", "l3")


class RoomWatch:
    """An observer of the loop. keep: takes a minute that is over; only with a car plugged."""

    def __init__(self, clock: Clock, keep: Callable[[RoomRow], None]) -> None:
        self._clock = clock
        self._keep = keep
        self._minute = 0
        self._sums = dict.fromkeys(PHASES, 0.0)
        self._counts = dict.fromkeys(PHASES, 0)

    def happened(self, event: Event, state: State, now: float) -> None:
        """Hear of an event: nothing to keep."""

    def decided(self, decision: Decision, now: float) -> None:
        """Take in what a decision left the chargers together."""
        del now  # records are by wall time
        minute = int(self._clock.now().timestamp() // MINUTE_S) * MINUTE_S
        if minute != self._minute:
            self._close()
            self._minute = minute
        if not any(charger.has_car for charger in decision.state.chargers.values()):
            return
        for name, room_a in zip(PHASES, decision.picture.headroom_a.values(), strict=True):
            if room_a is not None:
                self._sums[name] += room_a
                self._counts[name] += 1

    def _close(self) -> None:
        if any(self._counts.values()):
            means = {
                f"{name}_a": self._sums[name] / count if count else None
                for name, count in self._counts.items()
            }
            self._keep(RoomRow(start_s=self._minute, **means))
        self._sums = dict.fromkeys(PHASES, 0.0)
        self._counts = dict.fromkeys(PHASES, 0)
