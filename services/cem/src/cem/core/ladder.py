"""How far a grid meter's reading can still be trusted: the ladder of loadmgmt.md A3.

Unknown is not zero: a silent, stale or frozen meter moves the site down, step by step. Only a
site that has no grid meter at all is managed statically.
"""

from dataclasses import dataclass
from enum import StrEnum

from cem.core.parameters import Parameters
from cem.core.state import Meter


class Stage(StrEnum):
    """The steps of the ladder; also the words of `SiteState.ladder`."""

    NO_METER = "no-meter"
    FRESH = "fresh"
    HOLD = "hold"  # no increase; the reserve for the house grows
    STATIC_SHARE = "static-share"  # all chargers together stay below the configured share
    FAILSAFE = "failsafe"


@dataclass(frozen=True, slots=True)
class Rung:
    """Where the site stands on the ladder.

    age_s: of the last usable reading, None before the first and without a meter.
    growth_a: how much the house may have taken more since, on each phase.
    """

    stage: Stage
    age_s: float | None = None
    growth_a: float = 0.0

    @property
    def allows_increase(self) -> bool:
        """Return whether a limit may be raised: not while the meter's silence is new."""
        return self.stage not in (Stage.HOLD, Stage.STATIC_SHARE)


def rung(meter: Meter, now: float, p: Parameters) -> Rung:
    """Return where the site (or a circuit with a meter of its own) stands at `now`."""
    if meter.id is None:
        return Rung(Stage.NO_METER)
    stale_s = stale_after_s(meter, p)
    if meter.last_at_s is None:
        return _never_read(now - meter.known_since_s, stale_s, p)
    since_s = meter.same_since_s if is_frozen(meter, p) else meter.last_at_s
    age_s = max(0.0, now - since_s)
    growth_a = min(p.hold_growth_most_a, max(0.0, age_s - stale_s) * p.hold_growth_a_per_s)
    return Rung(_stage(age_s, stale_s, p), age_s, growth_a)


def stale_after_s(meter: Meter, p: Parameters) -> float:
    """Return the age (s) from which a reading is stale: period + latency + 3 s."""
    period_s = meter.last.period_s if meter.last else 1.0
    return period_s + p.meter_latency_s + p.stale_after_s


def is_frozen(meter: Meter, p: Parameters) -> bool:
    """Return whether the meter answers but nothing changes: noise makes that impossible."""
    if meter.last_at_s is None or meter.same_count < p.frozen_samples:
        return False
    return meter.last_at_s - meter.same_since_s >= p.frozen_span_s


def _never_read(waited_s: float, stale_s: float, p: Parameters) -> Rung:
    """Return the rung before the first reading: what is in force stays for a moment, no longer."""
    if waited_s <= stale_s:
        return Rung(Stage.HOLD)
    return Rung(Stage.STATIC_SHARE if waited_s <= p.failsafe_after_s else Stage.FAILSAFE)


def _stage(age_s: float, stale_s: float, p: Parameters) -> Stage:
    if age_s > p.failsafe_after_s:
        return Stage.FAILSAFE
    if age_s > p.static_share_after_s:
        return Stage.STATIC_SHARE
    return Stage.HOLD if age_s > stale_s else Stage.FRESH
