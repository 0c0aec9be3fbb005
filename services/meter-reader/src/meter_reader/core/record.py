"""What is known of one meter: folded from answers and failures, judged at any time."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from meter_reader.core.energy import Counters, counted
from meter_reader.core.reading import Reading, Strange, strange

STALE_AFTER_PERIODS = 2
BAD_AFTER_S = 5.0
FROZEN_SAMPLES = 5  # noise makes identical samples on all phases impossible (loadmgmt A3)
FROZEN_SPAN_S = 3.5  # a meter polled faster than it measures repeats itself honestly


class Quality(StrEnum):
    """A label for the consumer, who decides what to do about it."""

    GOOD = "good"
    STALE = "stale"
    BAD = "bad"
    FROZEN = "frozen"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a meter is polled, and how many identical samples mean that it is frozen."""

    period_s: float
    frozen_samples: int = FROZEN_SAMPLES


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong now: a stable code and one English sentence."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer of a meter."""

    reading: Reading
    arrived_s: float  # monotonic
    measured_at: datetime  # wall clock at the same moment
    repeats: int = 1  # how many answers in a row said the same
    same_since_s: float = 0.0  # monotonic
    odd: Strange | None = None  # the first value that cannot be
    has_values: bool = True  # False: it says of everything it measures that it has none


@dataclass(frozen=True, slots=True)
class Record:
    """Everything a meter has told, as far as it matters now."""

    last: Answer | None = None
    sequence: int = 0  # answers since the start
    problem: Problem | None = None
    counters: Counters = field(default_factory=Counters)


def answered(
    record: Record, reading: Reading, now_s: float, wall: datetime, fuse_a: float | None = None
) -> Record:
    """Fold in an answer that arrived at `now_s` (monotonic) and `wall`.

    fuse_a: largest phase of the main fuse, for the energy counters; None when nobody said it.
    """
    last = record.last
    repeats, same_since_s = 1, now_s
    if last is not None and _says_the_same(last.reading, reading):
        repeats, same_since_s = last.repeats + 1, last.same_since_s
    has_values = _has_live_value(reading)
    answer = Answer(reading, now_s, wall, repeats, same_since_s, strange(reading), has_values)
    counters = counted(record.counters, reading, now_s, wall, fuse_a)
    return Record(answer, record.sequence + 1, None, counters)


def failed(record: Record, problem: Problem) -> Record:
    """Fold in a poll that brought nothing."""
    return replace(record, problem=problem)


def age_s(record: Record, now_s: float) -> float | None:
    """Return seconds since the last answer, None if there never was one."""
    return None if record.last is None else now_s - record.last.arrived_s


def quality(
    record: Record, now_s: float, period_s: float, frozen_samples: int = FROZEN_SAMPLES
) -> Quality:
    """Judge the last answer by its age first, then by what it says."""
    age = age_s(record, now_s)
    if record.last is None or age is None or age > max(BAD_AFTER_S, 3 * period_s):
        return Quality.BAD
    if age > STALE_AFTER_PERIODS * period_s:
        return Quality.STALE
    if not record.last.has_values:
        return Quality.BAD
    if record.last.odd is not None:
        return Quality.IMPLAUSIBLE
    if is_frozen(record.last, frozen_samples):
        return Quality.FROZEN
    return Quality.GOOD


def problem_now(record: Record, frozen_samples: int = FROZEN_SAMPLES) -> Problem | None:
    """Return what is wrong: the failure of the last poll, or what its answer gives away."""
    if record.problem is not None or record.last is None:
        return record.problem
    odd = record.last.odd
    if odd is not None:
        return Problem(
            f"implausible-{odd.kind}",
            f"{odd.quantity} reads {odd.value:g}, which is not between {odd.least:g} and "
            f"{odd.most:g}.",
        )
    if not record.last.has_values:
        detail = "The meter answers, but says of every value that it has none, or an overflow."
        return Problem("no-values", detail)
    if is_frozen(record.last, frozen_samples):
        span_s = record.last.arrived_s - record.last.same_since_s
        return Problem("frozen", f"Nothing changed on any phase for {span_s:.0f} s.")
    return None


def is_frozen(answer: Answer, samples: int = FROZEN_SAMPLES) -> bool:
    """Return whether the meter only repeats itself."""
    span_s = answer.arrived_s - answer.same_since_s
    return answer.repeats >= samples and span_s >= FROZEN_SPAN_S


def _says_the_same(before: Reading, after: Reading) -> bool:
    """Compare what is measured live; a reading without any value proves nothing."""
    is_same = (
        before.power_total_w == after.power_total_w
        and before.voltage_v == after.voltage_v
        and before.current_a == after.current_a
        and before.power_w == after.power_w
    )
    return is_same and _has_live_value(after)


def _has_live_value(reading: Reading) -> bool:
    if reading.power_total_w is not None:
        return True  # nearly always
    live = (reading.current_a, reading.power_w, reading.voltage_v)
    return any(value is not None for phases in live for value in phases.values())
