"""What the grid operator ordered, and what came of it: entries for the evidence log (C6). Pure.

events: `started` (a limit began), `changed` (another value), `reached` (the power is below it,
with the time that took), `exceeded` (it is not, 10 s after the order or later), `ended`,
`failsafe` (the failsafe value holds), `lost` (the source is silent), `recovered` (it is back),
`appliance` (who else is limited, or what one of them answered, changed).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cem.core.operating import LimitState, OperatorLimit

REACT_WITHIN_S = 10.0
TOLERANCE_OF_LIMIT = 0.01  # class of a good meter
TOLERANCE_W = 50.0

MOST_AT_ONCE = 500.0  # entries: a box that changes its word every second must not fill the disk
ONE_MORE_S = 10.0
MOST_PER_LOOK = 10.0

Key = tuple[str, str, str]  # kind, source, ski
Enter = Callable[[str, OperatorLimit, float | None], None]


@dataclass(frozen=True, slots=True)
class Effect:
    """What was measured at a moment; W, None = unknown.

    drawn_w: by what the limit is about (lpc: the chargers; lpp: the feed-in), to be compared with
    allowed_w by kind: the share the limit leaves for it. appliances: who else is limited, each by
    name with its share and how it stands to that; empty = nobody.
    """

    grid_import_w: float | None
    charging_w: float | None
    drawn_w: Mapping[str, float | None]
    allowed_w: Mapping[str, float | None]
    appliances: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is to be sealed; see `sealing`."""

    at: datetime
    event: str
    limit: OperatorLimit
    grid_import_w: float | None = None
    charging_w: float | None = None
    reached_s: float | None = None
    appliances: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A source as it stood last. since_s: of the last order or excess (monotonic); None = met.

    is_answered: the power was below this order once. is_exceeded: that it is not was entered.
    """

    limit: OperatorLimit
    since_s: float | None = None
    is_answered: bool = True
    is_exceeded: bool = False
    appliances: str = ""


Orders = Mapping[Key, Order]


@dataclass(frozen=True, slots=True)
class Purse:
    """How many entries may be made: 500 at once, then one every 10 s, 9,140 a day at most.

    While it is empty nobody looks; the next look then finds the last word of each source.
    """

    left: float = MOST_AT_ONCE
    at_s: float = 0.0

    def refilled(self, now_s: float) -> "Purse":
        """Return the purse as it is at `now_s` (monotonic)."""
        more = max(0.0, now_s - self.at_s) / ONE_MORE_S
        return Purse(min(MOST_AT_ONCE, self.left + more), now_s)

    @property
    def may_look(self) -> bool:
        """Return whether what one look finds can be paid for."""
        return self.left >= MOST_PER_LOOK


def key_of(limit: OperatorLimit) -> Key:
    """Return what makes two words be of the same order."""
    return (limit.kind, limit.source, limit.ski)


def watched(
    orders: Orders, limits: Sequence[OperatorLimit], effect: Effect, now_s: float, wall: datetime
) -> tuple[dict[Key, Order], tuple[Entry, ...]]:
    """Return the orders as they stand now, and the entries that this moment brings.

    limits: every source's word as it counts now. A source that left (unpaired, lifted by API, or
    its time is over) ends its limit.
    """
    after: dict[Key, Order] = {}
    entries: list[Entry] = []

    def enter(event: str, limit: OperatorLimit, reached_s: float | None) -> None:
        measured = (effect.grid_import_w, effect.charging_w)
        entries.append(Entry(wall, event, limit, *measured, reached_s, _named(limit, effect)))

    for limit in limits:
        before = orders.get(key_of(limit))
        order = _ordered(before, limit, now_s, enter)
        order = _judged(order, effect, now_s, enter)
        after[key_of(limit)] = _joined(order, before, effect, enter)
    for key, order in orders.items():
        if key not in after and order.limit.limit_w is not None:
            enter("ended", replace(order.limit, limit_w=None), None)
    return after, tuple(entries)


def restored(entries: Sequence[Entry], now_s: float) -> dict[Key, Order]:
    """Return how the orders stood at the end of a log: oldest entry first."""
    orders: dict[Key, Order] = {}
    for entry in entries:
        order = orders.get(key_of(entry.limit), Order(entry.limit))
        match entry.event:
            case "started" | "changed":
                order = Order(entry.limit, now_s, is_answered=False)
            case "exceeded":
                order = Order(entry.limit, now_s, order.is_answered, is_exceeded=True)
            case "reached" | "ended":
                order = Order(entry.limit)
            case _:
                order = replace(order, limit=entry.limit)
        order = replace(order, appliances=entry.appliances)
        orders[key_of(entry.limit)] = order
    return orders


# --- inside --------------------------------------------------------------------------------------


def _ordered(before: Order | None, limit: OperatorLimit, now_s: float, enter: Enter) -> Order:
    """Enter what the source says anew."""
    old = before.limit if before is not None else replace(limit, limit_w=None, is_connected=True)
    if old.is_connected and not limit.is_connected:
        enter("lost", limit, None)
    is_back = limit.is_connected and not old.is_connected
    was_failsafe = before is not None and old.state is LimitState.FAILSAFE
    is_failsafe = limit.state is LimitState.FAILSAFE
    if is_failsafe and not was_failsafe:
        enter("failsafe", limit, None)
    if is_back or (was_failsafe and not is_failsafe):
        enter("recovered", limit, None)
    if limit.limit_w == old.limit_w:
        kept = Order(limit) if before is None else before
        return replace(kept, limit=limit)
    if limit.limit_w is None:
        enter("ended", limit, None)
        return Order(limit)
    enter("started" if old.limit_w is None else "changed", limit, None)
    named = "" if before is None else before.appliances
    return Order(limit, now_s, is_answered=False, appliances=named)


def _named(limit: OperatorLimit, effect: Effect) -> str:
    """Return who else is limited by a limit: what is fed in is nobody else's."""
    return effect.appliances if limit.kind == "lpc" and limit.limit_w is not None else ""


def _joined(order: Order, before: Order | None, effect: Effect, enter: Enter) -> Order:
    """Enter who else is limited, when that changed since the last look at this limit."""
    named = _named(order.limit, effect)
    was_limited = before is not None and before.limit.limit_w is not None
    if was_limited and order.limit.limit_w is not None and named != order.appliances:
        enter("appliance", order.limit, None)
    return replace(order, appliances=named)


def _judged(order: Order, effect: Effect, now_s: float, enter: Enter) -> Order:
    """Enter whether the power obeys."""
    limit = order.limit
    drawn_w = effect.drawn_w.get(limit.kind)
    if limit.limit_w is None or drawn_w is None:
        return order
    allowed_w = effect.allowed_w.get(limit.kind)
    allowed_w = limit.limit_w if allowed_w is None else allowed_w
    is_below = drawn_w <= allowed_w * (1 + TOLERANCE_OF_LIMIT) + TOLERANCE_W
    if order.since_s is None:
        # Above again: ten seconds are given to come back before that is an entry.
        return order if is_below else replace(order, since_s=now_s, is_exceeded=False)
    waited_s = now_s - order.since_s
    if is_below:
        if order.is_exceeded or not order.is_answered:
            enter("reached", limit, round(waited_s, 3))
        return Order(limit, appliances=order.appliances)
    if waited_s >= REACT_WITHIN_S and not order.is_exceeded:
        enter("exceeded", limit, None)
        return replace(order, is_exceeded=True)
    return order
