"""From what sites wish to know of the sun to feeds, and from what was fetched to their weather."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from smart_charging.provider.core.errors import SetUpError
from smart_charging.provider.core.release import Freshness
from smart_charging.solar.core.forecast import SolarSite
from smart_charging.solar.core.learning import SolarLearned
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Series
from smart_charging.solar.desk import WeatherDesk
from smart_charging.solar.settings import WeatherSettings
from smart_charging.solar.sources import CLIMATOLOGY, WEATHER_SOURCES, WeatherFeed, feeds, named


@dataclass(frozen=True, slots=True)
class SunWish:
    """A site that wants a forecast. source: `open-meteo`, `solcast:PLANT`; empty = by default."""

    id: str
    place: Place
    systems: tuple[PvSystem, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class SunTrust:
    """How far a site's sun may be trusted. freshness: fresh, stale or climatology.

    known_until: from then on climatology. problem: English; empty = none.
    """

    source: str
    freshness: str
    known_until: datetime | None = None
    problem: str = ""


NOBODY_TELLS = SunTrust(CLIMATOLOGY, CLIMATOLOGY)
UNLEARNED = SolarLearned()
_Feeds = tuple[Mapping[str, WeatherFeed], str]


class SunWatch:
    """Knows which feeds the wishes come to. Asks nobody itself: the desk does."""

    def __init__(self, desk: WeatherDesk, settings: WeatherSettings) -> None:
        self._desk, self._settings = desk, settings
        self._known: dict[str, tuple[SunWish, _Feeds]] = {}  # what wishes come to, by their id

    def want(self, wishes: Iterable[SunWish]) -> None:
        """Say which sites are watched from now on."""
        before, self._known = self._known, {}
        wanted: list[WeatherFeed] = []
        for wish in wishes:
            if wish.id in before:
                self._known[wish.id] = before[wish.id]
            wanted += self._feeds(wish)[0].values()
        self._desk.want(wanted)

    def site(
        self, wish: SunWish, learned: SolarLearned | None = None, *, is_outlook: bool = False
    ) -> SolarSite:
        """Return what `solar_forecasts` needs, with the weather held now.

        is_outlook: with the weather as it was told six hours before each hour: to learn from.
        """
        whole, shares = self.weather(wish, is_outlook=is_outlook)
        return SolarSite(wish.id, wish.place, wish.systems, learned or UNLEARNED, whole, shares)

    def weather(
        self, wish: SunWish, *, is_outlook: bool = False
    ) -> tuple[Series | None, Mapping[str, Series]]:
        """Return the weather held now of a wish's place, or the power told by roof; or neither."""
        shares: dict[str, Series] = {}
        for roof, feed in self._feeds(wish)[0].items():
            quote = self._desk.quote(feed.key)
            series = quote.outlook if is_outlook else quote.newest
            if series is not None:
                shares[roof] = series
        return (shares[""], {}) if shares and feed.is_weather else (None, shares)

    def trust(self, wish: SunWish) -> SunTrust:
        """Return how far the weather of a site may be trusted now: its poorest feed counts."""
        wanted, problem = self._feeds(wish)
        if not wanted:
            return replace(NOBODY_TELLS, problem=problem)
        quotes = [self._desk.quote(feed.key) for feed in wanted.values()]
        source = next(iter(wanted.values())).source.name
        problem = next((q.record.problem for q in quotes if q.record.problem), "")
        if any(q.newest is None or q.freshness is Freshness.MISSING for q in quotes):
            return SunTrust(source, CLIMATOLOGY, None, problem)
        is_fresh = all(q.freshness is Freshness.FRESH for q in quotes)
        until = min(q.record.known_until for q in quotes if q.record.known_until is not None)
        trust = Freshness.FRESH if is_fresh else Freshness.STALE
        return SunTrust(source, trust.value, until, problem)

    def _feeds(self, wish: SunWish) -> _Feeds:
        """Return the feeds of a wish, or none and why."""
        known = self._known.get(wish.id)
        if known is None or known[0] is not wish:
            known = self._known[wish.id] = wish, self._found(wish)
        return known[1]

    def _found(self, wish: SunWish) -> _Feeds:
        try:
            name, plant = named(wish.source or self._settings.weather_source)
            if name == CLIMATOLOGY:
                return {}, ""
            if not self._settings.is_weather_open(name):
                return {}, f"this installation has no key for {name}"
            access = self._settings.weather_access(name)
            found = feeds(WEATHER_SOURCES[name], access, wish.place, wish.systems, plant)
        except SetUpError as error:
            return {}, str(error)
        return found, ""
