"""A grid meter that comes with a pairing (MGCP): what it told, and what that is worth now. Pure.

Judged as the meter reader judges its meters, with two differences. Nobody polls: the period is
learned from the pace at which the meter speaks. And messages tell only what changed, so only the
currents say whether the meter still measures.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Final

from eebus.events import MeterValues, PerPhase
from electrical.plausible import (
    COARSEST_STEP_WH,
    CURRENT_RANGE_A,
    FREQUENCY_RANGE_HZ,
    UNKNOWN_FUSE_A,
    VOLTAGE_RANGE_V,
)

FASTEST_S: Final = 1.0  # the period of a meter that speaks faster, or was heard once
SLOWEST_S: Final = 5.0  # slower is too slow for a fuse: such a meter is stale between its words
SAME_WORD_S: Final = 0.25  # messages closer together are parts of one reading
KEPT_GAPS: Final = 5
STALE_AFTER_PERIODS: Final = 2
BAD_AFTER_S: Final = 5.0
FROZEN_SAMPLES: Final = 5
FROZEN_SPAN_S: Final = 3.5
MOST_POWER_W: Final = 3 * UNKNOWN_FUSE_A * 253.0  # of a connection nobody told us the fuse of
NOTHING: Final = MeterValues()
NOTHING_MEASURED: Final = (NOTHING.current_a, None)  # equal to itself it proves nothing


class Quality(StrEnum):
    """A label for the consumer, who decides what to do about it."""

    GOOD = "good"
    STALE = "stale"
    BAD = "bad"
    FROZEN = "frozen"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong now: a stable code and one English sentence."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Counter:
    """An energy counter. Differences mean something only within one segment; 0 = never read."""

    value_wh: float | None = None
    changed_s: float = 0.0
    segment: int = 0

    def read(self, value_wh: float | None, now: float, wall_s: float) -> "Counter":
        """Take a value in; one that energy cannot explain begins a new segment."""
        if value_wh is None or value_wh == self.value_wh:
            return self
        if self.value_wh is not None:
            most_wh = MOST_POWER_W * (now - self.changed_s) / 3600 + COARSEST_STEP_WH
            if 0 < value_wh - self.value_wh <= most_wh:
                return replace(self, value_wh=value_wh, changed_s=now)
        return Counter(value_wh, now, max(int(wall_s), self.segment + 1))


@dataclass(frozen=True, slots=True)
class GridMeter:
    """Everything a paired device told as a meter of the grid connection point.

    sequence: readings since our start. heard_at, same_since: monotonic; measured_at: wall.
    """

    values: MeterValues = NOTHING
    sequence: int = 0
    heard_at: float = 0.0
    measured_at: datetime | None = None
    gaps_s: tuple[float, ...] = ()
    repeats: int = 0
    same_since: float = 0.0
    imported: Counter = field(default_factory=Counter)
    exported: Counter = field(default_factory=Counter)

    @property
    def is_there(self) -> bool:
        """Whether the meter tells anything at all; one that is gone tells nothing."""
        return self.values != NOTHING

    @property
    def period_s(self) -> float:
        """Return the pace at which the meter speaks, s."""
        if not self.gaps_s:
            return FASTEST_S
        return min(max(median(self.gaps_s), FASTEST_S), SLOWEST_S)


def told(meter: GridMeter, values: MeterValues, now: float, wall: datetime) -> GridMeter:
    """Fold in what the meter told. now: monotonic, s; all values unknown = it is gone."""
    if values == NOTHING:
        return replace(meter, values=NOTHING, gaps_s=(), repeats=0)
    gap_s = now - meter.heard_at
    is_same_word = meter.is_there and gap_s < SAME_WORD_S
    measured = _measured(values)
    is_repeated = measured != NOTHING_MEASURED and measured == _measured(meter.values)
    gaps_s = deque(meter.gaps_s, KEPT_GAPS)
    if meter.is_there and not is_same_word:
        gaps_s.append(gap_s)
    return GridMeter(
        values,
        meter.sequence + 1,
        now,
        wall,
        tuple(gaps_s),
        repeats=meter.repeats + (not is_same_word) if is_repeated else 1,
        same_since=meter.same_since if is_repeated else now,
        imported=meter.imported.read(values.energy_consumed_wh, now, wall.timestamp()),
        exported=meter.exported.read(values.energy_produced_wh, now, wall.timestamp()),
    )


def age_s(meter: GridMeter, now: float) -> float | None:
    """Return seconds since the meter spoke, None if it never did or is gone."""
    return now - meter.heard_at if meter.is_there else None


def quality(meter: GridMeter, now: float) -> Quality:
    """Judge the last reading by its age first, then by what it says."""
    age = age_s(meter, now)
    if age is None or age > max(BAD_AFTER_S, 3 * meter.period_s):
        return Quality.BAD
    if age > STALE_AFTER_PERIODS * meter.period_s:
        return Quality.STALE
    if _strange(meter.values) is not None:
        return Quality.IMPLAUSIBLE
    if _is_frozen(meter):
        return Quality.FROZEN
    return Quality.GOOD


def problem(meter: GridMeter, now: float, *, is_connected: bool) -> Problem | None:
    """Return what is wrong with the meter now, with the codes of the meter reader."""
    if not is_connected:
        return Problem("not-connected", "The device is not connected.")
    if not meter.is_there:
        return Problem("no-values", "The device tells no values of the grid connection point.")
    if quality(meter, now) is Quality.BAD:
        return Problem("silent", f"Nothing was heard for {now - meter.heard_at:.0f} s.")
    return _strange(meter.values) or _missing(meter)


def phases(meter: GridMeter) -> int:
    """Return how many phases it measures; 3 before it told any current or voltage."""
    known = [
        a is not None or v is not None
        for a, v in zip(meter.values.current_a, meter.values.voltage_v, strict=True)
    ]
    return 1 if known == [True, False, False] else 3


def _measured(values: MeterValues) -> tuple[PerPhase, float | None]:
    """Return what a living meter never repeats: its currents; its power where it has none."""
    has_currents = any(current_a is not None for current_a in values.current_a)
    return values.current_a, None if has_currents else values.power_w


def _is_frozen(meter: GridMeter) -> bool:
    return meter.repeats >= FROZEN_SAMPLES and meter.heard_at - meter.same_since >= FROZEN_SPAN_S


def _missing(meter: GridMeter) -> Problem | None:
    if all(current_a is None for current_a in meter.values.current_a):
        return Problem("no-phase-currents", "The device tells no currents by phase.")
    if _is_frozen(meter):
        span_s = meter.heard_at - meter.same_since
        return Problem("frozen", f"Nothing changed on any phase for {span_s:.0f} s.")
    return None


def _strange(values: MeterValues) -> Problem | None:
    return (
        _outside("voltage", values.voltage_v, *VOLTAGE_RANGE_V)
        or _outside("frequency", (values.frequency_hz,), *FREQUENCY_RANGE_HZ)
        or _outside("current", values.current_a, *CURRENT_RANGE_A)
    )


def _outside(
    kind: str, values: Iterable[float | None], least: float, most: float
) -> Problem | None:
    for value in values:
        if value is not None and not least < value < most:
            text = f"{kind} reads {value:g}, which is not between {least:g} and {most:g}."
            return Problem(f"implausible-{kind}", text)
    return None
