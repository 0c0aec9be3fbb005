"""Energy-Charts (Fraunhofer ISE): day-ahead prices per bidding zone."""

from smart_charging.prices.core.points import ended_by_neighbours
from smart_charging.prices.core.series import Series, ordered
from smart_charging.prices.core.units import inner
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "energy-charts"


def read(body: bytes, zone: str) -> Series:
    """Return the prices; `null` is a hole. Raises AnswerError and NotPublishedError."""
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    unit, factor = inner(decoding.text(answer.get("unit"), "unit"))
    times = decoding.rows(answer.get("unix_seconds"), "unix_seconds")
    prices = decoding.rows(answer.get("price"), "price")
    if len(times) != len(prices):
        raise AnswerError(f"{len(times)} times and {len(prices)} prices do not match")
    points = [
        (
            decoding.unix_instant(at, "unix_seconds"),
            None if price is None else decoding.number(price, "price") * factor,
        )
        for at, price in zip(times, prices, strict=True)
    ]
    intervals = ordered(ended_by_neighbours(points))
    if not intervals:
        raise NotPublishedError(f"Energy-Charts has no prices for {zone} yet")
    return Series(NAME, zone, unit, intervals)
