"""Whether sites do worse with a release than before it: pure.

What got worse everywhere (a cold week, a grid fault) is not the release's doing: by as much as the
sites without it got worse, those with it may too.
"""

from dataclasses import dataclass
from enum import StrEnum

TOLERANCE = 1.25  # of what is expected


class Measure(StrEnum):
    """What is compared. The names are part of the API."""

    OVERLOAD = "overload"  # seconds above the fuse
    FAILSAFE = "failsafe"  # seconds in which chargers were in failsafe
    OFFLINE = "charger-offline"  # alerts that began


# What chance alone may add to what is expected: one bad moment of one site stops nothing.
FLOOR = {Measure.OVERLOAD: 30.0, Measure.FAILSAFE: 300.0, Measure.OFFLINE: 1.0}


@dataclass(frozen=True, slots=True)
class Figures:
    """What some sites went through in `site_days` days, all together. Never negative."""

    site_days: float = 0.0
    overload_s: float = 0.0
    failsafe_s: float = 0.0
    offline: float = 0.0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.site_days + other.site_days,
            self.overload_s + other.overload_s,
            self.failsafe_s + other.failsafe_s,
            self.offline + other.offline,
        )

    def of(self, measure: Measure) -> float:
        """Return the figure of a measure."""
        match measure:
            case Measure.OVERLOAD:
                return self.overload_s
            case Measure.FAILSAFE:
                return self.failsafe_s
            case Measure.OFFLINE:
                return self.offline

    def per_day(self, measure: Measure) -> float:
        """Return a figure for one site and day; 0 where nothing was seen."""
        return self.of(measure) / self.site_days if self.site_days > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sites with the release and sites without it, each before and now."""

    before: Figures = Figures()
    after: Figures = Figures()
    others_before: Figures = Figures()
    others_after: Figures = Figures()

    def allowed(self, measure: Measure) -> float:
        """Return up to what the figure of the sites with the release is no worsening."""
        trend = self.others_after.per_day(measure) - self.others_before.per_day(measure)
        per_day = self.before.per_day(measure) + max(0.0, trend)
        return per_day * self.after.site_days * TOLERANCE + FLOOR[measure]


@dataclass(frozen=True, slots=True)
class Worsening:
    """What got worse, and up to what it would have been none."""

    measure: Measure
    allowed: float
    found: float


def worsening(seen: Comparison) -> Worsening | None:
    """Return what got worse with the release, None where nothing did."""
    for measure in Measure:
        allowed, found = seen.allowed(measure), seen.after.of(measure)
        if found > allowed:
            return Worsening(measure, allowed, found)
    return None
