"""What a source says of the weather over a cell, or of the power of a roof. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from smart_charging.core.grid import MOST_SLOTS, Floats, Instants
from smart_charging.provider.core.errors import AnswerError

LONGEST_STEP_S = 3600  # a mean over more says too little about a quarter-hour


class Quantity(StrEnum):
    """What a column holds: means over each span."""

    GHI = "ghi_w_m2"  # global irradiance on the flat
    DNI = "dni_w_m2"  # direct, towards the sun
    DHI = "dhi_w_m2"  # diffuse, on the flat
    CLOUD = "cloud_share"  # of the sky
    AIR = "air_c"
    WIND = "wind_m_s"
    SHARE = "share"  # AC power of a roof, of its peak


# Below the first, nonsense; above the last, a mistake of units. Small negatives are noise: 0.
BOUNDS: Mapping[Quantity, tuple[float, float]] = MappingProxyType(
    {
        Quantity.GHI: (0.0, 1600.0),  # edges of clouds lift it above the sun's own
        Quantity.DNI: (0.0, 1500.0),
        Quantity.DHI: (0.0, 1200.0),
        Quantity.CLOUD: (0.0, 1.01),
        Quantity.AIR: (-90.0, 65.0),
        Quantity.WIND: (0.0, 120.0),
        Quantity.SHARE: (0.0, 1.6),
    }
)
SUN = (Quantity.GHI, Quantity.CLOUD, Quantity.SHARE)  # each alone tells of the sun
NEVER_NEGATIVE = frozenset(Quantity) - {Quantity.AIR}


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Spans in order of time without overlap, at most an hour each; NaN = not known.

    Negative irradiance counts as 0. Raises AnswerError for spans that are no order, values out of
    bounds, no finite value at all, and more than a year of quarter-hours.
    """

    source: str
    starts_s: Instants
    ends_s: Instants
    values: Mapping[Quantity, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < len(self.starts_s) <= MOST_SLOTS:
            raise AnswerError(f"{len(self.starts_s)} spans, expected 1 to {MOST_SLOTS}")
        lengths = self.ends_s - self.starts_s
        if (lengths <= 0).any() or (lengths > LONGEST_STEP_S).any():
            raise AnswerError(f"a span is not longer than 0 and at most {LONGEST_STEP_S} s")
        if (self.starts_s[1:] < self.ends_s[:-1]).any():
            raise AnswerError("two values for one time")
        checked = {q: _checked(q, column) for q, column in self.values.items()}
        if not any(np.isfinite(column).any() for column in checked.values()):
            raise AnswerError("not one value is known")
        object.__setattr__(self, "values", MappingProxyType(checked))

    @property
    def end_s(self) -> int:
        """Return how far irradiance or power is known."""
        told = [self.values[q] for q in SUN if q in self.values]
        known = np.any([np.isfinite(column) for column in told], axis=0) if told else np.array([])
        return int(self.ends_s[known][-1]) if known.any() else int(self.starts_s[0])

    def part(self, start_s: float, end_s: float) -> "Series | None":
        """Return the spans that begin from start to end; None = there are none with a value."""
        kept = (self.starts_s >= start_s) & (self.starts_s < end_s)
        values = {q: column[kept] for q, column in self.values.items()}
        if not any(np.isfinite(column).any() for column in values.values()):
            return None
        return Series(self.source, self.starts_s[kept], self.ends_s[kept], values)


def overlaid(under: Series | None, over: Series | None) -> Series | None:
    """Return `over`, and before its begin and after its end what `under` has: newer wins."""
    if under is None or over is None:
        return over or under
    before = under.ends_s <= over.starts_s[0]
    after = under.starts_s >= over.ends_s[-1]
    told = [q for q in Quantity if q in over.values or q in under.values]
    return Series(
        over.source,
        np.concatenate([under.starts_s[before], over.starts_s, under.starts_s[after]]),
        np.concatenate([under.ends_s[before], over.ends_s, under.ends_s[after]]),
        {
            q: np.concatenate([_of(under, q)[before], _of(over, q), _of(under, q)[after]])
            for q in told
        },
    )


def _of(series: Series, quantity: Quantity) -> Floats:
    held = series.values.get(quantity)
    return held if held is not None else np.full(len(series.starts_s), np.nan)


def _checked(quantity: Quantity, column: Floats) -> Floats:
    least, most = BOUNDS[quantity]
    values = np.where(np.isinf(column), np.nan, column)
    if quantity in NEVER_NEGATIVE:
        values = np.maximum(values, 0.0)  # NaN stays
    if (values > most).any() or (values < least).any():
        worst = float(np.nanmax(np.abs(values)))
        raise AnswerError(f"{quantity} of {worst:.6g}: beyond {most:g} it is a mistake of units")
    values.flags.writeable = False
    return values
