"""Double connections: both sides dial, one connection stays (ship.md 9).

Two rules are in the field: the bigger SKI keeps its most recent connection (specification), or
the one it dialled (ship-go until August 2026). This behaviour converges with both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eebus.ship.admission import MAX_PER_SKI


@dataclass(frozen=True, slots=True)
class Contender:
    """A connection to a SKI that has not ended. number: higher = younger."""

    number: int
    is_past_cmi: bool
    is_complete: bool


def to_close(our_ski: str, peer_ski: str, contenders: Sequence[Contender]) -> frozenset[int]:
    """Return the numbers of the connections we have to close.

    contenders: oldest first. The bigger SKI closes what is older than the newest connection
    that has passed CMI; so a newer one that dies early costs nothing. The smaller SKI leaves
    the choice to its peer, and only keeps their number bounded.
    """
    surplus = frozenset(c.number for c in contenders[:-MAX_PER_SKI])
    if our_ski <= peer_ski:
        return surplus
    newest = max((c.number for c in contenders if c.is_past_cmi), default=None)
    if newest is None:
        return surplus
    return surplus | {c.number for c in contenders if c.number < newest}


def carrier(
    current: int | None, contenders: Sequence[Contender], speaking: int | None = None
) -> int | None:
    """Return the number of the one connection SPINE runs on, None if there is none.

    current: the one it ran on until now. speaking: the one a SPINE message just came from. A
    newer connection takes over when the peer speaks on it, for then the peer has chosen it.
    """
    complete = [c.number for c in contenders if c.is_complete]
    if current not in complete:
        return max(complete, default=None)
    if speaking in complete and speaking is not None and current is not None:
        return max(current, speaking)
    return current
