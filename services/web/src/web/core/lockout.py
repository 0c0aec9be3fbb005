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

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Attempts:
    failed: int
    last_s: float
    closed_until_s: float


class Lockout:
    """Counts log-ins that have not succeeded; times are seconds on a monotonic clock.

    An attempt counts as failed when it begins, so that many at once gain nothing. The oldest
    of more than MOST_REMEMBERED counts is forgotten first: memory is bounded.
    """

    def __init__(self) -> None:
        self._attempts: OrderedDict[Key, _Attempts] = OrderedDict()

    def enter(self, username: str, address: str, now_s: float) -> int:
        """Begin an attempt. Returns 0, or the whole seconds to wait when it may not begin."""
        keys = self._keys(username, address)
        closed_s = max(self._known(key, now_s).closed_until_s - now_s for key, _ in keys)
        if closed_s > 0:
            return ceil(closed_s)
        for key, free in keys:
            self._count(key, free, now_s)
        return 0

    def succeeded(self, username: str, address: str) -> None:
        """Forget the user's failed attempts; the address takes back only this one."""
        by_user, by_address = (key for key, _ in self._keys(username, address))
        self._attempts.pop(by_user, None)
        if (counted := self._attempts.get(by_address)) is not None:
            self._attempts[by_address] = replace(
                counted, failed=max(0, counted.failed - 1), closed_until_s=0.0
            )

    def _keys(self, username: str, address: str) -> tuple[tuple[Key, int], tuple[Key, int]]:
        return ((username.casefold(), address), FREE_BY_USER), (("", address), FREE_BY_ADDRESS)

    def _known(self, key: Key, now_s: float) -> _Attempts:
        attempts = self._attempts.get(key)
        if attempts is None or now_s - attempts.last_s > FORGOTTEN_AFTER_S:
            return _Attempts(0, now_s, 0.0)
        return attempts

    def _count(self, key: Key, free: int, now_s: float) -> None:
        failed = self._known(key, now_s).failed + 1
        over = failed - free
        wait_s = min(MOST_WAIT_S, FIRST_WAIT_S * 2 ** min(over, 10)) if over >= 0 else 0.0
        self._attempts[key] = _Attempts(failed, now_s, now_s + wait_s if wait_s else 0.0)
        self._attempts.move_to_end(key)
        if len(self._attempts) > MOST_REMEMBERED:
            self._attempts.popitem(last=False)
