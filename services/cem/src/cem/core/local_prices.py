"""The cheapest hours before a departure, chosen at the site from the last known prices. Pure.

For the time without a plan: the cloud is away, or its plan is over. One car at a time, whole
slots, no forecast; the latest start (`goals`) sees to it that the goal is met all the same.
"""

from bisect import bisect_left
from dataclasses import dataclass

from cem.core.plan import Prices, slot_at

RESERVE = 1.1
RUNNING_RESERVE = 1.15  # who runs does not stop for a little


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether to charge now; until_s: until the end of that, or the next start (Unix s)."""

    is_now: bool
    until_s: float | None


def cheapest(
    prices: Prices, now_s: float, due_s: float, hours: float, *, is_running: bool = False
) -> Choice | None:
    """Choose when to charge for so many hours before `due_s`; None = the price now is not known.

    Where prices end before the departure, what is known is used: waiting for what nobody has
    said yet would be a bet.
    """
    here = slot_at(prices.edges_s, now_s)
    if here is None or prices.import_price[here] is None:
        return None
    wanted_s = hours * 3600 * (RUNNING_RESERVE if is_running else RESERVE)
    until = bisect_left(prices.edges_s, due_s)  # the first slot that begins too late
    chosen: set[int] = set()
    for number in prices.ranked or prices.by_price():
        if wanted_s <= 0:
            break
        if here <= number < until:
            begin_s = max(now_s, prices.edges_s[number])
            chosen.add(number)
            wanted_s -= min(due_s, prices.edges_s[number + 1]) - begin_s
    if here in chosen:
        end = here
        while end + 1 in chosen:
            end += 1
        return Choice(is_now=True, until_s=prices.edges_s[end + 1])
    later = min(chosen, default=None)
    return Choice(is_now=False, until_s=None if later is None else prices.edges_s[later])
