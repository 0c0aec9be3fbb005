"""How much a site may say: one that never stops is not heard beyond its share, and is named."""

import logging

from prometheus_client import Counter

from volthus_kit.clock import Clock
from web.core.buckets import Buckets

logger = logging.getLogger(__name__)

# An honest site says 0.2 messages a second, 1.1 while somebody looks at it, and after a lost link a
# few at once.
MOST_PER_S, AT_ONCE = 5.0, 60
TOLD_EVERY_S = 3600.0
MOST_TOLD = 1000  # sites whose last warning is known

UNHEARD = Counter(
    "volthus_web_unheard_messages_total", "Messages of sites that said more than their share"
)


class Talk:
    """A leaky bucket for each site."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets = Buckets(rate_per_s=MOST_PER_S, burst=AT_ONCE)
        self._told: dict[str, float] = {}

    def admits(self, site: str) -> bool:
        """Count a message; returns whether it is within the site's share."""
        now_s = self._clock.monotonic()
        if not self._buckets.take(site, now_s):
            return True
        UNHEARD.inc()
        if now_s - self._told.get(site, -TOLD_EVERY_S) >= TOLD_EVERY_S:
            if len(self._told) >= MOST_TOLD:
                self._told.clear()
            self._told[site] = now_s
            logger.warning("site talks too much", extra={"site": site, "most_per_s": MOST_PER_S})
        return False
