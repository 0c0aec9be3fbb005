"""What is known of one meter at one moment, for everybody who asks."""

from dataclasses import dataclass

from meter_reader.core.configuration import MeterConfig
from meter_reader.core.record import (
    Pace,
    Problem,
    Quality,
    Record,
    age_s,
    problem_now,
    quality,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A meter's settings, its last answer and what that is worth now."""

    config: MeterConfig
    phases: int  # of the model
    record: Record
    quality: Quality
    problem: Problem | None
    age_s: float | None  # since the last answer; None: never
    period_s: float


def picture_of(
    config: MeterConfig,
    phases: int,
    record: Record,
    now_s: float,
    pace: Pace,
) -> Picture:
    """Return the picture at `now_s` (monotonic)."""
    return Picture(
        config=config,
        phases=phases,
        record=record,
        quality=quality(record, now_s, pace.period_s, pace.frozen_samples),
        problem=problem_now(record, pace.frozen_samples),
        age_s=age_s(record, now_s),
        period_s=pace.period_s,
    )
