"""`price-series/1`: our own shape, for files, for programs that push prices, and for the cache."""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from smart_charging.prices.core.series import Interval, Scope, Series, Trust, ordered
from smart_charging.prices.core.units import CO2, inner
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError

NAME = "file"
FORMAT = "price-series/1"
LONGEST = timedelta(days=366)

Word = TypeVar("Word", bound=StrEnum)


def read(body: bytes, zone: str = "") -> Series:
    """Return the series of a document.

    zone: what it must be about where it says so; "" = any. Raises AnswerError, with the number
    of the interval that is wrong.
    """
    answer = decoding.mapping(decoding.parsed(body), "the document")
    if answer.get("format") != FORMAT:
        raise AnswerError(f"format is {str(answer.get('format'))[:40]!r}, expected {FORMAT!r}")
    said = decoding.text(answer.get("zone", zone), "zone")
    if zone and said != zone:
        raise AnswerError(f"the document is about zone {said[:40]!r}, expected {zone!r}")
    unit, factor = inner(decoding.text(answer.get("unit"), "unit"))
    scope = _one_of(Scope, answer.get("scope", "co2" if unit == CO2 else "market"))
    if (unit == CO2) is not (scope is Scope.CO2):
        raise AnswerError(f"scope {scope} does not go with the unit {unit}")
    intervals = []
    for index, item in enumerate(decoding.rows(answer.get("intervals"), "intervals")):
        row = decoding.mapping(item, f"interval {index}")
        start = decoding.instant(row.get("start"), f"start of interval {index}")
        end = decoding.instant(row.get("end"), f"end of interval {index}")
        if not timedelta(0) < end - start <= LONGEST:
            raise AnswerError(f"interval {index} starts at {start} and ends at {end}")
        value = decoding.number(row.get("value"), f"value of interval {index}")
        intervals.append(Interval(start, end, value * factor))
    trust = _one_of(Trust, answer.get("trust", "published"))
    source = decoding.text(answer.get("source", NAME), "source")[:64]
    return Series(source, said[:64], unit, ordered(intervals), scope, trust)


def written(series: Series) -> bytes:
    """Return a series as a document that `read` gives back unchanged."""
    document = {
        "format": FORMAT,
        "source": series.source,
        "zone": series.zone,
        "unit": series.unit,
        "scope": series.scope,
        "trust": series.trust,
        "revision": series.revision,
        "intervals": [
            {"start": stamp(i.start), "end": stamp(i.end), "value": str(i.value)}
            for i in series.intervals
        ],
    }
    return json.dumps(document).encode()


def stamp(moment: datetime) -> str:
    """Return RFC 3339 UTC with Z."""
    return moment.isoformat().replace("+00:00", "Z")


def _one_of(kind: type[Word], value: decoding.Json) -> Word:
    try:
        return kind(decoding.text(value, "scope or trust"))
    except ValueError as error:
        raise AnswerError(f"{str(value)[:20]!r} is none of {', '.join(kind)}") from error
