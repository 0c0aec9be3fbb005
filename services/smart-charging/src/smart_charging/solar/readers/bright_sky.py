"""Bright Sky: the DWD's MOSMIX forecasts and observations by the hour. Pure.

`solar` is the energy of the hour before its time, kWh/m2, and null in far hours, where the cloud
cover has to do.
"""

from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError
from smart_charging.solar.core.place import Cell
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.readers import columns

NAME = "bright-sky"
HOUR_S = 3600
KMH_PER_M_S = 3.6


def read(body: bytes, cell: Cell) -> Series:
    """Return the weather of a cell. Raises AnswerError."""
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    for row in decoding.rows(answer.get("sources", []), "sources")[:1]:
        source = decoding.mapping(row, "a source")
        columns.near(
            columns.number(source.get("lat"), "lat"),
            columns.number(source.get("lon"), "lon"),
            (cell.latitude_deg, cell.longitude_deg),
        )
    rows = []
    for row in decoding.rows(answer.get("weather"), "weather"):
        hour = decoding.mapping(row, "an hour")
        end = columns.seconds(decoding.instant(hour.get("timestamp"), "timestamp"))
        rows.append((end - HOUR_S, end, _values(hour)))
    if not rows:
        raise AnswerError("the answer has no hours")
    return columns.series(NAME, rows)


def _values(hour: dict[str, decoding.Json]) -> dict[Quantity, float]:
    return {
        Quantity.GHI: 1000 * columns.number(hour.get("solar"), "solar"),
        Quantity.CLOUD: columns.number(hour.get("cloud_cover"), "cloud_cover") / 100,
        Quantity.AIR: columns.number(hour.get("temperature"), "temperature"),
        Quantity.WIND: columns.number(hour.get("wind_speed"), "wind_speed") / KMH_PER_M_S,
    }
