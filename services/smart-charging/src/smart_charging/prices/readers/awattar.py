"""aWATTar (AT, DE): day-ahead prices of its hourly tariff."""

from smart_charging.prices.core.series import Interval, Series, ordered
from smart_charging.prices.core.units import inner
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "awattar"


def read(body: bytes, zone: str) -> Series:
    """Return the prices; a row's length is its own end minus its start.

    Raises AnswerError, and NotPublishedError for an empty list.
    """
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    intervals, units = [], set()
    for item in decoding.rows(answer.get("data"), "data"):
        row = decoding.mapping(item, "a row of data")
        unit, factor = inner(decoding.text(row.get("unit"), "unit"))
        units.add(unit)
        start = decoding.unix_instant(row.get("start_timestamp"), "start", per_second=1000)
        end = decoding.unix_instant(row.get("end_timestamp"), "end", per_second=1000)
        price = decoding.number(row.get("marketprice"), "marketprice") * factor
        if not start < end <= start + decoding.LONGEST_STEP:
            raise AnswerError(f"the row at {start} ends at {end}, expected within the hour")
        intervals.append(Interval(start, end, price))
    if not intervals:
        raise NotPublishedError(f"aWATTar has no prices for {zone} yet")
    if len(units) > 1:
        raise AnswerError("the answer mixes currencies")
    return Series(NAME, zone, units.pop(), ordered(intervals))
