"""Nord Pool's public data portal: one delivery day of one area."""

from datetime import timedelta

from smart_charging.prices.core.series import Interval, Series, ordered
from smart_charging.prices.core.units import inner
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "nord-pool"
ENERGY = "MWh"


def read(body: bytes, zone: str) -> Series:
    """Return the prices of an area in euro, or the currency the answer names.

    Raises NotPublishedError for an empty answer (before the release), AnswerError for one that
    is about other areas or another market.
    """
    if not body.strip():
        raise NotPublishedError(f"Nord Pool has no prices for {zone} yet")
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    market = answer.get("market", "DayAhead")
    if market != "DayAhead":
        raise AnswerError(f"market {str(market)[:20]!r} is not DayAhead")
    unit, factor = inner(f"{decoding.text(answer.get('currency', 'EUR'), 'currency')}/{ENERGY}")
    entries = decoding.rows(answer.get("multiAreaEntries"), "multiAreaEntries")
    intervals = [_interval(entry, zone) for entry in entries]
    known = [Interval(i.start, i.end, i.value * factor) for i in intervals if i is not None]
    if not known:
        raise NotPublishedError(f"Nord Pool has no prices for {zone} yet")
    return Series(NAME, zone, unit, ordered(known))


def _interval(entry: decoding.Json, zone: str) -> Interval | None:
    row = decoding.mapping(entry, "an entry")
    areas = decoding.mapping(row.get("entryPerArea"), "entryPerArea")
    if zone not in areas:
        raise AnswerError(f"the answer is about {', '.join(areas)[:60]}, not {zone}")
    start = decoding.instant(row.get("deliveryStart"), "deliveryStart")
    end = decoding.instant(row.get("deliveryEnd"), "deliveryEnd")
    if not timedelta(0) < end - start <= decoding.LONGEST_STEP:
        raise AnswerError(f"the entry at {start} ends at {end}, expected within the hour")
    price = areas[zone]
    return None if price is None else Interval(start, end, decoding.number(price, zone))
