"""Tariff and market -> what a kWh costs per quarter-hour, and what is reckoned with beyond. Pure.

Prices of tomorrow come at noon today, and a car may leave later than the last known price. Then
the price of the same quarter-hour a week before counts, with a margin: what is known is preferred
to what is guessed, and the plan is made anew when the prices are there.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.planning.core.site import Prices, Trusted
from smart_charging.planning.core.slots import SLOT_S, Slots
from smart_charging.prices.core.retail import (
    FeedInTariff,
    ImportTariff,
    feed_in_prices,
    import_prices,
)
from smart_charging.prices.core.series import Series, onto
from smart_charging.provider.core.errors import SetUpError

BACK = timedelta(hours=36)  # of the past a site is told, for the costs of what it has charged
AHEAD = timedelta(hours=84)  # the longest plan, and twelve hours until the table is made anew
WEEK = timedelta(days=7)
MARGIN = 0.1  # of a guessed price
SAME = 1e-3  # per kWh: prices that differ by less are one price
FLAT = 0.30  # per kWh where nothing at all is known: only sun and time are weighed then


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Both sides of what a site pays. bought None = no tariff was ever set."""

    bought: ImportTariff | None
    fed_in: FeedInTariff | None
    currency: str


@dataclass(frozen=True, slots=True)
class Table:
    """Prices and CO2 by quarter-hour from first_s (Unix seconds) on; NaN = not known.

    guessed_*: what is reckoned with where a price is not known; NaN where nothing can be guessed.
    """

    first_s: int
    bought: Floats
    sold: Floats
    co2: Floats
    guessed_bought: Floats
    guessed_sold: Floats
    guessed_co2: Floats
    currency: str
    price: Trusted
    carbon: Trusted
    problem: str = ""

    @property
    def end_s(self) -> int:
        """Return the instant after the last quarter-hour."""
        return self.first_s + SLOT_S * len(self.bought)

    def part(self, since_s: float, until_s: float) -> "Table":
        """Return the quarter-hours from one instant to another, as far as they are here."""
        first = max(0, int((since_s - self.first_s) // SLOT_S))
        last = max(first, -int((self.first_s - until_s) // SLOT_S))
        cut = slice(first, last)
        return replace(
            self,
            first_s=self.first_s + SLOT_S * first,
            bought=self.bought[cut],
            sold=self.sold[cut],
            co2=self.co2[cut],
        )

    def known_until_s(self, since_s: float) -> float | None:
        """Return how far the price is known without a hole from an instant on; None = it is not."""
        at = int((since_s - self.first_s) // SLOT_S)
        if not 0 <= at < len(self.bought) or not np.isfinite(self.bought[at]):
            return None
        holes = np.flatnonzero(~np.isfinite(self.bought[at:]))
        count = int(holes[0]) if len(holes) else len(self.bought) - at
        return float(self.first_s + SLOT_S * (at + count))


@dataclass(frozen=True, slots=True)
class Quotes:
    """What is held of the markets a tariff follows, and how far it may be trusted."""

    market: Series | None
    co2: Series | None
    price: Trusted
    carbon: Trusted


def tabled(tariffs: Tariffs, quotes: Quotes, now: datetime) -> Table:
    """Return what a tariff costs from 36 h ago to 84 h ahead."""
    market, co2 = quotes.market, quotes.co2
    first_s = int((now - BACK).timestamp()) // 3600 * 3600
    count = int((BACK + AHEAD).total_seconds()) // SLOT_S
    cuts = _cuts(first_s, count)
    bought, sold, problem = _both(tariffs, market, cuts)
    grams = _values(co2, cuts)
    guess = _guessed(tariffs, market, co2, cuts, (bought, sold, grams))
    return Table(
        first_s, bought, sold, grams, *guess, tariffs.currency, quotes.price, quotes.carbon, problem
    )


def prices_on(table: Table, slots: Slots) -> Prices:
    """Return the prices of a plan's slots. What the table does not cover is not known."""
    at = (slots.quarter_s - table.first_s) // SLOT_S
    count = slots.count
    known = (table.bought, table.sold, table.co2)
    shown = np.vstack([_cut(values, at, count) for values in known])
    guess = (
        _cut(table.guessed_bought, at, count),
        _cut(table.guessed_sold, at, count),
        _cut(table.guessed_co2, at, count),
    )
    bought = _filled(shown[0], guess[0], FLAT)
    sold = _filled(shown[1], guess[1], 0.0)
    co2 = _filled(shown[2], guess[2], 0.0) if np.isfinite(guess[2]).any() else None
    price = replace(table.price, known_until_s=table.known_until_s(slots.start_s))
    if price.known_until_s is None and price.freshness != "missing":
        price = replace(price, freshness="missing")
    elif (
        price.known_until_s is not None and price.known_until_s < slots.end_s and not price.problem
    ):
        price = replace(price, problem="later prices: those of a week ago, and a tenth more")
    for values in (bought, sold, shown):
        values.setflags(write=False)
    inputs = (price, table.carbon)
    return Prices(bought, sold, co2, shown, table.currency, inputs, bool(np.ptp(bought) < SAME))


def is_other(old: Table, new: Table) -> bool:
    """Return whether a new table says something else than an old one, or more."""
    if old.currency != new.currency:
        return True
    for before, after in ((old.bought, new.bought), (old.sold, new.sold), (old.co2, new.co2)):
        shift = (new.first_s - old.first_s) // SLOT_S
        was = _cut(before, shift, len(after))
        is_same = (was == after) | np.isnan(after)
        # In currency per kWh the sixth digit is nobody's money.
        is_same |= np.abs(was - after) < 1e-6
        if not is_same.all() and not _only_time_went_by(was, is_same, old, new):
            return True
    return False


def _only_time_went_by(was: Floats, is_same: Floats, old: Table, new: Table) -> bool:
    """Return whether all that is new lies beyond the old table's end."""
    beyond = max(0, (old.end_s - new.first_s) // SLOT_S)
    return bool(is_same[:beyond].all()) and bool(np.isnan(was[beyond:]).all())


def _both(
    tariffs: Tariffs, market: Series | None, cuts: tuple[datetime, ...]
) -> tuple[Floats, Floats, str]:
    unknown = np.full(len(cuts) - 1, np.nan)
    bought, sold, problem = unknown, unknown, ""
    try:
        if tariffs.bought is not None:
            bought = _values(import_prices(tariffs.bought, market, cuts[0], cuts[-1]), cuts)
    except SetUpError as error:
        problem = str(error)
    try:
        if tariffs.fed_in is not None:
            sold = _values(feed_in_prices(tariffs.fed_in, market, cuts[0], cuts[-1]), cuts)
    except SetUpError as error:
        problem = problem or str(error)
    return bought, sold, problem


def _guessed(
    tariffs: Tariffs, market: Series | None, co2: Series | None, cuts: tuple[datetime, ...],
    known: tuple[Floats, Floats, Floats],
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    if all(np.isfinite(values).all() for values in known):
        return known
    ago = tuple(cut - WEEK for cut in cuts)
    bought, sold, _ = _both(tariffs, market, ago)
    before = (bought + MARGIN * np.abs(bought), sold - MARGIN * np.abs(sold), _values(co2, ago))
    return tuple(map(_completed, known, before))  # type: ignore[return-value]  # three, as given


def _completed(known: Floats, week_ago: Floats) -> Floats:
    """Return values with holes filled from a week ago, else from the mean of what is known."""
    values = np.where(np.isfinite(known), known, week_ago)
    held = known[np.isfinite(known)]
    mean = float(held.mean()) if len(held) else float("nan")
    return np.where(np.isfinite(values), values, mean + MARGIN * abs(mean))


def _values(series: Series | None, cuts: tuple[datetime, ...]) -> Floats:
    if series is None:
        return np.full(len(cuts) - 1, np.nan)
    return np.array([np.nan if v is None else float(v) for v in onto(series, cuts)])


def _filled(shown: Floats, guess: Floats, otherwise: float) -> Floats:
    values = np.where(np.isfinite(shown), shown, guess)
    return np.where(np.isfinite(values), values, otherwise)


def _cut(values: Floats, at: int, count: int) -> Floats:
    """Return so many values from an index on; NaN where there are none."""
    out = np.full(count, np.nan)
    first, last = max(0, at), min(len(values), at + count)
    if first < last:
        out[first - at : last - at] = values[first:last]
    return out


def _cuts(first_s: int, count: int) -> tuple[datetime, ...]:
    return tuple(datetime.fromtimestamp(first_s + SLOT_S * n, UTC) for n in range(count + 1))
