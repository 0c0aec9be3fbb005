"""Energy counters that may jump: differences mean something only within one segment.

A counter is replaced with its meter, reset in part, set back by a firmware, or runs over. None of
that is energy. A step is accepted only if the fuse could have carried it; anything else begins a
new segment, and nobody takes a difference across its border.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from electrical.plausible import COARSEST_STEP_WH, UNKNOWN_FUSE_A
from meter_reader.core.reading import Reading

PHASES = 3
MOST_VOLTAGE_V = 253.0


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter as it was seen so far."""

    value_wh: float
    changed_s: float  # monotonic; between changes a coarse counter collects what it does not show
    segment: int  # begins with the wall clock, so that a restart never reuses one


@dataclass(frozen=True, slots=True)
class Counters:
    """Import and export of one meter; None until it was read."""

    imported: Counter | None = None
    exported: Counter | None = None


def counted(
    before: Counters, reading: Reading, now_s: float, wall: datetime, fuse_a: float | None
) -> Counters:
    """Return the counters after a reading at `now_s` (monotonic) and `wall` (aware).

    fuse_a: largest phase of the main fuse, None when nobody said it. An unknown value changes
    nothing: the energy of the gap shows in the next known one.
    """
    imported, exported = before.imported, before.exported
    if (
        imported is not None
        and exported is not None
        and imported.value_wh == reading.energy_import_wh
        and exported.value_wh == reading.energy_export_wh
    ):
        return before  # nearly every poll: counters are read more slowly than they are asked about
    most_w = (UNKNOWN_FUSE_A if fuse_a is None else fuse_a) * PHASES * MOST_VOLTAGE_V
    wall_s = wall.timestamp()
    return Counters(
        _stepped(imported, reading.energy_import_wh, now_s, wall_s, most_w),
        _stepped(exported, reading.energy_export_wh, now_s, wall_s, most_w),
    )


def _stepped(
    before: Counter | None, value_wh: float | None, now_s: float, wall_s: float, most_w: float
) -> Counter | None:
    if value_wh is None:
        return before
    if before is None:
        return Counter(value_wh, now_s, int(wall_s))
    delta_wh = value_wh - before.value_wh
    if delta_wh == 0:
        return before
    most_wh = most_w * (now_s - before.changed_s) / 3600 + COARSEST_STEP_WH
    if 0 < delta_wh <= most_wh:
        return replace(before, value_wh=value_wh, changed_s=now_s)
    return Counter(value_wh, now_s, max(int(wall_s), before.segment + 1))
