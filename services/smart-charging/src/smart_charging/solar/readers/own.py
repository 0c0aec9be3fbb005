"""Our own form, `weather-series/1`: for the cache, and for files of people. Pure."""

import json

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.readers import columns

FORMAT = "weather-series/1"
DIGITS = 4


def read(body: bytes) -> Series:
    """Return a series. Raises AnswerError for anything that is none."""
    return taken(decoding.parsed(body))


def taken(document: decoding.Json) -> Series:
    """Return a series from parsed JSON. Raises AnswerError."""
    answer = decoding.mapping(document, "the document")
    if answer.get("format") != FORMAT:
        raise AnswerError(f"the format is {str(answer.get('format'))[:30]!r}, expected {FORMAT!r}")
    times = [
        [columns.seconds(decoding.unix_instant(at, name)) for at in decoding.rows(told, name)]
        for name, told in ((n, answer.get(n)) for n in ("starts_s", "ends_s"))
    ]
    values = decoding.mapping(answer.get("values"), "values")
    told: dict[Quantity, Floats] = {}
    for name, column in values.items():
        if name not in set(Quantity):
            raise AnswerError(f"{name[:30]!r} is no quantity of {', '.join(Quantity)}")
        cells = [columns.number(cell, name) for cell in decoding.rows(column, name)]
        told[Quantity(name)] = np.array(cells, dtype=np.float64)
    if len({len(times[0]), len(times[1]), *(len(column) for column in told.values())}) != 1:
        raise AnswerError("columns of different lengths")
    starts, ends = (np.array(row, dtype=np.int64) for row in times)
    return Series(decoding.text(answer.get("source", "file"), "source"), starts, ends, told)


def document(series: Series) -> dict[str, decoding.Json]:
    """Return the series as JSON; NaN is null."""
    return {
        "format": FORMAT,
        "source": series.source,
        "starts_s": [int(at) for at in series.starts_s],
        "ends_s": [int(at) for at in series.ends_s],
        "values": {str(q): _cells(column) for q, column in series.values.items()},
    }


def written(series: Series) -> bytes:
    """Return the document as text."""
    return json.dumps(document(series), separators=(",", ":")).encode()


def _cells(column: Floats) -> list[decoding.Json]:
    return [round(float(v), DIGITS) if np.isfinite(v) else None for v in column]  # type: ignore[misc]  # JSON numbers that we write are floats
