"""Electricity Maps: forecast of the CO2 intensity of a zone's electricity."""

from smart_charging.prices.core.points import ended_by_neighbours
from smart_charging.prices.core.series import Scope, Series, Trust, ordered
from smart_charging.prices.core.units import CO2
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "electricity-maps"


def read(body: bytes, zone: str) -> Series:
    """Return g CO2-equivalent per kWh. Raises AnswerError and NotPublishedError."""
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    if answer.get("zone", zone) != zone:
        raise AnswerError(f"the answer is about {str(answer['zone'])[:20]}, asked was {zone}")
    points = []
    for item in decoding.rows(answer.get("forecast"), "forecast"):
        row = decoding.mapping(item, "a row of forecast")
        raw = row.get("carbonIntensity")
        value = None if raw is None else decoding.number(raw, "carbonIntensity")
        points.append((decoding.instant(row.get("datetime"), "datetime"), value))
    intervals = ordered(ended_by_neighbours(points))
    if not intervals:
        raise NotPublishedError(f"Electricity Maps has no forecast for {zone} yet")
    return Series(NAME, zone, CO2, intervals, Scope.CO2, Trust.ESTIMATE)
