"""Keeps the list of all sites as they are now: takes what was heard, bit by bit, into the index."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_wire.subjects import SITE_PROFILE
from volthus_wire.v1.planning_pb2 import SiteProfile
from web.core.fleet.finding import Found, Index, Query
from web.core.fleet.rows import Heard, Row, Told, row
from web.core.fleet.sums import Sums, summed
from web.core.roles import Sight
from web.fleet.beating import Beating
from web.fleet.claims import Claims
from web.fleet.exposition import rendered
from web.fleet.overload import LEASE, Overload
from web.fleet.pages import Pages
from web.fleet.registry import Registry
from web.fleet.rollups import Rollups
from web.leases import Leases
from web.live import Live
from web.messages.fleet import told

TICK_S = 0.1
AT_ONCE = 100  # rows between two breaths of the event loop: some milliseconds
SWEEP_S = 5.0  # who fell silent, whose tenant is another
WRITTEN_S = 10.0
SUMS_FOR_S = 1.0


@dataclass(slots=True)
class _Sums:
    made_s: float
    sums: Sums


@dataclass(slots=True)
class _Kept:
    """What is remembered of a site beside its row; state_id: of the picture `told` is of."""

    state_id: str = ""
    told: Told | None = None
    place: tuple[float, float] | None = None


class Fleet:
    """All sites in short; calls on the event loop."""

    def __init__(self, live: Live, engine: Engine, clock: Clock, beating: Beating) -> None:
        self._live = live
        self._clock = clock
        self._beating = beating
        self._kept: dict[str, _Kept] = {}
        self._sums: dict[Sight, _Sums] = {}
        self.registry = Registry(engine, clock)
        self.overload = Overload(engine, clock)
        self.rollups = Rollups(engine)
        self.claims = Claims(engine)
        self.index = Index()
        self.pages = Pages()
        self.changed: set[asyncio.Event] = set()

    # --- what the API asks -----------------------------------------------------------------------

    def row(self, site: str) -> Row:
        """Return a site as it is this moment. Raises KeyError for one never heard."""
        self._take(site)
        found = self.index.get(site)
        if found is None:
            raise KeyError(site)
        return found

    def find(self, query: Query, sight: Sight) -> Found:
        """Return a page of sites. Raises CursorError."""
        self._take_unknown()
        return self.index.find(query, sight, self._clock.monotonic())

    def sums(self, sight: Sight) -> Sums:
        """Return what all sites somebody may see do together; of the last second."""
        self._take_unknown()
        now_s = self._clock.monotonic()
        known = self._sums.get(sight)
        if known is None or now_s - known.made_s >= SUMS_FOR_S:
            if len(self._sums) > 100:  # users come and go
                self._sums.clear()
            known = self._sums[sight] = _Sums(now_s, summed(self.index.seen_by(sight)))
        return known.sums

    async def write(self, site: str, changes: dict[str, object], revision: int) -> Row:
        """Change what is written of a site. Raises what `Registry.write` raises."""
        await self.registry.write(site, changes, revision)
        self.index.forget_orders()
        return self.row(site)

    def metrics(self) -> bytes:
        """Return the series of the sites that are ours among all replicas; in a thread."""
        return rendered(tuple(self.index), self._beating.own, self._beating.living())

    # --- what is told ----------------------------------------------------------------------------

    def heard_profile(self, site: str, profile: SiteProfile) -> None:
        """Take where a site says it is."""
        planning = profile.planning
        if planning.HasField("latitude") and planning.HasField("longitude"):
            kept = self._kept.setdefault(site, _Kept())
            kept.place = round(planning.latitude, 5), round(planning.longitude, 5)

    async def hear(self, bus: Bus) -> None:
        """Hear where sites are, and the other replicas; works before the first connection."""
        await self._beating.hear()
        await bus.subscribe(
            SITE_PROFILE, lambda profile, at: self.heard_profile(at["site"], profile)
        )

    async def run(self, leases: Leases) -> None:
        """Keep everything fresh until cancelled."""
        leases.want(LEASE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="fleet rows")
            tasks.create_task(self._sweep(), name="fleet sweep")
            tasks.create_task(self._read(leases), name="fleet tables")
            tasks.create_task(self._beating.run(), name="replica beat")

    async def _follow(self) -> None:
        with self._live.changes() as touched:
            while True:
                waiting = tuple(touched)
                touched.clear()
                await self._take_all(waiting)
                await asyncio.sleep(TICK_S)

    async def _sweep(self) -> None:
        while True:
            await self._take_all(
                [
                    site
                    for site, heard in tuple(self._live.everything())
                    if (known := self.index.get(site)) is None
                    or known.is_online is not self._live.is_online(site)
                    or known.tenant != heard.tenant
                    or (known.rank > 0 and not known.is_online)  # it grows with the time
                ]
            )
            await asyncio.sleep(SWEEP_S)

    async def _read(self, leases: Leases) -> None:
        while True:
            if leases.is_mine(LEASE):
                await self.overload.count(
                    {
                        one.site: one.told.overload_s
                        for one in tuple(self.index)
                        if one.told is not None and one.told.overload_s is not None
                    }
                )
            else:
                self.overload.forget()
            written = await self.registry.refresh()
            if written:
                self.index.forget_orders()
            over = await self.overload.refresh()
            await self._take_all(site for site in written | over if self._live.knows(site))
            await asyncio.sleep(WRITTEN_S)

    async def _take_all(self, sites: Iterable[str]) -> None:
        count = 0
        for count, site in enumerate(sites, 1):
            self._take(site)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        if count:
            for event in self.changed:
                event.set()

    def _take_unknown(self) -> None:
        """Take sites that were heard since the last look: a list must not miss one."""
        if len(self.index) != self._live.count():
            for site, _ in tuple(self._live.everything()):
                if self.index.get(site) is None:
                    self._take(site)
            self.index.forget_orders()

    def _take(self, site: str) -> None:
        heard = self._live.heard(site)
        kept = self._kept.setdefault(site, _Kept())
        if heard.state is not None and heard.state_id != kept.state_id:
            kept.state_id, kept.told = heard.state_id, told(heard.state)
        now_s = self._clock.monotonic()
        seen = Heard(
            site=site,
            tenant=heard.tenant,
            own_name=heard.name,
            is_online=self._live.is_online(site),
            silent_s=None if heard.any_at is None else now_s - heard.any_at,
            last_seen_s=0.0 if heard.last_seen is None else heard.last_seen.timestamp(),
            told=kept.told,
            own_place=kept.place,
        )
        self.index.put(row(seen, self.registry.entry(site), self.overload.week_s(site)))
