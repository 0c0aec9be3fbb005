"""The why-history: which changes of a charger's limit and reason are kept. Pure.

A limit may move every second for hours; the disk may not. Each charger has a purse of changes:
it holds 20, a new one comes every minute. A change of the reason costs one; a change of the limit
alone is only told while half of the purse is left. What was not told is told as soon as the purse
allows, if it is still so: the last state always stands in the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from electrical.phases import PhaseReadings

PURSE = 20.0
RESERVE = 10.0  # kept for changes of the reason
REFILL_S = 60.0
LIMIT_STEP_A = 1.0
MOST_PER_DAY = 24 * 3600 / REFILL_S + PURSE


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
    def why(self) -> tuple[str, str, str, str, str]:
        """Return what makes two moments differ in their reason."""
        return (self.kind, self.element, self.phase, self.mode, self.ladder)


@dataclass(frozen=True, slots=True)
class Purse:
    """What was told of a charger last, and how many changes it may still tell."""

    told: Shown
    left: float
    at_s: float


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
        left = min(PURSE, purse.left + max(0.0, now_s - purse.at_s) / REFILL_S)
        is_other = one.why != purse.told.why
        if not is_other and not _moved(purse.told.limit_a, one.limit_a):
            continue
        if left < (1.0 if is_other else RESERVE):
            skipped += 1
            continue
        purses[one.ski] = Purse(one, left - 1, now_s)
        told.append(one)
    return replace(history, purses=purses, skipped=skipped), tuple(told)


def forgotten(history: History, skis: frozenset[str]) -> History:
    """Return the history without chargers that are paired no more."""
    return replace(history, purses={k: p for k, p in history.purses.items() if k in skis})


def _moved(before: PhaseReadings | None, after: PhaseReadings | None) -> bool:
    if before is None or after is None:
        return before is not after
    for old, new in zip(before.values(), after.values(), strict=True):
        if (old is None) != (new is None) or (old == 0) != (new == 0):
            return True
        if old is not None and new is not None and abs(old - new) >= LIMIT_STEP_A:
            return True
    return False
