"""What all sites together do, for the top of the fleet's page. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from web.core.fleet.finding import State, counted
from web.core.fleet.rows import Row

MOST_NEEDING = 20


@dataclass(slots=True)
class Sums:
    """Of some sites. W, s; versions: how many sites run which, "" = not told."""

    sites: int = 0
    states: dict[State, int] = field(default_factory=dict)
    charging_w: float = 0.0
    import_w: float = 0.0
    export_w: float = 0.0
    sun_w: float = 0.0
    chargers: int = 0
    plugged: int = 0
    charging: int = 0
    overload_s: float = 0.0
    overloaded: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    concerns: Counter[str] = field(default_factory=Counter)
    needing: Sequence[Row] = ()


def summed(rows: Sequence[Row]) -> Sums:
    """Add sites up; powers only of those that are online, so that nothing old is told as now."""
    sums = Sums(sites=len(rows), states=counted(rows))
    for row in rows:
        _add(sums, row)
    sums.needing = worst(rows)
    return sums


def worst(rows: Iterable[Row]) -> list[Row]:
    """Return the sites that need somebody most, MOST_NEEDING at most."""
    needing = [row for row in rows if row.rank > 0]
    return sorted(needing, key=lambda row: (-row.rank, row.site))[:MOST_NEEDING]


def _add(sums: Sums, row: Row) -> None:
    told = row.told
    sums.overload_s += row.overload_s
    sums.overloaded += row.overload_s > 0
    for concern in row.concerns:
        sums.concerns[concern.code] += 1
    if told is None:
        return
    sums.versions[told.version] += 1
    sums.chargers += told.chargers
    if not row.is_online:
        return
    sums.plugged += told.plugged
    sums.charging += told.charging
    sums.charging_w += told.charging_w or 0.0
    sums.sun_w += told.sun_w or 0.0
    grid_w = told.grid_w or 0.0
    sums.import_w += max(0.0, grid_w)
    sums.export_w += max(0.0, -grid_w)
