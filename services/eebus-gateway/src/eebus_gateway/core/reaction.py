"""How long a charger and its car take to follow a limit (loadmgmt.md A2). Pure."""

from dataclasses import dataclass, replace
from statistics import median

from eebus.events import PerPhase

NEAR_A = 1.0
GIVEN_UP_S = 30.0
KEPT = 15  # samples: the median forgets a car that left


@dataclass(frozen=True, slots=True)
class Awaited:
    """An accepted write whose effect is not measured yet."""

    values: PerPhase
    sent_at: float
    is_decrease: bool


@dataclass(frozen=True, slots=True)
class Reaction:
    """Times from a write to a current within 1 A of it, in seconds, newest last."""

    samples_s: tuple[float, ...] = ()
    awaited: Awaited | None = None

    @property
    def median_s(self) -> float | None:
        """Return the middle of the last samples; None before the first."""
        return median(self.samples_s) if self.samples_s else None

    def accepted(self, values: PerPhase, sent_at: float, measured_a: PerPhase) -> "Reaction":
        """Begin to wait when the car is more than 1 A away from what it was told."""
        gap_a = _gaps_a(values, measured_a)
        if not gap_a or all(abs(a) <= NEAR_A for a in gap_a):
            return replace(self, awaited=None)
        is_decrease = any(a > NEAR_A for a in gap_a)
        return replace(self, awaited=Awaited(values, sent_at, is_decrease))

    def measured(self, current_a: PerPhase, now: float) -> "Reaction":
        """Take a sample when the current arrived; give up on a car that never comes near.

        A car need not take all it may, so an increase it ignores is no sample; a decrease it
        ignores is one, of at least the time waited.
        """
        waiting = self.awaited
        if waiting is None:
            return self
        waited_s = now - waiting.sent_at
        gap_a = _gaps_a(waiting.values, current_a)
        has_arrived = all(a <= NEAR_A if waiting.is_decrease else abs(a) <= NEAR_A for a in gap_a)
        if has_arrived and gap_a:
            return self._sampled(waited_s)
        if waited_s < GIVEN_UP_S:
            return self
        return self._sampled(waited_s) if waiting.is_decrease else replace(self, awaited=None)

    def _sampled(self, waited_s: float) -> "Reaction":
        return Reaction((*self.samples_s, waited_s)[-KEPT:])


def _gaps_a(values: PerPhase, measured_a: PerPhase) -> list[float]:
    """Return measured minus limit of each conductor where both are known."""
    pairs = zip(values, measured_a, strict=True)
    return [m - a for a, m in pairs if a is not None and m is not None]
