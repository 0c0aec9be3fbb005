"""Weather over cells on a grid: from what a source said, and from the usual where it is silent.

Pure. A mean over an hour is divided over its quarters as the clear sky would be, so that its
energy stays what it was. Every slot says where it comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats, Grid, laid
from smart_charging.solar.core import climatology
from smart_charging.solar.core.place import Place
from smart_charging.solar.core.roof import split
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.core.sun import Sky, Sun, clear_sky, sun, turbidity

Bases = NDArray[np.int8]
WIDER = 4  # quarters beside the grid: the rest of an hour that begins before it
DARK_W_M2 = 20.0  # below it a clear sky tells no shape


class Basis(IntEnum):
    """Where a slot's sun comes from."""

    WEATHER = 0  # a source's forecast
    CLIMATOLOGY = 1  # the usual: nobody told


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """All that roofs need, [cells, slots]."""

    above: Sun
    sky: Sky
    clear: Sky
    air_c: Floats
    wind_m_s: Floats
    basis: Bases


def weather(places: Sequence[Place], told: Sequence[Series | None], grid: Grid) -> Weather:
    """Return the weather of cells; told: what a source said of each, None = nothing.

    The places' cells count, so give one place of each cell; its altitude is the cell's.
    """
    wide = grid.widened(WIDER)
    usual = _usual(places, wide)
    for row, series in enumerate(told):
        if series is not None:
            _fill(usual, row, series, wide)
    return _inner(usual, slice(WIDER, WIDER + grid.slots))


def _usual(places: Sequence[Place], grid: Grid) -> Weather:
    cells, at_s = [place.cell for place in places], grid.middles_s
    above = sun(cells, at_s)
    clear = clear_sky(
        above, turbidity(cells, at_s), np.array([[place.altitude_m] for place in places])
    )
    return Weather(
        above=above,
        sky=split(clear.ghi * climatology.clearness(cells, at_s), above),
        clear=clear,
        air_c=climatology.air_c(cells, at_s),
        wind_m_s=np.full(above.up.shape, climatology.WIND_M_S),
        basis=np.full(above.up.shape, Basis.CLIMATOLOGY, dtype=np.int8),
    )


def _inner(wide: Weather, slots: slice) -> Weather:
    above, sky, clear = wide.above, wide.sky, wide.clear
    return Weather(
        above=Sun(above.east[:, slots], above.north[:, slots], above.up[:, slots],
                  above.beam_w_m2[slots]),
        sky=Sky(sky.ghi[:, slots], sky.dni[:, slots], sky.dhi[:, slots]),
        clear=Sky(clear.ghi[:, slots], clear.dni[:, slots], clear.dhi[:, slots]),
        air_c=wide.air_c[:, slots],
        wind_m_s=wide.wind_m_s[:, slots],
        basis=wide.basis[:, slots],
    )  # fmt: skip


def _fill(usual: Weather, row: int, series: Series, grid: Grid) -> None:
    """Write one cell's series over the usual weather, where it is known."""
    above, clear, sky = usual.above, usual.clear, usual.sky
    ghi = _global(series, clear.ghi[row], grid)
    known = np.isfinite(ghi)
    one = Sun(above.east[row], above.north[row], above.up[row], above.beam_w_m2)
    parts = split(np.where(known, ghi, 0.0), one)
    dni = _shaped(series, Quantity.DNI, clear.dni[row], grid)
    dhi = _shaped(series, Quantity.DHI, clear.dhi[row], grid)
    is_split = np.isfinite(dni) & np.isfinite(dhi)
    sky.ghi[row, known] = ghi[known]
    sky.dni[row, known] = np.where(is_split, dni, parts.dni)[known]
    sky.dhi[row, known] = np.where(is_split, dhi, parts.dhi)[known]
    usual.basis[row, known] = Basis.WEATHER
    for quantity, column in ((Quantity.AIR, usual.air_c), (Quantity.WIND, usual.wind_m_s)):
        if quantity in series.values:
            values = laid(series.starts_s, series.ends_s, series.values[quantity], grid.edges_s)
            column[row] = np.where(np.isfinite(values), values, column[row])


def _global(series: Series, clear: Floats, grid: Grid) -> Floats:
    """Return global irradiance; where only the cloud cover is told, by Kasten and Czeplak."""
    ghi = _shaped(series, Quantity.GHI, clear, grid)
    if Quantity.CLOUD not in series.values:
        return ghi
    cloud = laid(series.starts_s, series.ends_s, series.values[Quantity.CLOUD], grid.edges_s)
    return np.where(np.isfinite(ghi), ghi, clear * (1 - 0.75 * cloud**3.4))


def _shaped(series: Series, quantity: Quantity, clear: Floats, grid: Grid) -> Floats:
    """Return a quantity on the grid; within a longer span it follows the clear sky."""
    if quantity not in series.values:
        return np.full(grid.slots, np.nan)
    starts, ends = series.starts_s, series.ends_s
    values = laid(starts, ends, series.values[quantity], grid.edges_s)
    if (ends - starts).max() <= grid.slot_s:
        return values
    total = np.concatenate([[0.0], np.cumsum(clear)])
    inside = (starts >= grid.start_s) & (ends <= grid.end_s)
    corners = np.array([starts[inside], ends[inside]])
    sums = np.diff(np.interp(corners, grid.edges_s, total), axis=0)[0]
    mean = sums / ((ends - starts)[inside] / grid.slot_s)
    spread = laid(starts[inside], ends[inside], mean, grid.edges_s)
    is_light = np.isfinite(spread) & (spread > DARK_W_M2)
    share = np.divide(clear, spread, out=np.ones(grid.slots), where=is_light)
    return values * share
