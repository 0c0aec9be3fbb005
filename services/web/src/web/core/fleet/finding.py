"""Finding sites among many: filters, orders, pages whose cursor stays true. Pure.

An order is kept for a second, with what was found in it: a list that is asked for over and over
costs nothing, and what moves all the time (power, load) stands still while somebody turns a page.
"""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter

from web.core.fleet.rows import Doing, Row
from web.core.roles import Sight

ORDER_FOR_S = 1.0
MOST_FOUND = 32  # filters of one order, in its second
Key = tuple[float | str, str]


class Sort(StrEnum):
    """What a list is in the order of; ties by id."""

    ID = "id"
    NAME = "name"
    LAST_SEEN = "last_seen"
    POWER = "power"
    LOAD = "load"
    ATTENTION = "attention"


class State(StrEnum):
    """What sites can be looked for by."""

    ONLINE = "online"
    OFFLINE = "offline"
    CHARGING = "charging"
    PLUGGED = "plugged"
    IDLE = "idle"
    OFF = "off"
    ATTENTION = "attention"


class CursorError(Exception):
    """A cursor that is none of ours, or of another order."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. descending: the greatest first. after: cursor of the page before."""

    search: str = ""
    state: State | None = None
    attention: bool | None = None
    tag: str = ""
    sort: Sort = Sort.ID
    descending: bool = False
    limit: int = 100
    after: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page, how many there are over all pages, and where the next one begins ("" = no more)."""

    rows: Sequence[Row]
    total: int
    next: str


BY_SITE: Callable[[Row], str] = attrgetter("site")
# By value alone: of a stable sort of rows that are in order of their ids, ties are too.
VALUES: dict[Sort, Callable[[Row], float | str]] = {
    Sort.NAME: attrgetter("folded_name"),
    Sort.LAST_SEEN: attrgetter("last_seen_s"),
    Sort.POWER: attrgetter("power_w"),
    Sort.LOAD: attrgetter("load_percent"),
    Sort.ATTENTION: attrgetter("rank"),
}
STATES: dict[State, Callable[[Row], bool]] = {
    State.ONLINE: lambda row: row.is_online,
    State.OFFLINE: lambda row: row.doing is Doing.OFFLINE,
    State.CHARGING: lambda row: row.doing is Doing.CHARGING,
    State.PLUGGED: lambda row: row.doing is Doing.PLUGGED,
    State.IDLE: lambda row: row.doing is Doing.IDLE,
    State.OFF: lambda row: row.doing is Doing.OFF,
    State.ATTENTION: lambda row: row.rank > 0,
}


Filter = tuple[frozenset[str] | None, State | None, bool | None, str, str]


@dataclass(slots=True)
class _Order:
    rows: list[Row]
    made_s: float
    _found: dict[Filter, list[Row]] = field(default_factory=dict)

    def filtered(self, query: Query, sight: Sight) -> list[Row]:
        """Return the rows that fit, in order."""
        wanted = (sight.sites, query.state, query.attention, query.tag, query.search)
        rows = self._found.get(wanted)
        if rows is None:
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            rows = self._found[wanted] = _filtered(self.rows, query, sight)
        return rows


@dataclass(slots=True)
class Index:
    """Every site that is known, with its tenant. Times are monotonic seconds."""

    _rows: dict[str, Row] = field(default_factory=dict)
    _orders: dict[tuple[str, Sort], _Order] = field(default_factory=dict)

    def put(self, row: Row) -> None:
        """Take a site as it is now; orders that were made show it within a second."""
        self._rows[row.site] = row

    def forget_orders(self) -> None:
        """Let the next list be in order anew: somebody changed a name and looks for it."""
        self._orders.clear()

    def get(self, site: str) -> Row | None:
        """Return a site, None for one never put."""
        return self._rows.get(site)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def seen_by(self, sight: Sight) -> list[Row]:
        """Return what somebody may see."""
        return [row for row in self._rows.values() if sight.covers(row.site, row.tenant)]

    def find(self, query: Query, sight: Sight, now_s: float) -> Found:
        """Return a page of what somebody looks for. Raises CursorError."""
        key = _key(query.sort)
        position = _position(query)
        rows = self._ordered(sight.tenant, query.sort, now_s).filtered(query, sight)
        if query.descending:
            end = len(rows) if position is None else bisect_left(rows, position, key=key)
            page = rows[max(0, end - query.limit) : end][::-1]
            has_more = end > query.limit
        else:
            start = 0 if position is None else bisect_right(rows, position, key=key)
            page = rows[start : start + query.limit]
            has_more = start + query.limit < len(rows)
        return Found(page, len(rows), _cursor(query, key(page[-1])) if page and has_more else "")

    def _ordered(self, tenant: str, sort: Sort, now_s: float) -> _Order:
        order = self._orders.get((tenant, sort))
        if order is None or not 0 <= now_s - order.made_s < ORDER_FOR_S:
            rows = [row for row in self._rows.values() if row.tenant == tenant]
            rows.sort(key=BY_SITE)
            if sort is not Sort.ID:
                rows.sort(key=VALUES[sort])
            order = _Order(rows, now_s)
            self._orders[tenant, sort] = order
        return order


def counted(rows: Iterable[Row]) -> dict[State, int]:
    """Return how many sites each filter finds."""
    doing: Counter[Doing] = Counter()
    online = needing = 0
    for row in rows:
        doing[row.doing] += 1
        online += row.is_online
        needing += row.rank > 0
    of_doing = {State(one.value): doing[one] for one in Doing}
    return {State.ONLINE: online, State.ATTENTION: needing} | of_doing


def _filtered(rows: list[Row], query: Query, sight: Sight) -> list[Row]:
    if sight.sites is not None:
        sites = sight.sites
        rows = [row for row in rows if row.site in sites]
    if query.state is not None:
        is_so = STATES[query.state]
        rows = [row for row in rows if is_so(row)]
    if query.attention is not None:
        rows = [row for row in rows if (row.rank > 0) is query.attention]
    if query.tag:
        rows = [row for row in rows if query.tag in row.entry.tags]
    for word in query.search.casefold().split():
        rows = [row for row in rows if word in row.text]
    return rows


def _key(sort: Sort) -> Callable[[Row], Key]:
    """Return what tells a row's place in an order."""
    if sort is Sort.ID:
        return lambda row: ("", row.site)
    value = VALUES[sort]
    return lambda row: (value(row), row.site)


def _cursor(query: Query, key: Key) -> str:
    told = json.dumps([query.sort, query.descending, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _position(query: Query) -> Key | None:
    if not query.after:
        return None
    padded = query.after + "=" * (-len(query.after) % 4)
    try:
        sort, is_descending, value, site = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError) as error:
        raise CursorError(f"{query.after!r} is no cursor of ours") from error
    is_text = query.sort in {Sort.ID, Sort.NAME}
    if (sort, is_descending) != (query.sort, query.descending) or not isinstance(site, str):
        raise CursorError(f"{query.after!r} is the cursor of another order")
    if not (isinstance(value, str) if is_text else isinstance(value, int | float)):
        raise CursorError(f"{query.after!r} is no cursor of ours")
    return value, site
