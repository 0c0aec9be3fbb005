"""Metrics of sites as text, six series each at most; made in a thread, from rows that never change.

Written by hand: a registry of labelled gauges would hold 60,000 objects for what is read four
times a minute.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from web.core.fleet.rows import Row
from web.core.sharing import is_own


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of a site; `value` None = the site does not know, and has no series then."""

    name: str
    about: str
    kind: str
    value: Callable[[Row], float | None]


SERIES = (
    Series("volthus_site_up", "1 while a site is heard", "gauge", lambda row: row.is_online),
    Series(
        "volthus_site_charging_watts", "What the chargers of a site draw", "gauge",
        lambda row: row.told.charging_w if row.told and row.is_online else None,
    ),
    Series(
        "volthus_site_grid_watts", "What a site draws from the grid, feed-in negative", "gauge",
        lambda row: row.told.grid_w if row.told and row.is_online else None,
    ),
    Series(
        "volthus_site_fuse_load_ratio", "Load of the main fuse on its fullest phase", "gauge",
        lambda row: _ratio(row) if row.is_online else None,
    ),
    Series(
        "volthus_site_concerns", "Reasons to look at a site", "gauge",
        lambda row: len(row.concerns),
    ),
    Series(
        "volthus_site_overload_seconds_total", "Time above the fuse since its CEM began", "counter",
        lambda row: row.told.overload_s if row.told else None,
    ),
)  # fmt: skip
SPECIAL = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def rendered(rows: Iterable[Row], own: str, replicas: Sequence[str]) -> bytes:
    """Return the series of the sites that are ours among the living replicas."""
    others = [replica for replica in replicas if replica != own]
    mine = [row for row in rows if not others or is_own(row.site, own, others)]
    labels = [f'{{site="{row.site.translate(SPECIAL)}"}}' for row in mine]
    lines: list[str] = []
    for series in SERIES:
        lines.append(f"# HELP {series.name} {series.about}")
        lines.append(f"# TYPE {series.name} {series.kind}")
        name, value = series.name, series.value
        for row, label in zip(mine, labels, strict=True):
            number = value(row)
            if number is not None:
                lines.append(f"{name}{label} {float(number):g}")
    return ("\n".join(lines) + "\n").encode()


def _ratio(row: Row) -> float | None:
    percent = row.told.load_percent if row.told else None
    return None if percent is None else percent / 100
