"""The sun of many sites at once: roofs, weather and what was learned -> power. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import MOST_SLOTS, QUARTER_S, Floats, Grid, Instants, laid
from smart_charging.solar.core.learning import (
    HEIGHT,
    Lesson,
    SolarLearned,
    classes,
    clear_share,
    learn,
)
from smart_charging.solar.core.place import Cell, Place, PvSystem
from smart_charging.solar.core.roof import power_w
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.core.sun import Sky, Sun
from smart_charging.solar.core.weather import Bases, Basis, Weather, weather

Indices = NDArray[np.intp]
Skied = tuple[Cell, int]  # a cell and what is told of it

AT_ONCE = 64  # roofs, and skies


@dataclass(frozen=True, slots=True)
class SolarSite:
    """One site.

    weather: of its cell; None = nobody tells. Sites of a cell hand in the same object, so that it
    is reckoned once. shares: power a source forecasts of a roof itself, by the roof's id, or under
    "" for all of them.
    """

    id: str
    place: Place
    systems: tuple[PvSystem, ...]
    learned: SolarLearned = field(default_factory=SolarLearned)
    weather: Series | None = None
    shares: Mapping[str, Series] = field(default_factory=dict)

    @property
    def sky(self) -> Skied:
        """Return what tells its sky from others: sites with the same share one."""
        return self.place.cell, id(self.weather)


@dataclass(frozen=True, slots=True, eq=False)
class SolarForecast:
    """AC power of all roofs of a site, mean of each slot, W: finite and never negative.

    middle_w: as likely to be more as less (P50). low_w: more in 4 of 5 cases (P20).
    basis: by slot (`Basis`). modelled_w, clear_w, up: what the gain is learned against.
    """

    site: str
    grid: Grid
    middle_w: Floats
    low_w: Floats
    basis: Bases
    modelled_w: Floats
    clear_w: Floats
    up: Floats

    @property
    def told_until_s(self) -> int:
        """Return from when on nothing but climatology is known."""
        told = np.flatnonzero(self.basis == Basis.WEATHER)
        return int(self.grid.edges_s[told[-1] + 1]) if len(told) else self.grid.start_s

    def lesson(self, measured_w: Floats) -> Lesson:
        """Return the slots with what the site's PV meter measured, for `learn`."""
        grid = self.grid
        return Lesson(
            grid.starts_s, grid.slot_s, measured_w, self.modelled_w, self.clear_w, self.up,
            self.basis,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What the roofs give without anything learned, [sites, slots]; limits: [sites, 1]."""

    modelled: Floats
    clear: Floats
    limits: Floats
    up: Floats
    basis: Bases


def solar_forecasts(sites: Sequence[SolarSite], grid: Grid) -> list[SolarForecast]:
    """Return the forecast of every site, in their order; one without roofs gets 0 W.

    Slots that a site's weather does not reach, and sites without, get the usual weather of place
    and season. The same input, the same output.
    """
    by_sky: dict[Skied, list[int]] = {}
    for index, site in enumerate(sites):
        by_sky.setdefault(site.sky, []).append(index)
    found: dict[int, SolarForecast] = {}
    skies = list(by_sky.values())
    for first in range(0, len(skies), AT_ONCE):
        chunk = skies[first : first + AT_ONCE]
        heads = [sites[members[0]] for members in chunk]
        told = weather([head.place for head in heads], [head.weather for head in heads], grid)
        rows = {head.sky: row for row, head in enumerate(heads)}
        for batch in _batches([index for members in chunk for index in members], sites):
            forecasts = _batch([sites[index] for index in batch], rows, told, grid)
            found.update(zip(batch, forecasts, strict=True))
    return [found[index] for index in range(len(sites))]


def _batches(order: Sequence[int], sites: Sequence[SolarSite]) -> Iterator[list[int]]:
    """Yield sites of about as many roofs as fit into a processor's cache."""
    batch: list[int] = []
    roofs = 0
    for index in order:
        batch.append(index)
        roofs += max(1, len(sites[index].systems))
        if roofs >= AT_ONCE:
            yield batch
            batch, roofs = [], 0
    if batch:
        yield batch


def taught(site: SolarSite, starts_s: Instants, ends_s: Instants, pv_wh: Floats) -> SolarLearned:
    """Return what is known of a site after what its PV meter counted.

    site: with the weather as it was forecast for then. starts_s, ends_s: spans of at most an hour
    in order; pv_wh: energy, NaN = not known. What was learned before is passed over.
    """
    if not len(starts_s):
        return site.learned
    begin = max(int(starts_s[0]), site.learned.learned_until_s) // QUARTER_S * QUARTER_S
    slots = (int(ends_s[-1]) - begin) // QUARTER_S
    if slots <= 0:
        return site.learned
    grid = Grid(begin, min(slots, MOST_SLOTS))
    power = np.where(pv_wh >= 0, pv_wh, np.nan) * 3600 / (ends_s - starts_s)
    measured = laid(starts_s, ends_s, power, grid.edges_s)
    usual = replace(site, weather=None, shares={})
    told, alone = solar_forecasts((site, usual), grid)
    return learn(site.learned, told.lesson(measured), alone.lesson(measured))


def _batch(
    sites: Sequence[SolarSite], rows: Mapping[Skied, int], skies: Weather, grid: Grid
) -> list[SolarForecast]:
    systems = [system for site in sites for system in site.systems]
    owners = np.repeat(np.arange(len(sites)), [len(site.systems) for site in sites])
    at = np.array([rows[site.sky] for site in sites])
    here = at[owners]
    above, air, wind = _picked(skies.above, here), skies.air_c[here], skies.wind_m_s[here]
    modelled = power_w(systems, above, _sky(skies.sky, here), air, wind)
    clear = power_w(systems, above, _sky(skies.clear, here), air, wind)
    basis = skies.basis[here]
    _take_shares(sites, owners, modelled, basis, grid)
    limits = np.array([system.most_w for system in systems]).reshape(-1, 1)
    model = Model(
        modelled=_summed(modelled, owners, len(sites)),
        clear=_summed(clear, owners, len(sites)),
        limits=_summed(limits, owners, len(sites)),
        up=skies.above.up[at],
        basis=_site_basis(sites, owners, basis, skies.basis[at]),
    )
    return _finished(sites, grid, model)


def _finished(sites: Sequence[SolarSite], grid: Grid, model: Model) -> list[SolarForecast]:
    """Put what was learned onto the model."""
    modelled, clear, up, basis = model.modelled, model.clear, model.up, model.basis
    kinds, heights = classes(clear_share(modelled, clear), up)
    cells = kinds * (len(HEIGHT) + 1) + heights
    middle, low = np.zeros_like(modelled), np.zeros_like(modelled)
    for which in Basis:
        here = basis == which
        if not here.any():
            continue
        ratios = [site.learned.of(which) for site in sites]
        forecast = here * modelled * np.array([[ratio.gain] for ratio in ratios])
        middle += forecast * _looked_up([ratio.middle for ratio in ratios], cells)
        low += forecast * _looked_up([ratio.low for ratio in ratios], cells)
    middle = np.minimum(middle, model.limits)
    low = np.minimum(low, middle)
    return [
        SolarForecast(site.id, grid, middle[i], low[i], basis[i], modelled[i], clear[i], up[i])
        for i, site in enumerate(sites)
    ]


def _looked_up(tables: Sequence[Floats], cells: Indices) -> Floats:
    flat = np.array([table.ravel() for table in tables])
    return np.take_along_axis(flat, cells, axis=1)


def _take_shares(
    sites: Sequence[SolarSite], owners: Indices, modelled: Floats, basis: Bases, grid: Grid
) -> None:
    """Write over the model what a source forecasts of a roof itself, where it does."""
    for index, site in enumerate(sites):
        if not site.shares:
            continue
        for row, system in zip(np.flatnonzero(owners == index), site.systems, strict=True):
            series = site.shares.get(system.id, site.shares.get(""))
            if series is None or Quantity.SHARE not in series.values:
                continue
            share = laid(
                series.starts_s, series.ends_s, series.values[Quantity.SHARE], grid.edges_s
            )
            known = np.isfinite(share)
            modelled[row, known] = np.minimum(share[known] * system.peak_w, system.most_w)
            basis[row, known] = Basis.WEATHER


def _site_basis(sites: Sequence[SolarSite], owners: Indices, roofs: Bases, cells: Bases) -> Bases:
    """Return the basis of each site: the poorest of its roofs."""
    basis = cells.copy()
    for index, site in enumerate(sites):
        if site.shares and site.systems:
            basis[index] = roofs[owners == index].max(axis=0)
    return basis


def _summed(values: Floats, owners: Indices, sites: int) -> Floats:
    total = np.zeros((sites, values.shape[-1]))
    np.add.at(total, owners, values)
    return total


def _picked(above: Sun, rows: Indices) -> Sun:
    return Sun(above.east[rows], above.north[rows], above.up[rows], above.beam_w_m2)


def _sky(sky: Sky, rows: Indices) -> Sky:
    return Sky(sky.ghi[rows], sky.dni[rows], sky.dhi[rows])
