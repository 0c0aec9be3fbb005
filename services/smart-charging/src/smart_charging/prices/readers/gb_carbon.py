"""Carbon Intensity API of Great Britain: half-hours, forecast."""

from datetime import timedelta

from smart_charging.prices.core.series import Interval, Scope, Series, Trust, ordered
from smart_charging.prices.core.units import CO2
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "gb-carbon"


def read(body: bytes, zone: str) -> Series:
    """Return the forecast in g per kWh. Raises AnswerError and NotPublishedError."""
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    intervals = []
    for item in decoding.rows(answer.get("data"), "data"):
        row = decoding.mapping(item, "a row of data")
        start = decoding.instant(row.get("from"), "from")
        end = decoding.instant(row.get("to"), "to")
        if not timedelta(0) < end - start <= decoding.LONGEST_STEP:
            raise AnswerError(f"the row at {start} ends at {end}, expected within the hour")
        raw = decoding.mapping(row.get("intensity"), "intensity").get("forecast")
        if raw is not None:
            intervals.append(Interval(start, end, decoding.number(raw, "forecast")))
    if not intervals:
        raise NotPublishedError("the Carbon Intensity API has no forecast yet")
    return Series(NAME, zone, CO2, ordered(intervals), Scope.CO2, Trust.ESTIMATE)
