"""ENTSO-E transparency platform: day-ahead prices, document A44 (XML)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from smart_charging.prices.core.markup import Element, tree
from smart_charging.prices.core.series import Interval, Series, ordered, overlaid
from smart_charging.prices.core.units import inner
from smart_charging.provider.core.decoding import instant, number
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "entsoe"
NO_DATA = "999"  # code of the reason in an acknowledgement
RESOLUTIONS = {
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT60M": timedelta(hours=1),
    "PT1H": timedelta(hours=1),
}
VARIABLE_BLOCKS = "A03"  # a point that repeats the one before it is left out
SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"

# Energy identification codes of the bidding zones; an unlisted code may be given itself.
AREAS = {
    "AT": "10YAT-APG------L", "BE": "10YBE----------2", "BG": "10YCA-BULGARIA-R",
    "CH": "10YCH-SWISSGRIDZ", "CZ": "10YCZ-CEPS-----N", "DE-LU": "10Y1001A1001A82H",
    "DK1": "10YDK-1--------W", "DK2": "10YDK-2--------M", "EE": "10Y1001A1001A39I",
    "ES": "10YES-REE------0", "FI": "10YFI-1--------U", "FR": "10YFR-RTE------C",
    "GR": "10YGR-HTSO-----Y", "HR": "10YHR-HEP------M", "HU": "10YHU-MAVIR----U",
    "IT-North": "10Y1001A1001A73I", "LT": "10YLT-1001A0008Q", "LV": "10YLV-1001A00074",
    "NL": "10YNL----------L", "NO1": "10YNO-1--------2", "NO2": "10YNO-2--------T",
    "NO3": "10YNO-3--------J", "NO4": "10YNO-4--------9", "NO5": "10Y1001A1001A48H",
    "PL": "10YPL-AREA-----S", "PT": "10YPT-REN------W", "RO": "10YRO-TEL------P",
    "SE1": "10Y1001A1001A44P", "SE2": "10Y1001A1001A45N", "SE3": "10Y1001A1001A46L",
    "SE4": "10Y1001A1001A47J", "SI": "10YSI-ELES-----O", "SK": "10YSK-SEPS-----K",
}  # fmt: skip


def read(body: bytes, zone: str) -> Series:
    """Return the first auction's prices.

    Series of a later auction (classification sequence 2: the Austrian one at 10:15) are kept out,
    also while the first is not there yet. Where one auction comes in two resolutions, the finer
    wins. Raises NotPublishedError for "no data" and AnswerError for all that is no price document.
    """
    document = tree(body)
    if document.name == "Acknowledgement_MarketDocument":
        _raise_reason(document)
    if document.name != "Publication_MarketDocument":
        raise AnswerError(f"the answer is <{document.name[:40]}>, expected a price document")
    found = [s for s in document.all("TimeSeries") if s.text(SEQUENCE, default="1") == "1"]
    parts = [part for series in found for part in _parts(series, zone)]
    if not parts:
        raise NotPublishedError(f"ENTSO-E has no prices of the first auction for {zone} yet")
    if len({unit for _, unit, _ in parts}) > 1:
        raise AnswerError("the answer mixes currencies")
    return _laid_together(parts, Series(NAME, zone, parts[0][1], ()))


Part = tuple[timedelta, str, list[Interval]]


def _laid_together(parts: list[Part], series: Series) -> Series:
    for resolution in sorted({step for step, _, _ in parts}, reverse=True):
        same = [i for step, _, held in parts if step == resolution for i in held]
        series = overlaid(series, replace(series, intervals=ordered(same)))
    return series


def _parts(series: Element, zone: str) -> Iterator[Part]:
    for name in ("in_Domain.mRID", "out_Domain.mRID"):
        area = series.text(name, default="")
        if area and area != AREAS.get(zone, zone):
            raise AnswerError(f"the answer is about {area[:20]}, asked was {zone}")
    currency = series.text("currency_Unit.name")
    unit, factor = inner(f"{currency}/{series.text('price_Measure_Unit.name')}")
    carries_on = series.text("curveType", default="A01") == VARIABLE_BLOCKS
    for period in series.all("Period"):
        raw = period.text("resolution")
        if raw not in RESOLUTIONS:
            raise AnswerError(f"resolution {raw[:20]!r} is none of {', '.join(RESOLUTIONS)}")
        step = RESOLUTIONS[raw]
        yield step, unit, list(_intervals(period, step, factor, carries_on=carries_on))


def _intervals(
    period: Element, step: timedelta, factor: Decimal, *, carries_on: bool
) -> Iterator[Interval]:
    start = instant(period.text("timeInterval", "start"), "start of the period")
    end = instant(period.text("timeInterval", "end"), "end of the period")
    count, rest = divmod(end - start, step)
    if rest or not 1 <= count <= 36_000:
        raise AnswerError(f"a period from {start} to {end} does not hold whole steps of {step}")
    points = [_point(point, count) for point in period.all("Point")]
    positions = [position for position, _ in points]
    if positions != sorted(set(positions)):
        raise AnswerError("the positions of a period do not rise")
    for index, (position, value) in enumerate(points):
        following = positions[index + 1] if index + 1 < len(points) else count + 1
        upto = following if carries_on else position + 1
        for at in range(position, upto):
            yield _interval(start, step, at, value * factor)


def _point(point: Element, count: int) -> tuple[int, Decimal]:
    raw = point.text("position")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 7 and 1 <= int(raw) <= count):
        raise AnswerError(f"position {raw[:20]!r} is not within 1..{count}")
    return int(raw), number(point.text("price.amount"), "price.amount")


def _interval(start: datetime, step: timedelta, position: int, value: Decimal) -> Interval:
    at = start + (position - 1) * step
    return Interval(at, at + step, value)


def _raise_reason(document: Element) -> None:
    reasons = document.all("Reason")
    code = reasons[0].text("code", default="") if reasons else ""
    words = reasons[0].text("text", default="") if reasons else ""
    if code == NO_DATA and "no matching data" in words.lower():
        raise NotPublishedError("ENTSO-E has no data for this time yet")
    raise AnswerError(f"ENTSO-E refuses the question: {code[:10]} {words[:200]}")
