"""Tibber: the all-in price of one home (GraphQL)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from smart_charging.prices.core.points import ended_by_neighbours
from smart_charging.prices.core.series import Scope, Series, ordered
from smart_charging.prices.core.units import price_unit
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import (
    AnswerError,
    NotPublishedError,
    RefusedByProviderError,
)

NAME = "tibber"
FIELDS = "{ total energy tax startsAt currency }"
QUERY = (
    "query ($home: ID!) { viewer { home(id: $home) { currentSubscription {"
    f" priceInfo(resolution: QUARTER_HOURLY) {{ today {FIELDS} tomorrow {FIELDS} }} }} }} }} }}"
)


def read(body: bytes, zone: str) -> Series:
    """Return today's and, once there, tomorrow's total price in the home's currency.

    zone: the id of the home. Raises RefusedByProviderError for `errors` in an answer of status
    200, NotPublishedError for a home without prices, and AnswerError.
    """
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    if answer.get("errors"):
        raise RefusedByProviderError(f"Tibber refuses: {_first_message(answer['errors'])}")
    inside = answer
    for name in ("data", "viewer", "home", "currentSubscription", "priceInfo"):
        below = inside.get(name)
        if below is None and name in {"currentSubscription", "home"}:
            raise AnswerError(f"Tibber knows no {name} for home {zone}")
        inside = decoding.mapping(below, name)
    priced = list(_priced(inside))
    if not priced:
        raise NotPublishedError(f"Tibber has no prices for home {zone} yet")
    currencies = {currency for _, _, currency in priced}
    if len(currencies) > 1:
        raise AnswerError("the answer mixes currencies")
    points = [(start, total) for start, total, _ in priced]
    intervals = ordered(ended_by_neighbours(points))
    return Series(NAME, zone, price_unit(currencies.pop()), intervals, Scope.ALL_IN)


def _priced(info: dict[str, decoding.Json]) -> Iterator[tuple[datetime, Decimal | None, str]]:
    for name in ("today", "tomorrow"):
        for item in decoding.rows(info.get(name) or [], name):
            row = decoding.mapping(item, f"a row of {name}")
            total = row.get("total")
            yield (
                decoding.instant(row.get("startsAt"), "startsAt"),
                None if total is None else decoding.number(total, "total"),
                decoding.text(row.get("currency"), "currency"),
            )


def _first_message(errors: decoding.Json) -> str:
    first = errors[0] if isinstance(errors, list) and errors else errors
    message = first.get("message") if isinstance(first, dict) else first
    return str(message)[:200]
