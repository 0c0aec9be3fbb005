"""Tells the planner what it needs: at once on a change that counts, and every minute."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection

from cem.core import soc
from cem.core.charger import Charger
from cem.core.decision import Decision
from cem.core.events import (
    CarSocTold,
    CarsSet,
    ChargerSet,
    CircuitsSet,
    Event,
    GoalSet,
    GridConnectionSet,
    GridMeterNamed,
    ModeSet,
    OperatorSet,
    PlanHeard,
    PlanningSet,
    PvSystemsSet,
    SessionsNamed,
    TariffSet,
)
from cem.core.state import State
from cem.loop import Controller
from cem.planning.profile import profile_of
from cem.planning.revisions import Standing, revised
from cem.planning.shelf import Shelf
from cem.zone import zone_name
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import planning_pb2

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
COALESCED_S = 0.1
PUBLISH_EVERY_S = 60.0
SETTLING_S = 60.0  # so long the chargers may take to say, after our start, who is there
NEWS = (
    CarSocTold, CarsSet, ChargerSet, CircuitsSet, GoalSet, GridConnectionSet, GridMeterNamed,
    ModeSet, OperatorSet, PlanHeard, PlanningSet, PvSystemsSet, SessionsNamed, TariffSet,
)  # fmt: skip

Publish = Callable[[planning_pb2.SiteProfile], Awaitable[bool]]
Tell = Callable[[], str]


class Publisher:
    """An observer of the loop that keeps `up.profile` true.

    token: the tariff's, as kept. unended: the sessions that the records hold open.
    """

    def __init__(
        self, controller: Controller, shelf: Shelf, publish: Publish, clock: Clock, site: str
    ) -> None:
        self._controller = controller
        self._shelf = shelf
        self._publish = publish
        self._clock = clock
        self._site = site
        self._news = asyncio.Event()
        self._told_s = float("-inf")
        self._kept = Standing()
        self._settled_s = clock.monotonic() + SETTLING_S
        self.token: Callable[[], Awaitable[str]] = _none
        self.unended: Callable[[], Collection[str]] = frozenset
        self.standing = Standing()

    def begin(self, standing: Standing) -> None:
        """Go on where the database says that we stood."""
        self.standing = self._kept = standing

    def happened(self, event: Event, state: State, now: float) -> None:
        """Look at once where an event may change a plan."""
        del state, now
        if isinstance(event, NEWS):
            self._news.set()

    def decided(self, decision: Decision, now: float) -> None:
        """Hear of a decision: what it changed is seen at the next look."""

    async def run(self) -> None:
        """Look every second, and soon after news, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._news.wait()
                    await asyncio.sleep(COALESCED_S)  # what comes together is told together
            self._news.clear()
            await self.look()

    async def look(self) -> None:
        """Publish the profile if something that counts has changed, or a minute has passed."""
        state, now = self._controller.state, self._clock.monotonic()
        if state.wall is None or self._is_settling(state, now):
            return
        zone = zone_name(self._controller.zone)
        profile = profile_of(state, self._site, await self.token(), zone, now)
        now_s = self._clock.now().timestamp()
        words, unended = _words(state, now), self.unended()
        standing = revised(self.standing, profile, words, state.plan, now_s, unended)
        is_news = standing.revision != self.standing.revision
        self.standing = standing
        if standing.revision != self._kept.revision or standing.plan != self._kept.plan:
            await self._keep(standing)
        if not is_news and now - self._told_s < PUBLISH_EVERY_S:
            return
        profile.revision = standing.revision
        if await self._publish(profile):
            self._told_s = now

    def _is_settling(self, state: State, now: float) -> bool:
        """Return whether sessions from before our start may be there that nobody has seen yet."""
        if not self.standing.sessions or now >= self._settled_s:
            return False
        chargers = state.chargers.values()
        return not (state.is_roster_known and all(map(_is_seen, chargers)))

    async def _keep(self, standing: Standing) -> None:
        try:
            await asyncio.to_thread(self._shelf.keep_standing, standing)
        except RefusedError as error:
            # The next revision is never below the wall clock: it grows over a restart all the same.
            logger.debug("profile revision not kept", extra={"error": str(error)})
        self._kept = standing


def _is_seen(charger: Charger) -> bool:
    """Return whether it is known which session a charger has, if any."""
    report = charger.report
    return report is not None and report.is_car_known and bool(charger.session) is charger.has_car


def _words(state: State, now: float) -> dict[str, str]:
    """Return by session who last told what its car holds, and what, where it was not the car."""
    found = {}
    for charger in state.chargers.values():
        known = soc.plugged_soc(charger, state, now) if charger.session else None
        if known is not None and known.source != soc.OWN and state.wall is not None:
            told_min = round(state.wall.at(known.told_s).timestamp() / 60)
            found[charger.session] = f"{known.source} {told_min}"
    return found


async def _none() -> str:
    return ""
