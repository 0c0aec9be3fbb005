"""Open-Meteo: forecast by quarter-hours. Pure.

Irradiance is the mean of the quarter-hour before its time; temperature and wind are values at it.
"""

from smart_charging.core.grid import QUARTER_S
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError
from smart_charging.solar.core.place import Cell
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.readers import columns

NAME = "open-meteo"
FIELDS = {
    "shortwave_radiation": Quantity.GHI,
    "direct_normal_irradiance": Quantity.DNI,
    "diffuse_radiation": Quantity.DHI,
    "temperature_2m": Quantity.AIR,
    "wind_speed_10m": Quantity.WIND,
}
UNITS = {"temperature_2m": "°C", "wind_speed_10m": "m/s"}


def read(body: bytes, cell: Cell) -> Series:
    """Return the weather of a cell. Raises AnswerError."""
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    if answer.get("error") is True:
        raise AnswerError(f"Open-Meteo: {str(answer.get('reason'))[:120]}")
    columns.near(
        columns.number(answer.get("latitude"), "latitude"),
        columns.number(answer.get("longitude"), "longitude"),
        (cell.latitude_deg, cell.longitude_deg),
    )
    units = decoding.mapping(answer.get("minutely_15_units", {}), "minutely_15_units")
    for name, unit in UNITS.items():
        if units.get(name, unit) != unit:
            raise AnswerError(f"{name} in {str(units[name])[:10]!r}, asked was {unit}")
    table = decoding.mapping(answer.get("minutely_15"), "minutely_15")
    times = decoding.rows(table.get("time"), "time")
    told = {q: decoding.rows(table[name], name) for name, q in FIELDS.items() if name in table}
    if Quantity.GHI not in told:
        raise AnswerError("the answer has no shortwave_radiation")
    if any(len(column) != len(times) for column in told.values()):
        raise AnswerError("columns of different lengths")
    rows = []
    for index, time in enumerate(times):
        end = columns.seconds(decoding.unix_instant(time, "time"))
        values = {q: columns.number(column[index], q) for q, column in told.items()}
        rows.append((end - QUARTER_S, end, values))
    return columns.series(NAME, rows)
