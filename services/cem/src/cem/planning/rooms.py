"""Keeps what the fuse and the grid operator left the chargers in each minute.

The timeline draws it, and charging at once is compared with it.
"""

from collections.abc import Callable

from cem.core.decision import Decision
from cem.core.events import Event
from cem.core.state import State
from cem.planning.tables import RoomRow
from volthus_kit.clock import Clock

MINUTE_S = 60
PHASES = ("l1", "l2", "l3")


class RoomWatch:
    """An observer of the loop. keep: takes a minute that is over; only with a car or a limit."""

    def __init__(self, clock: Clock, keep: Callable[[RoomRow], None]) -> None:
        self._clock = clock
        self._keep = keep
        self._minute = 0
        self._sums = dict.fromkeys(PHASES, 0.0)
        self._counts = dict.fromkeys(PHASES, 0)
        self._operator_w: list[float] = []

    def happened(self, event: Event, state: State, now: float) -> None:
        """Hear of an event: nothing to keep."""

    def decided(self, decision: Decision, now: float) -> None:
        """Take in what a decision left the chargers together."""
        del now  # records are by wall time
        minute = int(self._clock.now().timestamp() // MINUTE_S) * MINUTE_S
        if minute != self._minute:
            self._close()
            self._minute = minute
        has_car = any(charger.has_car for charger in decision.state.chargers.values())
        if decision.operator_w is not None:
            self._operator_w.append(decision.operator_w)
        elif not has_car:
            return
        for name, room_a in zip(PHASES, decision.picture.headroom_a.values(), strict=True):
            if room_a is not None:
                self._sums[name] += room_a
                self._counts[name] += 1

    def _close(self) -> None:
        if any(self._counts.values()) or self._operator_w:
            means = {
                f"{name}_a": self._sums[name] / count if count else None
                for name, count in self._counts.items()
            }
            ordered = self._operator_w
            means["operator_w"] = sum(ordered) / len(ordered) if ordered else None
            self._keep(RoomRow(start_s=self._minute, **means))
        self._sums = dict.fromkeys(PHASES, 0.0)
        self._counts = dict.fromkeys(PHASES, 0)
        self._operator_w = []
