"""How fast a peer may speak: a token bucket that answers with a pause. No clock of its own."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """A peer may send burst messages at once and per_s in the long run.

    Not frozen: it is one connection's running account, changed on every read.
    """

    per_s: float
    burst: float
    _spent: float = 0.0
    _seen_s: float = 0.0

    def spend(self, count: int, now_s: float) -> float:
        """Book count messages and return the seconds to wait before reading on, mostly 0."""
        earned = max(now_s - self._seen_s, 0.0) * self.per_s
        self._spent = max(self._spent - earned, 0.0) + count
        self._seen_s = now_s
        return max(self._spent - self.burst, 0.0) / self.per_s


@dataclass(slots=True)
class PacePerAddress:
    """The same for each remote address; the one longest silent is forgotten first."""

    per_s: float
    burst: float
    remembered: int = 256
    _paces: dict[str, Pace] = field(default_factory=dict)

    def spend(self, address: str, now_s: float) -> float:
        """Book one message of an address and return the seconds to wait, mostly 0."""
        pace = self._paces.pop(address, None) or Pace(self.per_s, self.burst)
        self._paces[address] = pace
        if len(self._paces) > self.remembered:
            del self._paces[next(iter(self._paces))]
        return pace.spend(1, now_s)
