"""When to look at which site again: a heap with one valid moment a site. Pure."""

import heapq
import math


class Wheel:
    """Moments by name, one each."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._at: dict[str, float] = {}

    def by(self, name: str, at_s: float) -> None:
        """Look at something at this moment at the latest; an earlier one that is set stays."""
        if at_s < self._at.get(name, math.inf):
            self._at[name] = at_s
            heapq.heappush(self._heap, (at_s, name))

    def due(self, now_s: float) -> list[str]:
        """Return, and forget, what is due."""
        names = []
        while self._heap and self._heap[0][0] <= now_s:
            at_s, name = heapq.heappop(self._heap)
            if self._at.get(name) == at_s:  # else it was moved meanwhile
                del self._at[name]
                names.append(name)
        if len(self._heap) > 4 * len(self._at) + 100:  # mostly moments that were moved
            self._heap = [(at_s, name) for name, at_s in self._at.items()]
            heapq.heapify(self._heap)
        return names

    def __len__(self) -> int:
        """How many are waited for."""
        return len(self._at)
