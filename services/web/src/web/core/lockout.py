"""Slows down guessing of passwords, by user and address and by address alone. Pure."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from math import ceil

FREE_BY_USER = 5  # wrong passwords of one user from one address before it has to wait
FREE_BY_ADDRESS = 30  # one address trying many users
FIRST_WAIT_S = 15.0
MOST_WAIT_S = 900.0
FORGOTTEN_AFTER_S = 900.0  # without another attempt
MOST_REMEMBERED = 10_000
LONGEST_NAME = 100  # no user's is longer; what is guessed at may be

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Attempts:
    """Log-ins of one key that have not succeeded."""

    failed: int
    last_s: float
    closed_until_s: float


class Lockout:
    """Counts log-ins that have not succeeded; times are seconds on a monotonic clock.

    An attempt counts as failed when it begins, so that many at once gain nothing. The oldest
    of more than MOST_REMEMBERED counts is forgotten first: memory is bounded.
    """

    def __init__(self) -> None:
        self._attempts: OrderedDict[Key, Attempts] = OrderedDict()

    def enter(self, username: str, address: str, now_s: float) -> int:
        """Begin an attempt. Returns 0, or the whole seconds to wait when it may not begin."""
        keys = keys_of(username, address)
        wait_s = max(closed_s(self._attempts.get(key), now_s) for key, _ in keys)
        if not wait_s:
            for key, free in keys:
                self._count(key, free, now_s)
        return wait_s

    def succeeded(self, username: str, address: str) -> None:
        """Forget the user's failed attempts; the address takes back only this one."""
        by_user, by_address = (key for key, _ in keys_of(username, address))
        self._attempts.pop(by_user, None)
        if (counted := self._attempts.get(by_address)) is not None:
            self._attempts[by_address] = one_less(counted)

    def _count(self, key: Key, free: int, now_s: float) -> None:
        self._attempts[key] = one_more(self._attempts.get(key), free, now_s)
        self._attempts.move_to_end(key)
        if len(self._attempts) > MOST_REMEMBERED:
            self._attempts.popitem(last=False)


def keys_of(username: str, address: str) -> tuple[tuple[Key, int], tuple[Key, int]]:
    """Return what an attempt is counted by, and how many are free of each."""
    return ((username.casefold()[:LONGEST_NAME], address), FREE_BY_USER), (
        ("", address),
        FREE_BY_ADDRESS,
    )


def closed_s(attempts: Attempts | None, now_s: float) -> int:
    """Return how many whole seconds are to be waited; never more than MOST_WAIT_S."""
    if attempts is None or _is_forgotten(attempts, now_s):
        return 0
    return ceil(max(0.0, min(attempts.closed_until_s - now_s, MOST_WAIT_S)))


def one_more(attempts: Attempts | None, free: int, now_s: float) -> Attempts:
    """Return the count with an attempt more."""
    known = 0 if attempts is None or _is_forgotten(attempts, now_s) else attempts.failed
    over = known + 1 - free
    wait_s = min(MOST_WAIT_S, FIRST_WAIT_S * 2 ** min(over, 10)) if over >= 0 else 0.0
    return Attempts(known + 1, now_s, now_s + wait_s if wait_s else 0.0)


def one_less(attempts: Attempts) -> Attempts:
    """Return the count of an address whose attempt succeeded."""
    return replace(attempts, failed=max(0, attempts.failed - 1), closed_until_s=0.0)


def _is_forgotten(attempts: Attempts, now_s: float) -> bool:
    return now_s - attempts.last_s > FORGOTTEN_AFTER_S
