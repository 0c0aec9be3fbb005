"""When to dial again (ship.md 10). The random number comes from outside."""

_WINDOWS_S = ((0.0, 3.0), (3.0, 10.0), (10.0, 20.0))


def delay_s(attempt: int, chance: float) -> float:
    """Return how long to wait before an attempt, so that two peers rarely dial at once.

    attempt: from 1, counted since the last completed handshake; chance: random, 0 to 1.
    """
    low, high = _WINDOWS_S[min(max(attempt, 1), len(_WINDOWS_S)) - 1]
    return low + (high - low) * min(max(chance, 0.0), 1.0)
