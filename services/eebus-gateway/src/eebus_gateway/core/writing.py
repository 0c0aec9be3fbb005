"""When to write which limit to one charger. Pure; `now` is a monotonic clock in seconds.

Only changes are written, one at a time: the next one leaves when the charger has answered.
Increases are paced by the controller and are not delayed again here.
"""

import math
from dataclasses import dataclass, replace

from eebus.events import PerPhase
from eebus_gateway.core.lease import NOTHING, Wanted

RETRIES_S = (1.0, 2.0, 5.0, 10.0)  # after a refused write; some chargers refuse for seconds
OVERTAKE_AFTER_S = 1.0  # a decrease waits no longer than this for the answer before it
EXCESS_A = 0.5  # a charger holding more than this above our limit no longer holds our limit


@dataclass(frozen=True, slots=True)
class Attempt:
    """A write whose answer is awaited."""

    number: int
    values: PerPhase
    wanted: Wanted
    sent_at: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the charger acknowledged last since the car came."""

    values: PerPhase
    wanted: Wanted
    at: float


@dataclass(frozen=True, slots=True)
class Writer:
    """The writes of one charger: what it accepted, what is on the way, what it refused."""

    accepted: Accepted | None = None
    attempt: Attempt | None = None
    is_due_again: bool = False  # same values, new occasion: reconnect, new standard or range
    refused: PerPhase = NOTHING
    refusals: int = 0  # in a row
    refused_at: float = -math.inf
    contradictions: int = 0  # how often the charger changed what it had accepted
    problem: str = ""  # why the last write was not accepted
    last_number: int = 0

    def next_at(self, values: PerPhase) -> float | None:
        """Return when to write these values (in the past: now); None = nothing to write."""
        if self.attempt is not None:  # its answer comes or times out; only a decrease overtakes
            is_lower = lowers(values, self.attempt.values)
            return self.attempt.sent_at + OVERTAKE_AFTER_S if is_lower else None
        if self.refusals:
            is_lower = lowers(values, self.refused)
            tries = 1 if is_lower else min(self.refusals, len(RETRIES_S))
            return self.refused_at + RETRIES_S[tries - 1]
        holds = self.accepted is not None and self.accepted.values == values
        return None if holds and not self.is_due_again else -math.inf

    def sent(self, values: PerPhase, wanted: Wanted, now: float) -> "Writer":
        """Note that a write leaves now; its number is `last_number` of the result."""
        number = self.last_number + 1
        attempt = Attempt(number, values, wanted, now)
        return replace(self, attempt=attempt, last_number=number, is_due_again=False)

    def answered(self, number: int, problem: str | None, now: float) -> "Writer":
        """Note the answer; problem: None = accepted. One that was overtaken says nothing."""
        attempt = self.attempt
        if attempt is None or attempt.number != number:
            return self
        if problem is None:
            accepted = Accepted(attempt.values, attempt.wanted, now)
            return replace(
                self, accepted=accepted, attempt=None, refusals=0, refused=NOTHING, problem=""
            )
        return replace(self, attempt=None)._refused(attempt.values, problem, now)

    def confirmed(self, values: PerPhase, wanted: Wanted) -> "Writer":
        """Let a renewed lease with unchanged values stand for what was accepted."""
        accepted = self.accepted
        if accepted is None or accepted.values != values or accepted.wanted == wanted:
            return self
        return replace(self, accepted=replace(accepted, wanted=wanted))

    def contradicted(self, held: PerPhase, pause_a: float, now: float) -> "Writer":
        """Note the limits the charger says it holds; more than ours is as good as refused.

        pause_a: what a pause is on the wire. A charger holding less than we said is safe. A
        conductor without a limit may be one that the car does not use.
        """
        if self.attempt is not None or self.accepted is None:
            return self
        ours = self.accepted.values
        if not _exceeds(held, ours, pause_a):
            return self
        text = f"the charger holds {_text(held)} A although it accepted {_text(ours)} A"
        # The wait grows with each time, or we would fight another controller every second.
        times = self.contradictions
        noted = replace(self, accepted=None, contradictions=times + 1, refusals=times)
        return noted._refused(ours, text, now)

    def _refused(self, values: PerPhase, problem: str, now: float) -> "Writer":
        return replace(
            self,
            refused=values,
            refusals=self.refusals + 1,
            refused_at=now,
            problem=problem,
        )

    def again(self) -> "Writer":
        """Write once more what is wanted: the charger may have forgotten or misread it."""
        return replace(self, is_due_again=True, refusals=0, refused=NOTHING)

    def forgotten(self) -> "Writer":
        """Start anew: the car or the connection went, and with it all limits."""
        return Writer(last_number=self.last_number)


def lowers(values: PerPhase, before: PerPhase) -> bool:
    """Whether some conductor is to get less than before (None = no limit)."""
    return any(_bound(a) < _bound(b) for a, b in zip(values, before, strict=True))


def _bound(value: float | None) -> float:
    return math.inf if value is None else value


def _exceeds(held: PerPhase, ours: PerPhase, pause_a: float) -> bool:
    if held == NOTHING:
        return ours != NOTHING
    pairs = ((h, a) for h, a in zip(held, ours, strict=True) if h is not None and a is not None)
    return any(h > max(a, pause_a) + EXCESS_A for h, a in pairs)


def _text(values: PerPhase) -> str:
    return "/".join("-" if value is None else f"{value:g}" for value in values)
