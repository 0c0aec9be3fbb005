"""Sun and load of every site, from the weather and what was learned; made anew each hour.

Never asks anybody: `SunWatch` does. `prepare`, `preview` and `teach` reckon, so call them in a
thread, one at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Grid
from smart_charging.learned import Learned
from smart_charging.load.core import learning
from smart_charging.load.core.forecast import LoadForecast, LoadSite, load_forecasts
from smart_charging.planning.core.site import Outlook, Trusted
from smart_charging.planning.core.slots import LONGEST_H, SLOT_S, Slots
from smart_charging.planning.encoding import KILO
from smart_charging.planning.tariffs import zone_of
from smart_charging.provider.core.errors import SetUpError
from smart_charging.solar.core.forecast import SolarForecast, solar_forecasts, taught
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.watching import SunWatch, SunWish
from volthus_wire.v1.planning_pb2 import SiteProfile
from volthus_wire.v1.records_pb2 import EnergySpan
from volthus_wire.v1.tariff_pb2 import PlanningSettings
from volthus_wire.v1.tariff_pb2 import PvSystem as PvMessage

RENEWED_S = 3600
AHEAD_SLOTS = (LONGEST_H + 2) * 4  # the plans of an hour stand on one forecast
NOTHING_LEARNED = Learned()
MISSING = Trusted("weather", "", "missing")


@dataclass(frozen=True, slots=True)
class Roofs:
    """Where a site is and what stands on it. wish None = no roofs, or nobody said where."""

    zone: ZoneInfo
    wish: SunWish | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Made:
    """Forecasts of one site from first_s on, kW: sun, low sun, load, high load."""

    first_s: int
    roofs: Roofs
    rows: NDArray[np.float32]  # there are many
    weather: int  # which one it was made from
    learned: Learned
    inputs: tuple[Trusted, ...]


def place_key(profile: SiteProfile) -> bytes:
    """Return what the forecast of a site depends on, as a profile of nothing else."""
    told = profile.planning
    if not profile.pv_systems:
        return _roofless(told.time_zone)
    bare = PlanningSettings(time_zone=told.time_zone, weather_source=told.weather_source)
    if told.HasField("latitude") and told.HasField("longitude"):
        bare.latitude, bare.longitude = told.latitude, told.longitude
    only = SiteProfile(site=profile.site, planning=bare, pv_systems=profile.pv_systems)
    return only.SerializeToString(deterministic=True)


@lru_cache(maxsize=1024)
def _roofless(time_zone: str) -> bytes:
    """Return the key of all sites of a time zone that have no roof: only the clock counts."""
    planning = PlanningSettings(time_zone=time_zone)
    return SiteProfile(planning=planning).SerializeToString(deterministic=True)


class Forecasts:
    """The outlook of sites: `prepare`, then `outlook`."""

    def __init__(self, watch: SunWatch) -> None:
        self._watch = watch
        self._roofs: dict[bytes, Roofs] = {}
        self._made: dict[str, _Made] = {}
        self.learned: dict[str, Learned] = {}

    def keep(self, places: Mapping[str, bytes]) -> None:
        """Say which sites there are, and their places; all others are forgotten."""
        kept = set(places.values())
        for place in self._roofs.keys() - kept:
            del self._roofs[place]
        for site in self._made.keys() - places.keys():
            del self._made[site]
        roofs = [self.roofs(place) for place in kept]
        self._watch.want(each.wish for each in roofs if each.wish is not None)

    def roofs(self, place: bytes) -> Roofs:
        """Return what a place key says."""
        known = self._roofs.get(place)
        if known is None:
            known = self._roofs[place] = _read(place)
        return known

    def is_other(self, site: str, place: bytes) -> bool:
        """Return whether there is another weather now than a site's forecast was made from."""
        made = self._made.get(site)
        return made is not None and made.weather != self._weather(self.roofs(place))

    def prepare(self, sites: Sequence[tuple[str, bytes]], now_s: float) -> None:
        """Make what is missing, an hour old or of other roofs or weather, for sites (id, place)."""
        first_s = int(now_s) // RENEWED_S * RENEWED_S
        due = [(site, self.roofs(place)) for site, place in sites]
        due = [(site, roofs) for site, roofs in due if self._is_due(site, roofs, first_s)]
        if not due:
            return
        grid = Grid(first_s, AHEAD_SLOTS)
        houses = [LoadSite(site, roofs.zone, self._learned(site).load) for site, roofs in due]
        suns = self._suns(due, grid)
        for (site, roofs), load in zip(due, load_forecasts(houses, grid), strict=True):
            self._made[site] = self._finished(site, roofs, load, suns.get(site))

    def outlook(self, site: str, slots: Slots) -> Outlook:
        """Return what `prepare` made, on the slots of a plan. Raises KeyError before that."""
        made = self._made[site]
        at = (slots.quarter_s - made.first_s) // SLOT_S
        return Outlook(made.rows[:, at : at + slots.count], made.inputs)

    def preview(self, place: bytes, grid: Grid) -> tuple[SolarForecast | None, Trusted]:
        """Return the sun of roofs that nobody has yet, and how far it may be trusted."""
        roofs = _read(place)
        found = self._suns([("", roofs)], grid)
        return found.get(""), self._trusted(roofs)

    def teach(self, site: str, place: bytes, spans: Sequence[EnergySpan]) -> Learned:
        """Learn from a site's energies, in order of time; return what is known now."""
        known, roofs = self._learned(site), self.roofs(place)
        if not spans:
            return known
        starts = np.array([span.start.seconds for span in spans], np.int64)
        ends = np.array([span.end.seconds for span in spans], np.int64)
        load = learning.learn(known.load, starts, ends, _load_wh(spans), roofs.zone)
        sun = known.solar
        if roofs.wish is not None:
            measured = np.array([s.sun_wh if s.HasField("sun_wh") else np.nan for s in spans])
            then = self._watch.site(roofs.wish, sun, is_outlook=True)
            sun = taught(then, starts, ends, measured)
        found = self.learned[site] = Learned(sun, load)
        return found

    def _is_due(self, site: str, roofs: Roofs, first_s: int) -> bool:
        made = self._made.get(site)
        return (
            made is None
            or made.first_s != first_s
            or made.roofs is not roofs
            or made.learned is not self._learned(site)
            or made.weather != self._weather(roofs)
        )

    def _learned(self, site: str) -> Learned:
        return self.learned.get(site, NOTHING_LEARNED)

    def _suns(self, sites: Iterable[tuple[str, Roofs]], grid: Grid) -> dict[str, SolarForecast]:
        asked = [(site, roofs.wish) for site, roofs in sites if roofs.wish is not None]
        found = solar_forecasts(
            [self._watch.site(wish, self._learned(site).solar) for site, wish in asked], grid
        )
        return {site: one for (site, _), one in zip(asked, found, strict=True)}

    def _finished(
        self, site: str, roofs: Roofs, load: LoadForecast, sun: SolarForecast | None
    ) -> _Made:
        rows = np.zeros((4, load.grid.slots), dtype=np.float32)
        if sun is not None:
            rows[0], rows[1] = sun.middle_w, sun.low_w
        rows[2], rows[3] = load.mean_w, load.p80_w
        rows /= np.float32(KILO)
        words = "learned" if load.is_learned else "standard"
        inputs = (self._trusted(roofs), Trusted("load", "site", words))
        return _Made(
            load.grid.start_s, roofs, rows, self._weather(roofs), self._learned(site), inputs
        )

    def _weather(self, roofs: Roofs) -> int:
        """Return what tells one state of a place's weather from another."""
        if roofs.wish is None:
            return 0
        whole, shares = self._watch.weather(roofs.wish)
        return hash((id(whole), *(id(series) for series in shares.values())))

    def _trusted(self, roofs: Roofs) -> Trusted:
        if roofs.wish is None:
            return Trusted("weather", "", "missing", None, roofs.problem)
        trust = self._watch.trust(roofs.wish)
        until_s = trust.known_until.timestamp() if trust.known_until is not None else None
        return Trusted("weather", trust.source, trust.freshness, until_s, trust.problem)


