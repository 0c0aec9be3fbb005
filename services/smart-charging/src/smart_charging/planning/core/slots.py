"""The slots of a plan: the rest of the running quarter-hour, then whole ones. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache

import numpy as np

from smart_charging.core.grid import Floats, Instants

SLOT_S = 900
STEP_S = 300  # plans made within five minutes share their first slot, and with it everything
USUAL_H, LONGEST_H = 36, 72


@dataclass(frozen=True)
class Slots:
    """Slots from start_s (Unix seconds) on; the first may be shorter, the others are quarters."""

    start_s: int
    count: int

    @property
    def start(self) -> datetime:
        """Return the first instant."""
        return datetime.fromtimestamp(self.start_s, UTC)

    @property
    def quarter_s(self) -> int:
        """Return when the quarter-hour of the first slot begins: at or before the start."""
        return self.start_s // SLOT_S * SLOT_S

    @property
    def end_s(self) -> int:
        """Return the instant after the last slot."""
        return self.quarter_s + self.count * SLOT_S

    @property
    def first_part(self) -> float:
        """Return how much of a quarter-hour the first slot is: 1/3, 2/3 or 1."""
        return (self.quarter_s + SLOT_S - self.start_s) / SLOT_S

    @cached_property
    def hours(self) -> Floats:
        """Return the length of each slot in hours."""
        hours = np.full(self.count, SLOT_S / 3600)
        hours[0] *= self.first_part
        hours.setflags(write=False)
        return hours

    @cached_property
    def hours_before(self) -> tuple[float, ...]:
        """Return how many hours there are before each slot, and at the end all of them."""
        return tuple(float(self.hours[:until].sum()) for until in range(self.count + 1))

    @cached_property
    def ends_s(self) -> Instants:
        """Return the end of each slot, Unix seconds."""
        ends = self.quarter_s + SLOT_S * np.arange(1, self.count + 1, dtype=np.int64)
        ends.setflags(write=False)
        return ends

    @cached_property
    def lengths_s(self) -> tuple[int, ...]:
        """Return the length of each slot in seconds."""
        first_s = self.quarter_s + SLOT_S - self.start_s
        return (first_s, *(SLOT_S for _ in range(self.count - 1)))

    def whole_slots_before(self, instant_s: float) -> int:
        """Return how many of the slots end at or before an instant."""
        return int(min(max(0.0, (instant_s - self.quarter_s) // SLOT_S), self.count))


@lru_cache(maxsize=64)
def _slots(start_s: int, hours: int) -> Slots:
    end_s = -(-(start_s + hours * 3600) // SLOT_S) * SLOT_S
    return Slots(start_s, (end_s - start_s // SLOT_S * SLOT_S) // SLOT_S)


def slots_at(now_s: float, last_departure_s: float | None = None) -> Slots:
    """Return the slots of a plan made now.

    They reach 36 h ahead, or 72 h where a car leaves later: two lengths only, so that sites with
    one tariff share their series.
    """
    start_s = int(now_s) // STEP_S * STEP_S
    is_long = last_departure_s is not None and last_departure_s > start_s + USUAL_H * 3600
    return _slots(start_s, LONGEST_H if is_long else USUAL_H)
