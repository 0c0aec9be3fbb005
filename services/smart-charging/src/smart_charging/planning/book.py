"""Every tariff's table of prices, made once and shared by its sites; its series has revisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.planning.core.pricing import Quotes, Table, is_other, prices_on, tabled
from smart_charging.planning.core.site import Prices, Trusted
from smart_charging.planning.core.slots import Slots
from smart_charging.planning.markets import Markets, Quoted, with_problem
from smart_charging.planning.messages import series_message, shared_part
from smart_charging.planning.metrics import HORIZON, TARIFFS
from smart_charging.planning.tariffs import Terms, opened
from smart_charging.provider.core.release import Freshness
from volthus_kit.clock import Clock
from volthus_wire.v1.planning_pb2 import PriceSeries

RENEWED_S = 12 * 3600.0
MOST_SHARED = 4  # starts of plans whose shared part is kept, by tariff


@dataclass(slots=True)
class Entry:
    """One tariff: its terms, its table, and the series sites are told."""

    terms: Terms
    table: Table
    market: Quoted  # what both markets said when the table was made
    co2: Quoted
    made_s: float
    revision: int
    body: bytes  # the message PriceSeries
    has_prices: bool  # is there anything to tell? not one price is known of a dead market
    shared: dict[Slots, tuple[Prices, bytes]]


class Book:
    """Tables by tariff. Called by one thread at a time; reading an entry is safe in any."""

    def __init__(self, markets: Markets, clock: Clock, known: dict[str, tuple[int, bytes]]) -> None:
        self._markets, self._clock = markets, clock
        self._known = dict(known)  # of before the restart: series -> revision, message
        self._entries: dict[bytes, Entry] = {}
        self._terms: dict[bytes, Terms] = {}
        self.changed: list[tuple[str, int, bytes]] = []  # series not stored yet

    def terms(self, tariff: bytes) -> Terms:
        """Return the terms of a tariff's key."""
        known = self._terms.get(tariff)
        if known is None:
            known = self._terms[tariff] = opened(tariff)
        return known

    def want(self, tariffs: Iterable[bytes]) -> None:
        """Say which tariffs there are; all others are forgotten, their markets not asked."""
        kept = set(tariffs)
        for held in (self._entries, self._terms):
            for tariff in held.keys() - kept:
                del held[tariff]
        terms = [self.terms(tariff) for tariff in kept]
        followed = {m for each in terms for m in (each.market, each.co2) if m is not None}
        self._markets.want(followed)

    def count(self, now_s: float) -> None:
        """Tell the metrics how far prices are known."""
        entries = [entry for tariff, entry in self._entries.items() if tariff]
        known = [entry.table.known_until_s(now_s) or now_s for entry in entries]
        HORIZON.set(min(known, default=now_s) - now_s)
        for freshness in Freshness:
            count = sum(1 for entry in entries if entry.table.price.freshness == freshness)
            TARIFFS.labels(freshness).set(count)

    def held(self, tariff: bytes) -> Entry | None:
        """Return what was made last of a tariff; None = nothing yet."""
        return self._entries.get(tariff)

    def is_stale(self, tariff: bytes) -> bool:
        """Return whether the markets of a tariff know something else than its table."""
        entry = self._entries.get(tariff)
        if entry is None:
            return True
        market = self._markets.quote(entry.terms.market, "price")
        co2 = self._markets.quote(entry.terms.co2, "co2")
        return (
            market.series is not entry.market.series
            or co2.series is not entry.co2.series
            or market.trusted.freshness != entry.market.trusted.freshness
            or not 0 <= self._clock.now().timestamp() - entry.made_s < RENEWED_S
        )

    def entry(self, tariff: bytes) -> Entry:
        """Return a tariff's entry, made anew where its markets have changed."""
        entry = self._entries.get(tariff)
        if entry is None or self.is_stale(tariff) or self._is_told_otherwise(entry):
            entry = self._entries[tariff] = self._made(tariff, entry)
        return entry

    def _is_told_otherwise(self, entry: Entry) -> bool:
        """Return whether a market says another problem: worth naming, not worth a new plan."""
        market = self._markets.quote(entry.terms.market, "price")
        return market.trusted.problem != entry.market.trusted.problem

    def shared(self, tariff: bytes, slots: Slots) -> tuple[Prices, bytes]:
        """Return prices on a plan's slots, and what its plans have in common as bytes.

        From the entry as it was made last: `entry` makes it anew.
        """
        entry = self._entries.get(tariff) or self.entry(tariff)
        made = entry.shared.get(slots)
        if made is None:
            prices = prices_on(entry.table, slots)
            made = entry.shared[slots] = prices, shared_part(slots, prices)
            while len(entry.shared) > MOST_SHARED:
                del entry.shared[next(iter(entry.shared))]
        return made

    def preview(self, terms: Terms) -> Table:
        """Return the table of a tariff that nobody has yet, from what is held of its markets."""
        return self._table(terms)[0]

    def _made(self, tariff: bytes, old: Entry | None) -> Entry:
        terms = self.terms(tariff)
        table, market, co2 = self._table(terms)
        now_s = self._clock.now().timestamp()
        before = old.table if old is not None else self._told_before(terms.series, table)
        revision = old.revision if old is not None else self._known.get(terms.series, (0, b""))[0]
        is_new = before is None or is_other(before, table)
        if is_new or (old is not None and now_s - old.made_s >= RENEWED_S):
            revision = max(revision + 1, int(now_s))
        body = series_message(terms.series, revision, table, now_s).SerializeToString()
        self.changed.append((terms.series, revision, body))
        has_prices = bool(np.isfinite(table.bought).any())
        return Entry(terms, table, market, co2, now_s, revision, body, has_prices, {})

    def _table(self, terms: Terms) -> tuple[Table, Quoted, Quoted]:
        market = self._markets.quote(terms.market, "price")
        co2 = self._markets.quote(terms.co2, "co2")
        price = market.trusted
        if terms.market is None and terms.tariffs.bought is not None:
            price = Trusted("price", "tariff", "fresh")
        now = self._clock.now()
        quotes = Quotes(market.series, co2.series, price, co2.trusted)
        table = tabled(terms.tariffs, quotes, now)
        price = with_problem(table.price, terms.problem or table.problem)
        if not np.isfinite(table.bought).any():
            price = replace(price, freshness="missing")
        return replace(table, price=price), market, co2

    def _told_before(self, series: str, table: Table) -> Table | None:
        """Return what sites were told before the restart, as far as it matters here."""
        known = self._known.get(series)
        if known is None:
            return None
        told = PriceSeries.FromString(known[1])
        start_s = int(told.start.ToDatetime(tzinfo=UTC).timestamp())
        bought, sold = _row(told.import_price), _row(told.export_price)
        co2 = _row(told.co2_g_per_kwh)
        return Table(
            start_s, bought, sold, co2, bought, sold, co2, told.currency, table.price, table.carbon
        )


def _row(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)