def _load_wh(spans: Sequence[EnergySpan]) -> NDArray[np.float64]:
    """Return what was taken beside cars; NaN where the grid was not measured."""
    load = np.full(len(spans), np.nan)
    for at, span in enumerate(spans):
        if span.HasField("import_wh") and span.HasField("export_wh"):
            net = span.import_wh - span.export_wh + span.sun_wh - span.charging_wh
            load[at] = max(0.0, net)
    return load


def _read(key: bytes) -> Roofs:
    told = SiteProfile.FromString(key)
    planning, zone = told.planning, zone_of(told.planning.time_zone)
    if not told.pv_systems:
        return Roofs(zone, None)
    if not planning.HasField("latitude"):
        return Roofs(zone, None, "the site's place is not set")
    try:
        place = Place(planning.latitude, planning.longitude)
        systems = tuple(map(_system, told.pv_systems))
    except SetUpError as error:
        return Roofs(zone, None, str(error))
    return Roofs(zone, SunWish(told.site, place, systems, planning.weather_source))


def _system(message: PvMessage) -> PvSystem:
    return PvSystem(
        message.system,
        message.peak_w,
        message.tilt_deg,
        message.azimuth_deg,
        message.inverter_w if message.HasField("inverter_w") else None,
        message.loss_percent / 100,
    )
