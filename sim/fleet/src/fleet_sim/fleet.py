"""The fleet on the bus: speaks for every site in turn, hears what they are told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass

from fleet_sim.core.houses import house
from fleet_sim.messages.profiles import tariff
from fleet_sim.outbox import Outbox
from fleet_sim.settings import Settings
from fleet_sim.site import Site
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.parcels import Parcel
from volthus_wire.subjects import EEBUS_PICTURE, PLAN, SITE_PROFILE, SITE_STATE, WATCH
from volthus_wire.v1.planning_pb2 import Plan
from volthus_wire.v1.site_pb2 import Watch

logger = logging.getLogger(__name__)

TICK_S = 0.05
MOST_A_TICK = 500  # a fleet that fell behind does not block its own event loop
WATCHED_FOR_S = 30.0
WATCHED_EVERY_S = 1.0
PROFILE_EVERY_S = 60.0
AT_ONCE = 48  # deliveries under way


@dataclass(slots=True)
class Told:
    """What was said so far."""

    states: int = 0
    dropped: int = 0
    profiles: int = 0
    watches: int = 0
    plans: int = 0
    facts: int = 0
    undelivered: int = 0  # deliveries that the cloud did not take, or not wholly
    skipped: int = 0  # pictures left out since we were late


class Fleet:
    """Every site, spoken for by one connection."""

    def __init__(self, settings: Settings, bus: Bus, clock: Clock) -> None:
        self._settings = settings
        self._bus = bus
        self._clock = clock
        began_s = int(clock.now().timestamp())
        numbers = range(settings.first, settings.first + settings.sites)
        houses = [house(settings.seed, number, settings.prefix) for number in numbers]
        first_minute_s = began_s // 60 * 60 - settings.backlog_minutes * 60
        self.sites = {
            one.site: Site(
                one,
                Outbox(one, began_s, first_minute_s),
                tariff(one, "push" if settings.feed else "", settings.feed),
            )
            for one in houses
        }
        self.is_cut_off = False
        self.told = Told()
        self._watched: dict[str, Site] = {}

    async def hear(self) -> None:
        """Take plans and watches; works before the first connection."""
        await self._bus.subscribe(WATCH, self._watch)
        await self._bus.subscribe(PLAN, self._take)
        await self._bus.open_inboxes()

    async def run(self) -> None:
        """Speak until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            every = self._settings
            tasks.create_task(self._in_turn(self.say_state, every.state_every_s), name="states")
            tasks.create_task(self._in_turn(self.say_eebus, every.eebus_every_s), name="eebus")
            tasks.create_task(self._in_turn(self.say_profile, PROFILE_EVERY_S), name="profiles")
            tasks.create_task(self._say_to_watchers(), name="watched")
            if every.facts:
                for worker in range(AT_ONCE):
                    tasks.create_task(self._deliver(worker), name="facts")

    async def say_everything(self, sites: Iterable[Site]) -> None:
        """Say at once what a site says when its link comes back."""
        for number, site in enumerate(sites):
            await self.say_profile(site)
            await self.say_eebus(site)
            await self.say_state(site)
            if number % 100 == 0:
                await asyncio.sleep(0)

    async def say_state(self, site: Site) -> None:
        """Publish the live picture of a site; before its first one, its profile."""
        if not site.is_introduced:
            await self.say_profile(site)
        body = site.state(self._now_s()).SerializeToString()
        if await self._bus.publish_bytes(SITE_STATE, body, site=site.house.site):
            self.told.states += 1
        else:
            self.told.dropped += 1

    async def say_eebus(self, site: Site) -> None:
        """Publish what a site's gateway sees."""
        await self._bus.publish_bytes(EEBUS_PICTURE, site.eebus(), site=site.house.site)

    async def say_profile(self, site: Site) -> None:
        """Publish what the planner needs of a site."""
        profile = site.profile(self._now_s())
        if await self._bus.publish(SITE_PROFILE, profile, site=site.house.site):
            self.told.profiles += 1

    def report(self) -> dict[str, object]:
        """Return what was said, and of each site what the cloud acknowledged."""
        return {
            "told": asdict(self.told),
            "sites": {
                name: {
                    "epoch": site.outbox.epoch,
                    "sequence": site.outbox.sequence,
                    "acknowledged": site.outbox.acknowledged,
                    "minutes": site.outbox.minutes,
                    "sessions": len(site.outbox.sessions),
                    "plans": site.plans,
                }
                for name, site in self.sites.items()
            },
        }

    def speaking(self) -> list[Site]:
        """Return the sites that speak at all."""
        return [site for site in self.sites.values() if not site.house.is_silent]

    # --- inside ----------------------------------------------------------------------------------

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    async def _in_turn(self, say: Callable[[Site], Awaitable[None]], every_s: float) -> None:
        """Let one site after the other speak, each every `every_s` seconds, evenly spread."""
        sites = list(self.sites.values())
        began_s, done = self._clock.monotonic(), 0
        while True:
            due = int((self._clock.monotonic() - began_s) / every_s * len(sites))
            if due - done > len(sites):  # the machine slept
                self.told.skipped += due - done - len(sites)
                done = due - len(sites)
            for number in range(done, min(due, done + MOST_A_TICK)):
                site = sites[number % len(sites)]
                is_first_round = number < len(sites)
                if not self.is_cut_off and (is_first_round or not site.house.is_silent):
                    await say(site)
            done = min(due, done + MOST_A_TICK)
            await asyncio.sleep(TICK_S)

    def _watch(self, _: Watch, at: dict[str, str]) -> None:
        site = self.sites.get(at["site"])
        if site is not None and not site.house.is_silent:
            self.told.watches += 1
            site.watched_until_s = self._clock.monotonic() + WATCHED_FOR_S
            self._watched[at["site"]] = site

    async def _say_to_watchers(self) -> None:
        while True:
            now_s = self._clock.monotonic()
            self._watched = {
                name: site for name, site in self._watched.items() if site.watched_until_s > now_s
            }
            # Spread over the second, as sites with clocks of their own would be.
            watched = list(self._watched.values())
            for number, site in enumerate(watched):
                if not self.is_cut_off:
                    await self.say_state(site)
                if number % 20 == 19:
                    await asyncio.sleep(WATCHED_EVERY_S * 20 / len(watched))
            spent_s = self._clock.monotonic() - now_s
            await asyncio.sleep(max(TICK_S, WATCHED_EVERY_S - spent_s))

    def _take(self, plan: Plan, at: dict[str, str]) -> None:
        site = self.sites.get(at["site"])
        if site is not None:
            self.told.plans += 1
            site.follow(plan)

    async def _deliver(self, worker: int) -> None:
        """Bring the facts of every AT_ONCE-th site to the cloud, over and over."""
        sites = list(self.sites.values())[worker::AT_ONCE]
        while True:
            began_s, busy = self._clock.monotonic(), 0
            for site in sites:
                parcels = [] if self.is_cut_off else site.outbox.due(self._now_s())
                if parcels:
                    busy += await self._bring(site, parcels)
            # Minutes end for all at the same time; facts wait some seconds, as those of sites do.
            spent_s = self._clock.monotonic() - began_s
            await asyncio.sleep(0.05 if busy else max(1.0, 5.0 - spent_s))

    async def _bring(self, site: Site, parcels: list[Parcel]) -> int:
        kept = await self._bus.deliver(
            parcels, site=site.house.site, domain=self._settings.cloud_domain
        )
        site.outbox.taken(kept)
        self.told.facts += kept
        if kept < len(parcels):
            self.told.undelivered += 1
            await asyncio.sleep(1.0)
        return kept
