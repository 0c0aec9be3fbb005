"""elprisetjustnu.se: one day of a Swedish area, without VAT."""

from datetime import timedelta

from smart_charging.prices.core.series import Interval, Series, ordered
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "elprisetjustnu"
ZONES = ("SE1", "SE2", "SE3", "SE4")


def read(body: bytes, zone: str) -> Series:
    """Return the prices in Swedish crowns; times carry the local offset.

    Raises AnswerError, and NotPublishedError for an empty day.
    """
    intervals = []
    for item in decoding.rows(decoding.parsed(body), "the answer"):
        row = decoding.mapping(item, "a row")
        start = decoding.instant(row.get("time_start"), "time_start")
        end = decoding.instant(row.get("time_end"), "time_end")
        if not timedelta(0) < end - start <= decoding.LONGEST_STEP:
            raise AnswerError(f"the row at {start} ends at {end}, expected within the hour")
        price = decoding.number(row.get("SEK_per_kWh"), "SEK_per_kWh")
        intervals.append(Interval(start, end, price))
    if not intervals:
        raise NotPublishedError(f"elprisetjustnu has no prices for {zone} yet")
    return Series(NAME, zone, "SEK/kWh", ordered(intervals))
