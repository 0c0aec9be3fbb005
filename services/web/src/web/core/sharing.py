"""Which replica tells of which site: the highest hash of both names wins. Pure.

Who joins or leaves moves only its own share; all that hear the same beats agree without asking.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

DEAD_S = 3.5  # three beats and some


@dataclass(slots=True)
class Replicas:
    """Who lives, as one of them knows; times are monotonic seconds."""

    own: str
    heard: dict[str, float] = field(default_factory=dict)

    def hear(self, replica: str, now_s: float, *, is_leaving: bool = False) -> None:
        """Take note of a beat."""
        if is_leaving:
            self.heard.pop(replica, None)
        elif replica != self.own:
            self.heard[replica] = now_s

    def living(self, now_s: float) -> tuple[str, ...]:
        """Return who lives, ourselves included."""
        self.heard = {one: at_s for one, at_s in self.heard.items() if now_s - at_s <= DEAD_S}
        return self.own, *self.heard


def is_own(site: str, own: str, replicas: Iterable[str]) -> bool:
    """Whether a site is this replica's among those that live."""
    weight = _weight(site, own), own
    return all((_weight(site, other), other) <= weight for other in replicas)


def _weight(site: str, replica: str) -> bytes:
    return blake2b(f"{site}\0{replica}".encode(), digest_size=8).digest()
