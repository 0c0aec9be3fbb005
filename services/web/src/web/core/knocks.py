"""Counts tokens that open nothing, by address, so that trying many gets slow answers. Pure."""

from collections import OrderedDict
from math import ceil

FREE = 30  # at once, from one address
BACK_EVERY_S = 2.0  # one more may fail after this
MOST_REMEMBERED = 10_000


class Knocks:
    """A leaky bucket for each address; the oldest is forgotten first, so memory is bounded."""

    def __init__(self) -> None:
        # address -> the monotonic second at which all its failures are forgotten.
        self._empty_at: OrderedDict[str, float] = OrderedDict()

    def failed(self, address: str, now_s: float) -> int:
        """Count a token that opened nothing. Returns 0, or the seconds to wait when it is too many.

        While an address waits nothing more is counted: it waits no longer for asking again.
        """
        empty_at = max(self._empty_at.get(address, now_s), now_s) + BACK_EVERY_S
        over_s = empty_at - now_s - FREE * BACK_EVERY_S
        if over_s > 0:
            return ceil(over_s)
        self._empty_at[address] = empty_at
        self._empty_at.move_to_end(address)
        if len(self._empty_at) > MOST_REMEMBERED:
            self._empty_at.popitem(last=False)
        return 0
