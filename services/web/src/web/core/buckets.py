"""How much of something each key may use in a while: leaky buckets, in memory. Pure."""

from collections import OrderedDict
from collections.abc import Mapping
from math import ceil

MOST_REMEMBERED = 10_000
HEAVY = 0.2  # of the burst: below, nobody else needs to know


class Buckets:
    """A leaky bucket for each key; the oldest is forgotten first, so memory is bounded.

    rate_per_s: how fast what was used is forgiven; burst: how much may be used at once. Times are
    monotonic seconds.
    """

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._each_s = 1 / rate_per_s
        self._most_s = burst * self._each_s
        # key -> the second at which all that was used is forgiven.
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        self._untold: dict[str, float] = {}  # used and not told to others yet, in seconds

    def take(self, key: str, now_s: float) -> int:
        """Use one. Returns 0, or the whole seconds to wait when it is too much.

        Who has to wait is not counted: they wait no longer for asking again.
        """
        empty_at = max(self._empty_at.get(key, now_s), now_s) + self._each_s
        over_s = empty_at - now_s - self._most_s
        if over_s > 1e-9:
            return ceil(over_s)
        self._empty_at[key] = empty_at
        self._empty_at.move_to_end(key)
        if len(self._empty_at) > MOST_REMEMBERED:
            forgotten, _ = self._empty_at.popitem(last=False)
            self._untold.pop(forgotten, None)
        self._untold[key] = self._untold.get(key, 0.0) + self._each_s
        return 0

    def to_tell(self, now_s: float) -> Mapping[str, float]:
        """Return what heavy users used since they were told of last, in seconds to forgive.

        One who used nothing since is among them with 0: what they use elsewhere is to be learned.
        """
        heavy_at = now_s + HEAVY * self._most_s
        told = {
            key: self._untold.pop(key, 0.0)
            for key, empty_at in self._empty_at.items()
            if empty_at > heavy_at
        }
        self._untold = {
            key: used_s for key, used_s in self._untold.items() if self._empty_at[key] > now_s
        }
        return told

    def learn(self, key: str, left_s: float, now_s: float) -> None:
        """Take what all together used: it is forgiven in `left_s`."""
        self._empty_at[key] = max(self._empty_at.get(key, now_s), now_s + left_s)
        self._empty_at.move_to_end(key)
