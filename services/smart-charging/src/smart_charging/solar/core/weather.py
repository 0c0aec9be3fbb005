"""Weather over cells on a grid: from what a source said, and from the usual where it is silent.

Pure. A mean over an hour is divided over its quarters as the clear sky would be, so that its
energy stays what it was. Every slot says where it comes from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats, Grid, Instants, laid
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
    for table in _tables(told, wide):
        _fill(usual, table, wide)
    return _inner(usual, slice(WIDER, WIDER + grid.slots))


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Series of cells that have the same times. rows: of the cells; columns: [rows, spans]."""

    rows: NDArray[np.intp]
    starts_s: Instants
    ends_s: Instants
    columns: Mapping[Quantity, Floats]


def _tables(told: Sequence[Series | None], grid: Grid) -> list[Table]:
    """Cut the series to the grid and put together those of the same times: a source's cells."""
    alike: dict[tuple[object, ...], list[tuple[int, Series, slice]]] = {}
    for row, series in enumerate(told):
        if series is None:
            continue
        first = int(np.searchsorted(series.ends_s, grid.start_s, side="right"))
        cut = slice(first, int(np.searchsorted(series.starts_s, grid.end_s)))
        if cut.stop > first:
            times = series.starts_s[cut].tobytes(), series.ends_s[cut].tobytes()
            alike.setdefault((*times, *series.values), []).append((row, series, cut))
    return [
        Table(
            np.array([row for row, _, _ in group]),
            group[0][1].starts_s[group[0][2]],
            group[0][1].ends_s[group[0][2]],
            {q: np.array([s.values[q][cut] for _, s, cut in group]) for q in group[0][1].values},
        )
        for group in alike.values()
    ]


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


def _fill(usual: Weather, table: Table, grid: Grid) -> None:
    """Write what is told over the usual weather, where it is known."""
    rows, clear, sky = table.rows, usual.clear, usual.sky
    ghi = _global(table, clear.ghi[rows], grid)
    known = np.isfinite(ghi)
    parts = split(np.where(known, ghi, 0.0), _rows(usual.above, rows))
    dni = _shaped(table, Quantity.DNI, clear.dni[rows], grid)
    dhi = _shaped(table, Quantity.DHI, clear.dhi[rows], grid)
    is_split = np.isfinite(dni) & np.isfinite(dhi)
    sky.ghi[rows] = np.where(known, ghi, sky.ghi[rows])
    sky.dni[rows] = np.where(known, np.where(is_split, dni, parts.dni), sky.dni[rows])
    sky.dhi[rows] = np.where(known, np.where(is_split, dhi, parts.dhi), sky.dhi[rows])
    usual.basis[rows] = np.where(known, np.int8(Basis.WEATHER), usual.basis[rows])
    for quantity, column in ((Quantity.AIR, usual.air_c), (Quantity.WIND, usual.wind_m_s)):
        if quantity in table.columns:
            values = _laid(table, quantity, grid)
            column[rows] = np.where(np.isfinite(values), values, column[rows])


def _rows(above: Sun, rows: NDArray[np.intp]) -> Sun:
    return Sun(above.east[rows], above.north[rows], above.up[rows], above.beam_w_m2)


def _laid(table: Table, quantity: Quantity, grid: Grid) -> Floats:
    return laid(table.starts_s, table.ends_s, table.columns[quantity], grid.edges_s)


def _global(table: Table, clear: Floats, grid: Grid) -> Floats:
    """Return global irradiance; where only the cloud cover is told, by Kasten and Czeplak."""
    ghi = _shaped(table, Quantity.GHI, clear, grid)
    if Quantity.CLOUD not in table.columns:
        return ghi
    cloud = _laid(table, Quantity.CLOUD, grid)
    return np.where(np.isfinite(ghi), ghi, clear * (1 - 0.75 * cloud**3.4))


def _shaped(table: Table, quantity: Quantity, clear: Floats, grid: Grid) -> Floats:
    """Return a quantity on the grid; within a longer span it follows the clear sky."""
    if quantity not in table.columns:
        return np.full(clear.shape, np.nan)
    values = _laid(table, quantity, grid)
    starts, ends = table.starts_s, table.ends_s
    if (ends - starts).max() <= grid.slot_s:
        return values
    whole = (starts >= grid.start_s) & (ends <= grid.end_s)
    spans = np.flatnonzero(whole)
    within = np.column_stack([starts[spans], ends[spans]])
    means = laid(grid.starts_s, grid.edges_s[1:], clear, within.ravel())[..., ::2]
    spread = laid(starts[spans], ends[spans], means, grid.edges_s)
    is_light = np.isfinite(spread) & (spread > DARK_W_M2)
    share = np.ones(clear.shape)
    np.divide(clear, spread, out=share, where=is_light)
    return values * share
