"""Counts tokens that open nothing, by address, so that trying many gets slow answers. Pure."""

from web.core.buckets import Buckets

FREE = 30  # at once, from one address
BACK_EVERY_S = 2.0  # one more may fail after this


class Knocks(Buckets):
    """A leaky bucket for each address."""

    def __init__(self) -> None:
        super().__init__(rate_per_s=1 / BACK_EVERY_S, burst=FREE)

    def failed(self, address: str, now_s: float) -> int:
        """Count a token that opened nothing. Returns 0, or the seconds to wait when too many."""
        return self.take(address, now_s)
