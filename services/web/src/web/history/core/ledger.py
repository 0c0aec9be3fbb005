"""Which facts of an epoch are in, and which are missing: once each, whatever comes. Pure."""

from dataclasses import dataclass
from enum import StrEnum

MOST_GAPS = 1000


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Numbers that were passed over: `first` to `last`, both missing."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many are missing."""
        return self.last - self.first + 1


class Verdict(StrEnum):
    """What a fact is to those that are in."""

    NEXT = "next"
    AHEAD = "ahead"  # others between are missing now
    LATE = "late"  # it was missing
    AGAIN = "again"  # it is in


@dataclass(frozen=True, slots=True)
class Ledger:
    """All numbers from 1 to `highest` are in, but for the gaps; these are sorted and apart."""

    highest: int = 0
    gaps: tuple[Gap, ...] = ()

    @property
    def missing(self) -> int:
        """How many are missing below the highest."""
        return sum(gap.count for gap in self.gaps)


def admit(ledger: Ledger, sequence: int) -> tuple[Ledger, Verdict]:
    """Return the ledger with a fact in it, and what that fact is. sequence: from 1.

    A ledger in pieces (more than MOST_GAPS) takes some that are in for missing: they come
    again and change nothing. Raises ValueError for a number below 1.
    """
    if sequence < 1:
        raise ValueError(f"{sequence} is no number of a fact; they begin with 1")
    if sequence == ledger.highest + 1:
        return Ledger(sequence, ledger.gaps), Verdict.NEXT
    if sequence > ledger.highest:
        gaps = (*ledger.gaps, Gap(ledger.highest + 1, sequence - 1))
        return Ledger(sequence, _fewer(gaps)), Verdict.AHEAD
    for at, gap in enumerate(ledger.gaps):
        if gap.first <= sequence <= gap.last:
            left = (Gap(gap.first, sequence - 1), Gap(sequence + 1, gap.last))
            kept = tuple(one for one in left if one.count > 0)
            gaps = (*ledger.gaps[:at], *kept, *ledger.gaps[at + 1 :])
            return Ledger(ledger.highest, _fewer(gaps)), Verdict.LATE
    return ledger, Verdict.AGAIN


def _fewer(gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    """Return at most MOST_GAPS: the two that are nearest to each other become one."""
    if len(gaps) <= MOST_GAPS:
        return gaps
    nearest = min(range(len(gaps) - 1), key=lambda at: gaps[at + 1].first - gaps[at].last)
    joined = Gap(gaps[nearest].first, gaps[nearest + 1].last)
    return (*gaps[:nearest], joined, *gaps[nearest + 2 :])
