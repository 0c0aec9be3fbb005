"""The why-history: which changes of a charger's limit and reason are kept. Pure.

A limit may move every second for hours; the disk may not. Each charger has a purse of changes:
it holds 20, a new one comes every minute. A change of the reason costs one; a change of the limit
alone is only told while half of the purse is left. Where a limit stays as it is and two reasons
take turns from second to second, the one that lasts is told, with since when it holds. What was
not told is told as soon as the purse allows, if it is still so: the last state always stands in
the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from electrical.phases import PhaseReadings

PURSE = 20.0
RESERVE = 10.0  # kept for changes of the reason
REFILL_S = 60.0
LIMIT_STEP_A = 1.0
LASTS_S = 5.0  # a reason that is gone sooner says nothing to anybody
RETURNS_S = 30.0  # ... nor does one that was told before, and takes its turn again
MOST_PER_DAY = 24 * 3600 / REFILL_S + PURSE


Why = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What limits a charger at a moment; times are wall time. limit_a: None = nothing limits."""

    at: datetime
    ski: str
    kind: str
    element: str = ""
    phase: str = ""
    value: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit_a: PhaseReadings | None = None
    mode: str = ""
    ladder: str = ""

    @property
    def why(self) -> Why:
        """Return what makes two moments differ in their reason."""
        return (self.kind, self.element, self.phase, self.mode, self.ladder)


@dataclass(frozen=True, slots=True)
class Purse:
    """What was told of a charger last, and how many changes it may still tell.

    told_why: the reason told before that. other_why: the reason that stands instead, since when.
    """

    told: Shown
    left: float
    at_s: float
    told_why: Why | None = None
    other_why: Why | None = None
    other_since_s: float = 0.0

    def seeing(self, why: Why, now_s: float) -> "Purse":
        """Return the purse with note taken of since when another reason stands."""
        if why == self.told.why:
            return self if self.other_why is None else replace(self, other_why=None)
        if why == self.other_why:
            return self
        return replace(self, other_why=why, other_since_s=now_s)

    def has_lasted(self, now_s: float) -> bool:
        """Return whether the other reason stands for so long that it is worth a line."""
        lasts_s = RETURNS_S if self.other_why == self.told_why else LASTS_S
        return self.other_why is not None and now_s - self.other_since_s >= lasts_s


@dataclass(frozen=True, slots=True)
class History:
    """The purses by charger. skipped: changes that were too many."""

    purses: Mapping[str, Purse] = field(default_factory=dict)
    skipped: int = 0


def noted(
    history: History, shown: Sequence[Shown], now_s: float
) -> tuple[History, tuple[Shown, ...]]:
    """Return the history after a decision, and what of it is to be kept (`now_s` monotonic)."""
    purses, told, skipped = dict(history.purses), [], history.skipped
    for one in shown:
        purse = purses.get(one.ski)
        if purse is None:
            purses[one.ski] = Purse(one, PURSE - 1, now_s)
            told.append(one)
            continue
        purses[one.ski] = purse = purse.seeing(one.why, now_s)
        is_other = _differs(purse.told, one) or purse.has_lasted(now_s)
        if not is_other and not _moved(purse.told.limit_a, one.limit_a):
            continue
        left = min(PURSE, purse.left + max(0.0, now_s - purse.at_s) / REFILL_S)
        if left < (1.0 if is_other else RESERVE):
            skipped += 1
            continue
        told_why = purse.told_why if one.why == purse.told.why else purse.told.why
        purses[one.ski] = Purse(one, left - 1, now_s, told_why)
        told.append(one)
    return replace(history, purses=purses, skipped=skipped), tuple(told)


def forgotten(history: History, skis: frozenset[str]) -> History:
    """Return the history without chargers that are paired no more."""
    return replace(history, purses={k: p for k, p in history.purses.items() if k in skis})


def _differs(before: Shown, after: Shown) -> bool:
    """Return whether people did something, or a charger pauses or goes on: told at once."""
    if (before.mode, before.ladder) != (after.mode, after.ladder):
        return True
    return after.why != before.why and _pauses(before.limit_a) != _pauses(after.limit_a)


def _pauses(limit_a: PhaseReadings | None) -> bool | None:
    return None if limit_a is None else not any(limit_a.values())


def _moved(before: PhaseReadings | None, after: PhaseReadings | None) -> bool:
    if before is None or after is None:
        return before is not after
    for old, new in zip(before.values(), after.values(), strict=True):
        if (old is None) != (new is None) or (old == 0) != (new == 0):
            return True
        if old is not None and new is not None and abs(old - new) >= LIMIT_STEP_A:
            return True
    return False
