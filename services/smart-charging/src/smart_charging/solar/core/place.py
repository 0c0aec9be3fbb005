"""Where a site is, and what stands on its roofs. Pure."""

from dataclasses import dataclass
from math import isfinite

from smart_charging.provider.core.errors import SetUpError

MOST_PEAK_W = 1e9
STANDARD_LOSSES = 0.14  # cables, dirt, shade, mismatch, where nobody knows


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A square of 0.1 degrees that shares one weather and one sun; in tenths of a degree."""

    north_tenths: int
    east_tenths: int

    @property
    def latitude_deg(self) -> float:
        """Return the latitude of its middle."""
        return self.north_tenths / 10

    @property
    def longitude_deg(self) -> float:
        """Return the longitude of its middle."""
        return self.east_tenths / 10

    def __str__(self) -> str:
        return f"{self.latitude_deg:.1f},{self.longitude_deg:.1f}"


@dataclass(frozen=True, slots=True)
class Place:
    """A point on earth, north and east positive. Raises SetUpError for one that is not on it."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float = 0.0

    def __post_init__(self) -> None:
        _within("latitude", self.latitude_deg, -90, 90)
        _within("longitude", self.longitude_deg, -180, 180)
        _within("altitude", self.altitude_m, -500, 9000)

    @property
    def cell(self) -> Cell:
        """Return the weather cell; at the date line both longitudes are one."""
        east = round(self.longitude_deg * 10)
        return Cell(round(self.latitude_deg * 10), -1800 if east == 1800 else east)


@dataclass(frozen=True, slots=True)
class PvSystem:
    """One roof. A peak of 0 W is a roof that gives nothing. Raises SetUpError.

    azimuth_deg: 0 = north, 90 = east, 180 = south, any turn. inverter_w: AC limit; None = peak.
    losses: share that cables, dirt and shade take.
    """

    id: str
    peak_w: float
    tilt_deg: float
    azimuth_deg: float
    inverter_w: float | None = None
    losses: float = STANDARD_LOSSES

    def __post_init__(self) -> None:
        _within(f"peak of {self.id!r}", self.peak_w, 0, MOST_PEAK_W)
        _within(f"tilt of {self.id!r}", self.tilt_deg, 0, 90)
        _within(f"azimuth of {self.id!r}", self.azimuth_deg, -360, 360)
        _within(f"losses of {self.id!r}", self.losses, 0, 0.99)
        if self.inverter_w is not None:
            _within(f"inverter of {self.id!r}", self.inverter_w, 0, MOST_PEAK_W)

    @property
    def most_w(self) -> float:
        """Return the most it can give."""
        return self.peak_w if self.inverter_w is None else min(self.inverter_w, 2 * self.peak_w)


def _within(what: str, value: float, least: float, most: float) -> None:
    if not (isfinite(value) and least <= value <= most):
        raise SetUpError(f"{what} is {value:g}, expected {least:g} to {most:g}")
