"""Which replica plans which site: the highest hash of both names wins. Pure.

Who joins or leaves moves only its own share. All replicas that hear the same heartbeats agree
without asking; while they do not agree yet, the newest plan counts at the site.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

BEAT_S = 1.0
DEAD_S = 3.5  # three beats and some
SETTLING_S = 2.2  # a new replica listens before it takes sites


@dataclass(slots=True)
class Replicas:
    """Who lives, as one of them knows. Times are monotonic seconds.

    is_ready: whether this one can plan. Until then it owns nothing beside others, and does not say
    that it lives: they would leave their sites to it.
    """

    own: str
    since_s: float
    heard: dict[str, float] = field(default_factory=dict)
    is_ready: bool = True

    def hear(self, replica: str, now_s: float, *, is_leaving: bool = False) -> bool:
        """Take note of a heartbeat; return whether that changed who lives."""
        if replica == self.own:
            return False
        if is_leaving:
            return self.heard.pop(replica, None) is not None
        is_new = replica not in self.heard
        self.heard[replica] = now_s
        return is_new

    def bury(self, now_s: float) -> bool:
        """Forget who fell silent; return whether there was one."""
        dead = [name for name, at_s in self.heard.items() if now_s - at_s > DEAD_S]
        for name in dead:
            del self.heard[name]
        return bool(dead)

    def is_settled(self, now_s: float) -> bool:
        """Return whether the others have been listened for long enough."""
        return now_s - self.since_s >= SETTLING_S

    def is_own(self, site: str) -> bool:
        """Return whether a site is ours."""
        if not self.heard:
            return True
        return self.is_ready and owner(site, (self.own, *self.heard)) == self.own


def owner(site: str, replicas: Iterable[str]) -> str:
    """Return who plans a site. Raises ValueError without any replica."""
    return max(replicas, key=lambda replica: (_weight(site, replica), replica))


def _weight(site: str, replica: str) -> bytes:
    return blake2b(f"{site}\0{replica}".encode(), digest_size=8).digest()
