"""How long to wait before trying again: doubling, with jitter, up to a bound. Pure."""

from collections.abc import Iterator
from random import Random


def backoff(
    first_s: float = 0.1, most_s: float = 5.0, jitter: float = 0.2, chance: Random | None = None
) -> Iterator[float]:
    """Yield waits in seconds without end: first_s, doubled each time, at most most_s, +- jitter.

    jitter: share of the wait, so that many who lost one partner do not come back together.
    """
    chance = chance or Random()  # noqa: S311 - spreads retries, guards nothing
    wait_s = first_s
    while True:
        yield wait_s * (1 + jitter * (2 * chance.random() - 1))
        wait_s = min(most_s, 2 * wait_s)
